package rest

import (
	"context"

	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// An Entity is a mapping that an API can serve. [NewEntity] makes it.
type Entity interface {
	// Type describes the entity.
	Type() mlmd.Type
	bind(*registry.Client) collection
}

// NewEntity returns the Entity of a mapping, such as one that was generated from
// your own spec.
func NewEntity[T any, N mlmd.Node](m *mlmd.Mapping[T, N]) Entity { return entity[T, N]{m} }

type entity[T any, N mlmd.Node] struct{ m *mlmd.Mapping[T, N] }

func (e entity[T, N]) Type() mlmd.Type { return e.m.Type() }

func (e entity[T, N]) bind(c *registry.Client) collection {
	return bound[T, N]{e.m, registry.NewCollection(c, *e.m)}
}

// A collection is a registry.Collection of any entity. Values are pointers to
// the entity's Go type. Its errors are those of package registry.
type collection interface {
	newValue() any
	ident(v any) mlmd.Ident
	setParent(v any, id string)

	get(ctx context.Context, id string) (any, error)
	// findByName ignores the parent of an entity that has none.
	findByName(ctx context.Context, parent, name string) (any, error)
	findByExternalID(ctx context.Context, id string) (any, error)
	create(ctx context.Context, v any) (id string, err error)
	// update stores what f changes, and moves the update time in any case.
	update(ctx context.Context, id string, f func(v any) error) error
	list(ctx context.Context, q query) ([]any, error)
}

// A query selects entities in order.
type query struct {
	parent string           // the ID of the parent, or empty
	where  *filtertext.Node // nil for all
	order  registry.Order
	desc   bool
	limit  int // 0 for no limit
}

type bound[T any, N mlmd.Node] struct {
	m *mlmd.Mapping[T, N]
	c *registry.Collection[T, N]
}

func (b bound[T, N]) newValue() any              { return new(T) }
func (b bound[T, N]) ident(v any) mlmd.Ident     { return b.m.Ident(v.(*T)) }
func (b bound[T, N]) setParent(v any, id string) { b.m.SetParentID(v.(*T), id) }

func (b bound[T, N]) get(ctx context.Context, id string) (any, error) {
	return orNil(b.c.Get(ctx, id))
}

func (b bound[T, N]) findByName(ctx context.Context, parent, name string) (any, error) {
	if b.m.Parent == nil {
		return orNil(b.c.FindByName(ctx, name))
	}
	return orNil(b.c.FindByNameIn(ctx, parent, name))
}

func (b bound[T, N]) findByExternalID(ctx context.Context, id string) (any, error) {
	return orNil(b.c.FindByExternalID(ctx, id))
}

func (b bound[T, N]) create(ctx context.Context, v any) (string, error) {
	r, err := b.c.Create(ctx, v.(*T))
	return r.ID, err
}

func (b bound[T, N]) update(ctx context.Context, id string, f func(v any) error) error {
	_, err := b.c.Update(ctx, id, func(v *T) error { return f(v) }, registry.Touch[T]())
	return err
}

func (b bound[T, N]) list(ctx context.Context, q query) ([]any, error) {
	query := b.c.Query()
	if q.parent != "" {
		query = b.c.ChildrenOf(q.parent)
	}
	query = query.Where(filter.Expr[*T](filtertext.New(q.where))).OrderBy(q.order).Limit(q.limit)
	if q.desc {
		query = query.Desc()
	}
	var out []any
	for v, err := range query.All(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// orNil returns v as an interface that is nil if err is not.
func orNil[T any](v *T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}
