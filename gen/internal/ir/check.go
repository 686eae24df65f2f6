package ir

import (
	"fmt"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// checkEntity reports errors of an entity as a whole.
func (b *builder) checkEntity(e *Entity) {
	b.distinct(e.Name, e.Fields)
	b.distinctKeys(e)
	bySlot := map[Slot]*Field{}
	for _, f := range e.Fields {
		if f.Slot == Property || f.Slot == Parent {
			continue
		}
		if other := bySlot[f.Slot]; other != nil {
			b.report(
				f.Pos,
				e.Name+"."+f.Name,
				"it is stored where "+other.Name+" is",
				"change the x-mlmd-store of one of them",
			)
		}
		bySlot[f.Slot] = f
	}
	const fix = ", or allOf the Resource of gen -print-base"
	whole := !b.set.Reported(e.Name) // otherwise the property may only be unreadable
	if bySlot[ID] == nil && whole {
		b.report(e.Pos, e.Name, "no property holds the id", "add one with x-mlmd-store: id"+fix)
	}
	switch name := bySlot[Name]; {
	case name == nil && !whole: // already reported
	case name == nil:
		b.report(e.Pos, e.Name, "no property holds the name", "add one with x-mlmd-store: name"+fix)
	case e.Kind == Context && !name.Required && !e.Prefixed && whole:
		b.report(e.Pos, e.Name, "a context needs a name", "add "+name.Name+" to required")
	}
	for _, f := range e.Fields {
		if f.Go == Unreadable {
			b.report(
				f.Pos,
				e.Name+"."+f.Name,
				"the Go name "+f.Go+" is taken: each entity has a field of this name",
				"add x-go-name",
			)
		}
		if f.Go == Edges && e.HasEdges() {
			b.report(
				f.Pos,
				e.Name+"."+f.Name,
				"the Go name "+f.Go+" is taken: it holds the neighbors of the entity",
				"add x-go-name",
			)
		}
		if bySlot[Custom] != nil && (f.Go == "Custom" || f.Go == "CustomSymbols") {
			b.report(f.Pos, e.Name+"."+f.Name, "the Go name "+f.Go+" is taken among the field symbols", "add x-go-name")
		}
	}
	b.checkParent(e)
}

func (b *builder) checkParent(e *Entity) {
	path := e.Name
	if e.Parent == nil {
		for _, c := range e.Copies {
			if c.From != "name" {
				b.report(
					e.Pos,
					path,
					"x-mlmd-copies: "+c.Property+" repeats "+c.From+", and there is no parent",
					"remove it, or add x-mlmd-parent to a property",
				)
			}
		}
		return
	}
	if !e.Prefixed && e.Copied("parent.id") == "" {
		b.report(
			e.Pos,
			path,
			"with x-mlmd-name: plain the node does not store its parent",
			"add x-mlmd-copies: {parent_id: parent.id}",
		)
	}
	seen := map[*Entity]bool{}
	for up := e; up.Parent != nil && !up.Parent.Optional; up = up.Parent.Parent {
		if seen[up] {
			if up == e {
				b.report(
					e.Parent.Field.Pos,
					path+"."+e.Parent.Field.Name,
					"the parents form a cycle, so none of them can be created first",
					"make one of them optional",
				)
			}
			return
		}
		seen[up] = true
	}
}

// distinct reports fields with the same Go name.
func (b *builder) distinct(path string, fields []*Field) {
	byGo := map[string]*Field{}
	for _, f := range fields {
		if other := byGo[f.Go]; other != nil {
			b.report(
				f.Pos,
				path+"."+f.Name,
				"the Go name "+f.Go+" is taken by "+other.Name+" at "+other.Pos.String(),
				"give one of them another x-go-name",
			)
		}
		byGo[f.Go] = f
	}
}

// distinctKeys reports stored properties with the same key, and keys that
// cannot be stored.
func (b *builder) distinctKeys(e *Entity) {
	byKey := map[string]string{}
	take := func(key, what string, at spec.Pos) {
		path := e.Name + "." + what
		if other, ok := byKey[key]; ok && other != what {
			b.report(
				at,
				path,
				"the stored property "+spec.Quote(key)+" is taken by "+other,
				"give one of them another x-mlmd-property",
			)
		}
		byKey[key] = what
		if len([]rune(key)) > maxKey {
			b.report(
				at,
				path,
				fmt.Sprintf("the stored property %s has more than %d characters", spec.Quote(key), maxKey),
				"shorten it",
			)
		}
	}
	for _, c := range e.Copies {
		take(c.Property, "x-mlmd-copies", e.Pos)
	}
	var aliases []*Field
	for _, f := range e.Fields {
		if f.Slot == Property {
			take(f.Key, f.Name, f.Pos)
			aliases = append(aliases, f)
		}
	}
	for _, f := range aliases {
		for _, key := range f.Aliases {
			take(key, f.Name, f.Pos)
		}
	}
}

// maxKey is the length of MySQL's column for property names, in characters.
const maxKey = 255

// checkGraph reports conflicts between entities.
func (b *builder) checkGraph(g *Graph) {
	byType := map[string]*Entity{}
	for _, e := range g.Entities {
		key := e.Kind.String() + " " + e.TypeName
		if other := byType[key]; other != nil {
			b.report(
				e.Pos,
				e.Name,
				"the MLMD type "+spec.Quote(e.TypeName)+" is already used by "+other.Name,
				"give one of them another x-mlmd-type",
			)
		}
		byType[key] = e
		if strings.HasPrefix(e.TypeName, "mlmd.") {
			b.report(
				e.Pos,
				e.Name,
				"the MLMD type "+spec.Quote(e.TypeName)+" is one of MLMD's own",
				"choose a name that does not begin with mlmd.",
			)
		}
		if len([]rune(e.TypeName)) > maxKey {
			b.report(e.Pos, e.Name, fmt.Sprintf("the MLMD type has more than %d characters", maxKey), "shorten it")
		}
	}
	for _, t := range g.Types {
		if t.Basic == Object {
			b.finite(t)
		}
	}
	b.finiteUnions(g.Types)
}

// finite reports an object that contains itself by required members only,
// which Go types cannot.
func (b *builder) finite(t *Type) {
	seen := map[*Type]bool{}
	var reaches func(from *Type) bool
	reaches = func(from *Type) bool {
		for _, f := range from.Fields {
			switch in := f.Type; {
			case in.Basic != Object || f.Pointer || seen[in]:
			case in == t:
				return true
			default:
				seen[in] = true
				if reaches(in) {
					return true
				}
			}
		}
		return false
	}
	if reaches(t) {
		b.report(
			t.Pos,
			t.Go,
			"the object must contain itself, without end",
			"take one of its properties out of required",
		)
	}
}
