package emit

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// A mappingView is the data of mapping.tmpl for one entity.
type mappingView struct {
	printer
	Header, Package string
	Imports         []importLine
	E               *ir.Entity
	Go, Local       string // ModelVersion, modelVersion
	Model           string // model.ModelVersion
	Node            string // mlmdpb.Context
	Doc             string
	Parent          string // the members of the Edge literal, or ""
	RequiredEdges   []string
	Fields          []fieldRow
	Set             []string // lines of conditions, one for each field
	Ident           []string // "ID: v.ID"
	Members         []string // of the node that Encode returns
	Writes          []string
	Reads           []string // the members of the value that Decode returns
	Checks          []string
	Patterns        []string
	IDField         string
	Obsolete        bool // something in it is deprecated
	checks          *checks
}

type fieldRow struct {
	Name, Path, Type string // no type: no property keeps it
	Immutable        bool
	Derived          bool
	LegacyNames      []string // older keys
	List             bool     // and renamed, or a member is
	Refers           string   // the members of the Reference literal, or ""
	Rename           string   // the function for that
	LegacyMembers    []string // "Column.label: title"
}

// Properties returns the number of declared properties.
func (v *mappingView) Properties() (n int) {
	for _, r := range v.Fields {
		if r.Type != "" {
			n++
		}
	}
	return n
}

func mappingOf(e *ir.Entity, t Target) *mappingView {
	v := &mappingView{
		printer: printer{t.Model.Name()},
		Header:  t.Header(), Package: t.Mapping.Name(), E: e,
		Go: e.Go, Local: ir.Local(e.Go), Model: t.Model.Name() + "." + e.Go, Node: "mlmdpb." + e.Kind.String(),
		IDField: e.Field(ir.ID).Go, Obsolete: e.Obsolete,
	}
	v.Doc = v.Go + " maps [" + v.Model + "] to the " + strings.ToLower(
		e.Kind.String(),
	) + " type " + strconv.Quote(
		e.TypeName,
	) + "."
	v.checks = &checks{printer: v.printer, local: v.Local, id: "v." + v.IDField}
	v.edge(e)
	var set []string
	for _, f := range e.Fields {
		if v.field(e, f) {
			set = append(set, isSet(f)+",")
		}
		v.Obsolete = v.Obsolete || f.Deprecated
	}
	for _, c := range e.Copies {
		v.copied(c, e)
	}
	if f := e.Field(ir.Custom); f != nil { // must follow the other fields
		v.Reads = append(v.Reads, f.Go+": r.Custom()")
	}
	v.Reads = append(v.Reads, ir.Unreadable+": r.Unreadable()")
	v.Checks, v.Patterns = v.checks.lines, v.checks.patterns
	v.Set = lines(set, 100)
	for _, r := range e.Edges {
		if r.Required && r.Linkable() {
			v.RequiredEdges = append(v.RequiredEdges, r.Name)
		}
	}
	v.node(e)
	v.Imports = imports(t)
	return v
}

func (v *mappingView) edge(e *ir.Entity) {
	if e.Parent == nil {
		return
	}
	kinds := map[ir.Kind]string{ir.Context: "ParentContext", ir.Artifact: "Attribution", ir.Execution: "Association"}
	p := e.Parent
	v.Parent = fmt.Sprintf(
		"Entity: %q, TypeName: %q, Kind: mlmd.%s, Field: %q",
		p.Parent.Name,
		p.Parent.TypeName,
		kinds[e.Kind],
		p.Field.Name,
	)
	for _, flag := range []struct {
		name string
		on   bool
	}{{"Optional", p.Optional}, {"ParentHasPrefix", p.Parent.Prefixed}, {"UnprefixedName", !e.Prefixed}} {
		if flag.on {
			v.Parent += ", " + flag.name + ": true"
		}
	}
}

// lines joins words to lines of about the given width.
func lines(words []string, width int) []string {
	var out []string
	for _, w := range words {
		if n := len(out) - 1; n >= 0 && len(out[n])+len(w) < width {
			out[n] += " " + w
		} else {
			out = append(out, w)
		}
	}
	return out
}

// field adds the parts of one field. It reports whether updates can write
// the field.
func (v *mappingView) field(e *ir.Entity, f *ir.Field) bool {
	row := fieldRow{
		Name:        f.Name,
		Path:        f.Path(e.Kind),
		Immutable:   f.Immutable || f.Slot == ir.Name,
		LegacyNames: f.Aliases,
	}
	sel := "v." + f.Go
	read := func(expr string) { v.Reads = append(v.Reads, f.Go+": "+expr) }
	switch f.Slot {
	case ir.ID:
		v.Ident = append(v.Ident, "ID: "+sel)
		read("value.FormatID(n.GetId())")
		return false
	case ir.CreateTime:
		read("gensupport.Millis(n.CreateTimeSinceEpoch)")
		return false
	case ir.UpdateTime:
		read("gensupport.Millis(n.LastUpdateTimeSinceEpoch)")
		v.Ident = append(v.Ident, "UpdateTime: "+sel)
		return false
	case ir.Name:
		v.Ident = append(v.Ident, "Name: "+sel)
		read(pick(e.Prefixed, "gensupport.ChildOwnName(n.GetName())", "n.GetName()"))
	case ir.Parent:
		v.Ident = append(v.Ident, "ParentID: "+sel)
		read(
			pick(
				e.Prefixed,
				"gensupport.ParentID(n.GetName())",
				fmt.Sprintf("r.ID(%q, %q)", f.Name, e.Copied("parent.id")),
			),
		)
	case ir.ExternalID:
		v.Ident = append(v.Ident, "ExternalID: "+pick(f.Pointer, "gensupport.Deref("+sel+")", sel))
		read(pick(f.Pointer, "gensupport.OptText(n.ExternalId)", "n.GetExternalId()"))
	case ir.URI:
		read(pick(f.Pointer, "gensupport.OptText(n.Uri)", "n.GetUri()"))
	case ir.State:
		name := fmt.Sprintf("gensupport.StateName[%s](n.%s)", v.goType(f.Type), stateField(e))
		if f.Default != nil {
			name = fmt.Sprintf("gensupport.ValueOr(%s, %s)", name, f.Default.Literal)
		}
		read(pick(f.Pointer, name, "gensupport.Deref("+name+")"))
	case ir.Custom: // see mappingOf
	case ir.Property:
		row.Type, row.Rename = string(f.Stored), renamer(f.Type)
		row.LegacyMembers = f.Type.LegacyMembers()
		row.Refers = refers(e, f)
		row.List = f.Type.Basic == ir.List && (row.Rename != "" || len(row.LegacyNames) > 0)
		v.Writes = append(v.Writes, v.writeOf(f, sel))
		read(v.readOf(f))
	}
	v.Fields = append(v.Fields, row)
	v.checks.field(f)
	return true
}

// refers returns the members of the Reference literal of a field, or "".
func refers(e *ir.Entity, f *ir.Field) string {
	for _, r := range e.Edges {
		if r.Kind != ir.ReferenceRelation || r.Field != f {
			continue
		}
		var entities, types []string
		for _, to := range r.To {
			entities, types = append(entities, to.Name), append(types, to.TypeName)
		}
		return fmt.Sprintf("Kind: mlmd.%s, Entities: %s, TypeNames: %s",
			r.To[0].Kind, stringsLiteral(entities), stringsLiteral(types))
	}
	return ""
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

// isSet returns the condition under which an upsert writes a field.
func isSet(f *ir.Field) string {
	sel := "v." + f.Go
	if f.Pointer {
		return sel + " != nil"
	}
	switch f.Type.Basic {
	case ir.Millis, ir.DateTime, ir.Union:
		return "!" + sel + ".IsZero()"
	case ir.List, ir.Map, ir.JSON, ir.Values, ir.Bytes:
		return sel + " != nil"
	case ir.String, ir.IDString, ir.Enum:
		return sel + ` != ""`
	case ir.Bool:
		return sel
	case ir.UUID, ir.Date:
		return sel + " != (types." + map[ir.Basic]string{ir.UUID: "UUID", ir.Date: "Date"}[f.Type.Basic] + "{})"
	default:
		return sel + " != 0"
	}
}

// A method names the function that writes or reads a type: for a field that
// is a pointer and for one that is not ("" if a pointer to it is used).
// named reports that the function takes the JSON name for its errors.
type method struct {
	opt, plain string
	named      bool
}

var (
	writers = map[ir.Basic]method{
		ir.String: {"String", "Text", true}, ir.Enum: {"String", "Text", true}, ir.IDString: {"OptID", "ID", true},
		ir.Int32: {
			"Int32",
			"",
			false,
		}, ir.Int64: {"Int", "", false}, ir.Double: {"Double", "", true}, ir.Bool: {"Bool", "", false},
		ir.Millis: {"", "Millis", false}, ir.DateTime: {"", "DateTime", true}, ir.Bytes: {"", "Bytes", false},
	}
	readers = map[ir.Basic]method{
		ir.String: {"String", "Text", false}, ir.Enum: {"Name", "Text", false}, ir.IDString: {"OptID", "ID", true},
		ir.Int32: {
			"Int32",
			"",
			true,
		}, ir.Int64: {"Int", "", true}, ir.Double: {"Double", "", true}, ir.Bool: {"Bool", "", true},
		ir.Millis: {"", "Millis", true}, ir.DateTime: {"", "DateTime", true}, ir.Bytes: {"", "Bytes", true},
	}
)

func args(m method, f *ir.Field) string {
	if m.named {
		return fmt.Sprintf("%q, %q", f.Name, f.Key)
	}
	return fmt.Sprintf("%q", f.Key)
}

// writeOf returns the statement of Encode that writes the property f.
func (p printer) writeOf(f *ir.Field, sel string) string {
	call := func(name, value, codec string) string {
		if codec != "" {
			codec = ", " + codec
		}
		return fmt.Sprintf("gensupport.%s(&w, %q, %q, %s%s)", name, f.Name, f.Key, value, codec)
	}
	switch f.Type.Basic {
	case ir.List:
		return call("WriteList", sel, p.encoder(f.Type.Elem))
	case ir.Map:
		return call("WriteMap", sel, p.encoder(f.Type.Elem))
	case ir.JSON:
		return call("WriteJSON", sel, "")
	case ir.Object:
		return call("WriteObject", pick(f.Pointer, "", "&")+sel, p.encoder(f.Type))
	case ir.Union:
		return call("WriteObject", "gensupport.Nonzero("+sel+")", p.encoder(f.Type))
	case ir.UUID, ir.Date:
		return call("WriteText", pick(f.Pointer, sel, "gensupport.Nonzero("+sel+")"), "")
	}
	m := writers[f.Type.Basic]
	name, value := m.plain, sel
	switch {
	case f.Type.Basic == ir.Enum:
		name, value = pick(f.Pointer, m.opt, m.plain), pick(f.Pointer, "(*string)("+sel+")", "string("+sel+")")
	case f.Pointer:
		name = m.opt
	case m.plain == "":
		name, value = m.opt, "&"+sel
	}
	if f.Default != nil && f.Pointer {
		value = fmt.Sprintf("gensupport.ValueOr(%s, %s)", value, f.Default.Literal)
	}
	return fmt.Sprintf("w.%s(%s, %s)", name, args(m, f), value)
}

// readOf returns the expression of Decode that reads the property f.
func (p printer) readOf(f *ir.Field) string {
	call := func(name, codec string) string {
		if codec != "" {
			codec = ", " + codec
		}
		return fmt.Sprintf("gensupport.%s(&r, %q, %q%s%s)", name, f.Name, f.Key, codec, quoted(f.Aliases))
	}
	deref := func(expr string) string { return pick(f.Pointer, expr, "gensupport.Deref("+expr+")") }
	switch f.Type.Basic {
	case ir.List:
		return call("ReadList", p.decoder(f.Type.Elem))
	case ir.Map:
		return call("ReadMap", p.decoder(f.Type.Elem))
	case ir.JSON:
		return call("ReadJSON", "")
	case ir.Object, ir.Union:
		return deref(call("ReadObject", p.decoder(f.Type)))
	case ir.UUID, ir.Date:
		return deref(call("ReadText["+p.goType(f.Type)+"]", ""))
	}
	m := readers[f.Type.Basic]
	in := args(m, f) + quoted(f.Aliases)
	switch {
	case !f.Pointer && m.plain == "" && f.Required:
		return fmt.Sprintf("gensupport.Required(&r, %q, r.%s(%s))", f.Name, m.opt, in)
	case !f.Pointer && m.plain == "":
		return deref(fmt.Sprintf("r.%s(%s)", m.opt, in))
	case !f.Pointer && f.Type.Basic == ir.Enum:
		return fmt.Sprintf("%s(r.Text(%s))", p.goType(f.Type), in)
	case !f.Pointer:
		return fmt.Sprintf("r.%s(%s)", m.plain, in)
	}
	expr := fmt.Sprintf("r.%s(%s)", m.opt, in)
	if f.Default != nil {
		expr = fmt.Sprintf("gensupport.ValueOr(%s, %s)", expr, f.Default.Literal)
	}
	if f.Type.Basic == ir.Enum {
		expr = fmt.Sprintf("(*%s)(%s)", p.goType(f.Type), expr)
	}
	return expr
}

// copied adds a property that repeats a name or an ID.
func (v *mappingView) copied(c ir.Copy, e *ir.Entity) {
	typ := "STRING"
	switch c.From {
	case "name":
		v.Writes = append(
			v.Writes,
			fmt.Sprintf("w.Text(%q, %q, v.%s)", e.Field(ir.Name).Name, c.Property, e.Field(ir.Name).Go),
		)
	case "parent.name":
		v.Writes = append(v.Writes, fmt.Sprintf("w.Text(%q, %q, parent.Name)", e.Parent.Field.Name, c.Property))
	case "parent.id":
		typ = "INT"
		v.Writes = append(v.Writes, fmt.Sprintf("w.ParentID(%q, parent)", c.Property))
	}
	v.Fields = append(v.Fields, fieldRow{Path: "properties." + c.Property, Type: typ, Derived: true})
}

// node adds the attributes of the node.
func (v *mappingView) node(e *ir.Entity) {
	add := func(format string, args ...any) { v.Members = append(v.Members, fmt.Sprintf(format, args...)) }
	name, id := e.Field(ir.Name), "v."+v.IDField
	if e.Prefixed {
		parentField := ""
		if !e.Parent.Optional {
			parentField = e.Parent.Field.Name
		}
		add("Name: w.ChildName(%q, %q, %s, parent, v.%s)", pick(name.Required, name.Name, ""), parentField, id, name.Go)
	} else {
		add("Name: w.Name(%q, %s, v.%s)", pick(name.Required, name.Name, ""), id, name.Go)
	}
	if f := e.Field(ir.ExternalID); f != nil {
		add("ExternalId: w.OptText(%q, %sv.%s)", f.Name, pick(f.Pointer, "", "&"), f.Go)
	}
	if f := e.Field(ir.URI); f != nil {
		add("Uri: w.URI(%q, %sv.%s)", f.Name, pick(f.Pointer, "", "&"), f.Go)
	}
	if f := e.Field(ir.State); f != nil {
		value := pick(f.Pointer, "", "&") + "v." + f.Go
		if f.Default != nil && f.Pointer {
			value = fmt.Sprintf("gensupport.ValueOr(%s, %s)", value, f.Default.Literal)
		}
		add("%s: gensupport.StateNumber[mlmdpb.%s_State](&w, %q, %s)", stateField(e), e.Kind, f.Name, value)
	}
	add("Properties: w.Props()")
	if f := e.Field(ir.Custom); f != nil {
		add("CustomProperties: w.Custom(%q, v.%s, %sFields)", f.Name, f.Go, v.Local)
	}
}

// An importLine is one line of an import block.
type importLine struct{ Name, Path string }

// imports returns the imports that a file of mappings may use. Those that it
// does not use are removed later.
func imports(t Target) []importLine {
	return importLines(
		t,
		"time",
		runtimeTypes,
		structpb,
		sdk+"/generated/mlmdpb",
		sdk+"/pkg/mlmd",
		sdk+"/pkg/mlmd/gensupport",
		sdk+"/pkg/value",
		t.Model.Import,
	)
}

func importLines(t Target, paths ...string) []importLine {
	slices.Sort(paths)
	var out []importLine
	for _, p := range paths {
		l := importLine{Path: p}
		if p == t.Model.Import && path.Base(p) != t.Model.Name() {
			l.Name = t.Model.Name()
		}
		out = append(out, l)
	}
	return out
}

const (
	structpb     = "google.golang.org/protobuf/types/known/structpb"
	runtimeTypes = "github.com/oapi-codegen/runtime/types"
)

// A catalogView is the data of templates for a whole package.
type catalogView struct {
	Header, Package string
	*ir.Graph
}

func catalogOf(g *ir.Graph, t Target, p Package) *catalogView {
	return &catalogView{Header: t.Header(), Package: p.Name(), Graph: g}
}

// quotedLines returns texts as Go literals, on lines of about 100 columns.
func quotedLines(texts []string) []string {
	quoted := make([]string, len(texts))
	for i, s := range texts {
		quoted[i] = strconv.Quote(s) + ","
	}
	return lines(quoted, 100)
}
