package breaking

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A History holds the names that earlier versions of a spec declared: stored
// values keep their name when it leaves the spec. The zero History is empty.
type History struct {
	names map[stored]map[slot]string // to the version that was the first to be added with it
}

// stored is the MLMD type that an entity is stored as.
type stored struct {
	kind ir.Kind
	name string
}

// A slot is a stored name and the form of its values.
type slot struct {
	path string // of the property and the members in it: shape.high
	form form
}

// A form describes how the values of a slot are stored.
type form struct {
	prop   ir.PropType // empty for a member of an object
	basic  ir.Basic    // 0 for a copy, which is never read
	values string      // of an enum, each between two newlines
}

func formOf(prop ir.PropType, t *ir.Type) form {
	f := form{prop: prop, basic: t.Basic}
	for _, v := range t.Values {
		f.values += "\n" + v.Text + "\n"
	}
	return f
}

// Add adds the names that g declares. Findings refer to g as version.
func (h *History) Add(g *ir.Graph, version string) {
	if h.names == nil {
		h.names = map[stored]map[slot]string{}
	}
	for _, e := range g.Entities {
		key := stored{e.Kind, e.TypeName}
		if h.names[key] == nil {
			h.names[key] = map[slot]string{}
		}
		for _, n := range namesOf(e) {
			if s := (slot{n.path, n.form}); h.names[key][s] == "" {
				h.names[key][s] = version
			}
		}
	}
}

// before returns a slot of the name that has another form, and the version
// that declared it. Of several slots it returns the first in the order of
// their forms.
func (h *History) before(e *ir.Entity, n name) (old slot, version string) {
	for s, v := range h.names[stored{e.Kind, e.TypeName}] {
		if s.path != n.path || n.form.holds(s.form) {
			continue
		}
		if version == "" || cmp.Compare(s.form.String(), old.form.String()) < 0 {
			old, version = s, v
		}
	}
	return old, version
}

// String returns a description of the form for findings, which are sorted by
// it.
func (f form) String() string {
	word := map[ir.Basic]string{
		ir.Enum: "enum", ir.Object: "object", ir.List: "list", ir.Map: "map", ir.Union: "union",
	}[f.basic]
	switch {
	case f.basic == 0:
		return string(f.prop)
	case f.basic == ir.Enum:
		word += " of" + strings.ReplaceAll(strings.ReplaceAll(f.values, "\n\n", ", "), "\n", " ")
	case word == "":
		word = (&ir.Type{Basic: f.basic}).GoType()
	}
	return strings.TrimSpace(string(f.prop) + " " + strings.TrimSpace(word))
}

// holds reports whether values stored in the form old can be read in f.
func (f form) holds(old form) bool {
	if f.prop != old.prop {
		return false
	}
	if f.basic == 0 || old.basic == 0 {
		return true
	}
	switch f.basic {
	case ir.String:
		return f.prop != "" || slices.Contains(texts, old.basic)
	case ir.Enum:
		for v := range strings.FieldsFuncSeq(old.values, func(r rune) bool { return r == '\n' }) {
			if !strings.Contains(f.values, "\n"+v+"\n") {
				return false
			}
		}
	case ir.Int64, ir.IDString:
		return f.prop != "" || f.basic == old.basic || f.basic == ir.Int64 && old.basic == ir.Int32
	case ir.Double:
		return slices.Contains([]ir.Basic{ir.Double, ir.Int32, ir.Int64}, old.basic)
	case ir.JSON:
		return slices.Contains([]ir.Basic{ir.JSON, ir.Object, ir.Map, ir.Union}, old.basic)
	}
	return f.basic == old.basic
}

// texts are the types that are stored as strings.
var texts = []ir.Basic{ir.String, ir.Enum, ir.DateTime, ir.Date, ir.UUID, ir.Bytes}

// A name is a stored name that an entity reads: of a property, or of a
// member of the object in it.
type name struct {
	path string
	form form
	own  bool // and not one of x-mlmd-renamed-from
	at   spec.Pos
	show string // the path in the spec
}

// namesOf returns all names that e reads and writes, outer ones first.
func namesOf(e *ir.Entity) []name {
	var out []name
	for _, c := range e.Copies {
		f := form{prop: ir.STRING}
		if c.From == "parent.id" {
			f.prop = ir.INT
		}
		out = append(out, name{c.Property, f, true, e.Pos, e.Name})
	}
	for _, f := range e.Fields {
		if f.Slot != ir.Property {
			continue
		}
		for i, key := range append([]string{f.Key}, f.Aliases...) {
			n := name{key, formOf(f.Stored, f.Type), i == 0, f.Pos, e.Name + "." + f.Name}
			out = append(out, n)
			out = append(out, members(n, f.Type, nil)...)
		}
	}
	return out
}

// members returns the names within a value of the type t that is stored as
// n. It omits an object within itself, whose names are those of the outer
// one.
func members(n name, t *ir.Type, outer []*ir.Type) []name {
	switch {
	case t.Basic == ir.List || t.Basic == ir.Map:
		n.path, n.form = n.path+"[]", formOf("", t.Elem)
		return append([]name{n}, members(n, t.Elem, outer)...)
	case t.Basic != ir.Object && t.Basic != ir.Union || slices.Contains(outer, t):
		return nil
	}
	outer = append(slices.Clone(outer), t)
	var out []name
	for _, v := range t.Variants { // each has names of its own
		for _, value := range v.Values {
			in := n
			in.path += ".(" + value + ")"
			out = append(out, members(in, v.Type, outer)...)
		}
	}
	for _, f := range t.Fields {
		for i, key := range append([]string{f.Name}, f.Aliases...) {
			m := name{n.path + "." + key, formOf("", f.Type), n.own && i == 0, f.Pos, n.show + "." + f.Name}
			out = append(out, m)
			out = append(out, members(m, f.Type, outer)...)
		}
	}
	return out
}

// newNames returns the names of e that old, its entity in the spec before,
// does not have; old may be nil. Names of fields that both have are compared
// elsewhere.
func newNames(old, e *ir.Entity) []name {
	compared, same := map[string]bool{}, map[slot]bool{}
	if old != nil {
		for _, n := range namesOf(old) {
			compared[n.path] = compared[n.path] || n.own
			same[slot{n.path, n.form}] = true
		}
	}
	return slices.DeleteFunc(namesOf(e), func(n name) bool {
		return compared[n.path] || !n.own && same[slot{n.path, n.form}]
	})
}

// counterpartOf returns the entity of g that is stored as the same MLMD type
// as e, or nil.
func counterpartOf(g *ir.Graph, e *ir.Entity) *ir.Entity {
	for _, old := range g.Entities {
		if old.Kind == e.Kind && old.TypeName == e.TypeName {
			return old
		}
	}
	return nil
}

// AsksHistory reports whether after has names that before does not have, so
// that a History is needed.
func AsksHistory(before, after *ir.Graph) bool {
	return slices.ContainsFunc(
		after.Entities,
		func(e *ir.Entity) bool { return len(newNames(counterpartOf(before, e), e)) > 0 },
	)
}

// returned reports new names of e under which values of another form are
// stored.
func (c *comparison) returned(h *History, old, e *ir.Entity) {
	var reported []string
	for _, n := range newNames(old, e) {
		if slices.ContainsFunc(reported, func(p string) bool { return n.path == p || within(n.path, p) }) {
			continue
		}
		if was, version := h.before(e, n); version != "" {
			reported = append(reported, n.path)
			c.found(
				"FIELD_SAME_TYPE_AS_REMOVED",
				n.at,
				n.show,
				"%q was stored as %s in %s, and is now stored as %s",
				n.path,
				was.form,
				version,
				n.form,
			).Key = n.path
		}
	}
}

// within reports whether path is that of a member of outer.
func within(path, outer string) bool {
	return strings.HasPrefix(path, outer+".") || strings.HasPrefix(path, outer+"[]")
}
