package registry

import (
	"context"
	"fmt"
	"iter"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// An Order is what a query sorts by.
type Order int32

// The orders of a query. Entities with the same time are in the order of their
// ids.
const (
	OrderByID         = Order(mlmdpb.ListOperationOptions_OrderByField_ID)
	OrderByCreateTime = Order(mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME)
	OrderByUpdateTime = Order(mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME)
)

// A Query says which entities of T are wanted, and in which order. It is a
// value: every method that changes it returns a copy. Nothing is sent before
// All, Collect, First or Page. Without more it is all entities by id,
// ascending.
type Query[T any] struct {
	src   source[T]
	where filter.Expr[*T]
	texts []string // in the filter language
	scope string   // the same: what the parent is
	order Order
	desc  bool
	limit int
	err   *Error // a mistake that is reported when the query is sent
}

// A source lists the entities of one mapping.
type source[T any] struct {
	operation
	client *Client
	typ    typeKey
	nodes  filterquery.Kind
	parent int64 // of all; 0: not known
	// countOnly leaves the entities out of the rows, which then need no decoding
	// and no requests for their parents.
	countOnly bool
	// page returns one page, and the token of the next. See fetch.
	page func(ctx context.Context, s source[T], o *mlmdpb.ListOperationOptions) ([]row[T], string, error)
}

// fetch returns one page, and the token of the next.
func (s source[T]) fetch(ctx context.Context, o *mlmdpb.ListOperationOptions) ([]row[T], string, error) {
	return s.page(ctx, s, o)
}

// A row is one listed entity and what it is sorted by.
type row[T any] struct {
	position
	value *T
	props map[string]*mlmdpb.Value // of the node
}

// filterKinds are the kinds of nodes as the filter language has them.
var filterKinds = map[mlmd.Kind]filterquery.Kind{
	mlmd.Artifact: filterquery.Artifact, mlmd.Execution: filterquery.Execution, mlmd.Context: filterquery.Context,
}

// Query returns the query for all entities. It sends nothing.
func (e *Collection[T, N]) Query() Query[T] {
	return Query[T]{
		order: OrderByID,
		src: source[T]{
			operation: e.operation("list", ""), client: e.c, typ: e.typ, nodes: filterKinds[e.typ.kind],
			page: func(ctx context.Context, s source[T], o *mlmdpb.ListOperationOptions) ([]row[T], string, error) {
				ns, next, err := e.nodes.page(ctx, e.m.TypeName, o)
				if err != nil {
					return nil, "", s.rpcError(ctx, err)
				}
				rows, err := e.rows(ctx, s, ns, Order(o.GetOrderByField().GetField()))
				return rows, next, err
			},
		},
	}
}

// rows returns the rows of one page of nodes.
func (e *Collection[T, N]) rows(ctx context.Context, s source[T], ns []N, order Order) ([]row[T], error) {
	rows := make([]row[T], len(ns))
	if s.countOnly {
		for i, n := range ns {
			v := e.nodes.view(n)
			rows[i] = row[T]{position: positionOf(v, order), props: v.props}
		}
		return rows, nil
	}
	ns, err := e.resolveParents(ctx, s.operation, ns, s.parent)
	if err != nil {
		return nil, err
	}
	for i, n := range ns {
		v := e.nodes.view(n)
		t, err := e.decode(s.operation, n, v)
		if err != nil {
			return nil, err
		}
		rows[i] = row[T]{positionOf(v, order), t, v.props}
	}
	return rows, nil
}

// ChildrenOf returns the query for the entities below the parent with the given id.
// There are none below a parent that does not exist.
func (e *Collection[T, N]) ChildrenOf(parentID string) Query[T] {
	q := e.Query()
	if e.m.Parent == nil {
		q.err = q.src.newError(ErrInvalidArgument, fmt.Sprintf("%s has no parent", withArticle(e.m.Entity)))
		return q
	}
	id, err := parseID(parentID)
	if err != nil {
		q.err = q.src.fieldError(ErrInvalidArgument, e.m.Parent.Field, parentID, err.Error())
		return q
	}
	q.scope, q.src.parent = fmt.Sprintf("%sof.id = %d", e.nodes.parentAlias(), id), id
	return q
}

// Where returns the query for those of its entities for which all of the
// conditions hold, too.
func (q Query[T]) Where(conditions ...filter.Expr[*T]) Query[T] {
	q.where = q.where.And(conditions...)
	return q
}

// WhereText returns the query for those of its entities that the text selects,
// too. It is MLMD's filter language, sent as it is and with the language's own
// meaning: an entity without a property that the text names is not selected,
// whatever else the text says. Prefer Where, which escapes values.
func (q Query[T]) WhereText(text string) Query[T] {
	q.texts = append(q.texts[:len(q.texts):len(q.texts)], text)
	return q
}

// OrderBy returns the query sorted by o.
func (q Query[T]) OrderBy(o Order) Query[T] {
	q.order = o
	return q
}

// Asc returns the query sorted from the lowest up, which is the default.
func (q Query[T]) Asc() Query[T] {
	q.desc = false
	return q
}

// Desc returns the query sorted from the highest down: the newest first.
func (q Query[T]) Desc() Query[T] {
	q.desc = true
	return q
}

// Limit returns the query for at most n entities, after all conditions; 0 is
// no limit.
func (q Query[T]) Limit(n int) Query[T] {
	q.limit = n
	return q
}

// All returns the entities one after another. Pages are fetched as the loop
// needs them; an error is the last thing that it yields. Ranging again asks
// again.
func (q Query[T]) All(ctx context.Context) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
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
	}
}

// Collect returns all entities in a slice, which is empty and not nil if there
// are none.
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

// First returns the first entity. It is [ErrNotFound] if there is none.
func (q Query[T]) First(ctx context.Context) (*T, error) {
	if q.limit == 0 {
		q.limit = 1
	}
	for v, err := range q.All(ctx) {
		return v, err
	}
	return nil, q.src.newError(ErrNotFound, "")
}

// Count returns the number of entities that the query selects, at most its
// limit if it has one. MLMD has no RPC that counts, so Count reads every page,
// as [Query.All] does, but does not decode the entities.
func (q Query[T]) Count(ctx context.Context) (int, error) {
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

// A Page is a part of the answer to a query.
type Page[T any] struct {
	Items     []*T
	NextToken string // of the page that follows; empty: this is the last one
}

// pageSize is how many entities a page has that says no limit, and the most
// that a store returns at once.
const pageSize = 100

// Page returns one page of at most Limit entities, 100 without a limit. token
// is empty for the first page, and NextToken of the one before for the others.
// A token belongs to its query: it is [ErrInvalidArgument] with another parent, other
// conditions or another order.
func (q Query[T]) Page(ctx context.Context, token string) (Page[T], error) {
	limit := q.limit
	if limit == 0 {
		limit = pageSize
	}
	l, err := q.prepare(ctx, limit, token)
	if err != nil {
		return Page[T]{}, err
	}
	p := Page[T]{Items: []*T{}}
	for r, err := range l.rows(ctx) {
		if err != nil {
			return Page[T]{}, err
		}
		p.Items = append(p.Items, r.value)
	}
	p.NextToken, err = l.nextToken(ctx)
	return p, err
}
