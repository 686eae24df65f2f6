// Package mlmd is the vocabulary that generated mappings speak: what ties the
// Go type of one spec entity to one MLMD type.
package mlmd

import (
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/value"
)

// GeneratedV3 is referred to by generated mappings: code generated for another
// version of this package does not compile against this one.
const GeneratedV3 = true

// A Node is one of the three node messages of MLMD.
type Node interface {
	*mlmdpb.Artifact | *mlmdpb.Execution | *mlmdpb.Context
}

// A Mapping ties the Go type T of one spec entity to one MLMD type. Generated
// code builds it; hand-written code only reads it.
type Mapping[T any, N Node] struct {
	Entity   string // the entity's name in the spec: "ModelVersion"
	TypeName string // the MLMD type's name: "kf.ModelVersion"
	Parent   *Edge  // nil: stands alone
	Fields   Fields

	// Encode makes the node that stores v below parent, without id and type id.
	// A field that is not set is left out, or written as its default. It fails
	// on what cannot be stored, with an *InvalidError that names the field.
	Encode func(v *T, parent Parent) (N, error)
	// Decode makes the entity that n holds. It reads what older programs wrote:
	// by the value that is there, not by the declared kind. A value that cannot
	// be read leaves its field unset and is listed by Unreadable. It keeps no
	// reference to n.
	Decode func(n N) (*T, error)
	// Unreadable returns what Decode could not read of v; nil stands for a
	// function that returns nil.
	Unreadable func(v *T) value.Unreadable
	// Ident returns what may identify v among the stored entities.
	Ident func(v *T) Ident
	// SetID writes the id into v.
	SetID func(v *T, id string)
	// IsSet tells of each of Fields, in their order, whether v has it: an upsert
	// leaves what is stored of the others. What it leaves out at the end, the
	// copies, is not set.
	IsSet func(v *T) []bool
	// Validate checks what the spec demands of v (required fields, lengths,
	// patterns, ranges, enum values), with an *InvalidError that names the first
	// field at fault. It sends nothing.
	Validate func(v *T) error
}

// PropTypes returns the declared properties in the form that the messages for
// types have. The map is the caller's.
func (m *Mapping[T, N]) PropTypes() map[string]mlmdpb.PropertyType { return m.Fields.propTypes() }

// SetPaths returns the update_mask paths of the fields of v that are set: what
// a patch writes.
func (m *Mapping[T, N]) SetPaths(v *T) []string { return m.Fields.paths(m.IsSet(v)) }

// Paths returns the update_mask paths of all fields, copies among them: what
// Replace writes.
func (m *Mapping[T, N]) Paths() []string { return m.Fields.paths(nil) }

// An Edge says how an entity hangs below another.
type Edge struct {
	Entity   string   // the parent's entity: "RegisteredModel"
	TypeName string   // the parent's MLMD type: "kf.RegisteredModel"
	Kind     EdgeKind // which link
	Field    string   // the JSON name of the field that holds the parent's id
	Optional bool     // the entity may stand without a parent
	// ParentHasPrefix reports that the parent's own stored name has a prefix.
	ParentHasPrefix bool
	// UnprefixedName reports that names below the parent are stored without its
	// ID, and so are unique within the type.
	UnprefixedName bool
}

// An EdgeKind is one of the three kinds of link between a node and a context
// above it.
type EdgeKind uint8

// The kinds of edge: a context below a context, an artifact and an execution
// in a context.
const (
	ParentContext EdgeKind = iota + 1
	Attribution
	Association
)

// A Parent is what is known of the parent of a node when it is written. The
// zero Parent is none.
type Parent struct {
	ID   int64
	Name string // without the prefix that is stored
	// UUID stands in the stored name for a parent or a name that is not given.
	// Empty: a new random one.
	UUID string
}

// An Ident is what may identify an entity, and the update time with which it was
// read. Empty members are unset.
type Ident struct {
	ID, ParentID, Name, ExternalID string
	UpdateTime                     value.Time
}
