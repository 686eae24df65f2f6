package spec

import (
	"go.yaml.in/yaml/v3"
)

// A Document is one OpenAPI file: its schemas, in the order of the file.
type Document struct {
	File    string
	Schemas []*Schema
	byName  map[string]*Schema
}

// A Schema is one schema object as it is written: nothing is resolved.
type Schema struct {
	Name string // in components.schemas, or of the property; may be empty
	Pos  Pos
	Key  Pos // of the name
	Path string
	Ext  Ext

	Ref        Word
	AllOf      []*Schema
	Type       Word
	Format     Word
	Doc        string
	Enum       []Word
	EnumNames  []Word // x-enum-varnames
	Required   []Word
	Properties []*Schema
	Items      *Schema
	Extra      *Schema // additionalProperties
	Closed     bool    // additionalProperties: false
	Default    *yaml.Node
	Nullable   bool
	Deprecated bool
	ReadOnly   bool

	MaxLength, MinLength, MaxItems, MinItems *int
	Pattern                                  Word
	Minimum, Maximum                         *yaml.Node
	ExclusiveMin, ExclusiveMax               bool
	Unsupported                              []Word // keywords that say what cannot be stored
}

// Schema returns the schema called name in components.schemas, or nil.
func (d *Document) Schema(name string) *Schema { return d.byName[name] }

// keywords are what OpenAPI 3.0 allows in a schema object; those that map to
// nil say nothing that matters here.
func keywords() map[string]func(d *decoder, n *yaml.Node, s *Schema) {
	integer := func(at func(*Schema) **int) func(*decoder, *yaml.Node, *Schema) {
		return func(d *decoder, n *yaml.Node, s *Schema) { *at(s) = d.integer(n) }
	}
	boolean := func(at func(*Schema) *bool) func(*decoder, *yaml.Node, *Schema) {
		return func(d *decoder, n *yaml.Node, s *Schema) { *at(s) = d.boolean(n) }
	}
	word := func(at func(*Schema) *Word) func(*decoder, *yaml.Node, *Schema) {
		return func(d *decoder, n *yaml.Node, s *Schema) { *at(s), _ = d.word(n, nil) }
	}
	unsupported := func(d *decoder, n *yaml.Node, s *Schema) {
		s.Unsupported = append(s.Unsupported, Word{d.key, d.keyPos})
	}
	return map[string]func(*decoder, *yaml.Node, *Schema){
		"$ref":                 word(func(s *Schema) *Word { return &s.Ref }),
		"type":                 word(func(s *Schema) *Word { return &s.Type }),
		"format":               word(func(s *Schema) *Word { return &s.Format }),
		"pattern":              word(func(s *Schema) *Word { return &s.Pattern }),
		"description":          func(d *decoder, n *yaml.Node, s *Schema) { s.Doc = d.text(n) },
		"allOf":                func(d *decoder, n *yaml.Node, s *Schema) { s.AllOf = d.schemas(n, s.Path) },
		"enum":                 func(d *decoder, n *yaml.Node, s *Schema) { s.Enum = d.words(n) },
		"x-enum-varnames":      func(d *decoder, n *yaml.Node, s *Schema) { s.EnumNames = d.words(n) },
		"required":             func(d *decoder, n *yaml.Node, s *Schema) { s.Required = d.words(n) },
		"properties":           func(d *decoder, n *yaml.Node, s *Schema) { s.Properties = d.named(n, s.Path, OnProperty) },
		"items":                func(d *decoder, n *yaml.Node, s *Schema) { s.Items = d.schema(n, "", s.Path+"[]", 0) },
		"additionalProperties": additional,
		"default":              func(d *decoder, n *yaml.Node, s *Schema) { s.Default = n },
		"minimum":              func(d *decoder, n *yaml.Node, s *Schema) { s.Minimum = n },
		"maximum":              func(d *decoder, n *yaml.Node, s *Schema) { s.Maximum = n },
		"nullable":             boolean(func(s *Schema) *bool { return &s.Nullable }),
		"deprecated":           boolean(func(s *Schema) *bool { return &s.Deprecated }),
		"readOnly":             boolean(func(s *Schema) *bool { return &s.ReadOnly }),
		"exclusiveMinimum":     boolean(func(s *Schema) *bool { return &s.ExclusiveMin }),
		"exclusiveMaximum":     boolean(func(s *Schema) *bool { return &s.ExclusiveMax }),
		"maxLength":            integer(func(s *Schema) **int { return &s.MaxLength }),
		"minLength":            integer(func(s *Schema) **int { return &s.MinLength }),
		"maxItems":             integer(func(s *Schema) **int { return &s.MaxItems }),
		"minItems":             integer(func(s *Schema) **int { return &s.MinItems }),
		"oneOf":                unsupported,
		"anyOf":                unsupported,
		"not":                  unsupported,
		"discriminator":        unsupported,
		"multipleOf":           unsupported,
		"uniqueItems":          unsupported,
		"maxProperties":        unsupported,
		"minProperties":        unsupported,
		"writeOnly":            unsupported,
		"title":                nil,
		"example":              nil,
		"externalDocs":         nil,
		"xml":                  nil,
	}
}

func additional(d *decoder, n *yaml.Node, s *Schema) {
	if n.Kind == yaml.ScalarNode {
		open := d.boolean(n)
		s.Closed = !open
		if open {
			s.Extra = &Schema{Pos: d.pos(n), Path: s.Path + "{}"}
		}
		return
	}
	s.Extra = d.schema(n, "", s.Path+"{}", 0)
}
