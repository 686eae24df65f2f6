package registry

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/relation"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A ReadOption configures one Get or find of a T: [With].
type ReadOption[T any] interface {
	applyRead(*readOptions)
	reads(*T)
}

type readOptions struct{ loads []*relation.Load }

type readOption[T any] func(*readOptions)

func (f readOption[T]) applyRead(o *readOptions) { f(o) }
func (readOption[T]) reads(*T)                   {}

func collectReadOptions[T any](opts []ReadOption[T]) (o readOptions) {
	for _, opt := range opts {
		if opt != nil {
			opt.applyRead(&o)
		}
	}
	return o
}

// With makes a Get or find load the neighbors along the given edges into the Edges
// field of the entity:
//
//	run, err := runs.Get(ctx, id, registry.With(edge.TrainingRun.Inputs))
//	for _, d := range run.Edges.Inputs { … }
//
// The number of RPCs depends on the edges, not on the number of neighbors, except
// that 100 nodes need an RPC of their own. They are not one transaction. A list of
// neighbors that was loaded is not nil. Neighbors are in order of their position
// in the path of the event, if the edge has one, and of their IDs. A REST registry
// has neither events nor memberships: the error is [ErrUnsupported].
func With[T any](edges ...relation.Loader[*T]) ReadOption[T] {
	loads := loadsOf(edges)
	return readOption[T](func(o *readOptions) { o.loads = append(o.loads, loads...) })
}

func loadsOf[F any](edges []relation.Loader[F]) []*relation.Load {
	var out []*relation.Load
	for _, e := range edges {
		if e != nil {
			out = append(out, relation.LoadOf(e))
		}
	}
	return out
}

// An anyCore is a [core] of any kind of node.
type anyCore interface {
	describe() (entity string, typ typeKey)
	identOf(v any) mlmd.Ident
	query() query
	// find returns the stored entities with the given IDs, by ID. Nodes of other
	// types are left out.
	find(ctx context.Context, s operation, ids []int64) (map[int64]any, error)
	// contexts returns the IDs of the contexts that nodes are linked to, as pairs
	// that begin with the node.
	contexts(ctx context.Context, s operation, ids []int64) ([]pair, error)

	linkable
}

// coreOf returns the core of the entities that m maps.
func (c *Client) coreOf(m mlmd.AnyMapping) anyCore {
	switch m.Type().Kind {
	case mlmd.Artifact:
		e := newCore[*mlmdpb.Artifact](c, m)
		return &e
	case mlmd.Execution:
		e := newCore[*mlmdpb.Execution](c, m)
		return &e
	default:
		e := newCore[*mlmdpb.Context](c, m)
		return &e
	}
}

func (c *core[N]) describe() (string, typeKey) { return c.m.entity, c.typ }

func (c *core[N]) identOf(v any) mlmd.Ident { return c.m.IdentAny(v) }

func (c *core[N]) find(ctx context.Context, s operation, ids []int64) (map[int64]any, error) {
	out := make(map[int64]any, len(ids))
	for some := range slices.Chunk(ids, pageSize) {
		ns, err := c.nodes.byIDs(ctx, some)
		if err != nil {
			return nil, s.rpcError(ctx, err)
		}
		ns = slices.DeleteFunc(ns, func(n N) bool { return c.nodes.view(n).typeName != c.m.typeName })
		stored := ns
		if ns, err = c.resolveParents(ctx, s, ns, 0); err != nil {
			return nil, err
		}
		for i, n := range ns {
			v := c.nodes.view(stored[i])
			if out[v.id], err = c.decode(s, n, v); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// contexts makes one RPC for 100 artifacts or executions, and for 100 contexts if
// the server has GetParentContextsByContexts.
func (c *core[N]) contexts(ctx context.Context, s operation, ids []int64) ([]pair, error) {
	var out []pair
	for some := range slices.Chunk(ids, pageSize) {
		links, err := c.nodes.linksOf(ctx, some)
		if err != nil {
			return nil, s.rpcError(ctx, err)
		}
		out = append(out, links...)
	}
	return out, nil
}

// A pair holds the IDs of an entity and of a neighbor. Pairs of one entity are
// sorted by order, and then by neighbor.
type pair struct{ from, to, order int64 }

// found are the neighbors of some entities along an edge.
type found struct {
	pairs  []pair
	values map[int64]any // those neighbors that finding them has read; nil if none
}

// far returns the core of the neighbors at the end of an edge.
func (c *Client) far(e *relation.End) anyCore {
	if e.Reverse {
		return c.coreOf(e.Relation.From)
	}
	return c.coreOf(e.Relation.To[e.Target])
}

// near returns the core of the entities that have the neighbors.
func (c *Client) near(e *relation.End) anyCore {
	if e.Reverse {
		return c.coreOf(e.Relation.To[e.Target])
	}
	return c.coreOf(e.Relation.From)
}

// supports returns [ErrUnsupported] if the service cannot have the edge.
func (c *Client) supports(s operation, r *relation.Relation) error {
	if c.rest() != nil && (r.Kind == relation.Event || r.Kind == relation.Membership) {
		return s.newError(ErrUnsupported, fmt.Sprintf("edge %s: a REST registry has no events and no memberships", r))
	}
	return nil
}

// neighbors finds the neighbors of entities, which are given by ID. Pairs may lead
// to nodes of other types.
func (c *Client) neighbors(ctx context.Context, s operation, e *relation.End, of map[int64]any) (found, error) {
	if err := c.supports(s, e.Relation); err != nil || len(of) == 0 {
		return found{}, err
	}
	ids := slices.Sorted(maps.Keys(of))
	switch e.Relation.Kind {
	case relation.Event:
		pairs, err := c.eventPairs(ctx, s, e.Relation, e.Reverse, ids)
		return found{pairs: pairs}, err
	case relation.Membership:
		if !e.Reverse {
			pairs, err := c.near(e).contexts(ctx, s, ids)
			return found{pairs: pairs}, err
		}
		return c.members(ctx, s, e, ids)
	case relation.Parent:
		if e.Reverse {
			return c.members(ctx, s, e, ids)
		}
	case relation.Reference:
		if e.Reverse {
			return c.referrers(ctx, s, e, ids)
		}
	}
	var out found
	for _, id := range ids {
		for i, to := range e.Relation.IDs(of[id]) {
			if n, err := value.ParseID(to); err == nil { // other programs may have stored anything
				out.pairs = append(out.pairs, pair{id, n, int64(i)})
			}
		}
	}
	return out, nil
}

// eventPairs returns the ends of the events of an edge. It makes one RPC for 100
// nodes.
func (c *Client) eventPairs(
	ctx context.Context, s operation, r *relation.Relation, fromArtifacts bool, ids []int64,
) ([]pair, error) {
	var out []pair
	for some := range slices.Chunk(ids, pageSize) {
		events, err := c.events(ctx, fromArtifacts, some)
		if err != nil {
			return nil, s.rpcError(ctx, err)
		}
		for _, e := range events {
			if !isOf(e, r) {
				continue
			}
			p := pair{e.GetExecutionId(), e.GetArtifactId(), stepOf(e)}
			if fromArtifacts {
				p.from, p.to = p.to, p.from
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// events returns the events of executions or artifacts.
func (c *Client) events(ctx context.Context, ofArtifacts bool, ids []int64) ([]*mlmdpb.Event, error) {
	if ofArtifacts {
		r, err := c.rpc.GetEventsByArtifactIDs(ctx, &mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: ids})
		return r.GetEvents(), err
	}
	r, err := c.rpc.GetEventsByExecutionIDs(ctx, &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: ids})
	return r.GetEvents(), err
}

// isOf reports whether an event is one of the edge: it has its type and, if the
// edge has a key, begins its path with that.
func isOf(e *mlmdpb.Event, r *relation.Relation) bool {
	if e.GetType() != r.EventType {
		return false
	}
	steps := e.GetPath().GetSteps()
	return r.Key == "" || len(steps) > 0 && steps[0].GetKey() == r.Key
}

// stepOf returns the index at the end of the path of an event, or 0.
func stepOf(e *mlmdpb.Event) int64 {
	steps := e.GetPath().GetSteps()
	if len(steps) == 0 {
		return 0
	}
	return steps[len(steps)-1].GetIndex()
}

// maxIDs limits the IDs in one filter.
const maxIDs = 5000

// members finds the nodes that are linked to contexts. It makes one RPC for a page
// of them, and one for their links.
func (c *Client) members(ctx context.Context, s operation, e *relation.End, contextIDs []int64) (found, error) {
	far := c.far(e)
	out := found{values: make(map[int64]any)}
	of := setOf(contextIDs)
	var queries []query
	if c.rest() != nil { // which lists the children of one parent
		for _, id := range contextIDs {
			q := far.query()
			q.scope, q.src.parent = q.src.parentScope([]int64{id}), id
			queries = append(queries, q)
		}
	} else {
		for some := range slices.Chunk(contextIDs, maxIDs) {
			q := far.query()
			q.scope = q.src.parentScope(some)
			queries = append(queries, q)
		}
	}
	for _, q := range queries {
		for page, err := range pagesOf(q.all(ctx)) {
			if err != nil {
				return found{}, err
			}
			unknown, err := out.addMembers(far, q, page, of)
			if err == nil && len(unknown) > 0 {
				var links []pair
				links, err = far.contexts(ctx, s, unknown)
				for _, l := range links {
					if of[l.to] {
						out.pairs = append(out.pairs, pair{from: l.to, to: l.from})
					}
				}
			}
			if err != nil {
				return found{}, err
			}
		}
	}
	return out, nil
}

// addMembers adds the values of a page. It returns the IDs of those whose contexts
// are not known: an artifact or execution may have several, and the name of a
// context tells its parent.
func (f *found) addMembers(far anyCore, q query, page []any, of map[int64]bool) (unknown []int64, _ error) {
	_, typ := far.describe()
	for _, v := range page {
		ident := far.identOf(v)
		id, err := value.ParseID(ident.ID)
		if err != nil {
			return nil, q.src.newError(ErrInternal, "the store returned an entity without an ID")
		}
		f.values[id] = v
		parent, err := value.ParseID(ident.ParentID)
		switch {
		case q.src.parent != 0:
			f.pairs = append(f.pairs, pair{from: q.src.parent, to: id})
		case len(of) == 1: // which the query selects members of
			for only := range of {
				f.pairs = append(f.pairs, pair{from: only, to: id})
			}
		case typ.kind == mlmd.Context && err == nil && of[parent]:
			f.pairs = append(f.pairs, pair{from: parent, to: id})
		default:
			unknown = append(unknown, id)
		}
	}
	return unknown, nil
}

// parentScope returns the condition that a node is linked to one of the contexts.
func (s source) parentScope(contextIDs []int64) string {
	alias := "contexts_"
	if s.typ.kind == mlmd.Context {
		alias = "parent_contexts_"
	}
	return filtertext.OneOf(alias+"of.id", contextIDs)
}

func setOf(ids []int64) map[int64]bool {
	out := make(map[int64]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// referrers finds the entities that refer to the given IDs.
func (c *Client) referrers(ctx context.Context, s operation, e *relation.End, ids []int64) (found, error) {
	far := c.far(e)
	out := found{values: make(map[int64]any)}
	of := setOf(ids)
	f := referenceField(e)
	for some := range slices.Chunk(ids, maxIDs) {
		q := far.query()
		q.where = filtertext.New(&filtertext.Node{Op: filtertext.OpIn, Field: *f, Args: operands(f, some)})
		for v, err := range q.all(ctx) {
			if err != nil {
				return found{}, err
			}
			id, err := value.ParseID(far.identOf(v).ID)
			if err != nil {
				return found{}, s.newError(ErrInternal, "the store returned an entity without an ID")
			}
			out.values[id] = v
			for _, to := range e.Relation.IDs(v) {
				if n, err := value.ParseID(to); err == nil && of[n] {
					out.pairs = append(out.pairs, pair{from: n, to: id})
				}
			}
		}
	}
	return out, nil
}

// pagesOf collects what a query yields in pages of 100.
func pagesOf(values iter.Seq2[any, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		var page []any
		for v, err := range values {
			if err != nil {
				yield(nil, err)
				return
			}
			if page = append(page, v); len(page) == pageSize {
				if !yield(page, nil) {
					return
				}
				page = nil
			}
		}
		if len(page) > 0 {
			yield(page, nil)
		}
	}
}

// load loads the neighbors of entities, pointers whose IDs ident returns.
func (c *Client) load(
	ctx context.Context, s operation, ident func(any) mlmd.Ident, values []any, loads []*relation.Load,
) error {
	if len(values) == 0 {
		return nil
	}
	of := make(map[int64]any, len(values))
	ids := make([]int64, len(values))
	for i, v := range values {
		id, err := value.ParseID(ident(v).ID)
		if err != nil {
			return s.newError(ErrInternal, "the store returned an entity without an ID")
		}
		of[id], ids[i] = v, id
	}
	for _, l := range loads {
		f, err := c.neighbors(ctx, s, l.End, of)
		if err != nil {
			return err
		}
		far := c.far(l.End)
		if f.values == nil {
			if f.values, err = far.find(ctx, s, f.targets()); err != nil {
				return err
			}
		}
		lists := f.lists()
		for i, v := range values {
			l.Set(v, lists[ids[i]])
		}
		if len(l.More) > 0 {
			var all []any
			for _, id := range slices.Sorted(maps.Keys(f.values)) {
				all = append(all, f.values[id])
			}
			if err := c.load(ctx, s, far.identOf, all, l.More); err != nil {
				return err
			}
		}
	}
	return nil
}

// targets returns the IDs of all neighbors, sorted.
func (f *found) targets() []int64 {
	var out []int64
	for _, p := range f.pairs {
		out = append(out, p.to)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lists returns the neighbors of each entity, in order and each once.
func (f *found) lists() map[int64][]any {
	slices.SortStableFunc(f.pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.to, b.to))
	})
	out := make(map[int64][]any)
	seen := make(map[[2]int64]bool, len(f.pairs))
	for _, p := range f.pairs {
		v, ok := f.values[p.to]
		if key := [2]int64{p.from, p.to}; ok && !seen[key] {
			seen[key] = true
			out[p.from] = append(out[p.from], v)
		}
	}
	return out
}

// With returns q with the neighbors of its entities loaded, see [With].
func (q Query[T]) With(edges ...relation.Loader[*T]) Query[T] {
	q.query.loads = append(q.query.loads[:len(q.query.loads):len(q.query.loads)], loadsOf(edges)...)
	return q
}

// loaded yields the values with their neighbors.
func (q query) loaded(ctx context.Context, values iter.Seq2[any, error]) iter.Seq2[any, error] {
	if len(q.loads) == 0 {
		return values
	}
	return func(yield func(any, error) bool) {
		for page, err := range pagesOf(values) {
			if err == nil {
				err = q.src.client.load(ctx, q.src.operation, q.src.ident, page, q.loads)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, v := range page {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}

// resolved returns the condition of q with the IDs of the neighbors that the
// conditions on neighbors select.
func (q query) resolved(ctx context.Context) (filtertext.Expr, error) {
	n := 0
	return filtertext.Resolve(q.where, func(node *filtertext.Node) (*filtertext.Node, error) {
		n++
		return q.src.client.neighborTest(ctx, q.src.operation, node, n)
	})
}

// neighborTest returns the comparison that a node has a neighbor for which a
// condition holds. It is the number-th of its query.
func (c *Client) neighborTest(
	ctx context.Context, s operation, node *filtertext.Node, number int,
) (*filtertext.Node, error) {
	e := node.Edge.(*relation.End)
	if err := c.supports(s, e.Relation); err != nil {
		return nil, err
	}
	far := c.far(e)
	_, typ := far.describe()
	q := far.query()
	if len(node.Kids) > 0 {
		q.where = filtertext.New(node.Kids[0])
	}
	refers := e.Relation.Kind == relation.Reference && e.Reverse
	q.src.countOnly = !refers
	l, err := q.prepare(ctx, 0, "")
	if err != nil {
		return nil, err
	}
	ids := make(map[int64]bool)
	for r, err := range l.rows(ctx) {
		switch {
		case err != nil:
			return nil, err
		case !refers:
			ids[r.ID] = true
			continue
		}
		for _, to := range e.Relation.IDs(r.value) {
			if id, err := value.ParseID(to); err == nil {
				ids[id] = true
			}
		}
	}
	sorted := slices.Sorted(maps.Keys(ids))
	out := &filtertext.Node{Op: filtertext.OpIn, Field: filtertext.Field{Attr: "id"}}
	if refers {
		out.Args = operands(nil, sorted)
		return out, nil
	}
	property := referenceField(e)
	out.Field, out.Args = filtertext.Field{Edge: e}, operands(property, sorted)
	if len(ids) > maxIDs || c.rest() != nil {
		return out, nil
	}
	_, near := c.near(e).describe()
	f := &out.Field
	switch e.Relation.Kind {
	case relation.Event:
		f.Neighbor, f.Attr = "events_"+strconv.Itoa(number), "artifact_id"
		if e.Reverse {
			f.Attr = "execution_id"
		}
		// The reference implementation rewrites a comparison with =, but not this.
		f.Among = fmt.Sprintf(" AND %s.type BETWEEN %d AND %[2]d", f.Neighbor, e.Relation.EventType)
		f.Exact = e.Relation.Key == ""
	case relation.Reference:
		if property != nil {
			*f = *property
			f.Edge = e
		}
	default:
		alias := "contexts_"
		switch {
		case e.Reverse && typ.kind == mlmd.Artifact:
			alias = "artifacts_"
		case e.Reverse && typ.kind == mlmd.Execution:
			alias = "executions_"
		case e.Reverse:
			alias = "child_contexts_"
		case near.kind == mlmd.Context:
			alias = "parent_contexts_"
		}
		f.Neighbor, f.Attr = alias+strconv.Itoa(number), "id"
		// Of several contexts that a node is linked to, its name says which is the parent.
		f.Exact = e.Relation.Kind == relation.Membership || e.Reverse
	}
	return out, nil
}

// referenceField returns the property with the ID of a reference. It returns nil for
// another edge, and if the property holds a list, which filters cannot search.
func referenceField(e *relation.End) *filtertext.Field {
	if e.Relation.Kind != relation.Reference {
		return nil
	}
	for _, f := range e.Relation.From.Type().Fields {
		name, ok := f.Property()
		if !ok || name != e.Relation.Property {
			continue
		}
		out := &filtertext.Field{Property: name, LegacyNames: f.LegacyNames}
		switch f.Type {
		case mlmdpb.PropertyType_INT:
			out.Column = filtertext.IntColumn
		case mlmdpb.PropertyType_STRING:
			out.Column = filtertext.StringColumn
		default:
			return nil
		}
		return out
	}
	return nil
}

// operands returns IDs as they are compared with a property or, if f is nil, with
// the ID of a node.
func operands(f *filtertext.Field, ids []int64) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
		if f != nil && f.Column == filtertext.StringColumn {
			out[i] = strconv.FormatInt(id, 10)
		}
	}
	return out
}

// addNeighbors adds the IDs of neighbors to rows, for the tests that read them.
func (p preparedQuery) addNeighbors(ctx context.Context, rows []row, tests []filtertext.Test) error {
	for _, t := range tests {
		for _, f := range t.Edges() {
			e := f.Edge.(*relation.End)
			of := make(map[int64]any, len(rows))
			for i := range rows {
				if _, ok := rows[i].neighbors[f.Edge]; !ok {
					of[rows[i].ID] = rows[i].value
				}
			}
			found, err := p.client.neighbors(ctx, p.operation, e, of)
			if err != nil {
				return err
			}
			ids := make(map[int64][]int64, len(of))
			for _, pair := range found.pairs {
				ids[pair.from] = append(ids[pair.from], pair.to)
			}
			property := referenceField(e)
			for i := range rows {
				if rows[i].neighbors == nil {
					rows[i].neighbors = make(map[filtertext.Edge]filtertext.List)
				}
				if _, ok := of[rows[i].ID]; ok {
					rows[i].neighbors[f.Edge] = operands(property, ids[rows[i].ID])
				}
			}
		}
	}
	return nil
}
