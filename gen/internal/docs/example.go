package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"go/token"
	"go/types"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// maxOptional is how many optional fields the Go example sets.
const maxOptional = 4

// An example shows one entity.
type example struct {
	Go   string // stores the entity and finds it again: statements that use ctx and reg
	JSON string // the entity as it is stored
	// Lacks is the field for which no value was found: the example is empty.
	Lacks *ir.Field
}

// exampleOf returns the example of e. The package of models is called model
// and that of mappings mapping.
func exampleOf(e *ir.Entity, model, mapping string) (example, error) {
	x := &exampler{
		model: model, mapping: mapping, taken: map[string]bool{}, collections: map[*ir.Entity]string{},
		stored: map[*ir.Entity]string{},
	}
	for _, name := range []string{model, mapping, "ctx", "err", "found", "reg", "store"} {
		x.taken[name] = true
	}
	for _, name := range imports {
		x.taken[name] = true
	}
	v, ok := x.store(e, maxOptional, true)
	if !ok {
		return example{Lacks: x.lacks}, nil
	}
	parent := ""
	if e.Parent != nil {
		parent = x.stored[e.Parent.Parent]
	}
	name := v + "." + e.Field(ir.Name).Go
	if parent == "" {
		x.printf("found, err := %s.FindByName(ctx, %s)\n", x.collections[e], name)
	} else {
		x.printf("found, err := %s.FindByNameIn(ctx, %s.%s, %s)\n",
			x.collections[e], parent, e.Parent.Parent.Field(ir.ID).Go, name)
	}
	id := e.Field(ir.ID).Go
	x.printf("if err != nil {\nlog.Fatal(err)\n}\nfmt.Println(found.%s == %s.%s)\n", id, v, id)
	src, err := format.Source([]byte(x.b.String()))
	if err != nil {
		return example{}, fmt.Errorf("gen: the example of %s is not Go: %w", e.Name, err)
	}
	text, err := x.json(e)
	return example{Go: string(src), JSON: text}, err
}

// An exampler prints the statements of one example.
type exampler struct {
	b              strings.Builder
	model, mapping string
	taken          map[string]bool       // the names that are used
	collections    map[*ir.Entity]string // the variables with them
	stored         map[*ir.Entity]string // the variables with the stored entities; empty while one is stored
	lacks          *ir.Field             // for which no value was found
}

func (x *exampler) printf(format string, args ...any) { fmt.Fprintf(&x.b, format, args...) }

// variable returns a name that is not used yet, name if possible.
func (x *exampler) variable(name string) string {
	for n := 2; x.taken[name] || token.IsKeyword(name) || types.Universe.Lookup(name) != nil; n++ {
		name = fmt.Sprintf("%s%d", strings.TrimRight(name, "0123456789"), n)
	}
	x.taken[name] = true
	return name
}

// need returns the variable with an entity of the kind that another one leads to by
// f, which it stores if none is stored yet.
func (x *exampler) need(e *ir.Entity, f *ir.Field) (variable string, ok bool) {
	if v, ok := x.stored[e]; ok {
		if v == "" { // it needs itself
			x.lacks = f
		}
		return v, v != ""
	}
	v, ok := x.store(e, 0, false)
	x.printf("\n")
	return v, ok
}

// store prints the statements that store an entity with up to the given number
// of optional fields, after the entities whose IDs it must have, and its parent if
// withParent is set. It returns the variable with the entity, and reports false if
// a required field has no value.
func (x *exampler) store(e *ir.Entity, optional int, withParent bool) (variable string, ok bool) {
	x.stored[e] = ""
	s := x.sampler(e)
	show := shown(e)
	var o composite
	for _, f := range e.Fields {
		required := f.Required || f.Slot == ir.Name
		if to := target(e, f); to != nil {
			if !required && !(withParent && f.Slot == ir.Parent) {
				continue
			}
			v, ok := x.need(to, f)
			if !ok {
				return "", false
			}
			id := v + "." + to.Field(ir.ID).Go
			switch {
			case f.Type.Basic == ir.List:
				id = "[]string{" + id + "}"
			case f.Pointer:
				id = "&" + id
			}
			o.add(f, sample{Go: id})
			continue
		}
		if !required && (optional == 0 || !show[f]) {
			continue
		}
		v, ok := s.field(f)
		switch {
		case !ok && required:
			x.lacks = f
			return "", false
		case !ok:
			continue
		case !required:
			optional--
		}
		o.add(f, v)
	}
	if x.collections[e] == "" {
		x.collections[e] = x.variable(ir.Local(ir.GoName(ir.Plural(ir.Snake(e.Go)))))
		x.printf("%s := registry.NewCollection(reg, %s.%s)\n", x.collections[e], x.mapping, e.Go)
	}
	variable = x.variable(ir.Local(e.Go))
	x.stored[e] = variable
	x.printf("%s := &%s\n", variable, o.goLiteral(x.model+"."+e.Go))
	x.printf("if _, err := %s.Upsert(ctx, %s); err != nil {\nlog.Fatal(err)\n}\n", x.collections[e], variable)
	return variable, true
}

// target returns an entity whose ID is in f, or nil.
func target(e *ir.Entity, f *ir.Field) *ir.Entity {
	for _, r := range e.Edges {
		if r.Field == f {
			return r.To[0]
		}
	}
	return nil
}

// shown returns the optional fields that the Go example may set: those of which
// the spec has an example, if there are any.
func shown(e *ir.Entity) map[*ir.Field]bool {
	all, withExample := map[*ir.Field]bool{}, map[*ir.Field]bool{}
	for _, f := range e.Fields {
		if f.Deprecated || f.Slot != ir.Property && f.Slot != ir.URI {
			continue
		}
		all[f] = true
		if f.Example != nil {
			withExample[f] = true
		}
	}
	if len(withExample) == 0 {
		return all
	}
	if uri := e.Field(ir.URI); uri != nil && all[uri] {
		withExample[uri] = true
	}
	return withExample
}

func (x *exampler) sampler(e *ir.Entity) *sampler {
	name := strings.ReplaceAll(ir.Snake(e.Go), "_", "-")
	s := &sampler{model: x.model, busy: map[*ir.Type]bool{}, texts: map[*ir.Field]string{}}
	for _, f := range e.Fields {
		switch f.Slot {
		case ir.ID:
			s.texts[f] = "2"
		case ir.Parent:
			s.texts[f] = "1"
		case ir.Name:
			s.texts[f] = name
		case ir.ExternalID:
			s.texts[f] = name + "-1"
		case ir.URI:
			s.texts[f] = "s3://bucket/" + name
		}
	}
	return s
}

// json returns an entity with all fields that are not deprecated.
func (x *exampler) json(e *ir.Entity) (string, error) {
	s := x.sampler(e)
	var o composite
	for _, f := range e.Fields {
		if f.Deprecated && !f.Required {
			continue
		}
		if v, ok := s.field(f); ok {
			o.add(f, v)
		}
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(o.json()), "", "  "); err != nil {
		return "", fmt.Errorf("gen: the example of %s is not JSON: %w", e.Name, err)
	}
	return b.String() + "\n", nil
}
