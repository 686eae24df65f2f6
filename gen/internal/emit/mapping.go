package emit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// A mappingView is what mapping.tmpl prints for one entity.
type mappingView struct {
	Header, Package string
	Imports         []string
	E               *ir.Entity
	Go, Local       string // ModelVersion, modelVersion
	Model           string // model.ModelVersion
	Node            string // mlmdpb.Context
	Doc             string
	Props           []prop
	Parent          string // the Edge literal, or ""
	Fields          []fieldRow
	Copies          []string
	Ident           []string // "ID: v.ID"
	Node1           []string // the members of the node that Encode returns
	Writes          []string
	Reads           []string // the members of the value that Decode returns
	Defaults        []string
	Checks          []string
	Patterns        []string
	IDField         string
	Older           bool
	Named           string // the statement that takes the stored name apart
}

type prop struct{ Name, Type string }

type fieldRow struct {
	Name, Path, IsSet string
	Fixed             bool
}

func mappingOf(e *ir.Entity, t Target) *mappingView {
	v := &mappingView{
		Header: t.Header(), Package: t.Mapping.Name(), E: e,
		Go: e.Go, Local: ir.Local(e.Go), Model: t.Model.Name() + "." + e.Go, Node: "mlmdpb." + e.Kind.String(),
		IDField: e.Field(ir.ID).Go,
	}
	v.Doc = v.Go + " maps [" + v.Model + "] to the " + strings.ToLower(e.Kind.String()) + " type " + strconv.Quote(e.TypeName) + "."
	v.Imports = []string{sdk + "/generated/mlmdpb", t.Model.Import, sdk + "/pkg/mlmd"}
	slices.Sort(v.Imports)
	v.edge(e)
	for _, f := range e.Fields {
		v.field(e, f)
	}
	for _, c := range e.Copies {
		v.copied(c, e)
	}
	slices.SortFunc(v.Props, func(a, b prop) int { return cmp.Compare(a.Name, b.Name) })
	v.node(e)
	return v
}

func (v *mappingView) edge(e *ir.Entity) {
	if e.Parent == nil {
		return
	}
	kind := map[ir.Kind]string{ir.Context: "ParentContext", ir.Artifact: "Attribution", ir.Execution: "Association"}[e.Kind]
	p := e.Parent
	v.Parent = fmt.Sprintf("&mlmd.Edge{Entity: %q, TypeName: %q, Kind: mlmd.%s, Field: %q", p.Parent.Name, p.Parent.TypeName, kind, p.Field.Name)
	if p.Optional {
		v.Parent += ", Optional: true"
	}
	if p.Parent.Prefixed {
		v.Parent += ", Nested: true"
	}
	v.Parent += "}"
}

// field adds what one field contributes to each part.
func (v *mappingView) field(e *ir.Entity, f *ir.Field) {
	sel := "v." + f.Go
	switch f.Slot {
	case ir.ID:
		v.Ident = append(v.Ident, "ID: "+sel)
		v.Reads = append(v.Reads, f.Go+": mlmd.FormatID(n.Id)")
		return
	case ir.CreateTime:
		v.Reads = append(v.Reads, f.Go+": mlmd.Millis(n.CreateTimeSinceEpoch)")
		return
	case ir.UpdateTime:
		v.Reads = append(v.Reads, f.Go+": mlmd.Millis(n.LastUpdateTimeSinceEpoch)")
		return
	case ir.Name:
		v.Ident = append(v.Ident, "Name: "+sel)
		v.Reads = append(v.Reads, f.Go+": "+pick(e.Prefixed, "name", "n.GetName()"))
	case ir.Parent:
		v.Ident = append(v.Ident, "ParentID: "+sel)
		v.Reads = append(v.Reads, f.Go+": mlmd.ParentID(n.GetName())")
	case ir.ExternalID:
		v.Reads = append(v.Reads, f.Go+": mlmd.OptText(n.ExternalId)")
		v.Ident = append(v.Ident, "ExternalID: mlmd.Deref("+sel+")")
	case ir.URI:
		v.Reads = append(v.Reads, f.Go+": mlmd.OptText(n.Uri)")
	case ir.State:
		v.Reads = append(v.Reads, fmt.Sprintf("%s: mlmd.StateName[%s](n.%s)", f.Go, v.modelType(f), stateField(e)))
	case ir.Custom:
		v.Reads = append(v.Reads, f.Go+": mlmd.CustomMap(n.CustomProperties)")
	case ir.Property:
		v.Props = append(v.Props, prop{f.Key, string(f.Stored)})
		v.Writes = append(v.Writes, writeOf(f, sel))
		v.Reads = append(v.Reads, f.Go+": "+v.readOf(f))
	}
	v.Fields = append(v.Fields, fieldRow{Name: f.Name, Path: f.Path(e.Kind), IsSet: isSet(f), Fixed: f.Immutable || f.Slot == ir.Name})
	v.defaults(f, sel)
	v.checks(f, sel)
}

func stateField(e *ir.Entity) string {
	if e.Kind == ir.Execution {
		return "LastKnownState"
	}
	return "State"
}

func pick(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

// modelType is the Go type of a field, as the mapping package spells it.
func (v *mappingView) modelType(f *ir.Field) string { return "model." + f.Type.Go }

// isSet is the condition under which an upsert writes a field.
func isSet(f *ir.Field) string {
	sel := "v." + f.Go
	switch {
	case f.Pointer:
		return sel + " != nil"
	case f.Type.Basic == ir.Millis, f.Type.Basic == ir.DateTime:
		return "!" + sel + ".IsZero()"
	case f.Type.Basic == ir.List, f.Type.Basic == ir.Map, f.Type.Basic == ir.Values, f.Type.Basic == ir.Bytes:
		return sel + " != nil"
	case f.Type.Basic == ir.String, f.Type.Basic == ir.IDString, f.Type.Basic == ir.Enum:
		return sel + ` != ""`
	case f.Type.Basic == ir.Bool:
		return sel
	case f.Type.Basic == ir.Object:
		return "true"
	default:
		return sel + " != 0"
	}
}

// writers and readers are the methods of mlmd.Writer and mlmd.Reader for a
// shape: for a field that is a pointer (or nil by itself), and for one that is
// not. takesField says that the method wants the JSON name for its errors.
type method struct {
	opt, plain string
	takesField bool
}

var (
	writers = map[ir.Basic]method{
		ir.String: {"String", "Text", true}, ir.Enum: {"String", "Text", true}, ir.IDString: {"OptID", "ID", true},
		ir.Int32: {"Int32", "", false}, ir.Int64: {"Int", "", false}, ir.Double: {"Double", "", true}, ir.Bool: {"Bool", "", false},
		ir.Millis: {"", "Millis", false}, ir.List: {"", "Strings", true},
	}
	readers = map[ir.Basic]method{
		ir.String: {"String", "Text", false}, ir.Enum: {"String", "Text", false}, ir.IDString: {"OptID", "ID", false},
		ir.Int32: {"Int32", "", true}, ir.Int64: {"Int", "", true}, ir.Double: {"Double", "", true}, ir.Bool: {"Bool", "", true},
		ir.Millis: {"", "Millis", true}, ir.List: {"", "Strings", true},
	}
)

func args(m method, f *ir.Field) string {
	if m.takesField {
		return fmt.Sprintf("%q, %q", f.Name, f.Key)
	}
	return fmt.Sprintf("%q", f.Key)
}

// writeOf is the statement of Encode that writes the property f.
func writeOf(f *ir.Field, sel string) string {
	m := writers[f.Type.Basic]
	name, value := m.plain, sel
	switch {
	case f.Type.Basic == ir.Enum && f.Pointer:
		name, value = m.opt, "(*string)("+sel+")"
	case f.Type.Basic == ir.Enum:
		value = "string(" + sel + ")"
	case f.Pointer:
		name = m.opt
	case m.plain == "":
		name, value = m.opt, "&"+sel
	}
	if f.Default != nil && f.Pointer {
		value = fmt.Sprintf("mlmd.Or(%s, %s)", value, defaultLiteral(f))
	}
	return fmt.Sprintf("w.%s(%s, %s)", name, args(m, f), value)
}

// readOf is the expression of Decode for the property f.
func (v *mappingView) readOf(f *ir.Field) string {
	m := readers[f.Type.Basic]
	in := args(m, f)
	for _, a := range f.Aliases {
		in += fmt.Sprintf(", %q", a)
	}
	switch {
	case f.Type.Basic == ir.Enum && f.Pointer:
		return fmt.Sprintf("(*%s)(%s)", v.modelType(f), v.orDefault(f, "r.String("+in+")"))
	case f.Type.Basic == ir.Enum:
		return fmt.Sprintf("%s(r.Text(%s))", v.modelType(f), in)
	case f.Pointer:
		return v.orDefault(f, fmt.Sprintf("r.%s(%s)", m.opt, in))
	case m.plain == "":
		return fmt.Sprintf("mlmd.Deref(r.%s(%s))", m.opt, in)
	default:
		return fmt.Sprintf("r.%s(%s)", m.plain, in)
	}
}

func (v *mappingView) orDefault(f *ir.Field, expr string) string {
	if f.Default == nil {
		return expr
	}
	return fmt.Sprintf("mlmd.Or(%s, %s)", expr, defaultLiteral(f))
}

func defaultLiteral(f *ir.Field) string {
	switch f.Type.Basic {
	case ir.String, ir.Enum, ir.IDString:
		return strconv.Quote(f.Default.Text)
	default:
		return f.Default.Text
	}
}

func (v *mappingView) defaults(*ir.Field, string) {}

// checks adds the statements of Validate for f.
func (v *mappingView) checks(f *ir.Field, sel string) {
	add := func(format string, args ...any) { v.Checks = append(v.Checks, fmt.Sprintf(format, args...)) }
	required := f.Required && !f.Pointer
	switch f.Type.Basic {
	case ir.Int32, ir.Int64, ir.Double, ir.Bool, ir.Object:
		required = false
	}
	if required {
		add("c.Required(%q, v.%s != \"\" || %s)", f.Name, v.IDField, isSet(f))
	}
	if f.Slot == ir.Parent {
		add("c.ParentID(%q, %s)", f.Name, sel)
	}
	if f.Type.Basic == ir.Enum {
		add("c.Enum(%q, string(mlmd.Deref(%s)), %s)", f.Name, sel, pick(f.Pointer, sel+" == nil || "+sel+".Valid()", sel+" == \"\" || "+sel+".Valid()"))
	}
}

// copied adds a property that repeats what is known otherwise.
func (v *mappingView) copied(c ir.Copy, e *ir.Entity) {
	typ := "STRING"
	switch c.From {
	case "name":
		v.Writes = append(v.Writes, fmt.Sprintf("w.Text(%q, %q, v.%s)", e.Field(ir.Name).Name, c.Property, e.Field(ir.Name).Go))
	case "parent.name":
		v.Writes = append(v.Writes, fmt.Sprintf("w.Text(%q, %q, parent.Name)", e.Parent.Field.Name, c.Property))
	case "parent.id":
		typ = "INT"
		v.Writes = append(v.Writes, fmt.Sprintf("w.ParentID(%q, parent)", c.Property))
	}
	v.Props = append(v.Props, prop{c.Property, typ})
	v.Copies = append(v.Copies, "properties."+c.Property)
}

// node adds the members of the node itself.
func (v *mappingView) node(e *ir.Entity) {
	add := func(format string, args ...any) { v.Node1 = append(v.Node1, fmt.Sprintf(format, args...)) }
	name, id := e.Field(ir.Name), "v."+v.IDField
	switch {
	case !e.Prefixed:
		add("Name: w.Name(%q, %s, v.%s)", name.Name, id, name.Go)
	default:
		parentField := ""
		if e.Parent != nil && !e.Parent.Optional {
			parentField = e.Parent.Field.Name
		}
		add("Name: w.ChildName(%q, %q, %s, parent, v.%s)", pick(name.Required, name.Name, ""), parentField, id, name.Go)
	}
	if f := e.Field(ir.ExternalID); f != nil {
		add("ExternalId: w.OptText(%q, v.%s)", f.Name, f.Go)
	}
	if f := e.Field(ir.URI); f != nil {
		add("Uri: w.URI(%q, v.%s)", f.Name, f.Go)
	}
	if f := e.Field(ir.State); f != nil {
		add("%s: mlmd.StateNumber[mlmdpb.%s_State](&w, %q, v.%s)", stateField(e), e.Kind, f.Name, f.Go)
	}
	add("Properties: w.Props()")
	if f := e.Field(ir.Custom); f != nil {
		add("CustomProperties: w.Custom(%q, v.%s, %sProps)", f.Name, f.Go, v.Local)
	}
}

// A catalogView is what the files of a whole package print.
type catalogView struct {
	Header, Package string
	Entities        []*ir.Entity
}

func catalogOf(g *ir.Graph, t Target) *catalogView {
	return &catalogView{Header: t.Header(), Package: t.Mapping.Name(), Entities: g.Entities}
}
