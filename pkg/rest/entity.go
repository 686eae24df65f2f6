package rest

import "github.com/mlmd-go/sdk/pkg/mlmd"

// An Entity is a mapping that an API can serve. [NewEntity] makes it.
type Entity interface {
	// Type describes the entity.
	Type() mlmd.Type
	// entity keeps other packages from implementing Entity.
	entity()
}

// NewEntity returns the Entity of a mapping, such as one that was generated from
// your own spec.
func NewEntity[T any, N mlmd.Node](m *mlmd.Mapping[T, N]) Entity { return binding[T, N]{m} }

type binding[T any, N mlmd.Node] struct{ m *mlmd.Mapping[T, N] }

func (b binding[T, N]) Type() mlmd.Type { return b.m.Type() }
func (binding[T, N]) entity()           {}
