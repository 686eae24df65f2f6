package spec

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Document is one OpenAPI file: its schemas, in the order of the file.
type Document struct {
	File    string
	Info    Info
	Schemas []*Schema
	byName  map[string]*Schema
	root    *yaml.Node
	modern  bool                  // it is of OpenAPI 3.1
	added   map[*yaml.Node]string // the files of the overlays that nodes are from
}

// pos returns the place of a node of the document.
func (d *Document) pos(n *yaml.Node) Pos {
	file := d.File
	if overlay, ok := d.added[n]; ok {
		file = overlay
	}
	return Pos{file, max(n.Line, 1), max(n.Column, 1)}
}

// An Info is what a document says about itself.
type Info struct {
	Title   string `yaml:"title"`
	Version string `yaml:"version"`
}

// A Schema is one schema object as it is written: nothing is resolved.
type Schema struct {
	Name string // in components.schemas, or of the property; may be empty
	Pos  Pos
	Key  Pos // of the name
	Path string
	Ext  Ext
	Def  bool // it is in $defs

	doc  *Document
	top  *Schema  // the schema of components.schemas that it is in, or itself
	held Problems // of a schema of components.schemas, until an entity reaches it

	Ref        Word
	AllOf      []*Schema
	OneOf      []*Schema // the variants of a union, which has a discriminator
	Kind       *Discriminator
	Type       Word
	Format     Word
	Doc        string
	Enum       []Word
	EnumNames  []Word // x-enum-varnames
	EnumNulls  []int  // where null stands in enum; Enum is without it
	Required   []Word
	Properties []*Schema
	Defs       []*Schema // $defs
	Items      *Schema
	Extra      *Schema // additionalProperties, where it has a schema
	Closed     Word    // additionalProperties: false
	Default    *yaml.Node
	Example    *yaml.Node
	Nullable   bool
	Deprecated bool
	ReadOnly   bool

	MaxLength, MinLength, MaxItems, MinItems *int
	Pattern                                  Word
	Minimum, Maximum                         *yaml.Node
	ExclusiveMin, ExclusiveMax               bool
	above, below                             *yaml.Node // exclusiveMinimum and exclusiveMaximum of OpenAPI 3.1
	Unsupported                              []Word     // keywords that say what cannot be stored
	alternatives                             Word       // oneOf
}

// A Discriminator names the property that says which variant of a union a value is.
type Discriminator struct {
	Pos     Pos
	Name    Word      // propertyName
	Mapping []Mapping // in the order of the file
}

// A Mapping is a value of a discriminator, and the variant that it stands for.
type Mapping struct {
	Value   Word
	Variant *Schema // a $ref
}

// At returns the place of a node of s.
func (s *Schema) At(n *yaml.Node) Pos { return s.doc.pos(n) }

// Schema returns the schema called name in components.schemas, or nil.
func (d *Document) Schema(name string) *Schema { return d.byName[name] }

// Any reports whether s accepts any value.
func (s *Schema) Any() bool {
	bare := *s
	bare.doc, bare.top, bare.held, bare.Defs = nil, nil, nil, nil
	bare.Name, bare.Pos, bare.Key, bare.Path, bare.Doc = "", Pos{}, Pos{}, "", ""
	bare.Example = nil
	bare.Nullable, bare.Deprecated, bare.ReadOnly = false, false, false
	return reflect.DeepEqual(bare, Schema{})
}

// A keyword decodes the value n of a keyword of s.
type keyword = func(d *decoder, n *yaml.Node, s *Schema)

// keywords are what OpenAPI 3.0 allows in a schema object, or 3.1 if modern is
// true; those that map to nil have no effect here.
func keywords(modern bool) map[string]keyword {
	integer := func(at func(*Schema) **int) func(*decoder, *yaml.Node, *Schema) {
		return func(d *decoder, n *yaml.Node, s *Schema) { *at(s) = d.integer(n) }
	}
	boolean := func(at func(*Schema) *bool) func(*decoder, *yaml.Node, *Schema) {
		return func(d *decoder, n *yaml.Node, s *Schema) { *at(s) = d.boolean(n) }
	}
	word := func(at func(*Schema) *Word) func(*decoder, *yaml.Node, *Schema) {
		return func(d *decoder, n *yaml.Node, s *Schema) { *at(s), _ = d.word(n, nil) }
	}
	out := map[string]keyword{
		"$ref":                 word(func(s *Schema) *Word { return &s.Ref }),
		"type":                 oneType,
		"format":               word(func(s *Schema) *Word { return &s.Format }),
		"pattern":              word(func(s *Schema) *Word { return &s.Pattern }),
		"description":          func(d *decoder, n *yaml.Node, s *Schema) { s.Doc = d.text(n) },
		"allOf":                func(d *decoder, n *yaml.Node, s *Schema) { s.AllOf = d.schemas(n, s.Path) },
		"enum":                 enum,
		"x-enum-varnames":      func(d *decoder, n *yaml.Node, s *Schema) { s.EnumNames = d.words(n) },
		"required":             func(d *decoder, n *yaml.Node, s *Schema) { s.Required = d.words(n) },
		"properties":           func(d *decoder, n *yaml.Node, s *Schema) { s.Properties = d.named(n, s.Path, OnProperty) },
		"items":                func(d *decoder, n *yaml.Node, s *Schema) { s.Items = d.schema(n, "", s.Path+"[]", 0) },
		"additionalProperties": additional,
		"default":              defaultValue,
		"example":              func(_ *decoder, n *yaml.Node, s *Schema) { s.Example = n },
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
		"oneOf":                union,
		"anyOf":                unsupported,
		"not":                  unsupported,
		"discriminator":        discriminator,
		"multipleOf":           unsupported,
		"uniqueItems":          unsupported,
		"maxProperties":        unsupported,
		"minProperties":        unsupported,
		"writeOnly":            unsupported,
		"title":                nil,
		"$comment":             nil,
		"externalDocs":         nil,
		"xml":                  nil,
	}
	if modern {
		delete(out, "nullable")
		maps.Copy(out, keywords31())
	}
	return out
}

// oneType decodes the type of OpenAPI 3.0.
func oneType(d *decoder, n *yaml.Node, s *Schema) {
	if n.Kind == yaml.SequenceNode {
		d.problem(n, "type is a list", "want a string, or 'openapi: 3.1.0' at the top")
		return
	}
	s.Type, _ = d.word(n, nil)
}

// unsupported notes a keyword that restricts values in a way that is not checked.
func unsupported(d *decoder, n *yaml.Node, s *Schema) {
	if !slices.Contains(harmless[d.key], n.Value) {
		s.Unsupported = append(s.Unsupported, Word{d.key, d.keyPos})
	}
}

// union decodes the alternatives of oneOf.
func union(d *decoder, n *yaml.Node, s *Schema) {
	s.alternatives = Word{d.key, d.keyPos}
	s.OneOf = d.schemas(n, s.Path)
}

// discriminator decodes what tells the alternatives of oneOf apart.
func discriminator(d *decoder, n *yaml.Node, s *Schema) {
	s.Kind = &Discriminator{Pos: d.keyPos}
	for key, value := range d.members(n) {
		switch {
		case key.Value == "propertyName":
			d.key = key.Value
			s.Kind.Name, _ = d.word(value, nil)
		case key.Value == "mapping":
			d.mapping(value, s)
		case strings.HasPrefix(key.Value, "x-"):
		default:
			d.problem(key, "unknown member "+Quote(key.Value)+" of discriminator", OneOf([]string{"propertyName", "mapping"}))
		}
	}
}

// mapping decodes the mapping of a discriminator, to references or names of schemas.
func (d *decoder) mapping(n *yaml.Node, s *Schema) {
	for key, value := range d.members(n) {
		d.key = "mapping"
		ref, ok := d.word(value, nil)
		if !ok {
			continue
		}
		if !strings.Contains(ref.Text, "#") {
			ref.Text = "#/components/schemas/" + pointerEscape.Replace(ref.Text)
		}
		to := &Schema{Pos: ref.Pos, Key: ref.Pos, Path: s.Path, Ref: ref, doc: s.doc, top: s.top}
		s.Kind.Mapping = append(s.Kind.Mapping, Mapping{Word{key.Value, d.pos(key)}, to})
	}
}

// settleUnion notes oneOf and discriminator as unsupported where one of them lacks
// the other, after all keywords are decoded.
func (s *Schema) settleUnion() {
	switch {
	case s.alternatives.Set() && s.Kind == nil && len(s.OneOf) == 1 && s.doc.modern:
		s.AllOf, s.OneOf = append(s.AllOf, s.OneOf...), nil
	case s.alternatives.Set() && s.Kind == nil:
		s.Unsupported = append(s.Unsupported, s.alternatives)
		s.OneOf = nil
	case !s.alternatives.Set() && s.Kind != nil:
		s.Unsupported = append(s.Unsupported, Word{"discriminator", s.Kind.Pos})
		s.Kind = nil
	}
	s.alternatives = Word{}
}

// harmless are the values of unsupported keywords that have no effect.
var harmless = map[string][]string{
	"uniqueItems": {"false"}, "writeOnly": {"false"}, "minProperties": {"0"}, "multipleOf": {"1"},
}

// additional decodes additionalProperties. The value true and the empty schema
// say what is true without the keyword, and are left out.
func additional(d *decoder, n *yaml.Node, s *Schema) {
	switch {
	case n.Kind == yaml.ScalarNode:
		if !d.boolean(n) {
			s.Closed = Word{d.key, d.keyPos}
		}
	default:
		if extra := d.schema(n, "", s.Path+"{}", 0); extra != nil && !extra.Any() {
			s.Extra = extra
		}
	}
}

// defaultValue decodes a default; null is the same as none.
func defaultValue(_ *decoder, n *yaml.Node, s *Schema) {
	if n.Tag != "!!null" {
		s.Default = n
	}
}

// enum decodes the values of an enum. A null among them means that the value
// may be null, as nullable does.
func enum(d *decoder, n *yaml.Node, s *Schema) {
	items := d.items(n)
	if n.Kind == yaml.SequenceNode &&
		!slices.ContainsFunc(items, func(i *yaml.Node) bool { return i.Tag != "!!null" }) {
		d.problem(n, "an enum without values", "name the values, or remove enum")
	}
	for i, item := range items {
		switch {
		case item.Kind != yaml.ScalarNode:
			d.problem(item, "found "+kindName(item), "want a string")
		case item.Tag == "!!null":
			s.Nullable = true
			s.EnumNulls = append(s.EnumNulls, i)
		default:
			s.Enum = append(s.Enum, Word{item.Value, d.pos(item)})
		}
	}
}
