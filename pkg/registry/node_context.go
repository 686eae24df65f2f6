package registry

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// contexts implements nodes for contexts, whose parents are contexts.
type contexts struct {
	rpc mlmdpb.MetadataStoreServiceClient
}

func (contexts) kind() mlmd.Kind { return mlmd.Context }

// create links in an embedded store only: no RPC stores both a context and the
// link to its parent.
func (c contexts) create(ctx context.Context, n *mlmdpb.Context, p *parent) (id int64, linked bool, err error) {
	store, ok := transactorOf(c.rpc)
	if !ok || p == nil {
		r, err := c.rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{n}})
		id, err = onlyID(r.GetContextIds(), err)
		return id, false, err
	}
	err = store.Transact(ctx, func(rpc mlmdpb.MetadataStoreServiceClient) (err error) {
		tx := contexts{rpc}
		if id, _, err = tx.create(ctx, n, nil); err != nil {
			return err
		}
		return tx.link(ctx, p.id, id)
	})
	return id, err == nil, err
}

func (c contexts) createGroup(ctx context.Context, ns []*mlmdpb.Context, _ *parent) ([]int64, bool, error) {
	r, err := c.rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: ns})
	ids, err := allIDs(r.GetContextIds(), len(ns), err)
	return ids, false, err
}

func (c contexts) linkGroup(ctx context.Context, parent int64, children []int64) error {
	links := make([]*mlmdpb.ParentContext, len(children))
	for i := range children {
		links[i] = &mlmdpb.ParentContext{ChildId: &children[i], ParentId: &parent}
	}
	_, err := c.rpc.PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{ParentContexts: links})
	if status.Code(err) != codes.AlreadyExists {
		return err
	}
	for _, child := range children { // another writer completed some of them
		if err := c.link(ctx, parent, child); err != nil {
			return err
		}
	}
	return nil
}

func (c contexts) put(ctx context.Context, ns []*mlmdpb.Context, paths []string, since []int64) error {
	if since != nil {
		ctx = withPrecondition(ctx)
		for i, n := range ns {
			n.LastUpdateTimeSinceEpoch = &since[i]
		}
	}
	r, err := c.rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: ns, UpdateMask: fieldMask(paths)})
	_, err = allIDs(r.GetContextIds(), len(ns), err)
	return err
}

func (c contexts) byID(ctx context.Context, id int64) (*mlmdpb.Context, error) {
	ns, err := c.byIDs(ctx, []int64{id})
	return firstNode(ns, err, codes.OK)
}

func (c contexts) byIDs(ctx context.Context, ids []int64) ([]*mlmdpb.Context, error) {
	r, err := c.rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: ids})
	return r.GetContexts(), err
}

func (c contexts) byName(ctx context.Context, typeName, name string) (*mlmdpb.Context, error) {
	r, err := c.rpc.GetContextByTypeAndName(ctx, &mlmdpb.GetContextByTypeAndNameRequest{
		TypeName: &typeName, ContextName: &name,
	})
	return r.GetContext(), err
}

func (c contexts) byExternalID(ctx context.Context, externalID string) (*mlmdpb.Context, error) {
	r, err := c.rpc.GetContextsByExternalIds(ctx, &mlmdpb.GetContextsByExternalIdsRequest{
		ExternalIds: []string{externalID},
	})
	return firstNode(r.GetContexts(), err, codes.NotFound)
}

func (c contexts) page(
	ctx context.Context, typeName string, o *mlmdpb.ListOperationOptions,
) ([]*mlmdpb.Context, string, error) {
	r, err := c.rpc.GetContextsByType(ctx, &mlmdpb.GetContextsByTypeRequest{TypeName: &typeName, Options: o})
	return r.GetContexts(), r.GetNextPageToken(), err
}

func (c contexts) link(ctx context.Context, parent, child int64) error {
	_, err := c.rpc.PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{
		ParentContexts: []*mlmdpb.ParentContext{{ChildId: &child, ParentId: &parent}},
	})
	if status.Code(err) == codes.AlreadyExists {
		return nil
	}
	return err
}

func (c contexts) linkAll(ctx context.Context, parents []int64, id int64) error {
	for _, parent := range parents { // of several links, one that exists would refuse the others
		if err := c.link(ctx, parent, id); err != nil {
			return err
		}
	}
	return nil
}

func (c contexts) parents(ctx context.Context, id int64) ([]*mlmdpb.Context, error) {
	r, err := c.rpc.GetParentContextsByContext(ctx, &mlmdpb.GetParentContextsByContextRequest{ContextId: &id})
	return r.GetContexts(), err
}

// parentsOf makes one RPC if the server has GetParentContextsByContexts, otherwise
// one for each context.
func (c contexts) parentsOf(ctx context.Context, ids []int64) (map[int64][]*mlmdpb.Context, error) {
	out := make(map[int64][]*mlmdpb.Context)
	r, err := c.rpc.GetParentContextsByContexts(ctx, &mlmdpb.GetParentContextsByContextsRequest{ContextIds: ids})
	switch status.Code(err) {
	case codes.OK:
		for id, parents := range r.GetContexts() {
			out[id] = parents.GetParentContexts()
		}
		return out, nil
	case codes.Unimplemented:
		for _, id := range ids {
			if out[id], err = c.parents(ctx, id); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, err
}

func (c contexts) linksOf(ctx context.Context, ids []int64) ([]pair, error) {
	parents, err := c.parentsOf(ctx, ids)
	var out []pair
	for id, above := range parents {
		for _, p := range above {
			out = append(out, pair{from: id, to: p.GetId()})
		}
	}
	return out, err
}

func (contexts) withName(n *mlmdpb.Context, name *string) *mlmdpb.Context {
	return &mlmdpb.Context{
		Id: n.Id, TypeId: n.TypeId, Type: n.Type,
		Name: name, ExternalId: n.ExternalId, Properties: n.Properties, CustomProperties: n.CustomProperties,
		SystemMetadata:       n.SystemMetadata,
		CreateTimeSinceEpoch: n.CreateTimeSinceEpoch, LastUpdateTimeSinceEpoch: n.LastUpdateTimeSinceEpoch,
	}
}

func (contexts) withIDs(n *mlmdpb.Context, typeID, nodeID int64) *mlmdpb.Context {
	n.TypeId, n.Id = optionalID(typeID), optionalID(nodeID)
	return n
}

func (contexts) view(n *mlmdpb.Context) nodeView {
	return nodeView{
		id: n.GetId(), typeID: n.GetTypeId(), typeName: n.GetType(),
		name: n.Name, externalID: n.ExternalId,
		created: n.GetCreateTimeSinceEpoch(), updated: n.GetLastUpdateTimeSinceEpoch(),
		props: n.Properties, custom: n.CustomProperties,
	}
}
