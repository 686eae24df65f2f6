package engine

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/precondition"
)

// fromExecution converts a request's message. nil is converted like an empty
// message.
func fromExecution(x *mlmdpb.Execution) *node {
	if x == nil {
		return &node{}
	}
	n := &node{
		id: x.Id, typeID: x.TypeId, typeName: x.Type, name: x.Name, externalID: x.ExternalId,
		created: x.CreateTimeSinceEpoch, updated: x.LastUpdateTimeSinceEpoch,
		props: x.Properties, custom: x.CustomProperties, hasUnknown: hasUnknown(x, x.SystemMetadata != nil),
	}
	executionKind.setState(n, (*int32)(x.LastKnownState))
	return n
}

func (n *node) toExecution() *mlmdpb.Execution {
	return &mlmdpb.Execution{
		Id: n.id, TypeId: n.typeID, Type: n.typeName, Name: n.name, ExternalId: n.externalID,
		LastKnownState:       (*mlmdpb.Execution_State)(n.state),
		CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.updated,
		Properties: n.props, CustomProperties: n.custom,
	}
}

// PutExecutions creates and updates executions, in order.
func (s *Service) PutExecutions(
	ctx context.Context, req *mlmdpb.PutExecutionsRequest,
) (*mlmdpb.PutExecutionsResponse, error) {
	resp := new(mlmdpb.PutExecutionsResponse)
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		o := putOptions{
			mask:            newUpdateMask(req.GetUpdateMask()),
			checkUpdateTime: precondition.In(ctx), forceUpdateTime: precondition.Touches(ctx),
		}
		ids, err := t.putNodes(ctx, executionKind, mapSlice(req.GetExecutions(), fromExecution), o)
		resp.ExecutionIds = ids
		return err
	})
	return reply(resp, err)
}

// GetExecutionsByID reads executions. Unknown IDs are left out.
func (s *Service) GetExecutionsByID(
	ctx context.Context, req *mlmdpb.GetExecutionsByIDRequest,
) (*mlmdpb.GetExecutionsByIDResponse, error) {
	resp := new(mlmdpb.GetExecutionsByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := getNodes(ctx, q, executionKind, req.GetExecutionIds())
		resp.Executions = mapSlice(nodes, (*node).toExecution)
		return err
	})
	return reply(resp, err)
}

// GetExecutionByTypeAndName reads one execution. The reply is empty if the type
// or the name is unknown.
func (s *Service) GetExecutionByTypeAndName(
	ctx context.Context, req *mlmdpb.GetExecutionByTypeAndNameRequest,
) (*mlmdpb.GetExecutionByTypeAndNameResponse, error) {
	resp := new(mlmdpb.GetExecutionByTypeAndNameResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		n, err := findNodeByName(ctx, q, executionKind, typeName{req.GetTypeName(), req.GetTypeVersion()},
			req.GetExecutionName())
		if n == nil {
			return err
		}
		resp.Execution = n.toExecution()
		return err
	})
	return reply(resp, err)
}

// GetExecutionsByExternalIds reads the executions that have one of the external
// IDs.
func (s *Service) GetExecutionsByExternalIds(
	ctx context.Context, req *mlmdpb.GetExecutionsByExternalIdsRequest,
) (*mlmdpb.GetExecutionsByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetExecutionsByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := findNodesByExternalID(ctx, q, executionKind, req.GetExternalIds())
		resp.Executions = mapSlice(nodes, (*node).toExecution)
		return err
	})
	return reply(resp, err)
}
