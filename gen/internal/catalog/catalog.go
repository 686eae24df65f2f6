// Package catalog makes the mappings of a spec while a program runs, for commands
// that work on a store without generated code. They store and read the same nodes
// as generated mappings.
package catalog

import (
	"strconv"
	"time"

	"github.com/oapi-codegen/runtime/types"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A Value is an entity.
type Value struct {
	// Fields are the values of the fields, by their names in the spec. A field that
	// is not set is missing, or zero. Texts, names of enums and IDs are strings,
	// lists are []any, objects and maps are map[string]any; the others are as in
	// generated code.
	Fields     map[string]any
	Unreadable value.Unreadable
}

func (v *Value) set(name string, x any) {
	if x == nil {
		return
	}
	if v.Fields == nil {
		v.Fields = map[string]any{}
	}
	v.Fields[name] = x
}

// text returns the text of f, or "". f may be nil.
func (v *Value) text(f *ir.Field) string {
	if f == nil {
		return ""
	}
	s, _ := v.Fields[f.Name].(string)
	return s
}

// opt returns the text of f, or nil if it is not set. f may be nil.
func (v *Value) opt(f *ir.Field) *string {
	if f == nil {
		return nil
	}
	if s, ok := v.Fields[f.Name].(string); ok || !f.Pointer {
		return &s
	}
	return nil
}

// Of returns the mappings of the entities, in order. The values are *Value.
func Of(g *ir.Graph) []mlmd.AnyMapping {
	c := newCodecs()
	s := &mlmd.Spec{Title: g.Info.Title, Version: g.Info.Version, Fingerprint: g.Fingerprint()}
	out := make([]mlmd.AnyMapping, 0, len(g.Entities))
	for _, e := range g.Entities {
		s.Entities = append(s.Entities, mlmd.SpecEntity{
			Name: e.Name, Kind: kinds[e.Kind], TypeName: e.TypeName, Stores: e.Stores(), Reads: e.Reads(),
		})
		switch e.Kind {
		case ir.Artifact:
			out = append(out, mappingOf(c, s, e, artifacts))
		case ir.Execution:
			out = append(out, mappingOf(c, s, e, executions))
		default:
			out = append(out, mappingOf(c, s, e, contexts))
		}
	}
	return out
}

var kinds = map[ir.Kind]mlmd.Kind{
	ir.Artifact: mlmd.Artifact, ir.Execution: mlmd.Execution, ir.Context: mlmd.Context,
}

func mappingOf[N mlmd.Node](c *codecs, s *mlmd.Spec, e *ir.Entity, k kind[N]) *mlmd.Mapping[Value, N] {
	m := &mlmd.Mapping[Value, N]{
		Entity: e.Name, TypeName: e.TypeName, Parent: parentOf(e), Fields: c.fields(e), Spec: s,
	}
	for _, r := range e.Edges {
		if r.Required && r.Linkable() {
			m.RequiredEdges = append(m.RequiredEdges, r.Name)
		}
	}
	id, parent := e.Field(ir.ID), e.Field(ir.Parent)
	m.Encode = func(v *Value, p mlmd.Parent) (N, error) {
		w := gensupport.NewPropertyWriter(len(m.Fields))
		n := c.encode(&w, e, v, p, m.Fields)
		return k.make(&w, e.Field(ir.State), n), w.Err()
	}
	m.Decode = func(n N) (*Value, error) { return c.decode(e, k.read(n)), nil }
	m.Unreadable = func(v *Value) value.Unreadable { return v.Unreadable }
	m.Ident = func(v *Value) mlmd.Ident {
		ident := mlmd.Ident{
			ID: v.text(id), Name: v.text(e.Field(ir.Name)), ExternalID: v.text(e.Field(ir.ExternalID)), ParentID: v.text(parent),
		}
		if f := e.Field(ir.UpdateTime); f != nil {
			ident.UpdateTime, _ = v.Fields[f.Name].(value.Time)
		}
		return ident
	}
	m.SetID = func(v *Value, to string) { v.set(id.Name, to) }
	if parent != nil {
		m.SetParentID = func(v *Value, to string) { v.set(parent.Name, to) }
	}
	m.IsSet = func(v *Value) []bool {
		var set []bool
		for _, f := range e.Fields {
			if !assigned(f) {
				set = append(set, isSet(f, v.Fields[f.Name]))
			}
		}
		return set
	}
	m.Validate = func(v *Value) error { return c.validate(e, v) }
	return m
}

// assigned reports whether the store sets the field.
func assigned(f *ir.Field) bool {
	return f.Slot == ir.ID || f.Slot == ir.CreateTime || f.Slot == ir.UpdateTime
}

func parentOf(e *ir.Entity) *mlmd.Edge {
	if e.Parent == nil {
		return nil
	}
	p := e.Parent
	links := map[ir.Kind]mlmd.EdgeKind{
		ir.Context: mlmd.ParentContext, ir.Artifact: mlmd.Attribution, ir.Execution: mlmd.Association,
	}
	return &mlmd.Edge{
		Entity: p.Parent.Name, TypeName: p.Parent.TypeName, Kind: links[e.Kind], Field: p.Field.Name,
		Optional: p.Optional, ParentHasPrefix: p.Parent.Prefixed, UnprefixedName: !e.Prefixed,
	}
}

// fields returns the list of fields of a mapping.
func (c *codecs) fields(e *ir.Entity) (out mlmd.Fields) {
	for _, f := range e.Fields {
		if assigned(f) {
			continue
		}
		row := mlmd.Field{
			Name: f.Name, Path: f.Path(e.Kind), Immutable: f.Immutable || f.Slot == ir.Name, LegacyNames: f.Aliases,
		}
		if f.Slot == ir.Property {
			row.Type = mlmdpb.PropertyType(mlmdpb.PropertyType_value[string(f.Stored)])
			row.Rename, row.LegacyMembers = c.renamer(f.Type), f.Type.LegacyMembers()
			row.List = f.Type.Basic == ir.List && (row.Rename != nil || len(row.LegacyNames) > 0)
			row.Refers = refers(e, f)
		}
		out = append(out, row)
	}
	for _, copied := range e.Copies {
		typ := mlmdpb.PropertyType_STRING
		if copied.From == "parent.id" {
			typ = mlmdpb.PropertyType_INT
		}
		out = append(out, mlmd.Field{Path: "properties." + copied.Property, Type: typ, Derived: true})
	}
	return out
}

func refers(e *ir.Entity, f *ir.Field) *mlmd.Reference {
	for _, r := range e.Edges {
		if r.Kind != ir.ReferenceRelation || r.Field != f {
			continue
		}
		out := &mlmd.Reference{Kind: kinds[r.To[0].Kind]}
		for _, to := range r.To {
			out.Entities, out.TypeNames = append(out.Entities, to.Name), append(out.TypeNames, to.TypeName)
		}
		return out
	}
	return nil
}

// encode returns the node of v, without what the store assigns.
func (c *codecs) encode(w *gensupport.PropertyWriter, e *ir.Entity, v *Value, p mlmd.Parent, fields mlmd.Fields) node {
	for _, f := range e.Fields {
		if f.Slot == ir.Property {
			c.write(w, f, v.Fields[f.Name])
		}
	}
	name := e.Field(ir.Name)
	for _, copied := range e.Copies {
		switch copied.From {
		case "name":
			w.Text(name.Name, copied.Property, v.text(name))
		case "parent.name":
			w.Text(e.Parent.Field.Name, copied.Property, p.Name)
		default:
			w.ParentID(copied.Property, p)
		}
	}
	nameField, parentField, id := "", "", v.text(e.Field(ir.ID))
	if name.Required {
		nameField = name.Name
	}
	n := node{}
	if e.Prefixed {
		if !e.Parent.Optional {
			parentField = e.Parent.Field.Name
		}
		n.name = w.ChildName(nameField, parentField, id, p, v.text(name))
	} else {
		n.name = w.Name(nameField, id, v.text(name))
	}
	if f := e.Field(ir.ExternalID); f != nil {
		n.externalID = w.OptText(f.Name, v.opt(f))
	}
	if f := e.Field(ir.URI); f != nil {
		n.uri = w.URI(f.Name, v.opt(f))
	}
	if f := e.Field(ir.State); f != nil {
		if n.state = v.opt(f); n.state == nil && f.Default != nil {
			n.state = &f.Default.Text
		}
	}
	n.props = w.Props()
	if f := e.Field(ir.Custom); f != nil {
		m, _ := v.Fields[f.Name].(value.Map)
		n.custom = w.Custom(f.Name, m, fields)
	}
	return n
}

// decode returns the entity that n stores.
func (c *codecs) decode(e *ir.Entity, n node) *Value {
	v := &Value{}
	r := gensupport.NewPropertyReader(n.props, n.custom)
	stored := gensupport.Deref(n.name)
	text := func(f *ir.Field, s string) {
		if s != "" {
			v.set(f.Name, s)
		}
	}
	opt := func(f *ir.Field, s *string) {
		if s != nil {
			v.set(f.Name, *s)
		}
	}
	at := func(f *ir.Field, t value.Time) {
		if !t.IsZero() {
			v.set(f.Name, t)
		}
	}
	for _, f := range e.Fields {
		switch f.Slot {
		case ir.ID:
			text(f, value.FormatID(n.id))
		case ir.CreateTime:
			at(f, gensupport.Millis(n.created))
		case ir.UpdateTime:
			at(f, gensupport.Millis(n.updated))
		case ir.Name:
			if e.Prefixed {
				text(f, gensupport.ChildOwnName(stored))
			} else {
				text(f, stored)
			}
		case ir.Parent:
			if e.Prefixed {
				text(f, gensupport.ParentID(stored))
			} else {
				text(f, r.ID(f.Name, e.Copied("parent.id")))
			}
		case ir.ExternalID:
			opt(f, gensupport.OptText(n.externalID))
		case ir.URI:
			opt(f, gensupport.OptText(n.uri))
		case ir.State:
			if n.state == nil && f.Default != nil {
				n.state = &f.Default.Text
			}
			opt(f, n.state)
		case ir.Property:
			v.set(f.Name, c.readProperty(&r, f))
		}
	}
	if f := e.Field(ir.Custom); f != nil { // must follow the other fields
		if m := r.Custom(); m != nil {
			v.set(f.Name, m)
		}
	}
	v.Unreadable = r.Unreadable()
	return v
}

// A node holds what the three node messages have in common.
type node struct {
	id                           int64
	name, externalID, uri, state *string
	created, updated             *int64
	props, custom                map[string]*mlmdpb.Value
}

// A kind reads and makes the messages of one kind of node.
type kind[N mlmd.Node] struct {
	read func(N) node
	make func(w *gensupport.PropertyWriter, state *ir.Field, n node) N
}

var artifacts = kind[*mlmdpb.Artifact]{
	func(n *mlmdpb.Artifact) node {
		return node{
			n.GetId(), n.Name, n.ExternalId, n.Uri, gensupport.StateName[string](n.State),
			n.CreateTimeSinceEpoch, n.LastUpdateTimeSinceEpoch, n.Properties, n.CustomProperties,
		}
	},
	func(w *gensupport.PropertyWriter, state *ir.Field, n node) *mlmdpb.Artifact {
		out := &mlmdpb.Artifact{
			Name: n.name, ExternalId: n.externalID, Uri: n.uri, Properties: n.props, CustomProperties: n.custom,
		}
		if state != nil {
			out.State = gensupport.StateNumber[mlmdpb.Artifact_State](w, state.Name, n.state)
		}
		return out
	},
}

var executions = kind[*mlmdpb.Execution]{
	func(n *mlmdpb.Execution) node {
		return node{
			n.GetId(), n.Name, n.ExternalId, nil, gensupport.StateName[string](n.LastKnownState),
			n.CreateTimeSinceEpoch, n.LastUpdateTimeSinceEpoch, n.Properties, n.CustomProperties,
		}
	},
	func(w *gensupport.PropertyWriter, state *ir.Field, n node) *mlmdpb.Execution {
		out := &mlmdpb.Execution{
			Name: n.name, ExternalId: n.externalID, Properties: n.props, CustomProperties: n.custom,
		}
		if state != nil {
			out.LastKnownState = gensupport.StateNumber[mlmdpb.Execution_State](w, state.Name, n.state)
		}
		return out
	},
}

var contexts = kind[*mlmdpb.Context]{
	func(n *mlmdpb.Context) node {
		return node{
			n.GetId(), n.Name, n.ExternalId, nil, nil,
			n.CreateTimeSinceEpoch, n.LastUpdateTimeSinceEpoch, n.Properties, n.CustomProperties,
		}
	},
	func(_ *gensupport.PropertyWriter, _ *ir.Field, n node) *mlmdpb.Context {
		return &mlmdpb.Context{
			Name: n.name, ExternalId: n.externalID, Properties: n.props, CustomProperties: n.custom,
		}
	},
}

// isSet reports whether an upsert writes the value x of f.
func isSet(f *ir.Field, x any) bool {
	if x == nil || f.Pointer {
		return x != nil
	}
	switch x := x.(type) {
	case string:
		return x != ""
	case int32:
		return x != 0
	case int64:
		return x != 0
	case float64:
		return x != 0
	case bool:
		return x
	case value.Time:
		return !x.IsZero()
	case time.Time:
		return !x.IsZero()
	case types.UUID:
		return x != types.UUID{}
	case types.Date:
		return x != types.Date{}
	}
	return true // lists, maps, objects and bytes
}

// defaultOf returns the default of f, or nil.
func defaultOf(f *ir.Field) any {
	if f.Default == nil || !f.Pointer {
		return nil
	}
	switch lit := f.Default.Literal; f.Type.Basic {
	case ir.Int32:
		i, _ := strconv.ParseInt(lit, 10, 32)
		return int32(i)
	case ir.Int64:
		i, _ := strconv.ParseInt(lit, 10, 64)
		return i
	case ir.Double:
		d, _ := strconv.ParseFloat(lit, 64)
		return d
	case ir.Bool:
		return lit == "true"
	default:
		return f.Default.Text
	}
}
