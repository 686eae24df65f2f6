package registry

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// executions implements nodes for executions, whose parents are the contexts that
// they are associated with.
type executions struct {
	rpc mlmdpb.MetadataStoreServiceClient
}

func (executions) kind() mlmd.Kind { return mlmd.Execution }

// create stores an execution and its association in one transaction. The request
// has the parent by ID, so that the store does not change it.
func (e executions) create(ctx context.Context, n *mlmdpb.Execution, p *parent) (int64, bool, error) {
	if p == nil {
		r, err := e.rpc.PutExecutions(ctx, &mlmdpb.PutExecutionsRequest{Executions: []*mlmdpb.Execution{n}})
		id, err := onlyID(r.GetExecutionIds(), err)
		return id, false, err
	}
	r, err := e.rpc.PutExecution(ctx, &mlmdpb.PutExecutionRequest{
		Execution: n,
		Contexts:  []*mlmdpb.Context{{Id: &p.id, TypeId: &p.typeID, Name: &p.storedName}},
		Options:   &mlmdpb.PutExecutionRequest_Options{ForceReuseContext: new(true)},
	})
	if err != nil {
		return 0, false, err
	}
	return r.GetExecutionId(), true, nil
}

// createGroup is that of artifacts.
func (e executions) createGroup(ctx context.Context, ns []*mlmdpb.Execution, p *parent) ([]int64, bool, error) {
	if p == nil {
		r, err := e.rpc.PutExecutions(ctx, &mlmdpb.PutExecutionsRequest{Executions: ns})
		ids, err := allIDs(r.GetExecutionIds(), len(ns), err)
		return ids, false, err
	}
	r, err := e.rpc.PutLineageSubgraph(ctx, &mlmdpb.PutLineageSubgraphRequest{
		Executions: ns,
		Contexts:   []*mlmdpb.Context{{TypeId: &p.typeID, Name: &p.storedName, CustomProperties: neverStored()}},
		Options:    &mlmdpb.PutLineageSubgraphRequest_Options{ReuseContextIfAlreadyExist: new(true)},
	})
	ids, err := allIDs(r.GetExecutionIds(), len(ns), err)
	if err != nil {
		return nil, false, err
	}
	got, err := onlyID(r.GetContextIds(), nil)
	return ids, got == p.id, err
}

func (e executions) linkGroup(ctx context.Context, parent int64, children []int64) error {
	links := make([]*mlmdpb.Association, len(children))
	for i := range children {
		links[i] = &mlmdpb.Association{ContextId: &parent, ExecutionId: &children[i]}
	}
	_, err := e.rpc.PutAttributionsAndAssociations(ctx, &mlmdpb.PutAttributionsAndAssociationsRequest{
		Associations: links,
	})
	return err
}

func (e executions) put(ctx context.Context, ns []*mlmdpb.Execution, paths []string, since []int64) error {
	if since != nil {
		ctx = withPrecondition(ctx)
		for i, n := range ns {
			n.LastUpdateTimeSinceEpoch = &since[i]
		}
	}
	r, err := e.rpc.PutExecutions(ctx, &mlmdpb.PutExecutionsRequest{Executions: ns, UpdateMask: fieldMask(paths)})
	_, err = allIDs(r.GetExecutionIds(), len(ns), err)
	return err
}

func (e executions) byID(ctx context.Context, id int64) (*mlmdpb.Execution, error) {
	ns, err := e.byIDs(ctx, []int64{id})
	return firstNode(ns, err, codes.OK)
}

func (e executions) byIDs(ctx context.Context, ids []int64) ([]*mlmdpb.Execution, error) {
	r, err := e.rpc.GetExecutionsByID(ctx, &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: ids})
	return r.GetExecutions(), err
}

func (e executions) byName(ctx context.Context, typeName, name string) (*mlmdpb.Execution, error) {
	r, err := e.rpc.GetExecutionByTypeAndName(ctx, &mlmdpb.GetExecutionByTypeAndNameRequest{
		TypeName: &typeName, ExecutionName: &name,
	})
	return r.GetExecution(), err
}

func (e executions) byExternalID(ctx context.Context, externalID string) (*mlmdpb.Execution, error) {
	r, err := e.rpc.GetExecutionsByExternalIds(ctx, &mlmdpb.GetExecutionsByExternalIdsRequest{
		ExternalIds: []string{externalID},
	})
	return firstNode(r.GetExecutions(), err, codes.NotFound)
}

func (e executions) page(
	ctx context.Context, typeName string, o *mlmdpb.ListOperationOptions,
) ([]*mlmdpb.Execution, string, error) {
	r, err := e.rpc.GetExecutionsByType(ctx, &mlmdpb.GetExecutionsByTypeRequest{TypeName: &typeName, Options: o})
	return r.GetExecutions(), r.GetNextPageToken(), err
}

func (e executions) link(ctx context.Context, parent, child int64) error {
	_, err := e.rpc.PutAttributionsAndAssociations(ctx, &mlmdpb.PutAttributionsAndAssociationsRequest{
		Associations: []*mlmdpb.Association{{ContextId: &parent, ExecutionId: &child}},
	})
	return err
}

func (e executions) linkAll(ctx context.Context, contexts []int64, id int64) error {
	req := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for i := range contexts {
		req.Associations = append(req.Associations, &mlmdpb.Association{ContextId: &contexts[i], ExecutionId: &id})
	}
	_, err := e.rpc.PutAttributionsAndAssociations(ctx, req)
	return err
}

func (e executions) parents(ctx context.Context, id int64) ([]*mlmdpb.Context, error) {
	r, err := e.rpc.GetContextsByExecution(ctx, &mlmdpb.GetContextsByExecutionRequest{ExecutionId: &id})
	if status.Code(err) == codes.NotFound { // no parents
		return nil, nil
	}
	return r.GetContexts(), err
}

func (e executions) parentsOf(ctx context.Context, ids []int64) (map[int64][]*mlmdpb.Context, error) {
	links, err := e.linksOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	return linkedContexts(ctx, e.rpc, links)
}

func (e executions) linksOf(ctx context.Context, ids []int64) ([]pair, error) {
	return linksAmong(ctx, e.rpc, &mlmdpb.GetLineageSubgraphRequest{
		LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{
			StartingNodes: &mlmdpb.LineageSubgraphQueryOptions_StartingExecutions{StartingExecutions: startingNodes(ids)},
		},
		ReadMask: fieldMask([]string{"associations"}),
	})
}

func (executions) withName(n *mlmdpb.Execution, name *string) *mlmdpb.Execution {
	return &mlmdpb.Execution{
		Id: n.Id, TypeId: n.TypeId, Type: n.Type, LastKnownState: n.LastKnownState,
		Name: name, ExternalId: n.ExternalId, Properties: n.Properties, CustomProperties: n.CustomProperties,
		SystemMetadata:       n.SystemMetadata,
		CreateTimeSinceEpoch: n.CreateTimeSinceEpoch, LastUpdateTimeSinceEpoch: n.LastUpdateTimeSinceEpoch,
	}
}

func (executions) withIDs(n *mlmdpb.Execution, typeID, nodeID int64) *mlmdpb.Execution {
	n.TypeId, n.Id = optionalID(typeID), optionalID(nodeID)
	return n
}

func (executions) view(n *mlmdpb.Execution) nodeView {
	return nodeView{
		id: n.GetId(), typeID: n.GetTypeId(), typeName: n.GetType(),
		name: n.Name, externalID: n.ExternalId, state: int32Ptr(n.LastKnownState),
		created: n.GetCreateTimeSinceEpoch(), updated: n.GetLastUpdateTimeSinceEpoch(),
		props: n.Properties, custom: n.CustomProperties,
	}
}
