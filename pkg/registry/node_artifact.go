package registry

import (
	"context"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// artifacts implements nodes for artifacts, whose parents are the contexts that
// they are attributed to.
type artifacts struct {
	rpc mlmdpb.MetadataStoreServiceClient
}

func (artifacts) kind() mlmd.Kind { return mlmd.Artifact }

// create stores an artifact and its attribution in one transaction.
func (a artifacts) create(ctx context.Context, n *mlmdpb.Artifact, p *parent) (int64, bool, error) {
	ids, linked, err := a.createGroup(ctx, []*mlmdpb.Artifact{n}, p)
	id, err := onlyID(ids, err)
	return id, linked, err
}

// createGroup stores artifacts and their attributions in one transaction. The
// request has the parent by type and name, so that the store reuses it unchanged.
// If the parent was renamed, the store must not create another context of that
// name, so the context in the request cannot be stored.
func (a artifacts) createGroup(ctx context.Context, ns []*mlmdpb.Artifact, p *parent) ([]int64, bool, error) {
	if p == nil {
		r, err := a.rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: ns})
		ids, err := allIDs(r.GetArtifactIds(), len(ns), err)
		return ids, false, err
	}
	r, err := a.rpc.PutLineageSubgraph(ctx, &mlmdpb.PutLineageSubgraphRequest{
		Artifacts: ns,
		Contexts:  []*mlmdpb.Context{{TypeId: &p.typeID, Name: &p.storedName, CustomProperties: neverStored()}},
		Options:   &mlmdpb.PutLineageSubgraphRequest_Options{ReuseContextIfAlreadyExist: new(true)},
	})
	ids, err := allIDs(r.GetArtifactIds(), len(ns), err)
	if err != nil {
		return nil, false, err
	}
	// If another context has taken the name of the parent, the link to the parent
	// is still missing.
	got, err := onlyID(r.GetContextIds(), nil)
	return ids, got == p.id, err
}

func (a artifacts) linkGroup(ctx context.Context, parent int64, children []int64) error {
	links := make([]*mlmdpb.Attribution, len(children))
	for i := range children {
		links[i] = &mlmdpb.Attribution{ContextId: &parent, ArtifactId: &children[i]}
	}
	_, err := a.rpc.PutAttributionsAndAssociations(ctx, &mlmdpb.PutAttributionsAndAssociationsRequest{
		Attributions: links,
	})
	return err
}

// neverStored returns custom properties that no server can store. All servers
// reject NaN when they insert the row, and do not check it before.
func neverStored() map[string]*mlmdpb.Value {
	return map[string]*mlmdpb.Value{"must exist": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: math.NaN()}}}
}

func (a artifacts) put(ctx context.Context, ns []*mlmdpb.Artifact, paths []string, since []int64) error {
	req := &mlmdpb.PutArtifactsRequest{Artifacts: ns, UpdateMask: fieldMask(paths)}
	if since != nil {
		ctx = withPrecondition(ctx)
		for i, n := range ns {
			n.LastUpdateTimeSinceEpoch = &since[i]
		}
		req.Options = &mlmdpb.PutArtifactsRequest_Options{AbortIfLatestUpdatedTimeChanged: new(true)}
	}
	r, err := a.rpc.PutArtifacts(ctx, req)
	_, err = allIDs(r.GetArtifactIds(), len(ns), err)
	return err
}

func (a artifacts) byID(ctx context.Context, id int64) (*mlmdpb.Artifact, error) {
	ns, err := a.byIDs(ctx, []int64{id})
	return firstNode(ns, err, codes.OK)
}

func (a artifacts) byIDs(ctx context.Context, ids []int64) ([]*mlmdpb.Artifact, error) {
	r, err := a.rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids})
	return r.GetArtifacts(), err
}

func (a artifacts) byName(ctx context.Context, typeName, name string) (*mlmdpb.Artifact, error) {
	r, err := a.rpc.GetArtifactByTypeAndName(ctx, &mlmdpb.GetArtifactByTypeAndNameRequest{
		TypeName: &typeName, ArtifactName: &name,
	})
	return r.GetArtifact(), err
}

func (a artifacts) byExternalID(ctx context.Context, externalID string) (*mlmdpb.Artifact, error) {
	r, err := a.rpc.GetArtifactsByExternalIds(ctx, &mlmdpb.GetArtifactsByExternalIdsRequest{
		ExternalIds: []string{externalID},
	})
	return firstNode(r.GetArtifacts(), err, codes.NotFound)
}

func (a artifacts) page(
	ctx context.Context, typeName string, o *mlmdpb.ListOperationOptions,
) ([]*mlmdpb.Artifact, string, error) {
	r, err := a.rpc.GetArtifactsByType(ctx, &mlmdpb.GetArtifactsByTypeRequest{TypeName: &typeName, Options: o})
	return r.GetArtifacts(), r.GetNextPageToken(), err
}

func (a artifacts) link(ctx context.Context, parent, child int64) error {
	_, err := a.rpc.PutAttributionsAndAssociations(ctx, &mlmdpb.PutAttributionsAndAssociationsRequest{
		Attributions: []*mlmdpb.Attribution{{ContextId: &parent, ArtifactId: &child}},
	})
	return err
}

func (a artifacts) linkAll(ctx context.Context, contexts []int64, id int64) error {
	req := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for i := range contexts {
		req.Attributions = append(req.Attributions, &mlmdpb.Attribution{ContextId: &contexts[i], ArtifactId: &id})
	}
	_, err := a.rpc.PutAttributionsAndAssociations(ctx, req)
	return err
}

func (a artifacts) parents(ctx context.Context, id int64) ([]*mlmdpb.Context, error) {
	r, err := a.rpc.GetContextsByArtifact(ctx, &mlmdpb.GetContextsByArtifactRequest{ArtifactId: &id})
	if status.Code(err) == codes.NotFound { // no parents
		return nil, nil
	}
	return r.GetContexts(), err
}

func (a artifacts) parentsOf(ctx context.Context, ids []int64) (map[int64][]*mlmdpb.Context, error) {
	links, err := a.linksOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	return linkedContexts(ctx, a.rpc, links)
}

func (a artifacts) linksOf(ctx context.Context, ids []int64) ([]pair, error) {
	return linksAmong(ctx, a.rpc, &mlmdpb.GetLineageSubgraphRequest{
		LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{
			StartingNodes: &mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts{StartingArtifacts: startingNodes(ids)},
		},
		ReadMask: fieldMask([]string{"attributions"}),
	})
}

func (artifacts) withName(n *mlmdpb.Artifact, name *string) *mlmdpb.Artifact {
	return &mlmdpb.Artifact{
		Id: n.Id, TypeId: n.TypeId, Type: n.Type, Uri: n.Uri, State: n.State,
		Name: name, ExternalId: n.ExternalId, Properties: n.Properties, CustomProperties: n.CustomProperties,
		SystemMetadata:       n.SystemMetadata,
		CreateTimeSinceEpoch: n.CreateTimeSinceEpoch, LastUpdateTimeSinceEpoch: n.LastUpdateTimeSinceEpoch,
	}
}

func (artifacts) withIDs(n *mlmdpb.Artifact, typeID, nodeID int64) *mlmdpb.Artifact {
	n.TypeId, n.Id = optionalID(typeID), optionalID(nodeID)
	return n
}

func (artifacts) view(n *mlmdpb.Artifact) nodeView {
	return nodeView{
		id: n.GetId(), typeID: n.GetTypeId(), typeName: n.GetType(),
		name: n.Name, externalID: n.ExternalId, uri: n.Uri, state: int32Ptr(n.State),
		created: n.GetCreateTimeSinceEpoch(), updated: n.GetLastUpdateTimeSinceEpoch(),
		props: n.Properties, custom: n.CustomProperties,
	}
}
