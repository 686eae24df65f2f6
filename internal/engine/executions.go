package engine

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// executionNode reads a client's message. It may be nil, which is one without
// fields.
func executionNode(x *mlmdpb.Execution) *node {
	if x == nil {
		return &node{}
	}
	n := &node{
		id: x.Id, typeID: x.TypeId, typeName: x.Type, name: x.Name, externalID: x.ExternalId,
		created: x.CreateTimeSinceEpoch, updated: x.LastUpdateTimeSinceEpoch,
		props: x.Properties, custom: x.CustomProperties, extra: extra(x, x.SystemMetadata != nil),
	}
	executionNodes.knownState(n, (*int32)(x.LastKnownState))
	return n
}

func (n *node) execution() *mlmdpb.Execution {
	return &mlmdpb.Execution{
		Id: n.id, TypeId: n.typeID, Type: n.typeName, Name: n.name, ExternalId: n.externalID,
		LastKnownState: (*mlmdpb.Execution_State)(n.state), CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.updated,
		Properties: n.props, CustomProperties: n.custom,
	}
}

// PutExecutions creates and updates executions, in order, all or none.
func (e *Engine) PutExecutions(ctx context.Context, req *mlmdpb.PutExecutionsRequest) (*mlmdpb.PutExecutionsResponse, error) {
	return write(ctx, e, "PutExecutions", func(ctx context.Context, t *tx) (*mlmdpb.PutExecutionsResponse, error) {
		o := putOptions{mask: newMask(req.GetUpdateMask())}
		ids, err := t.putNodes(ctx, executionNodes, convert(req.GetExecutions(), executionNode), o)
		return &mlmdpb.PutExecutionsResponse{ExecutionIds: ids}, err
	})
}

// GetExecutionsByID reads executions; ids that are unknown are left out.
func (e *Engine) GetExecutionsByID(ctx context.Context, req *mlmdpb.GetExecutionsByIDRequest) (*mlmdpb.GetExecutionsByIDResponse, error) {
	return read(ctx, e, "GetExecutionsByID", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionsByIDResponse, error) {
		nodes, err := nodesByID(ctx, q, executionNodes, req.GetExecutionIds())
		return &mlmdpb.GetExecutionsByIDResponse{Executions: convert(nodes, (*node).execution)}, err
	})
}

// GetExecutionByTypeAndName reads one execution. There is none in the reply if the
// type or the name is unknown.
func (e *Engine) GetExecutionByTypeAndName(ctx context.Context, req *mlmdpb.GetExecutionByTypeAndNameRequest) (*mlmdpb.GetExecutionByTypeAndNameResponse, error) {
	return read(ctx, e, "GetExecutionByTypeAndName", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionByTypeAndNameResponse, error) {
		n, err := e.nodeByName(ctx, q, executionNodes, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.GetExecutionName())
		if n == nil {
			return &mlmdpb.GetExecutionByTypeAndNameResponse{}, err
		}
		return &mlmdpb.GetExecutionByTypeAndNameResponse{Execution: n.execution()}, err
	})
}

// GetExecutionsByExternalIds reads the executions that have one of the external ids.
func (e *Engine) GetExecutionsByExternalIds(ctx context.Context, req *mlmdpb.GetExecutionsByExternalIdsRequest) (*mlmdpb.GetExecutionsByExternalIdsResponse, error) {
	return read(ctx, e, "GetExecutionsByExternalIds", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionsByExternalIdsResponse, error) {
		nodes, err := nodesByExternalIDs(ctx, q, executionNodes, req.GetExternalIds())
		return &mlmdpb.GetExecutionsByExternalIdsResponse{Executions: convert(nodes, (*node).execution)}, err
	})
}
