package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// The stored name of a child begins with its parent's id, so one request finds
// it, and a second one of the same name is refused. Other programs stored some
// children otherwise ("<uuid>:<name>") and only linked them. Their parent is
// asked for when one of them is read; those of a page together. A write looks
// for them before it creates, unless this client knows that the parent has
// none, because it created the parent or has looked.

// A siblings is all children of a type below one parent. Without a type it is
// all children of the parent.
type siblings struct {
	typ    typeKey
	parent int64
}

// lacksParentPrefix reports whether the stored name of v does not say the parent,
// although the names of its type do.
func (e *Collection[T, N]) lacksParentPrefix(v nodeView) bool {
	return e.m.Parent != nil && !e.m.Parent.UnprefixedName && gensupport.ParentID(v.storedName()) == ""
}

// withParentPrefix returns n with the stored name of a child of the parent; 0 leaves it as
// it is.
func (e *Collection[T, N]) withParentPrefix(n N, parentID int64) N {
	if parentID == 0 {
		return n
	}
	name := strconv.FormatInt(parentID, 10) + ":" + gensupport.ChildOwnName(e.nodes.view(n).storedName())
	return e.nodes.withName(n, &name)
}

// resolveParent returns n with a stored name that says its parent, if it has one: want,
// if that is one of several.
func (e *Collection[T, N]) resolveParent(ctx context.Context, s operation, n N, want *parent) (N, error) {
	v := e.nodes.view(n)
	if !e.lacksParentPrefix(v) {
		return n, nil
	}
	above, err := e.nodes.parents(ctx, v.id)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	id := e.oldestParent(above)
	if want != nil && containsID(above, want.id) {
		id = want.id
		e.c.links.add(edge{e.typ.kind, id, v.id}, struct{}{})
	}
	e.noteUnprefixed(id)
	return e.withParentPrefix(n, id), nil
}

// resolveParents is placed for the nodes of a page. It sends at most two requests
// for all of them, or on a server without GetParentContextsByContexts one for
// each context whose name does not say its parent.
func (e *Collection[T, N]) resolveParents(ctx context.Context, s operation, ns []N, parentID int64) ([]N, error) {
	var ids []int64
	for _, n := range ns {
		if v := e.nodes.view(n); e.lacksParentPrefix(v) {
			ids = append(ids, v.id)
		}
	}
	if len(ids) == 0 {
		return ns, nil
	}
	var above map[int64][]*mlmdpb.Context
	if parentID == 0 {
		var err error
		if above, err = e.nodes.parentsOf(ctx, ids); err != nil {
			return nil, s.rpcError(ctx, err)
		}
	}
	out := slices.Clone(ns)
	for i, n := range out {
		v := e.nodes.view(n)
		if !e.lacksParentPrefix(v) {
			continue
		}
		p := parentID
		if p == 0 {
			p = e.oldestParent(above[v.id])
		}
		e.noteUnprefixed(p)
		out[i] = e.withParentPrefix(n, p)
	}
	return out, nil
}

// oldestParent returns the id of the parent among the contexts above a node, the
// oldest if it has several, and 0 if it has none.
func (e *Collection[T, N]) oldestParent(above []*mlmdpb.Context) int64 {
	var id int64
	for _, c := range above {
		if c.GetType() == e.m.Parent.TypeName && (id == 0 || c.GetId() < id) {
			id = c.GetId()
		}
	}
	return id
}

// noteUnprefixed records that the parent has a child whose name does not say so.
func (e *Collection[T, N]) noteUnprefixed(parentID int64) {
	if parentID != 0 {
		e.c.prefixed.add(siblings{e.typ, parentID}, false)
	}
}

// findUnprefixedChild returns the child that is called name below the parent and whose
// stored name does not say so, or nil.
func (e *Collection[T, N]) findUnprefixedChild(ctx context.Context, s operation, parentID int64, name string) (N, error) {
	size := int32(pageSize)
	o := &mlmdpb.ListOperationOptions{
		MaxResultSize: &size,
		FilterQuery:   new(fmt.Sprintf("%sof.id = %d AND name NOT LIKE '%d:%%'", e.nodes.parentAlias(), parentID, parentID)),
	}
	some := false
	for {
		ns, next, err := e.nodes.page(ctx, e.m.TypeName, o)
		if err != nil {
			return nil, s.rpcError(ctx, err)
		}
		for _, n := range ns {
			v := e.nodes.view(n)
			if !e.lacksParentPrefix(v) { // the child of another parent, and linked to this one too
				continue
			}
			if some = true; gensupport.ChildOwnName(v.storedName()) == name {
				e.noteUnprefixed(parentID)
				return n, nil
			}
		}
		if next == "" || next == o.GetNextPageToken() {
			e.c.prefixed.add(siblings{e.typ, parentID}, !some)
			return nil, nil
		}
		o.NextPageToken = &next
	}
}

// existingUnprefixed returns the stored node that a new value with a parent and a
// name is, if the name of that node does not say its parent, and else nil.
func (w *write[T, N]) existingUnprefixed(ctx context.Context, t *storedType) (N, error) {
	if w.parent == nil || w.ident.Name == "" || w.m.Parent.UnprefixedName {
		return nil, nil
	}
	if !t.isLegacy(w.m.Fields) && w.c.allPrefixed(w.typ, w.parent.id) {
		return nil, nil
	}
	return w.findUnprefixedChild(ctx, w.operation, w.parent.id, w.ident.Name)
}

// allPrefixed reports whether all children of the type below the parent are known
// to have its id in their names.
func (c *Client) allPrefixed(k typeKey, parentID int64) bool {
	if all, ok := c.prefixed.get(siblings{k, parentID}); ok {
		return all
	}
	all, _ := c.prefixed.get(siblings{parent: parentID})
	return all
}

// isLegacy reports whether the type has the marks of an older program: it
// declares a property under an older name only. Such a program may still write
// names of its own.
func (t *storedType) isLegacy(fields mlmd.Fields) bool {
	return slices.ContainsFunc(fields, func(f mlmd.Field) bool {
		name, ok := f.Property()
		return ok && !t.declares(name) && slices.ContainsFunc(f.LegacyNames, t.declares)
	})
}

// graphParents returns the contexts above artifacts or executions, by the id of
// the node. query has the starting nodes; edges returns the ids of contexts and
// nodes that the answer links.
func graphParents(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, q *mlmdpb.GetLineageSubgraphRequest, edges func(*mlmdpb.LineageGraph) [][2]int64) (map[int64][]*mlmdpb.Context, error) {
	q.LineageSubgraphQueryOptions.MaxNumHops = new(int64(0))
	r, err := rpc.GetLineageSubgraph(ctx, q)
	if status.Code(err) == codes.NotFound { // none of the nodes
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	links := edges(r.GetLineageSubgraph())
	byID := make(map[int64]*mlmdpb.Context)
	for _, l := range links {
		byID[l[0]] = nil
	}
	if len(byID) == 0 {
		return nil, nil
	}
	cs, err := rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: slices.Sorted(maps.Keys(byID))})
	if err != nil {
		return nil, err
	}
	for _, c := range cs.GetContexts() {
		byID[c.GetId()] = c
	}
	out := make(map[int64][]*mlmdpb.Context)
	for _, l := range links {
		if c := byID[l[0]]; c != nil {
			out[l[1]] = append(out[l[1]], c)
		}
	}
	return out, nil
}

// startingNodes selects the nodes with the given ids.
func startingNodes(ids []int64) *mlmdpb.LineageSubgraphQueryOptions_StartingNodes {
	text := []byte("id IN (")
	for i, id := range ids {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: new(string(append(text, ')')))}
}
