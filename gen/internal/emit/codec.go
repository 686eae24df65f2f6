package emit

import (
	"fmt"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// A printer returns types and codecs in the syntax of the mapping package.
type printer struct{ model string }

// goType returns the Go type t as it is written in the mapping package.
func (p printer) goType(t *ir.Type) string {
	switch t.Basic {
	case ir.Enum, ir.Object, ir.Union:
		return p.model + "." + t.Go
	case ir.List:
		return "[]" + p.goType(t.Elem)
	case ir.Map:
		return "map[string]" + p.goType(t.Elem)
	default:
		return t.GoType()
	}
}

var codecs = map[ir.Basic]string{
	ir.String: "String", ir.Double: "Double", ir.Bool: "Bool", ir.Millis: "Millis", ir.DateTime: "DateTime",
	ir.Bytes: "Bytes", ir.JSON: "JSON", ir.Int32: "Int[int32]", ir.Int64: "Int[int64]",
	ir.UUID: "Text[types.UUID]", ir.Date: "Text[types.Date]",
}

// encoder returns the function that encodes a t.
func (p printer) encoder(t *ir.Type) string { return p.codec("Encode", t) }

// decoder returns the function that decodes a t.
func (p printer) decoder(t *ir.Type) string { return p.codec("Decode", t) }

func (p printer) codec(verb string, t *ir.Type) string {
	switch t.Basic {
	case ir.Object, ir.Union:
		return strings.ToLower(verb) + t.Go
	case ir.Enum:
		return fmt.Sprintf("gensupport.%sEnum[%s]", verb, p.goType(t))
	case ir.List, ir.Map:
		shape := map[ir.Basic]string{ir.List: "List", ir.Map: "Map"}[t.Basic]
		in, out := p.goType(t), "*structpb.Value"
		if verb == "Decode" {
			in, out = out, in
		}
		return fmt.Sprintf(
			"func(v %s) (%s, error) { return gensupport.%s%s(v, %s) }",
			in,
			out,
			verb,
			shape,
			p.codec(verb, t.Elem),
		)
	default:
		return "gensupport." + verb + codecs[t.Basic]
	}
}

// An objectView is the data of object.tmpl for one object.
type objectView struct {
	Header, Package string
	Imports         []importLine
	Go, Local       string
	Model           string
	Members         int
	Puts, Takes     []string
	Checks          []string
	Patterns        []string
	Obsolete        bool
	Renames         []string // nil: no member has an older name
}

// renamer returns the function that renames members of a stored t, or "".
func renamer(t *ir.Type) string {
	if len(t.LegacyMembers()) == 0 {
		return ""
	}
	if t.Basic == ir.Object || t.Basic == ir.Union {
		return "rename" + t.Go
	}
	verb := map[ir.Basic]string{ir.List: "Elements", ir.Map: "Values"}[t.Basic]
	return fmt.Sprintf("func(p *structpb.Value) bool { return gensupport.Rename%s(p, %s) }", verb, renamer(t.Elem))
}

func objectOf(typ *ir.Type, t Target) *objectView {
	p := printer{t.Model.Name()}
	v := &objectView{
		Header:  t.Header(),
		Package: t.Mapping.Name(),
		Go:      typ.Go,
		Local:   ir.Local(typ.Go),
		Model:   p.goType(typ),
		Members: len(typ.Fields),
	}
	checks := &checks{printer: p, local: v.Local}
	for _, f := range typ.Fields {
		v.Puts = append(v.Puts, p.put(f))
		v.Takes = append(v.Takes, p.take(f))
		checks.member(f)
		v.Obsolete = v.Obsolete || f.Deprecated
	}
	v.Checks, v.Patterns = checks.lines, checks.patterns
	v.Imports = imports(t)
	if renamer(typ) == "" {
		return v
	}
	for _, f := range typ.Fields {
		if len(f.Aliases) > 0 {
			v.Renames = append(v.Renames, fmt.Sprintf("r.Rename(%q%s)", f.Name, quoted(f.Aliases)))
		}
		if fn := renamer(f.Type); fn != "" {
			v.Renames = append(v.Renames, fmt.Sprintf("r.Within(%q, %s)", f.Name, fn))
		}
	}
	return v
}

// put returns the statement that writes one member of an object.
func (p printer) put(f *ir.Field) string {
	sel := "v." + f.Go
	verb, of := "Set", f.Type
	switch {
	case f.Type.Basic == ir.List:
		verb, of = "SetList", f.Type.Elem
	case f.Type.Basic == ir.Map:
		verb, of = "SetMap", f.Type.Elem
	case f.Pointer:
		verb = "SetOpt"
	case f.Type.ZeroIsUnset():
		verb = "SetNonzero"
	case f.Type.Basic == ir.Bytes, f.Type.Basic == ir.JSON:
		return fmt.Sprintf("if %s != nil {\n\tgensupport.Set(&o, %q, %s, %s)\n}", sel, f.Name, sel, p.encoder(of))
	}
	if f.Default != nil && f.Pointer {
		sel = fmt.Sprintf("gensupport.ValueOr(%s, %s)", sel, f.Default.Literal)
	}
	return fmt.Sprintf("gensupport.%s(&o, %q, %s, %s)", verb, f.Name, sel, p.encoder(of))
}

// take returns the element of the composite literal that reads one member.
func (p printer) take(f *ir.Field) string {
	verb, of := "Get", f.Type
	switch {
	case f.Type.Basic == ir.List:
		verb, of = "GetList", f.Type.Elem
	case f.Type.Basic == ir.Map:
		verb, of = "GetMap", f.Type.Elem
	case f.Pointer:
		verb = "GetOpt"
	case f.Required && !f.Type.UnsetIsZero():
		verb = "GetRequired"
	}
	expr := fmt.Sprintf("gensupport.%s(&o, %q, %s%s)", verb, f.Name, p.decoder(of), quoted(f.Aliases))
	if f.Default != nil && f.Pointer {
		expr = fmt.Sprintf("gensupport.ValueOr(%s, %s)", expr, f.Default.Literal)
	}
	return f.Go + ": " + expr
}

// quoted returns names as further arguments, such as `, "a", "b"`.
func quoted(names []string) string {
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, ", %q", n)
	}
	return b.String()
}
