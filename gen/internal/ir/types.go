package ir

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// fieldType returns the type of the property p. It copies description, rules
// and default to f, from p itself and from what it refers to.
func (b *builder) fieldType(f *Field, p *spec.Schema, path string) *Type {
	chain := b.chain(p, path)
	if len(chain) == 0 {
		return nil
	}
	for _, s := range chain {
		if f.Doc == "" {
			f.Doc = s.Doc
		}
		f.Nullable = f.Nullable || s.Nullable
		f.Deprecated = f.Deprecated || s.Deprecated
	}
	t := b.typeOf(chain[len(chain)-1], inlineName(path), path)
	if t == nil {
		return nil
	}
	for _, s := range chain {
		b.rules(&f.Rules, t, s, path)
		if s.Default != nil && f.Default == nil {
			f.Default = b.defaultOf(f, t, s, path)
		}
		if s.Example != nil && f.Example == nil {
			f.Example = exampleOf(t, s.Example)
		}
	}
	return t
}

// inlineName is the Go name of an enum, object or union that is declared in place.
func inlineName(path string) string { return GoName(strings.ReplaceAll(path, ".", "_")) }

// isNote reports whether s has no type: it only adds a description, rules or
// a default to its siblings. If parts is true, s may have allOf.
func isNote(s *spec.Schema, parts bool) bool {
	return !s.Ref.Set() && !s.Type.Set() && len(s.Enum) == 0 && len(s.Required) == 0 && len(s.Properties) == 0 &&
		s.Items == nil && s.Extra == nil && !s.Closed.Set() && s.Kind == nil &&
		len(s.Unsupported) == 0 &&
		(parts || len(s.AllOf) == 0)
}

// partition splits the members of an allOf into those without a type and
// those with one.
func partition(allOf []*spec.Schema) (notes, rest []*spec.Schema) {
	for _, s := range allOf {
		if isNote(s, false) {
			notes = append(notes, s)
		} else {
			rest = append(rest, s)
		}
	}
	return notes, rest
}

// besideRef reports keywords beside a $ref, which would have no effect.
func (b *builder) besideRef(s *spec.Schema, path string) {
	keywords := contents(s)
	keywords["oneOf"] = s.Kind != nil
	b.misplaced(s, path, "has no effect beside $ref", "put the $ref into an allOf", keywords)
}

// contents returns the keywords that say what a value contains, and whether s has them.
func contents(s *spec.Schema) map[string]bool {
	return map[string]bool{
		"properties": len(s.Properties) > 0, "required": len(s.Required) > 0, "items": s.Items != nil,
		"additionalProperties": s.Extra != nil, "allOf": len(s.AllOf) > 0, "enum": len(s.Enum) > 0,
	}
}

// besideType reports keywords that do not apply to the type.
func (b *builder) besideType(s *spec.Schema, path string) {
	object := s.Type.Text == "object" || s.Type.Text == ""
	b.misplaced(
		s,
		path,
		"has no effect on type "+spec.Quote(s.Type.Text),
		"remove it, or change the type",
		map[string]bool{
			"properties": len(s.Properties) > 0 && !object, "required": len(s.Required) > 0 && !object,
			"additionalProperties": s.Extra != nil && !object, "allOf": len(s.AllOf) > 0 && !object,
			"items": s.Items != nil &&
				s.Type.Text != "array", "x-enum-varnames": len(s.EnumNames) > 0 && len(s.Enum) == 0,
		},
	)
}

func (b *builder) misplaced(s *spec.Schema, path, msg, fix string, there map[string]bool) {
	for _, keyword := range slices.Sorted(maps.Keys(there)) {
		if there[keyword] {
			b.report(s.Pos, path, keyword+" "+msg, fix)
		}
	}
}

// chain follows $ref, and an allOf with one member that has a type, from p
// to the schema with the type. It returns nil if there is an error.
func (b *builder) chain(p *spec.Schema, path string) []*spec.Schema {
	var out []*spec.Schema
	seen := map[*spec.Schema]bool{}
	for s := p; ; {
		if seen[s] {
			b.report(p.Pos, path, "the schema refers to itself", "break the cycle of $ref")
			return nil
		}
		seen[s] = true
		out = append(out, s)
		b.unsupported(s)
		switch {
		case s.Ref.Set():
			b.besideRef(s, path)
			next := b.set.Resolve(s, path)
			if next == nil {
				return nil
			}
			s = next
		case len(s.AllOf) > 0 && isNote(s, true) && !s.Ext.Kind.Set():
			notes, rest := partition(s.AllOf)
			if len(rest) == 0 {
				rest = s.AllOf[:1] // what it lacks is reported below
			}
			if len(rest) > 1 {
				return out // members with properties: one object
			}
			out = append(out, notes...)
			for _, n := range notes {
				b.unsupported(n)
			}
			s = rest[0]
		case s.Ext.Kind.Set():
			b.report(
				p.Pos,
				path,
				s.Name+" is an entity, and one entity cannot hold another",
				"store its id: type: string with x-mlmd-property-type: INT",
			)
			return nil
		default:
			return out
		}
	}
}

// resolved returns the type of a schema within another: the elements of an
// array, or the values of a map.
func (b *builder) resolved(s *spec.Schema, inline, path string) *Type {
	chain := b.chain(s, path)
	if len(chain) == 0 {
		return nil
	}
	t := b.typeOf(chain[len(chain)-1], inline, path)
	if t == nil {
		return nil
	}
	if t.Basic != Enum && t.Basic != Object && t.Basic != Union {
		t.Doc = ""
	}
	for _, s := range chain {
		if s.Nullable {
			b.report(s.Pos, path, "an element that may be null", "remove nullable: leave such elements out")
		}
		if s.Default != nil {
			b.report(s.Pos, path, "a default of an element", "remove it: an element is there, or it is not")
		}
	}
	return t
}

// typeOf returns the type of the schema s. An enum or object that is
// declared in place is called inline.
func (b *builder) typeOf(s *spec.Schema, inline, path string) *Type {
	if s.Kind != nil {
		return b.union(s, inline, path)
	}
	b.besideType(s, path)
	if len(s.Enum) > 0 {
		return b.enum(s, inline, path)
	}
	if len(s.Unsupported) > 0 && !s.Type.Set() {
		return nil // already reported
	}
	switch s.Type.Text {
	case "string":
		return b.stringType(s, path)
	case "integer":
		if s.Format.Text == "int32" {
			return &Type{Basic: Int32}
		}
		return &Type{Basic: Int64} // an unknown format has no effect
	case "number":
		return &Type{Basic: Double}
	case "boolean":
		return &Type{Basic: Bool}
	case "array":
		return b.list(s, inline, path)
	case "object", "":
		if s.Type.Text == "" && len(s.Properties) == 0 && len(s.AllOf) == 0 && s.Extra == nil {
			b.report(s.Pos, path, "the type is missing", "add type: string, integer, number, boolean, array or object")
			return nil
		}
		return b.object(s, inline, path)
	}
	b.report(
		s.Type.Pos,
		path,
		"unknown type "+spec.Quote(s.Type.Text),
		spec.OneOf([]string{"string", "integer", "number", "boolean", "array", "object"}),
	)
	return nil
}

var stringFormats = map[string]Basic{
	"": String, "date-time": DateTime, "epoch-millis": Millis, "byte": Bytes, "date": Date, "uuid": UUID,
}

func (b *builder) stringType(s *spec.Schema, path string) *Type {
	format := s.Format.Text
	if basic, ok := stringFormats[format]; ok {
		return &Type{Basic: basic}
	}
	if format == "binary" {
		b.report(
			s.Format.Pos,
			path,
			`format "binary" is for files`,
			"want format: byte, or store the file elsewhere and its address here",
		)
	}
	return &Type{Basic: String} // OpenAPI leaves the list of formats open
}

func (b *builder) list(s *spec.Schema, inline, path string) *Type {
	if s.Items == nil {
		b.report(s.Pos, path, "an array without items", "say what it holds, for example items: {type: string}")
		return nil
	}
	elem := b.resolved(s.Items, inline+"Item", path+"[]")
	if elem == nil {
		return nil
	}
	t := &Type{Basic: List, Elem: elem}
	b.rules(&t.Rules, elem, s.Items, path+"[]")
	return t
}

func (b *builder) object(s *spec.Schema, inline, path string) *Type {
	if len(s.Properties) == 0 && len(s.AllOf) == 0 {
		if s.Extra == nil {
			if s.Closed.Set() {
				b.report(
					s.Closed.Pos,
					path,
					"an object without properties, and additionalProperties: false, is always empty",
					"declare its properties",
				)
			}
			return &Type{Basic: JSON}
		}
		if b.anything(s.Extra, path) {
			return &Type{Basic: JSON}
		}
		elem := b.resolved(s.Extra, inline+"Value", path+"{}")
		if elem == nil {
			return nil
		}
		t := &Type{Basic: Map, Elem: elem}
		b.rules(&t.Rules, elem, s.Extra, path+"{}")
		return t
	}
	if t := b.named[s]; t != nil {
		return t
	}
	t := &Type{Basic: Object, Doc: s.Doc, Pos: s.Key}
	t.Go = b.typeName(s, inline)
	b.named[s] = t // before its members, which may refer to it
	flat := b.flatten(s)
	owner := s.Path
	if !b.isNamed(s) {
		owner = path
	}
	for _, p := range flat.props {
		if f := b.member(owner, p, flat.required[p.Name]); f != nil {
			t.Fields = append(t.Fields, f)
		}
	}
	b.unknownRequired(owner, flat)
	b.distinct(owner, t.Fields)
	return t
}

// anything reports whether s refers to a schema that accepts any value.
func (b *builder) anything(s *spec.Schema, path string) bool {
	for range 10 { // a cycle is reported elsewhere
		if !s.Ref.Set() {
			return s.Any()
		}
		if s = b.set.Resolve(s, path); s == nil {
			return false
		}
	}
	return false
}

// member makes a field of an object, which is stored as a member of a struct.
func (b *builder) member(owner string, p *spec.Schema, required bool) *Field {
	f := b.field(owner, p, required)
	x := p.Ext
	for name, w := range map[string]spec.Word{
		"x-mlmd-store": x.Store, "x-mlmd-property": x.Property, "x-mlmd-property-type": x.PropertyType,
		"x-mlmd-parent": x.Parent, "x-mlmd-inverse": x.Inverse,
	} {
		if w.Set() {
			b.report(w.Pos, owner+"."+p.Name, name+" inside an object", "remove it: an object is stored as one struct")
		}
	}
	if len(x.Reference) > 0 {
		b.report(x.Reference[0].Pos, owner+"."+p.Name, "x-mlmd-reference inside an object",
			"make it a property of the entity: references in objects are not checked")
	}
	b.noREST(p, owner+"."+p.Name, "inside an object", "remove it: an object is shown as it is stored")
	for _, w := range x.RenamedFrom {
		if f != nil {
			f.Aliases = append(f.Aliases, w.Text)
		}
	}
	return f
}

func (b *builder) enum(s *spec.Schema, inline, path string) *Type {
	if t := b.named[s]; t != nil {
		return t
	}
	if s.Type.Text != "string" {
		at := s.Pos
		if s.Type.Set() {
			at = s.Type.Pos
		}
		b.report(at, path, "an enum of type "+spec.Quote(s.Type.Text), "want type: string")
		return nil
	}
	t := &Type{Basic: Enum, Doc: s.Doc, Pos: s.Key}
	t.Go = b.typeName(s, inline)
	names := slices.Clone(s.EnumNames)
	if len(names) == len(s.Enum)+len(s.EnumNulls) {
		for _, i := range slices.Backward(s.EnumNulls) {
			names = slices.Delete(names, i, i+1)
		}
	}
	if len(names) > 0 && len(names) != len(s.Enum) {
		b.report(
			names[0].Pos,
			path,
			fmt.Sprintf("x-enum-varnames has %d names for %d values", len(names), len(s.Enum)),
			"want one for each value",
		)
		names = nil
	}
	seen := map[string]string{}
	for i, w := range s.Enum {
		name := constName(w.Text)
		if len(names) > 0 {
			name = GoName(names[i].Text)
		}
		switch other, taken := seen[name]; {
		case w.Text == "":
			b.report(w.Pos, path, "an empty value in an enum", "remove it: a property that is not set is empty already")
		case name == "" || !exported.MatchString(t.Go+name):
			b.report(
				w.Pos,
				path,
				"the value "+spec.Quote(w.Text)+" does not give a Go name",
				"add x-enum-varnames with a name for each value",
			)
		case taken && other == w.Text:
			b.report(w.Pos, path, "the value "+spec.Quote(w.Text)+" is listed twice", "keep one")
		case taken:
			b.report(
				w.Pos,
				path,
				"the values "+spec.Quote(other)+" and "+spec.Quote(w.Text)+" give the same Go name "+t.Go+name,
				"add x-enum-varnames with a name for each value",
			)
		default:
			seen[name] = w.Text
			b.claimConst(t.Go+name, w, path)
			t.Values = append(t.Values, Value{Go: t.Go + name, Text: w.Text})
		}
	}
	b.named[s] = t
	return t
}

// typeName returns the Go name of an enum, object or union: that of its schema, or of
// the property that declares it in place.
func (b *builder) typeName(s *spec.Schema, inline string) string {
	name := inline
	switch {
	case s.Def: // of its schema, since others may have $defs of that name
		name = b.goName(s, strings.ReplaceAll(s.Path, ".", "_"))
	case b.isNamed(s):
		name = b.goName(s, s.Name)
	}
	if !exported.MatchString(name) {
		if !b.isNamed(s) {
			b.report(
				s.Key,
				s.Path,
				spec.Quote(name)+" is not a Go name",
				"declare it under components.schemas, and use $ref",
			)
		}
		return ""
	}
	b.claim(name, s)
	return name
}

// isNamed reports whether s is declared in components.schemas, or in the $defs of
// a schema there.
func (b *builder) isNamed(s *spec.Schema) bool { return s.Def || s.Name != "" && s.Path == s.Name }
