package ir

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Variant is one of the objects that a union may hold.
type Variant struct {
	Values []string // of the discriminator, one or more
	Type   *Type
	Kind   *Field // of Type: the discriminator
	Pos    spec.Pos

	schema *spec.Schema
}

// VariantOf returns the variant with a value of the discriminator, or nil.
func (t *Type) VariantOf(value string) *Variant {
	for i := range t.Variants {
		if slices.Contains(t.Variants[i].Values, value) {
			return &t.Variants[i]
		}
	}
	return nil
}

// VariantInterface is the Go interface of the variants of a union.
func (t *Type) VariantInterface() string { return t.Go + "Variant" }

// UnknownVariant is the Go type of the variants that the spec does not know.
func (t *Type) UnknownVariant() string { return "Unknown" + t.Go }

// KindMethod is the name of the method of a union that returns its discriminator.
const KindMethod = "Kind"

// A pendingUnion is a union whose variants may lack their members yet.
type pendingUnion struct {
	t    *Type
	path string
}

// union makes the type of a schema with oneOf and a discriminator.
func (b *builder) union(s *spec.Schema, inline, path string) *Type {
	if t := b.named[s]; t != nil {
		return t
	}
	t := &Type{Basic: Union, Doc: s.Doc, Pos: s.Key, Kind: s.Kind.Name.Text}
	t.Go = b.typeName(s, inline)
	if t.Go != "" {
		b.claim(t.VariantInterface(), s)
		b.claim(t.UnknownVariant(), s)
	}
	b.named[s] = t // before its variants, which may hold it
	if b.isNamed(s) {
		path = s.Path
	}
	b.besideOneOf(s, path)
	if t.Kind == "" && !b.set.Reported(s.Path) {
		b.report(s.Kind.Pos, path, "a discriminator without propertyName",
			"say which property of the variants tells them apart")
	}
	for _, one := range s.OneOf {
		b.variant(t, one, path)
	}
	b.mapping(t, s, path)
	seen := map[string]string{}
	for i := range t.Variants {
		v := &t.Variants[i]
		if len(v.Values) == 0 {
			v.Values = []string{v.schema.Name}
		}
		for _, value := range v.Values {
			if other, taken := seen[value]; taken {
				b.report(v.Pos, path, v.schema.Name+" has the value "+spec.Quote(value)+" of the discriminator, and so has "+
					other, "give each its own in the mapping of the discriminator")
			}
			seen[value] = v.schema.Name
		}
	}
	b.unions = append(b.unions, pendingUnion{t, path})
	return t
}

func (b *builder) besideOneOf(s *spec.Schema, path string) {
	if len(s.OneOf) == 0 {
		b.report(s.Kind.Pos, path, "oneOf without variants", "list them, each as a $ref")
	}
	if s.Type.Set() && s.Type.Text != "object" {
		b.report(s.Type.Pos, path, "type "+spec.Quote(s.Type.Text)+" beside oneOf", "want type: object, or none")
	}
	b.misplaced(s, path, "beside oneOf is not read", "move it into the variants", contents(s))
}

// variant adds one alternative to a union.
func (b *builder) variant(t *Type, one *spec.Schema, path string) {
	if !one.Ref.Set() {
		b.report(one.Pos, path, "an alternative of oneOf is declared in place",
			"declare it under components.schemas, and use $ref: its name is part of the Go code")
		return
	}
	chain := b.chain(one, path)
	if len(chain) < 2 {
		return // already reported
	}
	schema := chain[1]
	v := b.typeOf(chain[len(chain)-1], inlineName(path), path)
	switch {
	case v == nil: // already reported
	case v.Basic == Union:
		b.report(one.Ref.Pos, path, schema.Name+" is a union, and so cannot be a variant of one",
			"list its variants here")
	case v.Basic != Object:
		b.report(one.Ref.Pos, path, schema.Name+" is "+v.GoType()+" in Go, and a variant must be an object with properties",
			"make it an object that has the value as a property")
	case slices.ContainsFunc(t.Variants, func(o Variant) bool { return o.Type == v }):
		b.report(one.Ref.Pos, path, schema.Name+" is listed twice", "keep one")
	case v.Go == KindMethod:
		b.report(one.Ref.Pos, path, "the Go name "+v.Go+" is taken: the discriminator has it among the field symbols",
			"add x-go-name to the variant")
	default:
		t.Variants = append(t.Variants, Variant{Type: v, Pos: one.Ref.Pos, schema: schema})
	}
}

// mapping sets the values of the variants that the discriminator of s maps.
func (b *builder) mapping(t *Type, s *spec.Schema, path string) {
	for _, m := range s.Kind.Mapping {
		schema := b.set.Resolve(m.Variant, path)
		if schema == nil {
			continue
		}
		i := slices.IndexFunc(t.Variants, func(v Variant) bool { return v.schema == schema })
		switch {
		case i < 0 && b.set.Reported(path): // it may be a variant that is refused
		case i < 0:
			b.report(m.Variant.Pos, path, "the mapping of "+spec.Quote(m.Value.Text)+" leads to "+schema.Name+
				", which is not in oneOf", "add it there, or remove it here")
		case m.Value.Text == "":
			b.report(m.Value.Pos, path, "an empty value of the discriminator", "want a word for "+schema.Name)
		default:
			t.Variants[i].Values = append(t.Variants[i].Values, m.Value.Text)
		}
	}
}

// checkUnion looks up the discriminators of the variants, which have their members
// now.
func (b *builder) checkUnion(p pendingUnion) {
	for i := range p.t.Variants {
		v := &p.t.Variants[i]
		name, at := v.schema.Name, v.schema.Name+"."+p.t.Kind
		j := slices.IndexFunc(v.Type.Fields, func(f *Field) bool { return f.Name == p.t.Kind })
		if j < 0 {
			if p.t.Kind != "" && !b.set.Reported(at) {
				b.report(v.Pos, p.path, name+" lacks the property "+spec.Quote(p.t.Kind)+" of the discriminator",
					"add it, and to required: {type: string, enum: ["+strings.Join(v.Values, ", ")+"]}")
			}
			continue
		}
		f := v.Type.Fields[j]
		v.Kind = f
		switch {
		case f.Type.Basic != String && f.Type.Basic != Enum:
			b.report(f.Pos, at, "a discriminator is "+f.Type.GoType(), "want type: string, best with an enum of one value")
		case !f.Required || f.Nullable:
			b.report(f.Pos, at, "a discriminator that may be missing", "add it to required, without null")
		case f.Rules.Any():
			b.report(f.Pos, at, "a discriminator has rules for texts", "want an enum instead: "+strings.Join(v.Values, ", "))
		case len(f.Aliases) > 0:
			b.report(f.Pos, at, "x-mlmd-renamed-from on a discriminator", "keep the name: it says how to read the rest")
		case f.Type.Basic == Enum:
			b.wrongValue(p, v)
		}
	}
}

// wrongValue reports a variant whose discriminator cannot have one of its values.
func (b *builder) wrongValue(p pendingUnion, v *Variant) {
	var texts []string
	for _, w := range v.Kind.Type.Values {
		texts = append(texts, w.Text)
	}
	i := slices.IndexFunc(v.Values, func(value string) bool { return !slices.Contains(texts, value) })
	if len(texts) == 0 || i < 0 {
		return // already reported, or right
	}
	fix := "add it there, or correct the mapping of the discriminator"
	if v.Values[i] == v.schema.Name {
		fix = "add mapping to the discriminator: {" + texts[0] + ": '#/components/schemas/" + v.schema.Name + "'}"
	}
	b.report(v.Pos, p.path, "the value of "+v.schema.Name+" is "+strconv.Quote(v.Values[i])+", which is not in the "+
		"enum of "+v.schema.Name+"."+p.t.Kind+": "+strings.Join(texts, ", "), fix)
}

// Requires reports whether each t, or a variant of it, must hold an of.
func (t *Type) Requires(of *Type) bool { return t.requires(of, map[*Type]bool{}) }

func (t *Type) requires(of *Type, seen map[*Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	for _, v := range t.Variants {
		if v.Type == of || v.Type.requires(of, seen) {
			return true
		}
	}
	for _, f := range t.Fields {
		if f.Required && !f.Nullable && (f.Type == of || f.Type.requires(of, seen)) {
			return true
		}
	}
	return false
}

// finiteUnions reports unions that must hold themselves, whatever the variant.
func (b *builder) finiteUnions(types []*Type) {
	possible := map[*Type]bool{}
	can := func(t *Type) bool { return t.Basic != Object && t.Basic != Union || possible[t] }
	for again := true; again; {
		again = false
		for _, t := range types {
			if can(t) {
				continue
			}
			missing := func(f *Field) bool { return f.Required && !f.Nullable && !can(f.Type) }
			possible[t] = t.Basic == Object && !slices.ContainsFunc(t.Fields, missing) ||
				slices.ContainsFunc(t.Variants, func(v Variant) bool { return can(v.Type) })
			again = again || possible[t]
		}
	}
	for _, t := range types {
		if t.Basic == Union && len(t.Variants) > 0 && !can(t) && t.Requires(t) {
			b.report(t.Pos, t.Go, "each variant must contain the union, without end",
				"take the union out of the required properties of a variant")
		}
	}
}
