package engine

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// GetArtifacts lists artifacts: all of them by id, or a page of those that the
// options select.
func (e *Engine) GetArtifacts(ctx context.Context, req *mlmdpb.GetArtifactsRequest) (*mlmdpb.GetArtifactsResponse, error) {
	return read(ctx, e, "GetArtifacts", func(ctx context.Context, q querier) (*mlmdpb.GetArtifactsResponse, error) {
		p, err := list(ctx, q, artifactNodes, everything, req.Options)
		return &mlmdpb.GetArtifactsResponse{Artifacts: convert(p.nodes, (*node).artifact), NextPageToken: p.next}, err
	})
}

// GetExecutions lists executions, as [Engine.GetArtifacts] does artifacts.
func (e *Engine) GetExecutions(ctx context.Context, req *mlmdpb.GetExecutionsRequest) (*mlmdpb.GetExecutionsResponse, error) {
	return read(ctx, e, "GetExecutions", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionsResponse, error) {
		p, err := list(ctx, q, executionNodes, everything, req.Options)
		return &mlmdpb.GetExecutionsResponse{Executions: convert(p.nodes, (*node).execution), NextPageToken: p.next}, err
	})
}

// GetContexts lists contexts, as [Engine.GetArtifacts] does artifacts.
func (e *Engine) GetContexts(ctx context.Context, req *mlmdpb.GetContextsRequest) (*mlmdpb.GetContextsResponse, error) {
	return read(ctx, e, "GetContexts", func(ctx context.Context, q querier) (*mlmdpb.GetContextsResponse, error) {
		p, err := list(ctx, q, contextNodes, everything, req.Options)
		return &mlmdpb.GetContextsResponse{Contexts: convert(p.nodes, (*node).context), NextPageToken: p.next}, err
	})
}

// GetArtifactsByType lists the artifacts of one type. Nothing is wrong with a
// type that is unknown: it has none.
func (e *Engine) GetArtifactsByType(ctx context.Context, req *mlmdpb.GetArtifactsByTypeRequest) (*mlmdpb.GetArtifactsByTypeResponse, error) {
	return read(ctx, e, "GetArtifactsByType", func(ctx context.Context, q querier) (*mlmdpb.GetArtifactsByTypeResponse, error) {
		p, err := e.listOfType(ctx, q, artifactNodes, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.Options)
		return &mlmdpb.GetArtifactsByTypeResponse{Artifacts: convert(p.nodes, (*node).artifact), NextPageToken: p.next}, err
	})
}

// GetExecutionsByType lists the executions of one type, as
// [Engine.GetArtifactsByType] does artifacts.
func (e *Engine) GetExecutionsByType(ctx context.Context, req *mlmdpb.GetExecutionsByTypeRequest) (*mlmdpb.GetExecutionsByTypeResponse, error) {
	return read(ctx, e, "GetExecutionsByType", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionsByTypeResponse, error) {
		p, err := e.listOfType(ctx, q, executionNodes, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.Options)
		return &mlmdpb.GetExecutionsByTypeResponse{Executions: convert(p.nodes, (*node).execution), NextPageToken: p.next}, err
	})
}

// GetContextsByType lists the contexts of one type, as
// [Engine.GetArtifactsByType] does artifacts.
func (e *Engine) GetContextsByType(ctx context.Context, req *mlmdpb.GetContextsByTypeRequest) (*mlmdpb.GetContextsByTypeResponse, error) {
	return read(ctx, e, "GetContextsByType", func(ctx context.Context, q querier) (*mlmdpb.GetContextsByTypeResponse, error) {
		p, err := e.listOfType(ctx, q, contextNodes, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.Options)
		return &mlmdpb.GetContextsByTypeResponse{Contexts: convert(p.nodes, (*node).context), NextPageToken: p.next}, err
	})
}

// GetArtifactsByContext lists the artifacts that are attributed to a context.
// An unknown context has none.
func (e *Engine) GetArtifactsByContext(ctx context.Context, req *mlmdpb.GetArtifactsByContextRequest) (*mlmdpb.GetArtifactsByContextResponse, error) {
	return read(ctx, e, "GetArtifactsByContext", func(ctx context.Context, q querier) (*mlmdpb.GetArtifactsByContextResponse, error) {
		p, err := list(ctx, q, artifactNodes, membersOf(attributions, req.GetContextId()), req.Options)
		return &mlmdpb.GetArtifactsByContextResponse{Artifacts: convert(p.nodes, (*node).artifact), NextPageToken: p.next}, err
	})
}

// GetExecutionsByContext lists the executions that are associated with a
// context. An unknown context has none.
func (e *Engine) GetExecutionsByContext(ctx context.Context, req *mlmdpb.GetExecutionsByContextRequest) (*mlmdpb.GetExecutionsByContextResponse, error) {
	return read(ctx, e, "GetExecutionsByContext", func(ctx context.Context, q querier) (*mlmdpb.GetExecutionsByContextResponse, error) {
		p, err := list(ctx, q, executionNodes, membersOf(associations, req.GetContextId()), req.Options)
		return &mlmdpb.GetExecutionsByContextResponse{Executions: convert(p.nodes, (*node).execution), NextPageToken: p.next}, err
	})
}

// listOfType lists the nodes of one type. With options the last page says that
// it is the last by an empty token.
func (e *Engine) listOfType(ctx context.Context, q querier, k *nodeKind, of typeName, o *mlmdpb.ListOperationOptions) (page, error) {
	id, err := typeID(ctx, q, k.number, of)
	if err != nil || id == 0 {
		return page{}, err
	}
	base := ofType(k, id)
	p, err := list(ctx, q, k, base, o)
	if err != nil || o == nil || p.next != nil {
		return p, err
	}
	empty := len(p.nodes) == 0
	if empty {
		if empty, err = base.empty(ctx, q); err != nil {
			return page{}, err
		}
	}
	if !empty {
		p.next = new(string)
	}
	return p, nil
}
