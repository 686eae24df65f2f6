package rest

import (
	"context"
	"errors"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// An Entity is a mapping that an API can serve. [NewEntity] makes it.
type Entity interface {
	// Type describes the entity.
	Type() mlmd.Type
	bind(*registry.Client) collection
	// below is bind for the entities whose parent is of another entity than the
	// mapping says.
	below(c *registry.Client, parent mlmd.Type) collection
	// unreadable returns the fields of an entity whose stored values could not be read.
	unreadable(v any) value.Unreadable
}

// NewEntity returns the Entity of a mapping, such as one that was generated from
// your own spec.
func NewEntity[T any, N mlmd.Node](m *mlmd.Mapping[T, N]) Entity { return entity[T, N]{m} }

type entity[T any, N mlmd.Node] struct{ m *mlmd.Mapping[T, N] }

func (e entity[T, N]) Type() mlmd.Type { return e.m.Type() }

func (e entity[T, N]) unreadable(v any) value.Unreadable { return e.m.UnreadableAny(v) }

func (e entity[T, N]) bind(c *registry.Client) collection {
	return bound[T, N]{e.m, registry.NewCollection(c, *e.m)}
}

func (e entity[T, N]) below(c *registry.Client, parent mlmd.Type) collection {
	m, edge := *e.m, *e.m.Parent
	edge.Entity, edge.TypeName = parent.Entity, parent.TypeName
	edge.ParentHasPrefix = parent.Parent != nil && !parent.Parent.UnprefixedName
	m.Parent = &edge
	return bound[T, N]{&m, registry.NewCollection(c, m)}
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
	// upsert creates the entity or updates the stored one. It calls onCreate before
	// it creates one.
	upsert(ctx context.Context, v any, onCreate func(v any)) (registry.Result, error)
	// update stores what f changes, and moves the update time in any case.
	update(ctx context.Context, id string, f func(v any) error) error
	// list returns the entities, and whether there are more than the limit.
	list(ctx context.Context, q query) (_ []any, more bool, _ error)
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

// inTx is the key of the client of a transaction in a context.
type inTx struct{}

// on returns the collection, in the transaction of the context if it has one.
func (b bound[T, N]) on(ctx context.Context) *registry.Collection[T, N] {
	if tx, ok := ctx.Value(inTx{}).(*registry.Client); ok {
		return registry.NewCollection(tx, *b.m)
	}
	return b.c
}

// transaction calls f with a context whose calls are one transaction.
func (s *service) transaction(ctx context.Context, f func(ctx context.Context) error) error {
	return s.client.Tx(ctx, func(tx *registry.Client) error { return f(context.WithValue(ctx, inTx{}, tx)) })
}

// together calls f in a transaction if the store has them.
func (s *service) together(ctx context.Context, f func(ctx context.Context) error) error {
	called := false
	err := s.transaction(ctx, func(ctx context.Context) error {
		called = true
		return f(ctx)
	})
	if !called && errors.Is(err, registry.ErrUnsupported) {
		return f(ctx)
	}
	return err
}

// rpc returns the client of RPCs, in the transaction of the context if it has one.
func (s *service) rpc(ctx context.Context) mlmdpb.MetadataStoreServiceClient {
	if tx, ok := ctx.Value(inTx{}).(*registry.Client); ok {
		return tx.RPC()
	}
	return s.client.RPC()
}

func (b bound[T, N]) newValue() any              { return new(T) }
func (b bound[T, N]) ident(v any) mlmd.Ident     { return b.m.Ident(v.(*T)) }
func (b bound[T, N]) setParent(v any, id string) { b.m.SetParentID(v.(*T), id) }

func (b bound[T, N]) get(ctx context.Context, id string) (any, error) {
	return orNil(b.on(ctx).Get(ctx, id))
}

func (b bound[T, N]) findByName(ctx context.Context, parent, name string) (any, error) {
	if b.m.Parent == nil {
		return orNil(b.on(ctx).FindByName(ctx, name))
	}
	return orNil(b.on(ctx).FindByNameIn(ctx, parent, name))
}

func (b bound[T, N]) findByExternalID(ctx context.Context, id string) (any, error) {
	return orNil(b.on(ctx).FindByExternalID(ctx, id))
}

func (b bound[T, N]) create(ctx context.Context, v any) (string, error) {
	r, err := b.on(ctx).Create(ctx, v.(*T))
	return r.ID, err
}

func (b bound[T, N]) upsert(ctx context.Context, v any, onCreate func(v any)) (registry.Result, error) {
	return b.on(ctx).Upsert(ctx, v.(*T), registry.OnCreate(func(v *T) { onCreate(v) }))
}

func (b bound[T, N]) update(ctx context.Context, id string, f func(v any) error) error {
	_, err := b.on(ctx).Update(ctx, id, func(v *T) error { return f(v) }, registry.Touch[T]())
	return err
}

func (b bound[T, N]) list(ctx context.Context, q query) (_ []any, more bool, _ error) {
	c := b.on(ctx)
	query := c.Query()
	if q.parent != "" {
		query = c.ChildrenOf(q.parent)
	}
	query = query.Where(filter.Expr[*T](filtertext.New(q.where))).OrderBy(q.order).Limit(q.limit)
	if q.desc {
		query = query.Desc()
	}
	if q.limit > 0 { // a page has a token if there are more
		page, err := query.Page(ctx, "")
		if err != nil {
			return nil, false, err
		}
		out := make([]any, len(page.Items))
		for i, v := range page.Items {
			out[i] = v
		}
		return out, page.NextToken != "", nil
	}
	var out []any
	for v, err := range query.All(ctx) {
		if err != nil {
			return nil, false, err
		}
		out = append(out, v)
	}
	return out, false, nil
}

// orNil returns v as an interface that is nil if err is not.
func orNil[T any](v *T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}
