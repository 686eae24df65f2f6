package engine

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/precondition"
)

// fromContext converts a request's message. nil is converted like an empty
// message.
func fromContext(c *mlmdpb.Context) *node {
	if c == nil {
		return &node{}
	}
	return &node{
		id: c.Id, typeID: c.TypeId, typeName: c.Type, name: c.Name, externalID: c.ExternalId,
		created: c.CreateTimeSinceEpoch, updated: c.LastUpdateTimeSinceEpoch,
		props: c.Properties, custom: c.CustomProperties, hasUnknown: hasUnknown(c, c.SystemMetadata != nil),
	}
}

func (n *node) toContext() *mlmdpb.Context {
	return &mlmdpb.Context{
		Id: n.id, TypeId: n.typeID, Type: n.typeName, Name: n.name, ExternalId: n.externalID,
		CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.updated,
		Properties: n.props, CustomProperties: n.custom,
	}
}

// PutContexts creates and updates contexts, in order.
func (s *Service) PutContexts(
	ctx context.Context, req *mlmdpb.PutContextsRequest,
) (*mlmdpb.PutContextsResponse, error) {
	resp := new(mlmdpb.PutContextsResponse)
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		o := putOptions{
			mask:            newUpdateMask(req.GetUpdateMask()),
			checkUpdateTime: precondition.In(ctx), forceUpdateTime: precondition.Touches(ctx),
		}
		ids, err := t.putNodes(ctx, contextKind, mapSlice(req.GetContexts(), fromContext), o)
		resp.ContextIds = ids
		return err
	})
	return reply(resp, err)
}

// GetContextsByID reads contexts. Unknown IDs are left out.
func (s *Service) GetContextsByID(
	ctx context.Context, req *mlmdpb.GetContextsByIDRequest,
) (*mlmdpb.GetContextsByIDResponse, error) {
	resp := new(mlmdpb.GetContextsByIDResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := getNodes(ctx, q, contextKind, req.GetContextIds())
		resp.Contexts = mapSlice(nodes, (*node).toContext)
		return err
	})
	return reply(resp, err)
}

// GetContextByTypeAndName reads one context. The reply is empty if the type or
// the name is unknown.
func (s *Service) GetContextByTypeAndName(
	ctx context.Context, req *mlmdpb.GetContextByTypeAndNameRequest,
) (*mlmdpb.GetContextByTypeAndNameResponse, error) {
	resp := new(mlmdpb.GetContextByTypeAndNameResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		n, err := findNodeByName(ctx, q, contextKind, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.GetContextName())
		if n == nil {
			return err
		}
		resp.Context = n.toContext()
		return err
	})
	return reply(resp, err)
}

// GetContextsByExternalIds reads the contexts that have one of the external
// IDs.
func (s *Service) GetContextsByExternalIds(
	ctx context.Context, req *mlmdpb.GetContextsByExternalIdsRequest,
) (*mlmdpb.GetContextsByExternalIdsResponse, error) {
	resp := new(mlmdpb.GetContextsByExternalIdsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := findNodesByExternalID(ctx, q, contextKind, req.GetExternalIds())
		resp.Contexts = mapSlice(nodes, (*node).toContext)
		return err
	})
	return reply(resp, err)
}

// GetContextsByArtifact reads the contexts that an artifact is attributed to.
func (s *Service) GetContextsByArtifact(
	ctx context.Context, req *mlmdpb.GetContextsByArtifactRequest,
) (*mlmdpb.GetContextsByArtifactResponse, error) {
	resp := new(mlmdpb.GetContextsByArtifactResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := attributions.contextsOf(ctx, q, req.GetArtifactId())
		resp.Contexts = mapSlice(nodes, (*node).toContext)
		return err
	})
	return reply(resp, err)
}

// GetContextsByExecution reads the contexts that an execution is associated
// with.
func (s *Service) GetContextsByExecution(
	ctx context.Context, req *mlmdpb.GetContextsByExecutionRequest,
) (*mlmdpb.GetContextsByExecutionResponse, error) {
	resp := new(mlmdpb.GetContextsByExecutionResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		nodes, err := associations.contextsOf(ctx, q, req.GetExecutionId())
		resp.Contexts = mapSlice(nodes, (*node).toContext)
		return err
	})
	return reply(resp, err)
}
