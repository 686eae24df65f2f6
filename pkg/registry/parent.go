package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
)

// A parent is a context that an entity is a child of.
type parent struct {
	id, typeID           int64
	typeName, storedName string
}

// A parentLink links a node to its parent context.
type parentLink struct {
	kind          mlmd.Kind // of the child
	parent, child int64
}

// parent returns the context with the given ID, which an entity is to be a child
// of by e. It reads the context if it is not cached.
func (c *Client) parent(ctx context.Context, s operation, e *mlmd.Edge, idText string) (*parent, error) {
	id, err := parseID(idText)
	if err != nil {
		return nil, s.fieldError(ErrInvalidArgument, e.Field, idText, err.Error())
	}
	p, ok := c.contexts.get(id)
	if !ok {
		n, err := contexts{c.rpcOf(c.TypeName(e.TypeName))}.byID(ctx, id)
		if err != nil {
			return nil, s.rpcError(ctx, err)
		}
		if n == nil {
			return nil, s.fieldError(ErrNotFound, e.Field, idText, "does not exist: no such "+e.Entity)
		}
		p = c.cacheContext(contexts{}.view(n))
	}
	if why := c.notOf(p.typeName, []string{c.TypeName(e.TypeName)}, []string{e.Entity}); why != "" {
		return nil, s.fieldError(ErrNotFound, e.Field, idText, why)
	}
	return &p, nil
}

// mappingParent returns p as the mapping of a child takes it.
func (p *parent) mappingParent(e *mlmd.Edge) mlmd.Parent {
	if p == nil {
		return mlmd.Parent{}
	}
	name := p.storedName
	if e.ParentHasPrefix {
		if _, rest, ok := strings.Cut(name, ":"); ok {
			name = rest
		}
	}
	return mlmd.Parent{ID: p.id, Name: name}
}

// linkNew links a new node to its parent, if it has one. linked reports that the
// link exists already.
func (w *write[N]) linkNew(ctx context.Context, id int64, linked bool) error {
	if w.parent == nil {
		return nil
	}
	if !linked {
		if err := w.nodes.link(ctx, w.parent.id, id); err != nil {
			return w.rpcError(ctx, err)
		}
	}
	w.client.links.add(parentLink{w.typ.kind, w.parent.id, id}, struct{}{})
	return nil
}

// lacksLink reports whether a stored node is not linked to its parent.
func (w *write[N]) lacksLink(ctx context.Context, id int64) (bool, error) {
	if _, known := w.client.links.get(parentLink{w.typ.kind, w.parent.id, id}); known {
		return false, nil
	}
	linked, err := w.linked(ctx, id)
	if err != nil || !linked {
		return true, err
	}
	return false, w.linkNew(ctx, id, linked)
}

// linked reports whether the node with the given ID is linked to the parent.
func (w *write[N]) linked(ctx context.Context, id int64) (bool, error) {
	above, err := w.nodes.parents(ctx, id)
	if err != nil {
		return false, w.rpcError(ctx, err)
	}
	return containsID(above, w.parent.id), nil
}

// containsID reports whether one of cs has the ID.
func containsID(cs []*mlmdpb.Context, id int64) bool {
	return slices.ContainsFunc(cs, func(c *mlmdpb.Context) bool { return c.GetId() == id })
}

// The stored name of a child is "<parent ID>:<name>", so that one request finds
// it and the store rejects a second child of the same name. Other programs have
// stored children as "<uuid>:<name>", with a link as the only trace of the
// parent. This file handles such unprefixed children. A read completes their
// names from their links, with at most two requests for a page. A write looks
// for them before it creates a child, unless the client knows that the parent
// has none because it created the parent or has looked before.

// siblings identifies the children of one parent that have the given type, or
// all of its children if typ is zero.
type siblings struct {
	typ    typeKey
	parent int64
}

// lacksParentPrefix reports whether the stored name of v lacks the prefix with
// the parent's ID that names of its type should have.
func (c *core[N]) lacksParentPrefix(v nodeView) bool {
	return c.m.parent != nil && !c.m.parent.UnprefixedName && gensupport.ParentID(v.storedName()) == ""
}

// withParentPrefix returns n with the stored name of a child of the given parent.
// It returns n itself if parentID is 0.
func (c *core[N]) withParentPrefix(n N, parentID int64) N {
	if parentID == 0 {
		return n
	}
	name := strconv.FormatInt(parentID, 10) + ":" + gensupport.ChildOwnName(c.nodes.view(n).storedName())
	return c.nodes.withName(n, &name)
}

// resolveParent returns n with the prefix of its parent. If n is linked to several
// parents and want is one of them, it is the prefix of want.
func (c *core[N]) resolveParent(ctx context.Context, s operation, n N, want *parent) (N, error) {
	v := c.nodes.view(n)
	if !c.lacksParentPrefix(v) {
		return n, nil
	}
	above, err := c.nodes.parents(ctx, v.id)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	id := c.oldestParent(above)
	if want != nil && containsID(above, want.id) {
		id = want.id
		c.client.links.add(parentLink{c.typ.kind, id, v.id}, struct{}{})
	}
	c.noteUnprefixed(id)
	return c.withParentPrefix(n, id), nil
}

// resolveParents is resolveParent for the nodes of a page. It makes at most two
// requests, or one for each unprefixed context if the server does not have
// GetParentContextsByContexts.
func (c *core[N]) resolveParents(ctx context.Context, s operation, ns []N, parentID int64) ([]N, error) {
	var ids []int64
	for _, n := range ns {
		if v := c.nodes.view(n); c.lacksParentPrefix(v) {
			ids = append(ids, v.id)
		}
	}
	if len(ids) == 0 {
		return ns, nil
	}
	var above map[int64][]*mlmdpb.Context
	if parentID == 0 && c.client.rest() == nil { // a REST registry tells the parents with the nodes, or not at all
		var err error
		if above, err = c.nodes.parentsOf(ctx, ids); err != nil {
			return nil, s.rpcError(ctx, err)
		}
	}
	out := slices.Clone(ns)
	for i, n := range out {
		v := c.nodes.view(n)
		if !c.lacksParentPrefix(v) {
			continue
		}
		p := parentID
		if p == 0 {
			p = c.oldestParent(above[v.id])
		}
		c.noteUnprefixed(p)
		out[i] = c.withParentPrefix(n, p)
	}
	return out, nil
}

// oldestParent returns the lowest ID of the parents among the contexts that a
// node is linked to, or 0.
func (c *core[N]) oldestParent(above []*mlmdpb.Context) int64 {
	var id int64
	for _, p := range above {
		if p.GetType() == c.m.parent.TypeName && (id == 0 || p.GetId() < id) {
			id = p.GetId()
		}
	}
	return id
}

// noteUnprefixed records that the parent has an unprefixed child.
func (c *core[N]) noteUnprefixed(parentID int64) {
	if parentID != 0 {
		c.client.prefixed.add(siblings{c.typ, parentID}, false)
	}
}

// findUnprefixedChild returns the unprefixed child of the parent that has the
// given name, or nil.
func (c *core[N]) findUnprefixedChild(
	ctx context.Context, s operation, parentID int64, name string,
) (N, error) {
	if c.client.rest() != nil { // which finds all children by their names
		return nil, nil
	}
	size := int32(pageSize)
	query := fmt.Sprintf("%s AND name NOT LIKE '%d:%%'", c.query().src.parentScope([]int64{parentID}), parentID)
	o := &mlmdpb.ListOperationOptions{MaxResultSize: &size, FilterQuery: &query}
	some := false
	for {
		ns, next, err := c.nodes.page(ctx, c.m.typeName, o)
		if err != nil {
			return nil, s.rpcError(ctx, err)
		}
		for _, n := range ns {
			v := c.nodes.view(n)
			if !c.lacksParentPrefix(v) { // has the prefix of another parent, but is linked to this one too
				continue
			}
			if some = true; gensupport.ChildOwnName(v.storedName()) == name {
				c.noteUnprefixed(parentID)
				return n, nil
			}
		}
		if next == "" || next == o.GetNextPageToken() {
			c.client.prefixed.add(siblings{c.typ, parentID}, !some)
			return nil, nil
		}
		o.NextPageToken = &next
	}
}

// existingUnprefixed returns the unprefixed child that has the parent and name of
// the value, or nil.
func (w *write[N]) existingUnprefixed(ctx context.Context, t *storedType) (N, error) {
	if w.parent == nil || w.ident.Name == "" || w.m.parent.UnprefixedName {
		return nil, nil
	}
	if !t.isLegacy(w.m.fields) && w.client.allPrefixed(w.typ, w.parent.id) {
		return nil, nil
	}
	return w.findUnprefixedChild(ctx, w.operation, w.parent.id, w.ident.Name)
}

// allPrefixed reports whether all children of the type are known to have the
// prefix of the parent.
func (c *Client) allPrefixed(k typeKey, parentID int64) bool {
	if all, ok := c.prefixed.get(siblings{k, parentID}); ok {
		return all
	}
	all, _ := c.prefixed.get(siblings{parent: parentID})
	return all
}

// isLegacy reports whether the type was registered by an older program, as a
// property shows that the type declares under a legacy name only. Such a program
// may still store unprefixed children.
func (t *storedType) isLegacy(fields mlmd.Fields) bool {
	return slices.ContainsFunc(fields, func(f mlmd.Field) bool {
		name, ok := f.Property()
		return ok && !t.declares(name) && slices.ContainsFunc(f.LegacyNames, t.declares)
	})
}

// linkedContexts returns the contexts that links lead to, by the ID of the node. It
// makes one RPC, or none without links.
func linkedContexts(
	ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, links []pair,
) (map[int64][]*mlmdpb.Context, error) {
	byID := make(map[int64]*mlmdpb.Context)
	for _, l := range links {
		byID[l.to] = nil
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
		if c := byID[l.to]; c != nil {
			out[l.from] = append(out[l.from], c)
		}
	}
	return out, nil
}

// startingNodes selects the nodes with the given IDs.
func startingNodes(ids []int64) *mlmdpb.LineageSubgraphQueryOptions_StartingNodes {
	return &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: new(filtertext.OneOf("id", ids))}
}

// linksAmong returns the links in a response of GetLineageSubgraph with no hops,
// as pairs that begin with the node.
func linksAmong(
	ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, q *mlmdpb.GetLineageSubgraphRequest,
) ([]pair, error) {
	q.LineageSubgraphQueryOptions.MaxNumHops = new(int64(0))
	r, err := rpc.GetLineageSubgraph(ctx, q)
	if status.Code(err) == codes.NotFound { // no such nodes
		return nil, nil
	}
	var out []pair
	for _, l := range r.GetLineageSubgraph().GetAttributions() {
		out = append(out, pair{from: l.GetArtifactId(), to: l.GetContextId()})
	}
	for _, l := range r.GetLineageSubgraph().GetAssociations() {
		out = append(out, pair{from: l.GetExecutionId(), to: l.GetContextId()})
	}
	return out, err
}
