package registry

import (
	"context"
	"fmt"
	"iter"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/internal/listorder"
	"github.com/mlmd-go/sdk/internal/typekind"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/relation"
)

// An Order is the field that a query sorts by.
type Order int32

// The fields that a query can sort by. Entities with the same time are sorted by
// ID.
const (
	OrderByID         = Order(mlmdpb.ListOperationOptions_OrderByField_ID)
	OrderByCreateTime = Order(mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME)
	OrderByUpdateTime = Order(mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME)
)

// A Query selects entities of T and their order. The query of a collection
// selects all of its entities by ascending ID.
//
// A Query is an immutable value: methods that refine it return a copy, and
// copies may be used concurrently. Only All, Collect, First, Latest, Page and
// Count make RPCs; a mistake in a query, such as an invalid parent ID, is their error.
type Query[T any] struct{ query query }

// A query is a [Query] of entities with any Go type, see [core].
type query struct {
	src   source
	where filtertext.Expr
	texts []string // in the filter language
	scope string   // the condition on the parent, in the filter language
	order Order
	by    *filtertext.Field // replaces order if it is not nil
	loads []*relation.Load  // what to load with the entities
	desc  bool
	limit int
	err   *Error // returned by the methods that make RPCs
}

// A source lists the entities of one mapping.
type source struct {
	operation
	client *Client
	typ    typeKey
	nodes  typekind.Kind
	parent int64 // the parent of all entities, if not 0
	ident  func(any) mlmd.Ident
	// countOnly leaves the entities out of the rows. They are not decoded, and
	// their parents are not read.
	countOnly bool
	keepNodes bool          // the rows hold the nodes
	by        *listorder.By // the order, if it is not that of the request
	// page returns one page and the token of the next one. Call it by fetch.
	page func(ctx context.Context, s source, o *mlmdpb.ListOperationOptions) ([]row, string, error)
}

// fetch returns one page and the token of the next one.
func (s source) fetch(ctx context.Context, o *mlmdpb.ListOperationOptions) ([]row, string, error) {
	return s.page(ctx, s, o)
}

// A row is one listed entity and its position in the list.
type row struct {
	position
	value any
	node  *nodeView // nil unless source.keepNodes
	// neighbors holds the IDs along the edges that tests read.
	neighbors map[filtertext.Edge]filtertext.List
}

// filterKinds maps the kinds of nodes to those of package typekind.
var filterKinds = map[mlmd.Kind]typekind.Kind{
	mlmd.Artifact:  typekind.Artifact,
	mlmd.Execution: typekind.Execution,
	mlmd.Context:   typekind.Context,
}

// Query returns a query for all entities.
func (c *Collection[T, N]) Query() Query[T] { return Query[T]{c.core.query()} }

func (c *core[N]) query() query {
	return query{
		order: OrderByID,
		src: source{
			operation: c.operation("list", ""), client: c.client, typ: c.typ, nodes: filterKinds[c.typ.kind],
			ident: c.m.IdentAny,
			page: func(ctx context.Context, s source, o *mlmdpb.ListOperationOptions) ([]row, string, error) {
				if s.by != nil {
					ctx = listorder.With(ctx, *s.by)
				}
				ns, next, err := c.nodes.page(ctx, c.m.typeName, o)
				if err != nil {
					return nil, "", s.rpcError(ctx, err)
				}
				rows, err := c.rows(ctx, s, ns, Order(o.GetOrderByField().GetField()))
				return rows, next, err
			},
		},
	}
}

// rows returns the rows of one page of nodes.
func (c *core[N]) rows(ctx context.Context, s source, ns []N, order Order) ([]row, error) {
	rows := make([]row, len(ns))
	if !s.countOnly {
		var err error
		if ns, err = c.resolveParents(ctx, s.operation, ns, s.parent); err != nil {
			return nil, err
		}
	}
	for i, n := range ns {
		v := c.nodes.view(n)
		rows[i].position = positionOf(&v, order, s.by)
		if s.keepNodes {
			rows[i].node = &v
		}
		if s.countOnly {
			continue
		}
		var err error
		if rows[i].value, err = c.decode(s.operation, n, v); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// ChildrenOf returns a query for the children of the given parent. It selects
// nothing if the parent does not exist.
func (c *Collection[T, N]) ChildrenOf(parentID string) Query[T] {
	return Query[T]{c.core.childrenOf(parentID)}
}

func (c *core[N]) childrenOf(parentID string) query {
	q := c.query()
	if c.m.parent == nil {
		q.err = q.src.newError(ErrInvalidArgument, fmt.Sprintf("%s has no parent", withArticle(c.m.entity)))
		return q
	}
	id, err := parseID(parentID)
	if err != nil {
		q.err = q.src.fieldError(ErrInvalidArgument, c.m.parent.Field, parentID, err.Error())
		return q
	}
	q.scope, q.src.parent = q.src.parentScope([]int64{id}), id
	return q
}

// Where returns q restricted to the entities that satisfy all of the conditions.
// What the filter language cannot express, such as that a property is not set, is
// tested on the entities that the other conditions select: the query reads these,
// a page at a time, until it has as many as it needs. All servers answer all
// conditions alike.
func (q Query[T]) Where(conditions ...filter.Expr[*T]) Query[T] {
	q.query.where = filtertext.Expr(filter.Expr[*T](q.query.where).And(conditions...))
	return q
}

// WhereText returns q restricted to the entities that a text in MLMD's filter
// language selects. The text has the meaning of that language: it does not
// select an entity that lacks a property named in the text, not even if the
// other operand of an OR is true. Prefer [Query.Where], which escapes values.
func (q Query[T]) WhereText(text string) Query[T] {
	q.query.texts = append(q.query.texts[:len(q.query.texts):len(q.query.texts)], text)
	return q
}

// OrderBy returns q sorted by o.
func (q Query[T]) OrderBy(o Order) Query[T] {
	q.query.order, q.query.by = o, nil
	return q
}

// OrderByField returns q sorted by a field, such as field.ModelVersion.Name: text
// byte by byte, numbers by value, entities with the same value by ID. Entities
// without a value come last, in both directions. Text of a property or URI is
// sorted by its first 255 characters. Names of children are sorted without their
// parents.
//
// The stores of this module sort. MLMD itself cannot: on a server of the
// reference implementation the query's error is [ErrUnsupported].
func (q Query[T]) OrderByField(f filter.Sortable[*T]) Query[T] {
	q.query.by = new(filter.SortKey(f))
	return q
}

// Asc returns q in ascending order, which is the default.
func (q Query[T]) Asc() Query[T] {
	q.query.desc = false
	return q
}

// Desc returns q in descending order: the newest first.
func (q Query[T]) Desc() Query[T] {
	q.query.desc = true
	return q
}

// Limit returns q restricted to the first n entities that satisfy its
// conditions. 0 removes the limit.
func (q Query[T]) Limit(n int) Query[T] {
	q.query.limit = n
	return q
}

// All returns an iterator over the entities. It reads pages of 100 entities as
// the loop needs them, and stops after it yields an error. Each range over it
// runs the query again.
func (q Query[T]) All(ctx context.Context) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for v, err := range q.query.all(ctx) {
			if !yield(typed[T](v, err)) {
				return
			}
		}
	}
}

func (q query) all(ctx context.Context) iter.Seq2[any, error] {
	return q.loaded(ctx, func(yield func(any, error) bool) {
		l, err := q.prepare(ctx, q.limit, "")
		if err != nil {
			yield(nil, err)
			return
		}
		for r, err := range l.rows(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(r.value, nil) {
				return
			}
		}
	})
}

// Collect returns all entities in a slice, which is not nil.
func (q Query[T]) Collect(ctx context.Context) ([]*T, error) {
	out := []*T{}
	for v, err := range q.All(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// First returns the first entity. The error is [ErrNotFound] if the query selects
// nothing.
func (q Query[T]) First(ctx context.Context) (*T, error) { return typed[T](q.query.first(ctx)) }

func (q query) first(ctx context.Context) (any, error) {
	if q.limit == 0 {
		q.limit = 1
	}
	for v, err := range q.all(ctx) {
		return v, err
	}
	return nil, q.src.newError(ErrNotFound, "")
}

// Latest returns the entity that was created last: of several created in one
// millisecond, the one with the highest ID. It ignores the order and the limit of
// q. The error is [ErrNotFound] if the query selects nothing.
func (q Query[T]) Latest(ctx context.Context) (*T, error) {
	return q.OrderBy(OrderByCreateTime).Desc().Limit(1).First(ctx)
}

// Count returns the number of entities that the query selects, but at most its
// limit. MLMD has no RPC that counts: Count reads all pages, as [Query.All]
// does, without decoding the entities unless a condition tests them.
func (q Query[T]) Count(ctx context.Context) (int, error) { return q.query.count(ctx) }

func (q query) count(ctx context.Context) (int, error) {
	q.src.countOnly = true
	l, err := q.prepare(ctx, q.limit, "")
	if err != nil {
		return 0, err
	}
	n := 0
	for _, err := range l.rows(ctx) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// A Page is one page of the entities that a query selects.
type Page[T any] struct {
	Items     []*T   // not nil
	NextToken string // the token of the next page; empty on the last page
}

// pageSize is the default size of a page, and the maximum that a store returns
// for one request.
const pageSize = 100

// Page returns one page. Its size is the limit of the query, or 100. token is
// empty for the first page and the NextToken of the previous page for the
// others. A token is valid for its query only: the error is
// [ErrInvalidArgument] if the parent, the conditions or the order differ. The
// limit may differ.
func (q Query[T]) Page(ctx context.Context, token string) (Page[T], error) {
	values, next, err := q.query.page(ctx, token)
	if err != nil {
		return Page[T]{}, err
	}
	p := Page[T]{Items: make([]*T, len(values)), NextToken: next}
	for i, v := range values {
		p.Items[i] = v.(*T)
	}
	return p, nil
}

func (q query) page(ctx context.Context, token string) (values []any, next string, err error) {
	limit := q.limit
	if limit == 0 {
		limit = pageSize
	}
	l, err := q.prepare(ctx, limit, token)
	if err != nil {
		return nil, "", err
	}
	for r, err := range l.rows(ctx) {
		if err != nil {
			return nil, "", err
		}
		values = append(values, r.value)
	}
	if len(q.loads) > 0 {
		if err := q.src.client.load(ctx, q.src.operation, q.src.ident, values, q.loads); err != nil {
			return nil, "", err
		}
	}
	next, err = l.nextToken(ctx)
	return values, next, err
}
