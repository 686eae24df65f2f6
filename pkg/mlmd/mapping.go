// Package mlmd describes how the entities of a spec are stored: a generated
// Mapping converts between the Go type of one entity and one type of ML
// Metadata. Package registry works with any Mapping.
package mlmd

import (
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/value"
)

// GeneratedV3 is referenced by generated mappings, so that code generated for
// another version of this package does not compile.
const GeneratedV3 = true

// A Node is one of the three node messages of MLMD.
type Node interface {
	*mlmdpb.Artifact | *mlmdpb.Execution | *mlmdpb.Context
}

// A Mapping converts between T, the Go type of an entity, and nodes of one MLMD
// type. Mappings are generated; other code must not change them.
type Mapping[T any, N Node] struct {
	Entity   string // the entity's name in the spec, such as "ModelVersion"
	TypeName string // the MLMD type's name, such as "kf.ModelVersion"
	Parent   *Edge  // nil if the entity has no parent
	Fields   Fields
	// RequiredEdges are the names of the edges that need a neighbor, in order.
	RequiredEdges []string
	Spec          *Spec // that the mapping was generated from; nil if it is not known

	// Encode returns the node that stores v as a child of parent, without ID and
	// type ID. A field that is not set is omitted, or written as its default. If
	// a field cannot be stored, the error is an *InvalidError or InvalidErrors.
	Encode func(v *T, parent Parent) (N, error)
	// Decode returns the entity that n stores. It reads a property by the kind
	// of its value, not by the declared kind, because older programs may have
	// stored another kind. A value that cannot be read leaves its field unset and
	// is reported by Unreadable. The result shares no memory with n.
	Decode func(n N) (*T, error)
	// Unreadable returns what Decode could not read of v. A nil function stands
	// for one that returns nil.
	Unreadable func(v *T) value.Unreadable
	// Ident returns the ID, the names and the parent that may identify v.
	Ident func(v *T) Ident
	// SetID sets the ID of v.
	SetID func(v *T, id string)
	// SetParentID sets the ID of the parent in v. It is nil if the entity has no
	// parent.
	SetParentID func(v *T, id string)
	// IsSet reports for each of Fields, in order, whether it is set in v: an
	// upsert does not change the others. The result may be shorter than Fields;
	// the derived fields at its end are never set.
	IsSet func(v *T) []bool
	// Validate checks v against the rules of the spec: required fields, lengths,
	// patterns, ranges and enum values. Its error is an *InvalidError or
	// InvalidErrors. It makes no RPC.
	Validate func(v *T) error
}

// PropTypes returns the declared properties with their types. The caller may
// change the map.
func (m *Mapping[T, N]) PropTypes() map[string]mlmdpb.PropertyType { return m.Fields.propTypes() }

// SetPaths returns the update_mask paths of the fields that are set in v, which
// a patch writes.
func (m *Mapping[T, N]) SetPaths(v *T) []string { return m.Fields.paths(m.IsSet(v)) }

// Paths returns the update_mask paths of all fields, which a replacement
// writes.
func (m *Mapping[T, N]) Paths() []string { return m.Fields.paths(nil) }

// An Edge describes the parent of an entity.
type Edge struct {
	Entity   string   // the parent's entity, such as "RegisteredModel"
	TypeName string   // the parent's MLMD type, such as "kf.RegisteredModel"
	Kind     EdgeKind // how the child is linked to the parent
	Field    string   // the JSON name of the field with the parent's ID
	Optional bool     // the parent may be missing
	// ParentHasPrefix reports that the parent's own stored name has a prefix.
	ParentHasPrefix bool
	// UnprefixedName reports that names of children are stored without the
	// parent's ID, and so are unique within the type.
	UnprefixedName bool
}

// An EdgeKind is one of the three kinds of link from a node to its parent
// context.
type EdgeKind uint8

// The kinds of edge: from a context, an artifact, or an execution to its parent.
const (
	ParentContext EdgeKind = iota + 1
	Attribution
	Association
)

// A Parent identifies the parent of a node that is written. The zero Parent
// stands for a node without a parent.
type Parent struct {
	ID   int64
	Name string // without the prefix that is stored
	// UUID replaces a missing parent or a missing name in the stored name. If it
	// is empty, a random UUID is used.
	UUID string
}

// An Ident holds what may identify an entity, and the update time that it was
// read with. Empty members are not set.
type Ident struct {
	ID, ParentID, Name, ExternalID string
	UpdateTime                     value.Time
}
