package engine

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// GetArtifacts lists artifacts. Without options it returns all of them.
func (s *Service) GetArtifacts(
	ctx context.Context, req *mlmdpb.GetArtifactsRequest,
) (*mlmdpb.GetArtifactsResponse, error) {
	resp := new(mlmdpb.GetArtifactsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		p, err := listNodes(ctx, q, artifactKind, allNodes, req.Options)
		resp.Artifacts = mapSlice(p.nodes, (*node).toArtifact)
		resp.NextPageToken = p.next
		return err
	})
	return reply(resp, err)
}

// GetExecutions lists executions. Without options it returns all of them.
func (s *Service) GetExecutions(
	ctx context.Context, req *mlmdpb.GetExecutionsRequest,
) (*mlmdpb.GetExecutionsResponse, error) {
	resp := new(mlmdpb.GetExecutionsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		p, err := listNodes(ctx, q, executionKind, allNodes, req.Options)
		resp.Executions = mapSlice(p.nodes, (*node).toExecution)
		resp.NextPageToken = p.next
		return err
	})
	return reply(resp, err)
}

// GetContexts lists contexts. Without options it returns all of them.
func (s *Service) GetContexts(
	ctx context.Context, req *mlmdpb.GetContextsRequest,
) (*mlmdpb.GetContextsResponse, error) {
	resp := new(mlmdpb.GetContextsResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		p, err := listNodes(ctx, q, contextKind, allNodes, req.Options)
		resp.Contexts = mapSlice(p.nodes, (*node).toContext)
		resp.NextPageToken = p.next
		return err
	})
	return reply(resp, err)
}

// GetArtifactsByType lists the artifacts of a type. The list is empty if the
// type is unknown.
func (s *Service) GetArtifactsByType(
	ctx context.Context, req *mlmdpb.GetArtifactsByTypeRequest,
) (*mlmdpb.GetArtifactsByTypeResponse, error) {
	resp := new(mlmdpb.GetArtifactsByTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		p, err := listNodesOfType(ctx, q, artifactKind, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.Options)
		resp.Artifacts = mapSlice(p.nodes, (*node).toArtifact)
		resp.NextPageToken = p.next
		return err
	})
	return reply(resp, err)
}

// GetExecutionsByType lists the executions of a type. The list is empty if the
// type is unknown.
func (s *Service) GetExecutionsByType(
	ctx context.Context, req *mlmdpb.GetExecutionsByTypeRequest,
) (*mlmdpb.GetExecutionsByTypeResponse, error) {
	resp := new(mlmdpb.GetExecutionsByTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		p, err := listNodesOfType(ctx, q, executionKind, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.Options)
		resp.Executions = mapSlice(p.nodes, (*node).toExecution)
		resp.NextPageToken = p.next
		return err
	})
	return reply(resp, err)
}

// GetContextsByType lists the contexts of a type. The list is empty if the type
// is unknown.
func (s *Service) GetContextsByType(
	ctx context.Context, req *mlmdpb.GetContextsByTypeRequest,
) (*mlmdpb.GetContextsByTypeResponse, error) {
	resp := new(mlmdpb.GetContextsByTypeResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		p, err := listNodesOfType(ctx, q, contextKind, typeName{req.GetTypeName(), req.GetTypeVersion()}, req.Options)
		resp.Contexts = mapSlice(p.nodes, (*node).toContext)
		resp.NextPageToken = p.next
		return err
	})
	return reply(resp, err)
}

// GetArtifactsByContext lists the artifacts that are attributed to a context.
// The list is empty if the context is unknown.
func (s *Service) GetArtifactsByContext(
	ctx context.Context, req *mlmdpb.GetArtifactsByContextRequest,
) (*mlmdpb.GetArtifactsByContextResponse, error) {
	resp := new(mlmdpb.GetArtifactsByContextResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		p, err := listNodes(ctx, q, artifactKind, inContext(attributions, req.GetContextId()), req.Options)
		resp.Artifacts = mapSlice(p.nodes, (*node).toArtifact)
		resp.NextPageToken = p.next
		return err
	})
	return reply(resp, err)
}

// GetExecutionsByContext lists the executions that are associated with a
// context. The list is empty if the context is unknown.
func (s *Service) GetExecutionsByContext(
	ctx context.Context, req *mlmdpb.GetExecutionsByContextRequest,
) (*mlmdpb.GetExecutionsByContextResponse, error) {
	resp := new(mlmdpb.GetExecutionsByContextResponse)
	err := s.view(ctx, func(ctx context.Context, q querier) error {
		p, err := listNodes(ctx, q, executionKind, inContext(associations, req.GetContextId()), req.Options)
		resp.Executions = mapSlice(p.nodes, (*node).toExecution)
		resp.NextPageToken = p.next
		return err
	})
	return reply(resp, err)
}

// listNodesOfType lists the nodes of a type. With options, the token of the
// last page is empty but present.
func listNodesOfType(
	ctx context.Context, q querier, k *nodeKind, of typeName, o *mlmdpb.ListOperationOptions,
) (page, error) {
	id, err := typeID(ctx, q, k.typeKind, of)
	if err != nil || id == 0 {
		return page{}, err
	}
	base := ofType(k, id)
	p, err := listNodes(ctx, q, k, base, o)
	if err != nil || o == nil || p.next != nil {
		return p, err
	}
	empty := len(p.nodes) == 0
	if empty {
		if empty, err = base.isEmpty(ctx, q, k); err != nil {
			return page{}, err
		}
	}
	if !empty {
		p.next = new(string)
	}
	return p, nil
}
