package spec

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/theory/jsonpath"
	pathspec "github.com/theory/jsonpath/spec"
	"go.yaml.in/yaml/v3"
)

// An overlay is a list of changes of a document, in the form of OpenAPI Overlay
// 1.0. The nodes that it adds keep their places in the file of the overlay.
type overlay struct {
	*decoder
	target *Document
	root   *yaml.Node // of target
}

// overlay applies the overlay called name to the document with the given root. It
// reports mistakes in the overlay; an error means that it cannot be read.
func (s *Set) overlay(name string, target *Document, root *yaml.Node) error {
	src, err := s.read(name)
	if err != nil {
		return fmt.Errorf("the overlay: %w", err)
	}
	s.lines[name] = strings.Split(string(src), "\n")
	n := s.parse(name, bytes.TrimPrefix(src, []byte("\ufeff")))
	if n == nil {
		return nil
	}
	o := &overlay{&decoder{set: s, doc: &Document{File: name}}, target, root}
	var version, actions *yaml.Node
	o.each(n, []string{"overlay", "info", "extends", "actions"}, func(key string, value *yaml.Node) {
		switch key {
		case "overlay":
			version = value
		case "actions":
			actions = value
		}
	})
	switch {
	case version == nil:
		o.problem(n, "this is not an overlay", "want 'overlay: 1.0.0' at its top")
	case !strings.HasPrefix(version.Value, "1.0."):
		o.problem(version, "the overlay has version "+kindName(version), "want 'overlay: 1.0.0'")
	case actions == nil:
		o.problem(n, "an overlay without actions", "want actions, a list")
	default:
		for _, a := range o.items(actions) {
			o.action(a)
		}
	}
	return nil
}

// each calls f for the members of an object, and reports those that are
// neither known nor extensions.
func (o *overlay) each(n *yaml.Node, known []string, f func(key string, value *yaml.Node)) {
	for key, value := range o.members(n) {
		if slices.Contains(known, key.Value) {
			f(key.Value, value)
		} else if !strings.HasPrefix(key.Value, "x-") {
			fix := OneOf(known)
			if near := Closest(key.Value, known); near != "" {
				fix = fmt.Sprintf("did you mean %s?", near)
			}
			o.problem(key, "an overlay has no member "+Quote(key.Value)+" here", fix)
		}
	}
}

// action applies one action.
func (o *overlay) action(n *yaml.Node) {
	var target, update *yaml.Node
	remove := false
	o.each(n, []string{"target", "description", "update", "remove"}, func(key string, value *yaml.Node) {
		o.key = key
		switch key {
		case "target":
			target = value
		case "update":
			update = value
		case "remove":
			remove = o.boolean(value)
		}
	})
	if n.Kind != yaml.MappingNode {
		return // reported already
	}
	if target == nil {
		o.problem(n, "an action without a target", "want target, a JSONPath such as $.components.schemas.Pet")
		return
	}
	if update == nil && !remove {
		o.problem(n, "an action that changes nothing", "want update, or remove: true")
		return
	}
	o.key = "target"
	found, ok := o.find(target)
	switch {
	case !ok:
	case len(found) == 0:
		o.problem(
			target, "the target "+Quote(target.Value)+" matches nothing in "+o.target.File,
			"correct it, or remove the action",
		)
	case remove:
		if slices.Contains(found, o.root) {
			o.problem(target, "the target is the whole document", "want what to remove of it")
			return
		}
		gone := make(map[*yaml.Node]bool, len(found))
		for _, n := range found {
			gone[n] = true
		}
		removeNodes(o.root, gone)
	default:
		for _, to := range found {
			if !o.update(target, to, update) {
				return
			}
		}
	}
}

// find returns the nodes that a target selects; ok is false if the target is
// not a JSONPath, which is reported.
func (o *overlay) find(target *yaml.Node) (found []*yaml.Node, ok bool) {
	w, ok := o.word(target, nil)
	if !ok {
		return nil, false
	}
	query, err := jsonpath.Parse(w.Text)
	if err != nil {
		msg := strings.TrimPrefix(err.Error(), "jsonpath: ")
		o.problem(
			target, "the target "+Quote(w.Text)+" is not a JSONPath: "+msg, "want RFC 9535: $.components.schemas['Pet']",
		)
		return nil, false
	}
	for _, at := range query.SelectLocated(plain(o.root)) {
		n := o.root
		for _, step := range at.Path {
			n = child(n, step)
		}
		found = append(found, n)
	}
	return found, true
}

// plain returns n as the values that JSON has.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = plain(item)
		}
		return list
	case yaml.ScalarNode:
		var v any
		switch n.Tag {
		case "!!int", "!!float", "!!bool", "!!null":
			if n.Decode(&v) == nil {
				return v
			}
		}
	}
	return n.Value
}

// child returns the node below n that a step of a path leads to.
func child(n *yaml.Node, step pathspec.NormalSelector) *yaml.Node {
	switch step := step.(type) {
	case pathspec.Index:
		return n.Content[step]
	case pathspec.Name:
		for i := len(n.Content) - 2; i >= 0; i -= 2 { // the last one, as in plain
			if n.Content[i].Value == string(step) {
				return n.Content[i+1]
			}
		}
	}
	return n // not reached: plain has the same steps
}

// removeNodes removes the nodes below n that are in gone.
func removeNodes(n *yaml.Node, gone map[*yaml.Node]bool) {
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2 // a key and its value
	}
	kept := n.Content[:0]
	for i := 0; i+step <= len(n.Content); i += step {
		value := n.Content[i+step-1]
		if gone[value] {
			continue
		}
		removeNodes(value, gone)
		kept = append(kept, n.Content[i:i+step]...)
	}
	n.Content = kept
}

// update applies an update to one node, and reports whether that is possible.
func (o *overlay) update(target, to, update *yaml.Node) bool {
	switch {
	case to.Kind == yaml.SequenceNode:
		to.Content = append(to.Content, o.copied(update))
	case to.Kind != yaml.MappingNode:
		o.problem(
			target, "the target "+Quote(target.Value)+" is "+kindName(to),
			"want an object or a list: that which holds it",
		)
		return false
	case update.Kind != yaml.MappingNode:
		o.problem(update, "the update of an object is "+kindName(update), "want a mapping")
		return false
	default:
		o.merge(to, update)
	}
	return true
}

// merge adds the members of one mapping to another. Where both have one, objects
// are merged, lists are joined, and other values are replaced.
func (o *overlay) merge(to, from *yaml.Node) {
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		at := 0
		for at < len(to.Content) && to.Content[at].Value != key.Value {
			at += 2
		}
		if at >= len(to.Content) {
			to.Content = append(to.Content, o.copied(key), o.copied(value))
			continue
		}
		old := to.Content[at+1]
		switch {
		case old.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			o.merge(old, value)
		case old.Kind == yaml.SequenceNode && value.Kind == yaml.SequenceNode:
			for _, item := range value.Content {
				old.Content = append(old.Content, o.copied(item))
			}
		default:
			to.Content[at+1] = o.copied(value)
		}
	}
}

// copied returns a copy of n that is known to be from the overlay.
func (o *overlay) copied(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		c.Content[i] = o.copied(item)
	}
	o.target.added[&c] = o.doc.File
	return &c
}
