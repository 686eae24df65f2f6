package emit

import (
	"fmt"
	"regexp"
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
		if s, ok := symbolOf(e, f, t); ok {
			v.Symbols = append(v.Symbols, s)
		}
	}
	return v
}

// symbolImports returns the imports that a file of symbols may use.
func symbolImports(t Target) []importLine { return importLines(t, t.Model.Import, sdk+"/pkg/filter") }

// askable matches the property names that the filter language can express: in
// the reference implementation, other characters are patterns.
var askable = regexp.MustCompile(`^[A-Za-z0-9_ .:/,@#-]+$`)

// symbolOf returns the symbol of f. It returns false if f can be neither
// filtered nor cleared.
func symbolOf(e *ir.Entity, f *ir.Field, t Target) (symbol, bool) {
	kind, ref := ask(e, f)
	clearable := f.Clearable(e.Kind)
	param := "[*" + t.Model.Name() + "." + e.Go + "]"
	switch {
	case kind == "" && !clearable:
		return symbol{}, false
	case kind == "":
		kind, ref = "Clear", fmt.Sprintf("{Path: %q}", f.Path(e.Kind))
	case strings.HasSuffix(kind, "Enum"), strings.HasSuffix(kind, "State"):
		param = strings.TrimSuffix(param, "]") + ", " + t.Model.Name() + "." + f.Type.Go + "]"
	}
	if clearable && kind != "Clear" && !strings.HasSuffix(kind, "State") {
		kind = "Opt" + kind
	}
	return symbol{Go: f.Go, Type: "filter." + kind + param, Literal: ref}, true
}

// ask returns the kind of symbol that filters f, and the literal of its
// reference. It returns "" if the filter language cannot express it.
func ask(e *ir.Entity, f *ir.Field) (kind, ref string) {
	attr := func(name string) string { return fmt.Sprintf("{Attr: %q}", name) }
	property := func(name string) string { return fmt.Sprintf("{Property: %q}", name) }
	switch f.Slot {
	case ir.ID:
		return "ID", attr("id")
	case ir.Name:
		if e.Prefixed {
			return "String", `{Attr: "name", OwnName: true}`
		}
		return "String", attr("name")
	case ir.ExternalID:
		return "String", attr("external_id")
	case ir.URI:
		return "String", attr("uri")
	case ir.State:
		return e.Kind.String() + "State", attr(f.Path(e.Kind))
	case ir.CreateTime:
		return "Time", attr("create_time_since_epoch")
	case ir.UpdateTime:
		return "Time", attr("last_update_time_since_epoch")
	case ir.Parent:
		alias := "contexts_p"
		if e.Kind == ir.Context {
			alias = "parent_contexts_p"
		}
		return "ID", fmt.Sprintf("{Neighbor: %q, Attr: \"id\"}", alias)
	case ir.Property:
		if askable.MatchString(f.Key) {
			return shapes[f.Type.Basic], was(property(f.Key), f.Aliases)
		}
	}
	return "", ""
}

// was adds the former names that the filter language can express.
func was(ref string, names []string) string {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !askable.MatchString(name) })
	if len(names) == 0 {
		return ref
	}
	return strings.TrimSuffix(ref, "}") + ", LegacyNames: []string{" + strings.TrimPrefix(quoted(names), ", ") + "}}"
}

var shapes = map[ir.Basic]string{
	ir.String: "String", ir.IDString: "ID", ir.Int32: "Int", ir.Int64: "Int", ir.Double: "Double",
	ir.Bool: "Bool", ir.Enum: "Enum", ir.DateTime: "DateTime",
}
