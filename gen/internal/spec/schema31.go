package spec

import (
	"math/big"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// keywords31 are the keywords that OpenAPI 3.1 adds to those of 3.0, or that have
// another form there: those of JSON Schema 2020-12.
func keywords31() map[string]keyword {
	return map[string]keyword{
		"type":                  types,
		"const":                 constant,
		"$defs":                 defs,
		"anyOf":                 alternatives,
		"oneOf":                 union31,
		"exclusiveMinimum":      func(d *decoder, n *yaml.Node, s *Schema) { s.above = d.bound(n) },
		"exclusiveMaximum":      func(d *decoder, n *yaml.Node, s *Schema) { s.below = d.bound(n) },
		"examples":              examples,
		"contentEncoding":       contentEncoding,
		"unevaluatedProperties": unevaluated,
		"$dynamicRef":           unsupported,
		"if":                    unsupported,
		"then":                  unsupported,
		"else":                  unsupported,
		"dependentRequired":     unsupported,
		"dependentSchemas":      unsupported,
		"prefixItems":           unsupported,
		"contains":              unsupported,
		"minContains":           unsupported,
		"maxContains":           unsupported,
		"patternProperties":     unsupported,
		"propertyNames":         unsupported,
		"unevaluatedItems":      unsupported,
		"contentMediaType":      nil,
		"contentSchema":         nil,
		"$schema":               nil,
		"$id":                   nil,
		"$anchor":               nil,
		"$dynamicAnchor":        nil,
		"$vocabulary":           nil,
	}
}

// otherVersion says what replaces keywords of one version of OpenAPI in another.
var otherVersion = map[string]string{
	"nullable": "OpenAPI 3.1 has no such keyword: want type: [string, 'null']",
	"const":    "OpenAPI 3.0 has no such keyword: want an enum with one value",
	"examples": "OpenAPI 3.0 has no such keyword: want example",
	"$defs":    "OpenAPI 3.0 has no such keyword: declare them under components.schemas",
}

// types decodes a type, or a list of one type and null.
func types(d *decoder, n *yaml.Node, s *Schema) {
	if n.Kind != yaml.SequenceNode {
		s.Type, _ = d.word(n, nil)
		return
	}
	for _, item := range n.Content {
		if item.Tag == "!!null" {
			d.problem(item, "a type is null", "want 'null', in quotes")
			continue
		}
		w, ok := d.word(item, nil)
		switch {
		case !ok:
		case w.Text == "null":
			s.Nullable = true
		case s.Type.Set():
			d.problem(item, "a value of several types", "make one property for each type")
		default:
			s.Type = w
		}
	}
}

// constant decodes a const, which is an enum of one value.
func constant(d *decoder, n *yaml.Node, s *Schema) {
	switch {
	case n.Kind != yaml.ScalarNode:
		d.problem(n, "const is "+kindName(n), "want a string")
	case n.Tag == "!!null":
		s.Nullable = true
	default:
		s.Enum = []Word{{n.Value, d.pos(n)}}
		if n.Tag == "!!str" && !s.Type.Set() {
			s.Type = Word{"string", d.pos(n)}
		}
	}
}

// examples decodes a list of examples, of which the first is used.
func examples(d *decoder, n *yaml.Node, s *Schema) {
	if items := d.items(n); len(items) > 0 && s.Example == nil {
		s.Example = items[0]
	}
}

func defs(d *decoder, n *yaml.Node, s *Schema) {
	s.Defs = d.named(n, s.Path, 0)
	for _, def := range s.Defs {
		def.Def = true
	}
}

// bound decodes an exclusive bound.
func (d *decoder) bound(n *yaml.Node) *yaml.Node {
	if n.Tag != "!!int" && n.Tag != "!!float" {
		d.problem(n, d.key+" is "+kindName(n), "want a number: the bound itself")
		return nil
	}
	return n
}

// contentEncoding decodes the encoding of bytes in a string. Base64 is the format
// byte of OpenAPI 3.0.
func contentEncoding(d *decoder, n *yaml.Node, s *Schema) {
	if w, ok := d.word(n, nil); ok && w.Text == "base64" && !s.Format.Set() {
		s.Format = Word{"byte", w.Pos}
	}
}

// unevaluated decodes unevaluatedProperties, of which a schema is not supported.
func unevaluated(d *decoder, n *yaml.Node, s *Schema) {
	switch {
	case n.Kind != yaml.ScalarNode:
		unsupported(d, n, s)
	case !d.boolean(n):
		s.Closed = Word{d.key, d.keyPos}
	}
}

// union31 decodes the alternatives of oneOf, of which one may be null.
func union31(d *decoder, n *yaml.Node, s *Schema) {
	if n.Kind == yaml.SequenceNode {
		rest := *n
		rest.Content = slices.DeleteFunc(slices.Clone(n.Content), isNull)
		s.Nullable = s.Nullable || len(rest.Content) < len(n.Content)
		n = &rest
	}
	union(d, n, s)
}

// alternatives decodes anyOf. One schema, and null besides, is this schema,
// nullable. Others are not supported.
func alternatives(d *decoder, n *yaml.Node, s *Schema) {
	var rest []*yaml.Node
	if n.Kind == yaml.SequenceNode {
		rest = slices.DeleteFunc(slices.Clone(n.Content), isNull)
	}
	if len(rest) != 1 {
		unsupported(d, n, s)
		return
	}
	s.Nullable = s.Nullable || len(rest) < len(n.Content)
	if one := d.schema(rest[0], "", s.Path, 0); one != nil {
		s.AllOf = append(s.AllOf, one)
	}
}

// isNull reports whether n is a schema of null alone.
func isNull(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "type" && n.Content[i+1].Value == "null" && n.Content[i+1].Tag == "!!str" {
			return true
		}
	}
	return false
}

// settle brings what OpenAPI 3.1 writes in other ways into the form of 3.0, after
// all keywords are decoded.
func (s *Schema) settle() {
	s.Minimum, s.ExclusiveMin = stricter(s.Minimum, s.above, 1)
	s.Maximum, s.ExclusiveMax = stricter(s.Maximum, s.below, -1)
	s.above, s.below = nil, nil
	if s.Ref.Set() && (s.Type.Set() || len(s.AllOf) > 0 || len(s.Enum) > 0 || len(s.Required) > 0 ||
		len(s.Properties) > 0 || s.Items != nil || s.Extra != nil) {
		ref := &Schema{Pos: s.Pos, Key: s.Key, Path: s.Path, Ref: s.Ref, doc: s.doc, top: s.top}
		s.AllOf, s.Ref = append([]*Schema{ref}, s.AllOf...), Word{}
	}
}

// stricter returns the one of two bounds that allows less; sign is 1 for a
// minimum and -1 for a maximum.
func stricter(inclusive, exclusive *yaml.Node, sign int) (bound *yaml.Node, isExclusive bool) {
	if inclusive == nil || exclusive == nil {
		if exclusive == nil {
			return inclusive, false
		}
		return exclusive, true
	}
	a, okA := new(big.Rat).SetString(strings.TrimSpace(inclusive.Value))
	b, okB := new(big.Rat).SetString(strings.TrimSpace(exclusive.Value))
	if okA && okB && a.Cmp(b)*sign > 0 {
		return inclusive, false
	}
	return exclusive, true
}
