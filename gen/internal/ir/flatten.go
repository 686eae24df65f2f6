package ir

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// flat is a schema with its allOf members and $refs merged.
type flat struct {
	props    []*spec.Schema
	required map[string]bool
	words    []spec.Word // of required
	seen     map[*spec.Schema]bool
	whole    *spec.Schema
}

func (b *builder) flatten(s *spec.Schema) *flat {
	f := &flat{required: map[string]bool{}, seen: map[*spec.Schema]bool{}, whole: s}
	b.flattenInto(f, s, s.Path)
	return f
}

// flattenInto adds the properties of s to f. A schema that is reached a
// second time, by another branch of allOf, adds nothing: following it again
// would take exponential time.
func (b *builder) flattenInto(f *flat, s *spec.Schema, path string) {
	if b.busy[s] {
		b.report(s.Pos, path, "the schema contains itself", "break the cycle of $ref and allOf")
		return
	}
	if f.seen[s] {
		return
	}
	f.seen[s] = true
	b.busy[s] = true
	defer delete(b.busy, s)
	for _, w := range s.Unsupported {
		if w.Text != "discriminator" || s == f.whole { // a part is not a union, whatever else has the part
			b.refuse(s, w)
		}
	}
	if s.Ref.Set() {
		b.besideRef(s, path)
		if target := b.set.Resolve(s, path); target != nil {
			b.flattenInto(f, target, path)
		}
		return
	}
	if s.Kind != nil {
		b.report(s.Kind.Pos, path, "oneOf beside properties is not stored",
			"make it a property of its own: a union, with oneOf and discriminator")
	}
	if s.Extra != nil {
		b.report(s.Extra.Pos, path, "additionalProperties beside properties are not stored",
			"move them into a property of their own: type: object with additionalProperties")
	}
	for _, part := range s.AllOf {
		b.flattenInto(f, part, path)
	}
	if s.Type.Set() && s.Type.Text != "object" {
		b.report(s.Type.Pos, path, "type "+spec.Quote(s.Type.Text)+" has no properties", "want type: object")
	}
	for _, p := range s.Properties {
		b.addProperty(f, p, path+"."+p.Name)
	}
	for _, w := range s.Required {
		f.required[w.Text] = true
		f.words = append(f.words, w)
	}
}

// addProperty adds p to f. Two declarations of a property must be equal.
func (b *builder) addProperty(f *flat, p *spec.Schema, path string) {
	i := slices.IndexFunc(f.props, func(q *spec.Schema) bool { return q.Name == p.Name })
	if i < 0 {
		f.props = append(f.props, p)
		return
	}
	if keyword := b.difference(f.props[i], p); keyword != "" {
		b.report(
			p.Key,
			path,
			fmt.Sprintf("the property is declared twice, at %s too, and the two differ in %s", f.props[i].Key, keyword),
			"keep one of them, or make them the same",
		)
	}
}

// difference returns the first keyword in which two declarations of a
// property differ, or "" if they mean the same. Descriptions may differ.
func (b *builder) difference(p, q *spec.Schema) string {
	p, q = unwrap(p), unwrap(q)
	for _, d := range []struct {
		keyword string
		differ  bool
	}{
		{"$ref", !b.sameRef(p, q)},
		{"type", p.Type.Text != q.Type.Text},
		{"format", meaning(p) != meaning(q)},
		{"enum", !sameWords(p.Enum, q.Enum)},
		{"x-enum-varnames", !sameWords(p.EnumNames, q.EnumNames)},
		{"required", !sameWords(sorted(p.Required), sorted(q.Required))},
		{"discriminator", !b.sameKind(p.Kind, q.Kind)},
		{"additionalProperties: false", p.Closed.Set() != q.Closed.Set()},
		{"default", !sameNode(p.Default, q.Default)},
		{"nullable", p.Nullable != q.Nullable},
		{"deprecated", p.Deprecated != q.Deprecated},
		{"minLength", !sameInt(p.MinLength, q.MinLength)},
		{"maxLength", !sameInt(p.MaxLength, q.MaxLength)},
		{"minItems", !sameInt(p.MinItems, q.MinItems)},
		{"maxItems", !sameInt(p.MaxItems, q.MaxItems)},
		{"pattern", p.Pattern.Text != q.Pattern.Text},
		{"minimum", !sameNode(p.Minimum, q.Minimum)},
		{"maximum", !sameNode(p.Maximum, q.Maximum)},
		{"exclusiveMinimum", p.ExclusiveMin != q.ExclusiveMin},
		{"exclusiveMaximum", p.ExclusiveMax != q.ExclusiveMax},
	} {
		if d.differ {
			return d.keyword
		}
	}
	if keyword := p.Ext.Difference(q.Ext); keyword != "" {
		return keyword
	}
	return b.differentParts(p, q)
}

// meaning returns the format of s if it has an effect.
func meaning(s *spec.Schema) string {
	_, known := stringFormats[s.Format.Text]
	if s.Type.Text == "integer" && s.Format.Text == "int32" || s.Type.Text == "string" && known {
		return s.Format.Text
	}
	return ""
}

// differentParts compares the subschemas of two schemas.
func (b *builder) differentParts(p, q *spec.Schema) string {
	one := func(s *spec.Schema) []*spec.Schema {
		if s == nil {
			return nil
		}
		return []*spec.Schema{s}
	}
	for _, d := range []struct {
		keyword string
		p, q    []*spec.Schema
	}{
		{"allOf", p.AllOf, q.AllOf},
		{"oneOf", p.OneOf, q.OneOf},
		{"properties", p.Properties, q.Properties},
		{"items", one(p.Items), one(q.Items)},
		{"additionalProperties", one(p.Extra), one(q.Extra)},
	} {
		if !slices.EqualFunc(
			d.p,
			d.q,
			func(p, q *spec.Schema) bool { return p.Name == q.Name && b.difference(p, q) == "" },
		) {
			return d.keyword
		}
	}
	return ""
}

// unwrap returns the only member of an allOf without siblings.
func unwrap(s *spec.Schema) *spec.Schema {
	for len(s.AllOf) == 1 && isNote(s, true) && s.Default == nil && !s.Nullable && !s.Deprecated &&
		s.Ext.Difference(spec.Ext{}) == "" {
		s = s.AllOf[0]
	}
	return s
}

func (b *builder) sameRef(p, q *spec.Schema) bool {
	if !p.Ref.Set() || !q.Ref.Set() {
		return p.Ref.Set() == q.Ref.Set()
	}
	return b.set.Resolve(p, p.Path) == b.set.Resolve(q, q.Path)
}

func (b *builder) sameKind(p, q *spec.Discriminator) bool {
	if p == nil || q == nil {
		return p == q
	}
	return p.Name.Text == q.Name.Text && slices.EqualFunc(p.Mapping, q.Mapping, func(p, q spec.Mapping) bool {
		return p.Value.Text == q.Value.Text && b.sameRef(p.Variant, q.Variant)
	})
}

func sameWords(a, b []spec.Word) bool {
	return slices.EqualFunc(a, b, func(a, b spec.Word) bool { return a.Text == b.Text })
}

func sorted(words []spec.Word) []spec.Word {
	return slices.SortedFunc(slices.Values(words), func(a, b spec.Word) int { return strings.Compare(a.Text, b.Text) })
}

func sameInt(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

func sameNode(a, b *yaml.Node) bool {
	return a == b ||
		a != nil && b != nil && a.Kind == yaml.ScalarNode && b.Kind == yaml.ScalarNode && a.Tag == b.Tag &&
			a.Value == b.Value
}
