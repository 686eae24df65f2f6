package codegen

import (
	"context"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/emit"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Description is a valid spec for other programs, as JSON: what the generator
// knows of it after all references, defaults and names are resolved. Version is 1.
// Within a version members are added, and none changes its meaning or goes away.
type Description struct {
	Version  int                   `json:"version"`
	Spec     string                `json:"spec"` // its file
	Mark     string                `json:"mark"` // what a file that a plugin makes has in its first lines
	Packages map[string]PackageRef `json:"packages"`
	Entities []EntityDescription   `json:"entities"`
	Types    []TypeDescription     `json:"types"` // enums, objects and unions
	Options  map[string]any        `json:"options,omitempty"`
}

// A PackageRef is a generated package: model, mapping, field, edge or fake.
type PackageRef struct {
	Dir    string `json:"dir"`
	Import string `json:"import"`
}

// An EntityDescription is one entity.
type EntityDescription struct {
	Name        string             `json:"name"`
	Go          string             `json:"go"`
	Kind        string             `json:"kind"` // artifact, execution or context
	Type        string             `json:"type"` // the MLMD type
	Description string             `json:"description,omitempty"`
	Deprecated  bool               `json:"deprecated,omitempty"`
	Parent      *ParentDescription `json:"parent,omitempty"`
	NamePrefix  bool               `json:"namePrefix,omitempty"` // the stored name begins with the parent's ID
	Copies      map[string]string  `json:"copies,omitempty"`     // x-mlmd-copies
	Fields      []FieldDescription `json:"fields"`
	Edges       []EdgeDescription  `json:"edges,omitempty"`
	Position    Position           `json:"position"`
}

// A ParentDescription is the parent of an entity.
type ParentDescription struct {
	Entity   string `json:"entity"`
	Field    string `json:"field"` // that has its ID
	Optional bool   `json:"optional,omitempty"`
}

// A FieldDescription is a field of an entity, or a member of an object.
type FieldDescription struct {
	Name        string   `json:"name"` // in JSON
	Go          string   `json:"go"`
	GoType      string   `json:"goType"`
	Description string   `json:"description,omitempty"`
	Store       string   `json:"store,omitempty"`    // of an entity: x-mlmd-store, or parent
	Property    string   `json:"property,omitempty"` // the name of the declared property
	Stored      string   `json:"stored,omitempty"`   // its type: STRING, …
	Former      []string `json:"former,omitempty"`   // x-mlmd-renamed-from
	Value       Value    `json:"value"`
	Required    bool     `json:"required,omitempty"`
	Nullable    bool     `json:"nullable,omitempty"`
	Immutable   bool     `json:"immutable,omitempty"`
	Deprecated  bool     `json:"deprecated,omitempty"`
	Default     *string  `json:"default,omitempty"` // as the spec has it
	Position    Position `json:"position"`
}

// A Value is the type of a field, with its rules.
type Value struct {
	// Type is string, id, int32, int64, double, bool, millis, datetime, date, uuid,
	// bytes, enum, object, union, list, map, json or custom.
	Type         string `json:"type"`
	Name         string `json:"name,omitempty"`  // of an enum, object or union: the go of its type
	Items        *Value `json:"items,omitempty"` // of a list or map
	MinLength    *int   `json:"minLength,omitempty"`
	MaxLength    *int   `json:"maxLength,omitempty"`
	MinItems     *int   `json:"minItems,omitempty"`
	MaxItems     *int   `json:"maxItems,omitempty"`
	Pattern      string `json:"pattern,omitempty"`
	Minimum      string `json:"minimum,omitempty"` // in decimal
	Maximum      string `json:"maximum,omitempty"`
	ExclusiveMin bool   `json:"exclusiveMinimum,omitempty"`
	ExclusiveMax bool   `json:"exclusiveMaximum,omitempty"`
}

// An EdgeDescription is an edge to other entities: x-mlmd-edges, a reference or
// the parent.
type EdgeDescription struct {
	Name        string   `json:"name"`
	Go          string   `json:"go"`
	Description string   `json:"description,omitempty"`
	Kind        string   `json:"kind"` // event, membership, parent or reference
	Event       string   `json:"event,omitempty"`
	To          []string `json:"to"`
	Field       string   `json:"field,omitempty"`
	Inverse     string   `json:"inverse,omitempty"`
	Key         string   `json:"key,omitempty"`
	Step        string   `json:"step,omitempty"`
	Required    bool     `json:"required,omitempty"`
	Unique      bool     `json:"unique,omitempty"`
	Max         int      `json:"max,omitempty"`
	Position    Position `json:"position"`
}

// A TypeDescription is an enum, an object or a union.
type TypeDescription struct {
	Go          string             `json:"go"`
	Kind        string             `json:"kind"` // enum, object or union
	Description string             `json:"description,omitempty"`
	Values      []ValueDescription `json:"values,omitempty"`
	Fields      []FieldDescription `json:"fields,omitempty"`

	Discriminator string               `json:"discriminator,omitempty"` // of a union
	Variants      []VariantDescription `json:"variants,omitempty"`
	Position      Position             `json:"position"`
}

// A VariantDescription is one variant of a union.
type VariantDescription struct {
	Values []string `json:"values"` // of the discriminator
	Go     string   `json:"go"`     // of the object
}

// A ValueDescription is one value of an enum.
type ValueDescription struct {
	Text string `json:"text"`
	Go   string `json:"go"` // the constant
}

// A Position is a place in a file of the spec.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Describe returns the description of a spec. If the spec is invalid, the error is
// a [Problems].
func Describe(ctx context.Context, c Config) (*Description, error) {
	g, _, err := build(ctx, c)
	if err != nil {
		return nil, err
	}
	d := &Description{
		Version: 1, Spec: c.Spec, Packages: map[string]PackageRef{},
		Entities: []EntityDescription{}, Types: []TypeDescription{}, Mark: strings.TrimPrefix(c.target().Header(), "// "),
	}
	for name, p := range map[string]Package{
		"model": c.Model, "mapping": c.Mapping, "field": c.Field, "edge": c.Edge, "fake": c.Fake,
	} {
		if p.Dir != "" {
			d.Packages[name] = PackageRef(p)
		}
	}
	for _, e := range g.Entities {
		d.Entities = append(d.Entities, describeEntity(e))
	}
	for _, t := range g.Types {
		of := TypeDescription{
			Go: t.Go, Kind: basicNames[t.Basic], Description: t.Doc, Discriminator: t.Kind, Position: position(t.Pos),
		}
		for _, v := range t.Variants {
			of.Variants = append(of.Variants, VariantDescription{v.Values, v.Type.Go})
		}
		for _, v := range t.Values {
			of.Values = append(of.Values, ValueDescription{v.Text, v.Go})
		}
		for _, f := range t.Fields {
			of.Fields = append(of.Fields, describeField(f, ""))
		}
		d.Types = append(d.Types, of)
	}
	return d, nil
}

func position(p spec.Pos) Position { return Position{p.File, p.Line, p.Col} }

func describeEntity(e *ir.Entity) EntityDescription {
	out := EntityDescription{
		Name: e.Name, Go: e.Go, Kind: strings.ToLower(e.Kind.String()), Type: e.TypeName, Description: e.Doc,
		Deprecated: e.Obsolete, NamePrefix: e.Prefixed, Position: position(e.Pos), Fields: []FieldDescription{},
	}
	if p := e.Parent; p != nil {
		out.Parent = &ParentDescription{p.Parent.Name, p.Field.Name, p.Optional}
	}
	for _, c := range e.Copies {
		if out.Copies == nil {
			out.Copies = map[string]string{}
		}
		out.Copies[c.Property] = c.From
	}
	for _, f := range e.Fields {
		out.Fields = append(out.Fields, describeField(f, slotNames[f.Slot]))
	}
	for _, r := range e.Edges {
		edge := EdgeDescription{
			Name: r.Name, Go: r.Go, Description: r.Doc, Kind: strings.ToLower(r.Kind.String()), Event: r.Event,
			Inverse: r.Inverse, Key: r.Key, Step: r.Step, Required: r.Required, Unique: r.Unique, Max: r.Max,
			Position: position(r.Pos),
		}
		for _, to := range r.To {
			edge.To = append(edge.To, to.Name)
		}
		if r.Field != nil {
			edge.Field = r.Field.Name
		}
		out.Edges = append(out.Edges, edge)
	}
	return out
}

func describeField(f *ir.Field, store string) FieldDescription {
	out := FieldDescription{
		Name: f.Name, Go: f.Go, GoType: f.GoType(), Description: f.Doc, Store: store, Property: f.Key, Former: f.Aliases,
		Stored: string(f.Stored), Value: describeValue(f.Type, f.Rules), Required: f.Required, Nullable: f.Nullable,
		Immutable: f.Immutable, Deprecated: f.Deprecated, Position: position(f.Pos),
	}
	if f.Default != nil {
		out.Default = &f.Default.Text
	}
	return out
}

func describeValue(t *ir.Type, r ir.Rules) Value {
	v := Value{
		Type: basicNames[t.Basic], Name: t.Go, MinLength: r.MinLength, MaxLength: r.MaxLength, MinItems: r.MinItems,
		MaxItems: r.MaxItems, Pattern: r.Pattern, Minimum: r.Minimum, Maximum: r.Maximum,
		ExclusiveMin: r.ExclusiveMin, ExclusiveMax: r.ExclusiveMax,
	}
	if t.Elem != nil {
		items := describeValue(t.Elem, t.Rules)
		v.Items = &items
	}
	return v
}

var slotNames = [...]string{
	ir.Property: "property", ir.ID: "id", ir.Name: "name", ir.ExternalID: "external_id", ir.URI: "uri", ir.State: "state",
	ir.CreateTime: "create_time", ir.UpdateTime: "update_time", ir.Custom: "custom", ir.Parent: "parent",
}

var basicNames = [...]string{
	ir.String: "string", ir.IDString: "id", ir.Int32: "int32", ir.Int64: "int64", ir.Double: "double", ir.Bool: "bool",
	ir.Millis: "millis", ir.DateTime: "datetime", ir.Date: "date", ir.UUID: "uuid", ir.Bytes: "bytes", ir.Enum: "enum",
	ir.Object: "object", ir.Union: "union", ir.List: "list", ir.Map: "map", ir.JSON: "json", ir.Values: "custom",
}

// GeneratedBy is in the first lines of every file that Generate or a plugin makes.
const GeneratedBy = emit.GeneratedBy
