package ir

import (
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// fieldType tells the type of the property p and takes its description, rules
// and default over to f, from p itself and from what it refers to.
func (b *builder) fieldType(f *Field, p *spec.Schema, path string) *Type {
	chain := b.chain(p, path)
	for _, s := range chain {
		if f.Doc == "" && s == p {
			f.Doc = s.Doc
		}
		f.Nullable = f.Nullable || s.Nullable
		f.Deprecated = f.Deprecated || s.Deprecated
		b.rules(f, s)
	}
	if len(chain) == 0 {
		return nil
	}
	last := chain[len(chain)-1]
	if f.Doc == "" {
		f.Doc = last.Doc
	}
	t := b.typeOf(last, GoName(strings.ReplaceAll(path, ".", "_")), path)
	if t == nil {
		return nil
	}
	for _, s := range chain {
		if s.Default != nil && f.Default == nil {
			f.Default = b.defaultOf(f, t, s, path)
		}
	}
	return t
}

// chain follows $ref and an allOf of one member from p to the schema that says
// the type. It is empty where that is not possible.
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
			next := b.set.Resolve(s.Ref, path)
			if next == nil {
				return nil
			}
			s = next
		case len(s.AllOf) == 1 && len(s.Properties) == 0:
			s = s.AllOf[0]
		default:
			return out
		}
	}
}

// typeOf tells the type of the schema s. An enum or object that is declared in
// place gets the name inline.
func (b *builder) typeOf(s *spec.Schema, inline, path string) *Type {
	if len(s.Enum) > 0 {
		return b.enum(s, inline, path)
	}
	switch s.Type.Text {
	case "string":
		return b.stringType(s, path)
	case "integer":
		switch s.Format.Text {
		case "", "int64":
			return &Type{Basic: Int64}
		case "int32":
			return &Type{Basic: Int32}
		}
		b.report(s.Format.Pos, path, "format "+spec.Quote(s.Format.Text)+" of an integer", "want int32 or int64")
		return nil
	case "number":
		switch s.Format.Text {
		case "", "double", "float":
			return &Type{Basic: Double}
		}
		b.report(s.Format.Pos, path, "format "+spec.Quote(s.Format.Text)+" of a number", "want double: MLMD stores doubles; what must be exact is a string")
		return nil
	case "boolean":
		return &Type{Basic: Bool}
	case "array":
		return b.list(s, inline, path)
	case "object", "":
		if s.Type.Text == "" && len(s.Properties) == 0 && len(s.AllOf) == 0 && s.Extra == nil {
			b.report(s.Pos, path, "the type is not said", "add type: string, integer, number, boolean, array or object")
			return nil
		}
		return b.object(s, inline, path)
	}
	b.report(s.Type.Pos, path, "unknown type "+spec.Quote(s.Type.Text), spec.OneOf([]string{"string", "integer", "number", "boolean", "array", "object"}))
	return nil
}

func (b *builder) stringType(s *spec.Schema, path string) *Type {
	switch s.Format.Text {
	case "date-time":
		return &Type{Basic: DateTime}
	case "epoch-millis":
		return &Type{Basic: Millis}
	case "byte":
		return &Type{Basic: Bytes}
	case "binary":
		b.report(s.Format.Pos, path, `format "binary" is for files`, "want format: byte, or store the file elsewhere and its address here")
		return nil
	}
	return &Type{Basic: String}
}

func (b *builder) list(s *spec.Schema, inline, path string) *Type {
	if s.Items == nil {
		b.report(s.Pos, path, "an array without items", "say what it holds: items: {type: string}")
		return nil
	}
	chain := b.chain(s.Items, path+"[]")
	if len(chain) == 0 {
		return nil
	}
	elem := b.typeOf(chain[len(chain)-1], inline+"Item", path+"[]")
	if elem == nil {
		return nil
	}
	return &Type{Basic: List, Elem: elem}
}

func (b *builder) object(s *spec.Schema, inline, path string) *Type {
	if len(s.Properties) == 0 && len(s.AllOf) == 0 {
		if s.Extra == nil || s.Extra.Type.Text == "" && !s.Extra.Ref.Set() && len(s.Extra.AllOf) == 0 {
			return &Type{Basic: Values}
		}
		chain := b.chain(s.Extra, path+"{}")
		if len(chain) == 0 {
			return nil
		}
		elem := b.typeOf(chain[len(chain)-1], inline+"Value", path+"{}")
		if elem == nil {
			return nil
		}
		return &Type{Basic: Map, Elem: elem}
	}
	b.report(s.Pos, path, "objects with properties are not supported yet", "")
	return nil
}

func (b *builder) enum(s *spec.Schema, inline, path string) *Type {
	if t := b.named[s]; t != nil {
		return t
	}
	if s.Type.Set() && s.Type.Text != "string" {
		b.report(s.Type.Pos, path, "an enum of type "+spec.Quote(s.Type.Text), "want type: string")
		return nil
	}
	t := &Type{Basic: Enum, Doc: s.Doc, Pos: s.Key}
	t.Go = b.typeName(s, inline)
	if len(s.EnumNames) > 0 && len(s.EnumNames) != len(s.Enum) {
		b.report(s.EnumNames[0].Pos, path, "x-enum-varnames has another length than enum", "want one name for each value")
		s.EnumNames = nil
	}
	seen := map[string]string{}
	for i, w := range s.Enum {
		name := constName(w.Text)
		if len(s.EnumNames) > 0 {
			name = GoName(s.EnumNames[i].Text)
		}
		if name == "" || !exported.MatchString(t.Go+name) {
			b.report(w.Pos, path, "the value "+spec.Quote(w.Text)+" gives no Go name", "add x-enum-varnames with a name for each value")
			continue
		}
		if other, ok := seen[name]; ok {
			b.report(w.Pos, path, "the values "+spec.Quote(other)+" and "+spec.Quote(w.Text)+" give the same Go name "+t.Go+name, "add x-enum-varnames with a name for each value")
			continue
		}
		seen[name] = w.Text
		t.Values = append(t.Values, Value{Go: t.Go + name, Text: w.Text})
	}
	b.named[s] = t
	return t
}

// typeName returns the Go name of an enum or object: that of its schema, or of
// the property that declares it in place.
func (b *builder) typeName(s *spec.Schema, inline string) string {
	name := inline
	if s.Name != "" && b.isNamed(s) || s.Ext.GoName.Set() {
		name = b.goName(s, s.Name)
	}
	b.claim(name, s)
	return name
}

func (b *builder) isNamed(s *spec.Schema) bool { return s.Path == s.Name }

func (b *builder) rules(f *Field, s *spec.Schema) {
	r := &f.Rules
	set := func(to **int, from *int) {
		if *to == nil {
			*to = from
		}
	}
	set(&r.MinLength, s.MinLength)
	set(&r.MaxLength, s.MaxLength)
	set(&r.MinItems, s.MinItems)
	set(&r.MaxItems, s.MaxItems)
	if r.Pattern == "" {
		r.Pattern = s.Pattern.Text
	}
}

func (b *builder) defaultOf(f *Field, t *Type, s *spec.Schema, path string) *Default {
	d := &Default{Text: s.Default.Value}
	if t.Basic == Enum {
		for _, v := range t.Values {
			if v.Text == d.Text {
				return d
			}
		}
		b.report(s.Pos, path, "the default "+spec.Quote(d.Text)+" is no value of the enum", "want one of its values")
	}
	return d
}
