package emit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// A symbolsView is the data of field.tmpl for one entity.
type symbolsView struct {
	Header, Package string
	Imports         []importLine
	Go, Local       string
	Model           string
	Custom          bool
	Symbols         []symbol
}

// A symbol is one typed field symbol.
type symbol struct{ Go, Type, Literal string }

func symbolsOf(e *ir.Entity, t Target) *symbolsView {
	v := &symbolsView{
		Header:  t.Header(),
		Package: t.Field.Name(),
		Go:      e.Go,
		Local:   ir.Local(e.Go) + "Symbols",
		Model:   t.Model.Name() + "." + e.Go,
	}
	v.Imports = symbolImports(t)
	v.Custom = e.Field(ir.Custom) != nil
	for _, f := range e.Fields {
		v.Symbols = append(v.Symbols, symbolOf(e, f, t))
	}
	return v
}

// symbolImports returns the imports that a file of symbols may use.
func symbolImports(t Target) []importLine { return importLines(t, t.Model.Import, sdk+"/pkg/filter") }

// symbolOf returns the symbol of f.
func symbolOf(e *ir.Entity, f *ir.Field, t Target) symbol {
	w := symbolWriter{model: t.Model.Name(), entity: "*" + t.Model.Name() + "." + e.Go}
	clearable := f.Clearable(e.Kind)
	if f.Slot == ir.Custom {
		return symbol{f.Go, "filter.Clear[" + w.entity + "]", fmt.Sprintf("{Path: %q}", f.Path(e.Kind))}
	}
	attr := func(name string) string { return fmt.Sprintf("Attr: %q", name) }
	kind, ref := "String", ""
	switch f.Slot {
	case ir.ID:
		kind, ref = "ID", attr("id")
	case ir.Name:
		if ref = attr("name"); e.Prefixed {
			ref += ", OwnName: true"
		}
	case ir.ExternalID:
		ref = attr("external_id")
	case ir.URI:
		ref = attr("uri")
	case ir.State:
		kind, ref = e.Kind.String()+"State", attr(f.Path(e.Kind))
	case ir.CreateTime:
		kind, ref = "Time", attr("create_time_since_epoch")
	case ir.UpdateTime:
		kind, ref = "Time", attr("last_update_time_since_epoch")
	case ir.Parent:
		kind, ref = "ID", `Neighbor: "contexts_p", Attr: "id"`
		if e.Kind == ir.Context {
			ref = `Neighbor: "parent_contexts_p", Attr: "id"`
		}
	default:
		return w.property(f, clearable)
	}
	param := "[" + w.entity + "]"
	if f.Slot == ir.State {
		param = "[" + w.entity + ", " + w.model + "." + f.Type.Go + "]"
	} else if clearable {
		kind = "Opt" + kind
	}
	return symbol{Go: f.Go, Type: "filter." + kind + param, Literal: "{" + ref + "}"}
}

// A symbolWriter prints the symbols of properties and their members.
type symbolWriter struct {
	model  string // the package
	entity string // the type parameter: "*model.Table", or "T" in the symbols of an object
}

// property returns the symbol of a property.
func (w symbolWriter) property(f *ir.Field, clearable bool) symbol {
	ref := fmt.Sprintf("Property: %q", f.Key)
	if len(f.Aliases) > 0 {
		ref += ", LegacyNames: []string{" + strings.TrimPrefix(quoted(f.Aliases), ", ") + "}"
	}
	opt := ""
	if clearable {
		opt = "Opt"
	}
	if shapes[f.Type.Basic] != "" {
		return symbol{f.Go, "filter." + opt + shapes[f.Type.Basic] + w.params(f.Type), "{" + ref + "}"}
	}
	return w.value(f, f.Go, ref, opt, true)
}

// params returns the type parameters of the symbol of a value with the type.
func (w symbolWriter) params(t *ir.Type) string {
	if t.Basic == ir.Enum {
		return "[" + w.entity + ", " + w.model + "." + t.Go + "]"
	}
	return "[" + w.entity + "]"
}

// members returns the symbols of the members of an object, whose own path is
// given.
func (w symbolWriter) members(t *ir.Type, ref, path string) []symbol {
	var out []symbol
	for _, f := range symbolFields(t) {
		path := path + step(t, f)
		kind := shapes[f.Type.Basic]
		if f.Type.Basic == ir.Millis {
			kind = "Time"
		}
		if kind != "" {
			out = append(out, symbol{f.Go, "filter." + kind + w.params(f.Type), fmt.Sprintf("{%s, Member: %q}", ref, path)})
			continue
		}
		out = append(out, w.value(f, path, ref, "", expands(t, f.Type)))
	}
	return out
}

// isStruct reports whether t is an object, or a union of objects.
func isStruct(t *ir.Type) bool { return t.Basic == ir.Object || t.Basic == ir.Union }

// symbolFields returns the members of an object that have symbols. Those of a union
// are its discriminator and its variants.
func symbolFields(t *ir.Type) []*ir.Field {
	if t.Basic != ir.Union {
		return t.Fields
	}
	out := []*ir.Field{{Go: ir.KindMethod, Type: &ir.Type{Basic: ir.String}}}
	for _, v := range t.Variants {
		out = append(out, &ir.Field{Go: v.Type.Go, Type: v.Type})
	}
	return out
}

// step returns what leads from a t to the member f, in the path of a symbol.
func step(t *ir.Type, f *ir.Field) string {
	switch {
	case t.Basic != ir.Union:
		return "." + f.Go
	case f.Go == ir.KindMethod:
		return "." + f.Go + "()"
	}
	return ".Value." + f.Go
}

// value returns the symbol of a value that is stored as a struct, or of another
// one that cannot be compared. deep reports whether its members have symbols.
func (w symbolWriter) value(f *ir.Field, path, ref, opt string, deep bool) symbol {
	at := fmt.Sprintf("{%s, Member: %q}", ref, path)
	t := f.Type
	switch {
	case isStruct(t) && deep && size(t) <= maxMembers:
		typ := objectSymbols(t, opt) + "[" + w.entity + "]"
		return symbol{f.Go, typ, w.literal(t, ref, path, "filter."+opt+"Value["+w.entity+"]"+at, opt)}
	case t.Basic == ir.List && elements[t.Elem.Basic] != "":
		elem := elements[t.Elem.Basic]
		if t.Elem.Basic == ir.Enum {
			elem = w.model + "." + t.Elem.Go
		}
		return symbol{f.Go, "filter." + opt + "List[" + w.entity + ", " + elem + "]", at}
	case t.Basic == ir.List && isStruct(t.Elem) && deep && size(t.Elem) <= maxMembers:
		path += "[]"
		typ := objectSymbols(t.Elem, "") + "[" + w.entity + "]"
		self := fmt.Sprintf("filter.Value[%s]{%s, Member: %q}", w.entity, ref, path)
		return symbol{
			f.Go, "filter." + opt + "Objects[" + w.entity + ", *" + typ + "]",
			"{\nAt: filter.Ref" + at + ",\nAny: &" + typ + w.literal(t.Elem, ref, path, self, "") + ",\n}",
		}
	}
	return symbol{f.Go, "filter." + opt + "Value[" + w.entity + "]", at}
}

// literal returns the members of the composite literal of an object's symbols.
func (w symbolWriter) literal(t *ir.Type, ref, path, self, opt string) string {
	embedded := "valueSymbol"
	if opt != "" {
		embedded = "optValueSymbol"
	}
	text := "{\n" + embedded + ": " + self + ",\n"
	for _, s := range w.members(t, ref, path) {
		text += s.Go + ": &" + s.Type + s.Literal + ",\n"
	}
	return text + "}"
}

// objectSymbols returns the name of the type with the symbols of an object's
// members: opt is "Opt" if the object can be cleared.
func objectSymbols(t *ir.Type, opt string) string { return ir.Local(t.Go) + "Symbols" + opt }

// maxMembers limits the symbols of one object with all objects in it, since each
// entity that has the object repeats them.
const maxMembers = 200

// size returns the number of symbols that the members of an object have.
func size(t *ir.Type) int {
	n := 0
	for _, f := range symbolFields(t) {
		n++
		elem := f.Type
		if elem.Basic == ir.List {
			elem = elem.Elem
		}
		if n <= maxMembers && isStruct(elem) && expands(t, f.Type) {
			if inner := size(elem); inner <= maxMembers {
				n += inner
			}
		}
	}
	return n
}

// expands reports whether the members of a value in the object outer have symbols.
// Those that lead back to the object have none; the variants of a union always have.
func expands(outer, t *ir.Type) bool {
	if t.Basic == ir.List {
		t = t.Elem
	}
	return isStruct(t) && (outer.Basic == ir.Union || !leadsTo(t, outer, map[*ir.Type]bool{}))
}

// leadsTo reports whether a t is, or may contain, a target.
func leadsTo(t, target *ir.Type, seen map[*ir.Type]bool) bool {
	switch {
	case t == target:
		return true
	case t.Basic == ir.List || t.Basic == ir.Map:
		return leadsTo(t.Elem, target, seen)
	case !isStruct(t) || seen[t]:
		return false
	}
	seen[t] = true
	return slices.ContainsFunc(symbolFields(t), func(f *ir.Field) bool { return leadsTo(f.Type, target, seen) })
}

// An objectSymbolsView is the data of fieldobject.tmpl for one object.
type objectSymbolsView struct {
	Header, Package string
	Imports         []importLine
	Model           string
	Plain, Opt      string // the names of the types; empty if not used
	Symbols         []symbol
}

// A fieldDocView is the data of fielddoc.tmpl: Plain and Opt report whether the
// package has symbols of objects, and of objects that can be cleared.
type fieldDocView struct {
	*catalogView
	Plain, Opt bool
}

// objectsWithSymbols returns the objects whose members have symbols in the spec,
// by Go name.
func objectsWithSymbols(g *ir.Graph, t Target) map[string]*objectSymbolsView {
	out := map[string]*objectSymbolsView{}
	w := symbolWriter{model: t.Model.Name(), entity: "T"}
	var visit func(typ *ir.Type, opt string)
	visit = func(typ *ir.Type, opt string) {
		list := typ.Basic == ir.List
		if list {
			typ, opt = typ.Elem, ""
		}
		if !isStruct(typ) || size(typ) > maxMembers {
			return
		}
		v := out[typ.Go]
		if v == nil {
			v = &objectSymbolsView{
				Header: t.Header(), Package: t.Field.Name(), Imports: symbolImports(t),
				Model: t.Model.Name() + "." + typ.Go, Symbols: w.members(typ, "", ""),
			}
			out[typ.Go] = v
		}
		seen := v.Plain != "" || v.Opt != ""
		if opt == "" {
			v.Plain = objectSymbols(typ, "")
		} else {
			v.Opt = objectSymbols(typ, opt)
		}
		if seen {
			return
		}
		for _, f := range symbolFields(typ) {
			if expands(typ, f.Type) {
				visit(f.Type, "")
			}
		}
	}
	for _, e := range g.Entities {
		for _, f := range e.Fields {
			if f.Slot == ir.Property {
				opt := ""
				if f.Clearable(e.Kind) {
					opt = "Opt"
				}
				visit(f.Type, opt)
			}
		}
	}
	return out
}

var shapes = map[ir.Basic]string{
	ir.String: "String", ir.IDString: "ID", ir.Int32: "Int", ir.Int64: "Int", ir.Double: "Double",
	ir.Bool: "Bool", ir.Enum: "Enum", ir.DateTime: "DateTime",
}

// elements are the Go types of list elements that conditions compare; that of an
// enum is its own.
var elements = map[ir.Basic]string{
	ir.String: "string", ir.Int32: "int32", ir.Int64: "int64", ir.Double: "float64", ir.Bool: "bool", ir.Enum: "enum",
}
