// Package ir is the intermediate representation of a spec: its entities, fields
// and edges, checked and named, independent of OpenAPI and of Go source.
package ir

import (
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// A Graph is a valid spec. It is not modified after Build.
type Graph struct {
	Info     spec.Info
	Entities []*Entity // sorted by Name
	Types    []*Type   // the enums, objects and unions, sorted by Go name
}

// A Kind is one of the three kinds of node.
type Kind uint8

// The kinds of node.
const (
	Artifact Kind = iota + 1
	Execution
	Context
)

var kindNames = [...]string{"", "Artifact", "Execution", "Context"}

// String returns the name of the node message: "Artifact".
func (k Kind) String() string { return kindNames[k] }

// Unreadable is the Go field of each entity with the stored values that
// cannot be read.
const Unreadable = "Unreadable"

// Edges is the Go field of each entity with edges that holds the loaded neighbors.
const Edges = "Edges"

// An Entity is a schema that is stored as a node.
type Entity struct {
	Name     string // in the spec, and in errors: ModelVersion
	Go       string // the Go type
	TypeName string // the MLMD type: kf.ModelVersion
	Doc      string
	Kind     Kind
	Obsolete bool        // deprecated in the spec
	Fields   []*Field    // in spec order
	Parent   *Edge       // nil for an entity without a parent
	Edges    []*Relation // those that the entity declares, in spec order
	Inverses []*Relation // those that lead to it and have an inverse, sorted by it
	Prefixed bool        // the stored name begins with the parent's id
	Copies   []Copy      // sorted by property
	REST     EntityREST
	Pos      spec.Pos
}

// An Edge links an entity to its parent.
type Edge struct {
	Parent   *Entity
	Field    *Field // holds the parent's id
	Optional bool
}

// HasEdges reports whether edges lead from the entity, in either direction.
func (e *Entity) HasEdges() bool { return len(e.Edges) > 0 || len(e.Inverses) > 0 }

// A Copy is a declared property that repeats a name or an ID.
type Copy struct {
	Property string
	From     string // one of spec.CopySources
}

// A Slot is the part of a node that a field is stored in.
type Slot uint8

// The slots.
const (
	Property Slot = iota
	ID
	Name
	ExternalID
	URI
	State
	CreateTime
	UpdateTime
	Custom // the map of custom properties
	Parent // the link to the parent
)

// A PropType is the declared kind of a property.
type PropType string

// The kinds of property, by the names they have in MLMD.
const (
	INT     PropType = "INT"
	DOUBLE  PropType = "DOUBLE"
	STRING  PropType = "STRING"
	BOOLEAN PropType = "BOOLEAN"
	STRUCT  PropType = "STRUCT"
)

// A Field is one property of an entity, or of an object.
type Field struct {
	Name       string // in JSON: modelFormatName
	Go         string // ModelFormatName
	Key        string // the declared property: model_format_name; empty in other slots
	Doc        string
	Slot       Slot
	Type       *Type
	Stored     PropType // the declared kind
	Required   bool
	Pointer    bool // the Go field is a pointer
	Nullable   bool
	Immutable  bool
	Deprecated bool
	Aliases    []string  // older keys
	Default    *Default  // the value if it is not stored
	Example    []Default // the value that the spec shows, or the elements of a list; may break rules
	Rules      Rules
	REST       FieldREST // of a field of an entity
	Pos        spec.Pos
}

// A Default is a value that the spec has: of a field that is not stored, or of
// an example.
type Default struct {
	Text    string // as the spec has it
	Literal string // in Go
}

// Rules restrict the values of a type. Nil and empty members do not restrict
// them.
type Rules struct {
	MinLength, MaxLength, MinItems, MaxItems *int
	Pattern                                  string
	Minimum, Maximum                         string // Go literals
	ExclusiveMin, ExclusiveMax               bool
}

// Any reports whether there are any rules.
func (r Rules) Any() bool { return r != Rules{} }

// A Basic is a shape of value.
type Basic uint8

// The shapes.
const (
	String   Basic = iota + 1
	IDString       // a string that is stored as an INT: an id in decimal digits
	Int32
	Int64
	Double
	Bool
	Millis   // value.Time: whole milliseconds
	DateTime // time.Time
	Date     // types.Date of oapi-codegen's runtime
	UUID     // types.UUID of oapi-codegen's runtime
	Bytes
	Enum
	Object
	List
	Map
	JSON   // map[string]any: an object without declared members
	Values // value.Map: the custom properties
	Union  // one of several objects
)

// A Type is the type of a field.
type Type struct {
	Basic  Basic
	Go     string   // of an enum, object or union: the name of the Go type
	Doc    string   // of an enum, object or union
	Values []Value  // of an enum, in spec order
	Fields []*Field // of an object
	Elem   *Type    // of a list or map
	Rules  Rules    // of the elements of a list or map, on Elem
	Pos    spec.Pos

	Kind     string    // of a union: the name of the discriminator
	Variants []Variant // of a union, in spec order
}

// A Value is one value of an enum.
type Value struct {
	Go   string // the constant: ModelVersionStateLive
	Text string // LIVE
}

// GoType returns the type as the model package spells it.
func (t *Type) GoType() string {
	switch t.Basic {
	case Enum, Object, Union:
		return t.Go
	case List:
		return "[]" + t.Elem.GoType()
	case Map:
		return "map[string]" + t.Elem.GoType()
	default:
		return basicGo[t.Basic]
	}
}

var basicGo = [...]string{
	String: "string", IDString: "string", Int32: "int32", Int64: "int64", Double: "float64", Bool: "bool",
	Millis: "value.Time", DateTime: "time.Time", Date: "types.Date", UUID: "types.UUID", Bytes: "[]byte",
	JSON: "map[string]any", Values: "value.Map",
}

// UnsetIsZero reports whether the zero value of the Go type cannot be a value
// that someone stores, so that no pointer is needed to tell it from unset.
func (t *Type) UnsetIsZero() bool {
	switch t.Basic {
	case List, Map, JSON, Values, Bytes, Millis, DateTime, Union:
		return true
	}
	return false
}

// ZeroIsUnset reports whether the zero value of the Go type is not nil and yet no value
// that can be stored. A required field has to be checked for it.
func (t *Type) ZeroIsUnset() bool {
	return t.Basic == Millis || t.Basic == DateTime || t.Basic == Union
}

// LegacyMembers returns the former names of members of a t, and of objects in it,
// as "Column.label: title, caption".
func (t *Type) LegacyMembers() []string { return t.legacyMembers(map[*Type]bool{}) }

func (t *Type) legacyMembers(seen map[*Type]bool) (out []string) {
	switch t.Basic {
	case List, Map:
		return t.Elem.legacyMembers(seen)
	case Object:
		if seen[t] {
			return nil
		}
		seen[t] = true
		for _, f := range t.Fields {
			if len(f.Aliases) > 0 {
				out = append(out, t.Go+"."+f.Name+": "+strings.Join(f.Aliases, ", "))
			}
			out = append(out, f.Type.legacyMembers(seen)...)
		}
	case Union:
		if seen[t] {
			return nil
		}
		seen[t] = true
		for _, v := range t.Variants {
			out = append(out, v.Type.legacyMembers(seen)...)
		}
	}
	return out
}

// GoType returns the type of the Go field.
func (f *Field) GoType() string {
	if f.Pointer {
		return "*" + f.Type.GoType()
	}
	return f.Type.GoType()
}

// Field returns the field in slot, or nil.
func (e *Entity) Field(slot Slot) *Field {
	for _, f := range e.Fields {
		if f.Slot == slot {
			return f
		}
	}
	return nil
}

// Copied returns the property that repeats from, or "".
func (e *Entity) Copied(from string) string {
	for _, c := range e.Copies {
		if c.From == from {
			return c.Property
		}
	}
	return ""
}

// Path returns the update_mask path of f on a node of kind k, or "" if
// updates cannot write it.
func (f *Field) Path(k Kind) string {
	switch f.Slot {
	case Property:
		return "properties." + f.Key
	case ExternalID:
		return "external_id"
	case URI:
		return "uri"
	case State:
		if k == Execution {
			return "last_known_state"
		}
		return "state"
	case Custom:
		return "custom_properties"
	}
	return ""
}

// Clearable reports whether the field may be empty in the store.
func (f *Field) Clearable(k Kind) bool {
	return !f.Required && !f.Immutable && f.Path(k) != ""
}

// ZeroLeaves reports whether the zero value of the field could be stored,
// but an upsert cannot distinguish it from an unset field.
func (f *Field) ZeroLeaves() bool {
	switch f.Type.Basic {
	case Int32, Int64, Double, Bool:
		return f.Key != "" && !f.Pointer
	}
	return false
}
