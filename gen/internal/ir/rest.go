package ir

import (
	"maps"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// An EntityREST says how a REST API serves an entity.
type EntityREST struct {
	Hidden     bool
	Path       string   // the segment of the collection: model_versions
	Singular   string   // the segment that finds one: model_version
	Operations []string // at the top level; some of spec.Operations, in their order
	Union      string   // may be empty
	Member     string   // of the union
	Value      string   // of Member
	Upsert     bool     // POST in the union, below a parent, updates by name
	Register   string   // the segment that stores it with its relatives; may be empty
	History    *History // if it is one
	Versions   []spec.Word
	Pos        spec.Pos // of x-rest-path, or of the entity
	UnionPos   spec.Pos
}

// A FieldREST says how a REST API shows a field.
type FieldREST struct {
	Hidden    bool
	Default   string // of a string
	Child     Child  // of the field with the parent's ID
	Also      []Also // of the field with the parent's ID
	NotBefore string // the name of another time; may be empty
	Reference *Reference
	Versions  []spec.Word
}

// A Child says how an entity is served below its parent.
type Child struct {
	Path      string // empty for the path of the entity
	Operation string // its name in operation IDs; empty for the default
	Whole     bool   // POST takes a whole entity
}

// A Reference is a field with the ID of an entity that is not the parent.
type Reference struct {
	Entity   *Entity
	Path     string // empty if no path leads to it
	NewestOf *Field // another reference; may be nil
	Refuse   []Refusal
	word     spec.RESTReference
}

// A Refusal is a reason why an entity cannot be referred to.
type Refusal struct {
	Property string
	Only     []string
	Except   []string
	Message  string
}

// A History says what an entity is the history of.
type History struct {
	Of   *Entity
	Path string
	Step *Field // may be nil
	word spec.RESTHistory
}

// Also is a kind of entity that may be the parent instead.
type Also struct {
	Parent *Entity
	Marks  []Mark
	marks  []spec.RESTMark
}

// A Mark is a custom property that repeats an ID of a parent.
type Mark struct{ Member, Of, Property string }

// In reports whether a part of a REST API with the given x-rest-versions is in
// a version.
func In(versions []spec.Word, version string) bool {
	return len(versions) == 0 || slices.ContainsFunc(versions, func(w spec.Word) bool { return w.Text == version })
}

func (b *builder) entityREST(s *spec.Schema) EntityREST {
	x := s.Ext.REST
	r := EntityREST{
		Hidden: x.Hidden.Set(), Singular: Snake(s.Name), Path: Plural(Snake(s.Name)), Operations: spec.Operations,
		Upsert: x.Upsert, Register: x.Register.Text, Versions: x.APIVersions, Pos: s.Key,
	}
	if x.Path.Set() {
		r.Path, r.Pos = x.Path.Text, x.Path.Pos
	}
	if x.HasOps {
		r.Operations = nil
		for _, op := range spec.Operations {
			if slices.ContainsFunc(x.Operations, func(w spec.Word) bool { return w.Text == op }) {
				r.Operations = append(r.Operations, op)
			}
		}
	}
	if u := x.Union; u != nil {
		r.Union, r.Member, r.Value, r.UnionPos = u.Name.Text, u.Member.Text, u.Value.Text, u.Pos
		if r.Value == "" {
			r.Value = strings.ReplaceAll(Snake(s.Name), "_", "-")
		}
		if u.Name.Set() && !exported.MatchString(GoName(u.Name.Text)) {
			const fix = "want letters and digits, the first a letter"
			b.report(u.Name.Pos, s.Path, spec.Quote(u.Name.Text)+" does not give a name of a schema", fix)
		}
	}
	if h := x.History; h != nil {
		r.History = &History{Path: h.Path.Text, word: *h}
	}
	if x.Upsert && x.Union == nil {
		b.report(s.Key, s.Path, "x-rest-upsert without x-rest-union", "add x-rest-union, or remove it")
	}
	return r
}

// Plural returns the plural of the last word of a name in snake_case.
func Plural(name string) string {
	endsIn := func(endings ...string) bool {
		return slices.ContainsFunc(endings, func(end string) bool { return strings.HasSuffix(name, end) })
	}
	switch {
	case endsIn("y") && !endsIn("ay", "ey", "oy", "uy"):
		return strings.TrimSuffix(name, "y") + "ies"
	case endsIn("s", "x", "z", "ch", "sh"):
		return name + "es"
	}
	return name + "s"
}

// fieldREST sets f.REST. References are resolved later, by checkREST.
func (b *builder) fieldREST(e *Entity, f *Field, p *spec.Schema) {
	path, x := e.Name+"."+f.Name, p.Ext.REST
	f.REST = FieldREST{
		Hidden: x.Hidden.Set(), Versions: x.APIVersions, Default: x.Default.Text, NotBefore: x.NotBefore.Text,
	}
	if f.Default != nil && (f.Type.Basic == String || f.Type.Basic == Enum) && f.REST.Default == "" {
		f.REST.Default = f.Default.Text
	}
	switch d := x.Default; {
	case !d.Set():
	case f.Default != nil:
		b.report(d.Pos, path, "x-rest-default beside a default", "remove one of them")
	case f.Type.Basic == Enum && !slices.ContainsFunc(f.Type.Values, func(v Value) bool { return v.Text == d.Text }):
		b.report(d.Pos, path, "x-rest-default "+spec.Quote(d.Text)+" is not a value of the enum", "want one of its values")
	case f.Slot == Parent:
		b.report(d.Pos, path, "x-rest-default on the parent", "remove it: every child has its own")
	case f.Type.Basic != Enum && f.Type.Basic != String:
		b.report(d.Pos, path, "x-rest-default on "+f.Type.GoType(), "remove it: only strings and enums have one")
	}
	if c := x.Child; c != nil {
		if f.Slot != Parent {
			b.report(c.Pos, path, "x-rest-child without x-mlmd-parent", "put it on the property with the parent's id")
		}
		f.REST.Child = Child{c.Path.Text, c.Operation.Text, c.Whole}
	}
	for _, m := range x.Marks {
		if f.Slot != Parent {
			b.report(m.Parent.Pos, path, "x-rest-also without x-mlmd-parent", "put it on the property with the parent's id")
			break
		}
		last := len(f.REST.Also) - 1
		if last < 0 || f.REST.Also[last].marks[0].Parent != m.Parent {
			f.REST.Also = append(f.REST.Also, Also{})
			last++
		}
		f.REST.Also[last].marks = append(f.REST.Also[last].marks, m)
	}
	if r := x.Reference; r != nil {
		f.REST.Reference = &Reference{Path: r.Path.Text, word: *r}
		for _, no := range r.Refuse {
			out := Refusal{Property: no.Property.Text, Message: no.Message.Text}
			for _, w := range no.Only {
				out.Only = append(out.Only, w.Text)
			}
			for _, w := range no.Except {
				out.Except = append(out.Except, w.Text)
			}
			f.REST.Reference.Refuse = append(f.REST.Reference.Refuse, out)
		}
	}
	if f.Slot == ID || f.Slot == Name {
		for what, w := range map[string]spec.Word{"x-rest-hidden": x.Hidden, "x-rest-versions": first(x.APIVersions)} {
			if w.Set() {
				b.report(w.Pos, path, what+" on the "+attribute[f.Slot], "remove it: every entity has it")
			}
		}
		return
	}
	if f.Required && f.Slot != Parent {
		for what, w := range map[string]spec.Word{"x-rest-hidden": x.Hidden, "x-rest-versions": first(x.APIVersions)} {
			if w.Set() {
				b.report(w.Pos, path, what+" on a required property", "take it out of required, or no request can create it")
			}
		}
	}
}

var attribute = map[Slot]string{ID: "id", Name: "name"}

func first(words []spec.Word) spec.Word {
	if len(words) == 0 {
		return spec.Word{}
	}
	return words[0]
}

// checkREST resolves the references of e and reports errors in them.
func (b *builder) checkREST(e *Entity, entities map[string]*Entity) {
	for _, f := range e.Fields {
		r := f.REST.Reference
		if r == nil {
			continue
		}
		i := slices.IndexFunc(e.Edges, func(edge *Relation) bool { return edge.Field == f && edge.Kind == ReferenceRelation })
		if i < 0 || len(e.Edges[i].To) != 1 || e.Edges[i].Many() {
			b.report(r.word.Pos, e.Name+"."+f.Name, "x-rest-reference without an x-mlmd-reference to one entity",
				"say which entity it is: x-mlmd-reference: its name")
			continue
		}
		r.Entity = e.Edges[i].To[0]
	}
	for _, p := range e.Fields {
		isTime := func(f *Field) bool { return f.Name == p.REST.NotBefore && f.Type.Basic == Millis }
		if p.REST.NotBefore != "" && (p.Type.Basic != Millis || !slices.ContainsFunc(e.Fields, isTime)) {
			b.report(p.Pos, e.Name+"."+p.Name, "x-rest-not-before: this or "+spec.Quote(p.REST.NotBefore)+
				" is not a property with a time", "want two properties of format epoch-millis")
		}
	}
	b.checkHistory(e, entities)
	b.checkAlso(e, entities)
	for _, f := range e.Fields {
		r := f.REST.Reference
		if r == nil || !r.word.NewestOf.Set() || r.Entity == nil {
			continue
		}
		w := r.word.NewestOf
		i := slices.IndexFunc(e.Fields, func(o *Field) bool { return o.Name == w.Text && o.REST.Reference != nil })
		if i < 0 || r.Entity.Parent == nil || r.Entity.Parent.Parent != e.Fields[i].REST.Reference.Entity {
			b.report(
				w.Pos,
				e.Name+"."+f.Name,
				"newestOf: "+spec.Quote(w.Text)+" does not refer to the parent of "+r.Entity.Name,
				"name a property of "+e.Name+" with x-rest-reference to that parent",
			)
			continue
		}
		r.NewestOf = e.Fields[i]
	}
}

// entityNamed returns the entity that an extension names. It reports one that does
// not exist, and returns nil.
func (b *builder) entityNamed(path, what string, w spec.Word, entities map[string]*Entity) *Entity {
	e := entities[w.Text]
	if e == nil {
		names := slices.Sorted(maps.Keys(entities))
		fix := spec.OneOf(names)
		if near := spec.Closest(w.Text, names); near != "" {
			fix = "did you mean " + near + "?"
		}
		b.report(w.Pos, path, what+": "+spec.Quote(w.Text)+" is not an entity of this spec", fix)
	}
	return e
}

// checkHistory resolves the x-rest-history of e.
func (b *builder) checkHistory(e *Entity, entities map[string]*Entity) {
	h := e.REST.History
	if h == nil {
		return
	}
	h.Of = b.entityNamed(e.Name, "x-rest-history", h.word.Of, entities)
	if e.Parent == nil {
		b.report(h.word.Pos, e.Name, "x-rest-history without a parent", "give the entity a property with x-mlmd-parent")
	}
	if w := h.word.Step; w.Set() {
		i := slices.IndexFunc(e.Fields, func(f *Field) bool {
			return f.Name == w.Text && (f.Type.Basic == Int64 || f.Type.Basic == Int32)
		})
		if i < 0 {
			msg := "x-rest-history: " + spec.Quote(w.Text) + " is not an integer of the entity"
			b.report(w.Pos, e.Name, msg, "name one, or leave step out")
			return
		}
		h.Step = e.Fields[i]
	}
}

// checkAlso resolves the x-rest-also of the properties of e.
func (b *builder) checkAlso(e *Entity, entities map[string]*Entity) {
	for _, f := range e.Fields {
		for i := range f.REST.Also {
			a := &f.REST.Also[i]
			path := e.Name + "." + f.Name
			p := b.entityNamed(path, "x-rest-also", a.marks[0].Parent, entities)
			if p == nil {
				continue
			}
			if a.Parent = p; p.Kind != Context {
				b.report(a.marks[0].Parent.Pos, path, "x-rest-also: "+p.Name+" is not a context", "only contexts have children")
			}
			for _, m := range a.marks {
				if !m.Member.Set() {
					continue
				}
				isID := func(f *Field) bool { return f.Name == m.Of.Text && (f.Slot == ID || f.Slot == Parent) }
				if !slices.ContainsFunc(p.Fields, isID) {
					msg := "x-rest-also: " + spec.Quote(m.Of.Text) + " is not an id in " + p.Name
					b.report(m.Of.Pos, path, msg, "want id, or the id of its parent")
				}
				if slices.ContainsFunc(e.Fields, func(f *Field) bool { return f.Name == m.Member.Text }) {
					msg := "x-rest-also: " + spec.Quote(m.Member.Text) + " is a property of " + e.Name
					b.report(m.Member.Pos, path, msg, "choose another name")
				}
				a.Marks = append(a.Marks, Mark{m.Member.Text, m.Of.Text, Snake(m.Member.Text)})
			}
		}
	}
}

// noREST reports extensions for REST on a schema that has no paths: one that is
// not an entity, or a member of an object.
func (b *builder) noREST(s *spec.Schema, path, why, fix string) {
	x := s.Ext.REST
	for what, at := range map[string]spec.Pos{
		"x-rest-path": x.Path.Pos, "x-rest-hidden": x.Hidden.Pos, "x-rest-versions": first(x.APIVersions).Pos,
		"x-rest-default": x.Default.Pos, "x-rest-operations": first(x.Operations).Pos, "x-rest-register": x.Register.Pos,
		"x-rest-not-before": x.NotBefore.Pos,
	} {
		if at.Line > 0 {
			b.report(at, path, what+" "+why, fix)
		}
	}
	if x.Union != nil {
		b.report(x.Union.Pos, path, "x-rest-union "+why, fix)
	}
	if x.History != nil {
		b.report(x.History.Pos, path, "x-rest-history "+why, fix)
	}
	if len(x.Marks) > 0 {
		b.report(x.Marks[0].Parent.Pos, path, "x-rest-also "+why, fix)
	}
	if x.Child != nil {
		b.report(x.Child.Pos, path, "x-rest-child "+why, fix)
	}
	if x.Reference != nil {
		b.report(x.Reference.Pos, path, "x-rest-reference "+why, fix)
	}
}
