package registry

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// batchSize is the number of values that UpsertAll and CreateAll write in one
// transaction.
const batchSize = 500

// UpsertAll upserts the values in order and returns a result for each. It is much
// faster than calls of [Collection.Upsert]: one request creates up to 100 new
// entities if they have the same parent and follow each other.
//
// On an embedded store UpsertAll writes batches of 500 values, each of which is
// one transaction. If a value fails, nothing of its batch is stored, and the
// results are those of the batches before it. In the transaction of a [Client.Tx]
// the same holds for its batches. On a server the values before the one that fails
// stay, and the results are theirs.
//
// [OnProgress] reports how many values are done after each 500. If a value is nil,
// the error is [ErrInvalidArgument], and nothing is stored.
func (c *Collection[T, N]) UpsertAll(ctx context.Context, values []*T, opts ...UpsertOption[T]) ([]Result, error) {
	return c.core.writeAll(ctx, upsert, anys(values), collectOptions[T](opts))
}

// CreateAll is [Collection.UpsertAll] except that it stores new entities, as
// [Collection.Create] does.
func (c *Collection[T, N]) CreateAll(ctx context.Context, values []*T, opts ...BatchOption[T]) ([]Result, error) {
	return c.core.writeAll(ctx, create, anys(values), collectOptions[T](opts))
}

// anys returns the values as those of a core.
func anys[T any](values []*T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

func (c *core[N]) writeAll(
	ctx context.Context, by verb, values []any, o writeOptions,
) (_ []Result, err error) {
	ctx, observed := c.client.observe(ctx, by.String(), c.m.entity)
	defer func() { observed.end(err) }()
	if i := slices.IndexFunc(values, c.m.IsNilAny); i >= 0 {
		return nil, c.operation(by.String(), "").newError(ErrInvalidArgument, fmt.Sprintf("value %d is nil", i+1))
	}
	var out []Result
	var late hookErrors
	for batch := range slices.Chunk(values, batchSize) {
		results, err := c.client.inBatch(ctx, func(client *Client) ([]Result, error) {
			return c.on(client).writeEach(ctx, by, batch, o)
		})
		out = append(out, results...)
		if err := late.keep(err); err != nil {
			return out, late.beside(err)
		}
		for _, f := range o.progress {
			f(len(out))
		}
	}
	return out, late.beside(nil)
}

// writeEach writes the values until one fails.
func (c *core[N]) writeEach(ctx context.Context, by verb, values []any, o writeOptions) ([]Result, error) {
	var out []Result
	var late hookErrors
	alone := 0 // the number of values to write on their own
	for len(out) < len(values) {
		rest := values[len(out):]
		if alone == 0 {
			group := c.newNodes(ctx, by, rest, o)
			results, err := c.createNodes(ctx, group)
			out = append(out, results...)
			if err := late.keep(err); err != nil {
				return out, late.beside(err)
			}
			if len(results) > 0 {
				continue
			}
			alone = max(len(group), 1)
		}
		r, err := c.write(ctx, by, rest[0], o)
		if err := late.keep(err); err != nil {
			return out, late.beside(err)
		}
		out = append(out, r)
		alone--
	}
	return out, late.beside(nil)
}

// groupSize limits how many nodes one request creates, and so the size of the
// request.
const groupSize = 100

// A newNode is a value with the node to create for it.
type newNode[N mlmd.Node] struct {
	*write[N]
	node   N
	typeID int64
}

// newNodes returns those of the first values that one request can create, if none
// of them is stored yet. They have the same parent. Once the caches have the type
// and the parent, it makes no RPC unless the type must be extended.
func (c *core[N]) newNodes(
	ctx context.Context, by verb, values []any, o writeOptions,
) (group []newNode[N]) {
	if o.guarded || c.client.rest() != nil { // a REST registry takes one at a time
		return nil
	}
	t := c.client.types.get(c.typ)
	if t == nil || t.isLegacy(c.m.fields) {
		return nil
	}
	for _, v := range values[:min(len(values), groupSize)] {
		ident := c.m.IdentAny(v)
		if ident.ID != "" || newNameProblem(ident.Name) != "" ||
			len(group) > 0 && ident.ParentID != group[0].ident.ParentID {
			break
		}
		w, err := c.begin(ctx, by, v, o)
		if err != nil || len(w.faults) > 0 { // write will tell, after those before were written
			break
		}
		if w.parent != nil && ident.Name != "" && !c.m.parent.UnprefixedName &&
			!c.client.allPrefixed(c.typ, w.parent.id) {
			break
		}
		n, err := w.encode(w.parent.mappingParent(c.m.parent))
		if err != nil {
			break
		}
		if err := w.checkReferences(ctx, c.nodes.view(n), nil); err != nil {
			break
		}
		if w.hasBefore() && !w.needsOnlyPut(ctx, t, n) {
			break
		}
		if t, err = w.fitToType(ctx, t, n); err != nil {
			break
		}
		group = append(group, newNode[N]{w, c.nodes.withIDs(n, t.id, 0), t.id})
	}
	return group
}

// needsOnlyPut reports whether the node is new and its type declares what it has.
// Otherwise its hooks cannot run just before the request that creates the group.
func (w *write[N]) needsOnlyPut(ctx context.Context, t *storedType, n N) bool {
	wanted := w.nodes.view(n)
	s, err := w.resolve(t, nodeView{}, wanted, propertiesOf(w.m.fields, wanted), w.created)
	if err != nil || len(s.missing) > 0 {
		return false
	}
	if w.by == create {
		return true
	}
	stored, _, err := w.find(ctx, t, wanted)
	return err == nil && stored == nil
}

// createNodes creates the nodes in one request. It returns no results if the store
// refuses them, so that nothing is stored: then one of them may be stored already.
// If a hook refuses a node, createNodes creates those before it.
func (c *core[N]) createNodes(ctx context.Context, group []newNode[N]) ([]Result, error) {
	if len(group) < 2 {
		return nil, nil
	}
	var refused error
	for i, g := range group {
		if refused = g.beforeCreate(ctx, g.node); refused != nil {
			group = group[:i]
			break
		}
	}
	if len(group) == 0 {
		return nil, refused
	}
	first := group[0]
	nodes := make([]N, len(group))
	for i, g := range group {
		nodes[i] = g.node
	}
	ids, linked, err := c.nodes.createGroup(first.putContext(ctx), nodes, first.parent)
	switch status.Code(err) {
	case codes.OK:
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Unknown, codes.Aborted:
		return nil, first.rpcError(ctx, err)
	default:
		return nil, nil
	}
	if first.parent != nil && !linked {
		if err := c.nodes.linkGroup(ctx, first.parent.id, ids); err != nil {
			return nil, first.rpcError(ctx, err)
		}
	}
	out := make([]Result, len(group))
	var late hookErrors
	for i, g := range group {
		g.cacheCreated(ids[i], g.typeID, c.nodes.view(g.node), linked)
		if g.parent != nil {
			c.client.links.add(parentLink{c.typ.kind, g.parent.id, ids[i]}, struct{}{})
		}
		out[i] = g.result(ids[i], Created, nil)
		g.setID(out[i].ID)
		g.recordCreated(g.node, out[i])
	}
	for _, g := range group {
		late = append(late, g.afterWrite(ctx)...)
	}
	return out, late.beside(refused)
}
