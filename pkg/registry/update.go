package registry

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A change is a write to a node that is stored already.
type change[T any, N mlmd.Node] struct {
	*write[T, N]
	comparison
	node   N          // what is wanted
	ident  mlmd.Ident // of what is stored
	unread value.Unreadable
	known  value.Unreadable // what the caller's value says of unread
}

// change makes a stored node what the value says, if it is not that already,
// and finishes an earlier try that was cut short before its link.
func (w *write[T, N]) change(ctx context.Context, stored N) (int64, error) {
	c, err := w.compare(ctx, stored)
	if err != nil {
		return 0, err
	}
	id := c.stored.id
	if err := w.settle(ctx, c.stored, c.ident); err != nil {
		return 0, err
	}
	diff, err := c.paths()
	if err != nil {
		return 0, w.rpc(ctx, err)
	}
	if len(diff) == 0 {
		return id, nil
	}
	if err := c.mayChange(diff); err != nil {
		return 0, err
	}
	c.leaveOnly(diff)
	if err := w.storable(c.wanted); err != nil {
		return 0, err
	}
	was := w.nodes.view(stored)
	t, err := w.storedType(ctx)
	if err == nil && t.outdated(w.m.Fields, was, diff) {
		t, err = w.c.reread(ctx, w.typ, t)
	}
	if err != nil {
		return 0, w.rpc(ctx, err)
	}
	s, _, err := w.spell(ctx, t, was, c.wanted, diff)
	if err != nil || len(s.paths) == 0 {
		return id, err
	}
	clear(c.wanted.props) // the map of the node
	maps.Copy(c.wanted.props, s.props)
	if err := w.put(ctx, w.nodes.stamp(w.nodes.named(c.node, was.name), 0, id), s.paths); err != nil {
		return 0, w.refused(ctx, err, was, c.wanted, diff)
	}
	return id, nil
}

// put changes the fields of n that paths name. The published server mixes up a
// property and a custom property of one name where one request changes both:
// there the custom property goes first.
func (e *Collection[T, N]) put(ctx context.Context, n N, paths []string) error {
	moved := func(path string) bool {
		name, ok := strings.CutPrefix(path, customProperties+".")
		return ok && slices.Contains(paths, "properties."+name)
	}
	if slices.ContainsFunc(paths, moved) {
		s, err := e.c.askServer(ctx)
		if err != nil {
			return err
		}
		if s.published {
			first := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !moved(path) })
			if err := e.nodes.put(ctx, n, first); err != nil {
				return err
			}
			paths = slices.DeleteFunc(slices.Clone(paths), moved)
		}
	}
	return e.nodes.put(ctx, n, paths)
}

// compare reads what is stored, and judges what the value says otherwise: what
// was stored already is not refused, whatever is wrong with it.
func (w *write[T, N]) compare(ctx context.Context, stored N) (*change[T, N], error) {
	was := w.nodes.view(stored)
	placed := stored
	if w.parent != nil || w.replace { // else the parent does not matter
		var err error
		if placed, err = w.placed(ctx, w.subject, stored, w.parent); err != nil {
			return nil, err
		}
	}
	decoded, err := w.decode(w.subject, placed, was)
	if err != nil {
		return nil, err
	}
	c := &change[T, N]{write: w, ident: w.m.Ident(decoded)}
	if w.noParent != nil && w.ident.ParentID != c.ident.ParentID {
		return nil, w.noParent
	}
	outer := w.parent.outer(w.m.Parent)
	if outer.ID == 0 {
		outer.ID, _ = parseID(c.ident.ParentID) // 0 where it has none
	}
	node, err := w.m.Encode(w.v, outer)
	faults := slices.Concat(w.faults, mlmd.Invalid(err))
	same, err := w.m.Encode(decoded, outer)
	if len(faults) > 0 {
		faults = without(faults, slices.Concat(w.check(decoded), mlmd.Invalid(err)))
	}
	if len(faults) > 0 {
		return nil, w.invalid(faults)
	}
	if node == nil || same == nil {
		return nil, w.fail(ErrInternal, "the mapping made no node")
	}
	c.node = node
	c.comparison = comparison{stored: was.normalized(w.m.Fields), read: w.nodes.view(same), wanted: w.nodes.view(node), rounds: w.c.rounding(ctx)}
	if w.m.Unreadable != nil {
		c.unread, c.known = w.m.Unreadable(decoded), w.m.Unreadable(w.v)
	}
	return c, nil
}

// without returns the mistakes of es that are not among known. Elements of a
// list may have moved.
func without(es, known mlmd.InvalidErrors) mlmd.InvalidErrors {
	type mistake struct{ field, value, why string }
	of := func(e *mlmd.InvalidError) mistake {
		return mistake{index.ReplaceAllString(e.Field, "[]"), e.Value, e.Why}
	}
	have := make(map[mistake]bool, len(known))
	for _, e := range known {
		have[of(e)] = true
	}
	return slices.DeleteFunc(es, func(e *mlmd.InvalidError) bool { return have[of(e)] })
}

var index = regexp.MustCompile(`\[\d+\]`)

// paths returns the update_mask paths of what differs.
func (c *change[T, N]) paths() ([]string, error) {
	paths := c.m.Paths()
	if !c.replace {
		paths = c.m.SetPaths(c.v)
	}
	var diff []string
	for _, path := range paths {
		some, err := c.differing(path)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 && c.mends(path) {
			some = []string{path}
		}
		diff = append(diff, some...)
	}
	for _, path := range c.clear {
		diff = append(diff, c.emptied(path)...)
	}
	return append(diff, c.elsewhere(diff)...), nil
}

// mends reports whether the value sets a field that cannot be read, as a whole
// or in part, to what could be read of it.
func (c *change[T, N]) mends(path string) bool {
	f := c.fieldAt(path)
	return f != nil && !f.Copy && c.wanted.has(path) && c.unread.Has(f.Name) && !c.known.Has(f.Name)
}

// emptied returns the paths of what is stored of a field that is to be
// cleared.
func (c *change[T, N]) emptied(path string) []string {
	switch f := c.fieldAt(path); {
	case path == customProperties:
		var out []string
		for name := range c.read.custom {
			out = append(out, customProperties+"."+name)
		}
		return out
	case c.stored.has(path), f != nil && c.adopted(f, false) != "":
		return []string{path}
	}
	return nil
}

// elsewhere returns the paths of the custom properties that were read as fields
// in diff, or would be.
func (c *change[T, N]) elsewhere(diff []string) []string {
	var out []string
	for i := range c.m.Fields {
		f := &c.m.Fields[i]
		if f.Path == "" || !slices.Contains(diff, f.Path) {
			continue
		}
		if path := c.adopted(f, !c.wanted.has(f.Path) || slices.Contains(c.clear, f.Path)); path != "" {
			out = append(out, path)
		}
	}
	return out
}

func (c *change[T, N]) fieldAt(path string) *mlmd.Field {
	for i := range c.m.Fields {
		if f := &c.m.Fields[i]; f.Path == path {
			return f
		}
	}
	return nil
}

// leaveOnly takes out of the wanted node the properties that do not change.
func (c *change[T, N]) leaveOnly(diff []string) {
	for name := range c.wanted.props {
		if path := "properties." + name; !slices.Contains(diff, path) || slices.Contains(c.clear, path) {
			delete(c.wanted.props, name)
		}
	}
	for name := range c.wanted.custom {
		if !slices.Contains(diff, customProperties+"."+name) {
			delete(c.wanted.custom, name)
		}
	}
	if !slices.Contains(diff, "uri") {
		c.wanted.uri = nil
	}
}

// mayChange checks that no field is fixed that would change. One that cannot
// be read may be mended.
func (c *change[T, N]) mayChange(diff []string) error {
	for _, f := range c.m.Fields {
		if f.Fixed && f.Path != "" && slices.Contains(diff, f.Path) && c.stored.has(f.Path) && !c.unread.Has(f.Name) {
			return c.field(ErrInvalidArgument, f.Name, "", fmt.Sprintf("cannot change: it is fixed once %s is stored", withArticle(c.m.Entity)))
		}
	}
	return nil
}

// has reports whether the field at path has a value.
func (v view) has(path string) bool {
	switch path {
	case "external_id":
		return text(v.externalID) != ""
	case "uri":
		return text(v.uri) != ""
	case "state", "last_known_state":
		return v.state != nil
	}
	if name, ok := strings.CutPrefix(path, "properties."); ok {
		return v.props[name] != nil
	}
	if name, ok := strings.CutPrefix(path, customProperties+"."); ok {
		return v.custom[name] != nil
	}
	return false
}
