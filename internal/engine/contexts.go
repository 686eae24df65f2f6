package engine

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// contextNode reads a client's message. It may be nil, which is one without
// fields.
func contextNode(c *mlmdpb.Context) *node {
	if c == nil {
		return &node{}
	}
	return &node{
		id: c.Id, typeID: c.TypeId, typeName: c.Type, name: c.Name, externalID: c.ExternalId,
		created: c.CreateTimeSinceEpoch, updated: c.LastUpdateTimeSinceEpoch,
		props: c.Properties, custom: c.CustomProperties, extra: extra(c, c.SystemMetadata != nil),
	}
}

func (n *node) context() *mlmdpb.Context {
	return &mlmdpb.Context{
		Id: n.id, TypeId: n.typeID, Type: n.typeName, Name: n.name, ExternalId: n.externalID,
		CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.updated,
		Properties: n.props, CustomProperties: n.custom,
	}
}

// PutContexts creates and updates contexts, in order, all or none.
func (e *Engine) PutContexts(ctx context.Context, req *mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
	return write(ctx, e, "PutContexts", func(ctx context.Context, t *tx) (*mlmdpb.PutContextsResponse, error) {
		o := putOptions{mask: newMask(req.GetUpdateMask())}
		ids, err := t.putNodes(ctx, contextNodes, convert(req.GetContexts(), contextNode), o)
		return &mlmdpb.PutContextsResponse{ContextIds: ids}, err
	})
}

// GetContextsByID reads contexts; ids that are unknown are left out.
func (e *Engine) GetContextsByID(ctx context.Context, req *mlmdpb.GetContextsByIDRequest) (*mlmdpb.GetContextsByIDResponse, error) {
	return read(ctx, e, "GetContextsByID", func(ctx context.Context, q querier) (*mlmdpb.GetContextsByIDResponse, error) {
		nodes, err := nodesByID(ctx, q, contextNodes, req.GetContextIds())
		return &mlmdpb.GetContextsByIDResponse{Contexts: convert(nodes, (*node).context)}, err
	})
}

// GetContextByTypeAndName reads one context. There is none in the reply if the
// type or the name is unknown.
func (e *Engine) GetContextByTypeAndName(ctx context.Context, req *mlmdpb.GetContextByTypeAndNameRequest) (*mlmdpb.GetContextByTypeAndNameResponse, error) {
	return read(ctx, e, "GetContextByTypeAndName", func(ctx context.Context, q querier) (*mlmdpb.GetContextByTypeAndNameResponse, error) {
		n, err := e.nodeByName(ctx, q, contextNodes, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.GetContextName())
		if n == nil {
			return &mlmdpb.GetContextByTypeAndNameResponse{}, err
		}
		return &mlmdpb.GetContextByTypeAndNameResponse{Context: n.context()}, err
	})
}

// GetContextsByExternalIds reads the contexts that have one of the external ids.
func (e *Engine) GetContextsByExternalIds(ctx context.Context, req *mlmdpb.GetContextsByExternalIdsRequest) (*mlmdpb.GetContextsByExternalIdsResponse, error) {
	return read(ctx, e, "GetContextsByExternalIds", func(ctx context.Context, q querier) (*mlmdpb.GetContextsByExternalIdsResponse, error) {
		nodes, err := nodesByExternalIDs(ctx, q, contextNodes, req.GetExternalIds())
		return &mlmdpb.GetContextsByExternalIdsResponse{Contexts: convert(nodes, (*node).context)}, err
	})
}

// GetContextsByArtifact reads the contexts that an artifact is attributed to.
func (e *Engine) GetContextsByArtifact(ctx context.Context, req *mlmdpb.GetContextsByArtifactRequest) (*mlmdpb.GetContextsByArtifactResponse, error) {
	return read(ctx, e, "GetContextsByArtifact", func(ctx context.Context, q querier) (*mlmdpb.GetContextsByArtifactResponse, error) {
		nodes, err := attributions.contextsOf(ctx, q, req.GetArtifactId())
		return &mlmdpb.GetContextsByArtifactResponse{Contexts: convert(nodes, (*node).context)}, err
	})
}

// GetContextsByExecution reads the contexts that an execution is associated with.
func (e *Engine) GetContextsByExecution(ctx context.Context, req *mlmdpb.GetContextsByExecutionRequest) (*mlmdpb.GetContextsByExecutionResponse, error) {
	return read(ctx, e, "GetContextsByExecution", func(ctx context.Context, q querier) (*mlmdpb.GetContextsByExecutionResponse, error) {
		nodes, err := associations.contextsOf(ctx, q, req.GetExecutionId())
		return &mlmdpb.GetContextsByExecutionResponse{Contexts: convert(nodes, (*node).context)}, err
	})
}
