package mlmd

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A Kind is one of the three kinds of node.
type Kind uint8

// The kinds of node.
const (
	Artifact Kind = iota + 1
	Execution
	Context
)

// String returns "artifact", "execution" or "context".
func (k Kind) String() string {
	return [...]string{"unknown", "artifact", "execution", "context"}[min(k, Context)]
}

// A Type describes an entity without its Go types.
type Type struct {
	Entity   string
	TypeName string
	Kind     Kind
	Parent   *Edge  // nil if the entity has no parent; shared with the mapping
	Fields   Fields // shared with the mapping; must not be changed
	// RequiredEdges is shared with the mapping, too.
	RequiredEdges []string
	Spec          *Spec // may be nil; shared with the mapping
}

// AnyMapping is a Mapping of any Go type. A generated Catalog lists mappings as
// AnyMapping. Every *Mapping implements it.
//
// The methods whose names end in Any are those of Mapping for a value of the type
// that New returns. Unless documented otherwise, they panic for another value.
type AnyMapping interface {
	Type() Type
	// PropTypes returns the declared properties with their types. The caller may
	// change the map.
	PropTypes() map[string]mlmdpb.PropertyType
	// Paths returns the update_mask paths of all fields, which a replacement
	// writes.
	Paths() []string
	// New returns a pointer to a zero value of the entity's Go type.
	New() any
	// EncodeAny is like Encode for a value of the type that New returns. Beside an
	// error it returns the node without the fields that cannot be stored, if
	// Encode does.
	EncodeAny(v any, parent Parent) (proto.Message, error)
	// DecodeAny is like Decode for a node of the entity's kind. It returns a
	// value of the type that New returns.
	DecodeAny(n proto.Message) (any, error)
	// UnreadableAny is like Unreadable for a value that DecodeAny returned.
	UnreadableAny(v any) value.Unreadable
	IdentAny(v any) Ident
	SetIDAny(v any, id string)
	// SetParentIDAny does nothing if the entity has no parent.
	SetParentIDAny(v any, id string)
	SetPathsAny(v any) []string
	ValidateAny(v any) error
	// IsNilAny reports whether v is a nil pointer.
	IsNilAny(v any) bool
	// CloneAny returns a copy of v that shares what v refers to.
	CloneAny(v any) any
}

// Kind returns the kind of node that the entity is stored as.
func (m *Mapping[T, N]) Kind() Kind {
	var n N
	return kindOf(n)
}

// Type describes the entity.
func (m *Mapping[T, N]) Type() Type {
	return Type{
		Entity: m.Entity, TypeName: m.TypeName, Kind: m.Kind(),
		Parent: m.Parent, Fields: m.Fields, RequiredEdges: m.RequiredEdges, Spec: m.Spec,
	}
}

// New returns a new *T.
func (m *Mapping[T, N]) New() any { return new(T) }

// EncodeAny is like Encode. It fails if v is not a *T.
func (m *Mapping[T, N]) EncodeAny(v any, parent Parent) (proto.Message, error) {
	t, ok := v.(*T)
	if !ok {
		return nil, notStored(m.Entity, "from", t, v)
	}
	n, err := m.Encode(t, parent)
	if n == nil {
		return nil, err
	}
	return any(n).(proto.Message), err
}

// DecodeAny is like Decode. It fails if n is not an N.
func (m *Mapping[T, N]) DecodeAny(n proto.Message) (any, error) {
	node, ok := n.(N)
	if !ok {
		return nil, notStored(m.Entity, "as", node, n)
	}
	v, err := m.Decode(node)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// UnreadableAny is like Unreadable. It returns nil if v is not a *T.
func (m *Mapping[T, N]) UnreadableAny(v any) value.Unreadable {
	if t, ok := v.(*T); ok && m.Unreadable != nil {
		return m.Unreadable(t)
	}
	return nil
}

// IdentAny is like Ident.
func (m *Mapping[T, N]) IdentAny(v any) Ident { return m.Ident(v.(*T)) }

// SetIDAny is like SetID.
func (m *Mapping[T, N]) SetIDAny(v any, id string) { m.SetID(v.(*T), id) }

// SetParentIDAny is like SetParentID. It does nothing if the entity has no parent.
func (m *Mapping[T, N]) SetParentIDAny(v any, id string) {
	if m.SetParentID != nil {
		m.SetParentID(v.(*T), id)
	}
}

// SetPathsAny is like SetPaths.
func (m *Mapping[T, N]) SetPathsAny(v any) []string { return m.SetPaths(v.(*T)) }

// ValidateAny is like Validate. Without it, every value is valid.
func (m *Mapping[T, N]) ValidateAny(v any) error {
	if m.Validate == nil {
		return nil
	}
	return m.Validate(v.(*T))
}

// IsNilAny reports whether v is a nil *T.
func (m *Mapping[T, N]) IsNilAny(v any) bool { return v.(*T) == nil }

// CloneAny returns a copy of the *T v, which shares what v refers to.
func (m *Mapping[T, N]) CloneAny(v any) any { return new(*v.(*T)) }

// kindOf and notStored are not inlined because the methods that call them are
// compiled once for each entity.

//go:noinline
func kindOf(n any) Kind {
	switch n.(type) {
	case *mlmdpb.Artifact:
		return Artifact
	case *mlmdpb.Execution:
		return Execution
	default:
		return Context
	}
}

//go:noinline
func notStored(entity, how string, want, got any) error {
	return fmt.Errorf("mlmd: %s is stored %s %T, not %s %T", entity, how, want, how, got)
}
