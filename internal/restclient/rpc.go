package restclient

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// list1 returns a list of the node, or an empty one if it is nil.
func list1[N node](n proto.Message, err error) ([]N, error) {
	if n == nil || err != nil {
		return nil, err
	}
	return []N{n.(N)}, nil
}

// only returns the only element of a request, since no request to a REST registry
// has several.
func only[E any](list []E) (e E, _ error) {
	if len(list) != 1 {
		return e, status.Errorf(codes.Unimplemented, "a REST registry takes one at a time, not %d", len(list))
	}
	return list[0], nil
}

func nodesOf[N node](in []proto.Message) []N {
	out := make([]N, len(in))
	for i, n := range in {
		out[i] = n.(N)
	}
	return out
}

// putOne is put of the only node.
func putOne[N node](ctx context.Context, c *Client, ns []N, paths []string) ([]int64, error) {
	n, err := only(ns)
	if err != nil {
		return nil, err
	}
	id, err := c.put(ctx, n, paths)
	return []int64{id}, err
}

// PutContexts stores one context.
func (c *Client) PutContexts(
	ctx context.Context, q *mlmdpb.PutContextsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutContextsResponse, error) {
	ids, err := putOne(ctx, c, q.GetContexts(), q.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutContextsResponse{ContextIds: ids}, nil
}

// GetContextsByID returns one context, if it exists.
func (c *Client) GetContextsByID(
	ctx context.Context, q *mlmdpb.GetContextsByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByIDResponse, error) {
	id, err := only(q.GetContextIds())
	if err != nil {
		return nil, err
	}
	n, err := c.byID(ctx, mlmd.Context, id)
	ns, err := list1[*mlmdpb.Context](n, err)
	return &mlmdpb.GetContextsByIDResponse{Contexts: ns}, err
}

// GetContextByTypeAndName returns the context with the stored name, if it exists.
func (c *Client) GetContextByTypeAndName(
	ctx context.Context, q *mlmdpb.GetContextByTypeAndNameRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextByTypeAndNameResponse, error) {
	n, err := c.named(ctx, mlmd.Context, q.GetTypeName(), q.GetContextName())
	out := &mlmdpb.GetContextByTypeAndNameResponse{}
	if n != nil {
		out.Context = n.(*mlmdpb.Context)
	}
	return out, err
}

// GetContextsByExternalIds returns the context with the external ID, if it exists.
func (c *Client) GetContextsByExternalIds(
	ctx context.Context, q *mlmdpb.GetContextsByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByExternalIdsResponse, error) {
	id, err := only(q.GetExternalIds())
	if err != nil {
		return nil, err
	}
	n, err := c.external(ctx, mlmd.Context, id)
	ns, err := list1[*mlmdpb.Context](n, err)
	return &mlmdpb.GetContextsByExternalIdsResponse{Contexts: ns}, err
}

// GetContextsByType lists the contexts that [WithQuery] is about.
func (c *Client) GetContextsByType(
	ctx context.Context, q *mlmdpb.GetContextsByTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByTypeResponse, error) {
	ns, next, err := c.page(ctx, mlmd.Context, q.GetTypeName(), q.GetOptions())
	if err != nil {
		return nil, err
	}
	return &mlmdpb.GetContextsByTypeResponse{Contexts: nodesOf[*mlmdpb.Context](ns), NextPageToken: &next}, nil
}

// GetContextType returns the type of a mapping.
func (c *Client) GetContextType(
	_ context.Context, q *mlmdpb.GetContextTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextTypeResponse, error) {
	e := c.ofType(mlmd.Context, q.GetTypeName())
	if e == nil {
		return nil, status.Errorf(codes.NotFound, "the client knows no mapping for type %s", q.GetTypeName())
	}
	return &mlmdpb.GetContextTypeResponse{ContextType: &mlmdpb.ContextType{
		Id: &e.id, Name: &e.TypeName, Properties: e.mapping.PropTypes(),
	}}, nil
}

// PutArtifacts stores one artifact.
func (c *Client) PutArtifacts(
	ctx context.Context, q *mlmdpb.PutArtifactsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutArtifactsResponse, error) {
	ids, err := putOne(ctx, c, q.GetArtifacts(), q.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutArtifactsResponse{ArtifactIds: ids}, nil
}

// GetArtifactsByID returns one artifact, if it exists.
func (c *Client) GetArtifactsByID(
	ctx context.Context, q *mlmdpb.GetArtifactsByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByIDResponse, error) {
	id, err := only(q.GetArtifactIds())
	if err != nil {
		return nil, err
	}
	n, err := c.byID(ctx, mlmd.Artifact, id)
	ns, err := list1[*mlmdpb.Artifact](n, err)
	return &mlmdpb.GetArtifactsByIDResponse{Artifacts: ns}, err
}

// GetArtifactByTypeAndName returns the artifact with the stored name, if it exists.
func (c *Client) GetArtifactByTypeAndName(
	ctx context.Context, q *mlmdpb.GetArtifactByTypeAndNameRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactByTypeAndNameResponse, error) {
	n, err := c.named(ctx, mlmd.Artifact, q.GetTypeName(), q.GetArtifactName())
	out := &mlmdpb.GetArtifactByTypeAndNameResponse{}
	if n != nil {
		out.Artifact = n.(*mlmdpb.Artifact)
	}
	return out, err
}

// GetArtifactsByExternalIds returns the artifact with the external ID, if it exists.
func (c *Client) GetArtifactsByExternalIds(
	ctx context.Context, q *mlmdpb.GetArtifactsByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByExternalIdsResponse, error) {
	id, err := only(q.GetExternalIds())
	if err != nil {
		return nil, err
	}
	n, err := c.external(ctx, mlmd.Artifact, id)
	ns, err := list1[*mlmdpb.Artifact](n, err)
	return &mlmdpb.GetArtifactsByExternalIdsResponse{Artifacts: ns}, err
}

// GetArtifactsByType lists the artifacts that [WithQuery] is about.
func (c *Client) GetArtifactsByType(
	ctx context.Context, q *mlmdpb.GetArtifactsByTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByTypeResponse, error) {
	ns, next, err := c.page(ctx, mlmd.Artifact, q.GetTypeName(), q.GetOptions())
	if err != nil {
		return nil, err
	}
	return &mlmdpb.GetArtifactsByTypeResponse{Artifacts: nodesOf[*mlmdpb.Artifact](ns), NextPageToken: &next}, nil
}

// GetArtifactType returns the type of a mapping.
func (c *Client) GetArtifactType(
	_ context.Context, q *mlmdpb.GetArtifactTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactTypeResponse, error) {
	e := c.ofType(mlmd.Artifact, q.GetTypeName())
	if e == nil {
		return nil, status.Errorf(codes.NotFound, "the client knows no mapping for type %s", q.GetTypeName())
	}
	return &mlmdpb.GetArtifactTypeResponse{ArtifactType: &mlmdpb.ArtifactType{
		Id: &e.id, Name: &e.TypeName, Properties: e.mapping.PropTypes(),
	}}, nil
}

// PutExecutions stores one execution.
func (c *Client) PutExecutions(
	ctx context.Context, q *mlmdpb.PutExecutionsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutExecutionsResponse, error) {
	ids, err := putOne(ctx, c, q.GetExecutions(), q.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutExecutionsResponse{ExecutionIds: ids}, nil
}

// GetExecutionsByID returns one execution, if it exists.
func (c *Client) GetExecutionsByID(
	ctx context.Context, q *mlmdpb.GetExecutionsByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionsByIDResponse, error) {
	id, err := only(q.GetExecutionIds())
	if err != nil {
		return nil, err
	}
	n, err := c.byID(ctx, mlmd.Execution, id)
	ns, err := list1[*mlmdpb.Execution](n, err)
	return &mlmdpb.GetExecutionsByIDResponse{Executions: ns}, err
}

// GetExecutionByTypeAndName returns the execution with the stored name, if it exists.
func (c *Client) GetExecutionByTypeAndName(
	ctx context.Context, q *mlmdpb.GetExecutionByTypeAndNameRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionByTypeAndNameResponse, error) {
	n, err := c.named(ctx, mlmd.Execution, q.GetTypeName(), q.GetExecutionName())
	out := &mlmdpb.GetExecutionByTypeAndNameResponse{}
	if n != nil {
		out.Execution = n.(*mlmdpb.Execution)
	}
	return out, err
}

// GetExecutionsByExternalIds returns the execution with the external ID, if it exists.
func (c *Client) GetExecutionsByExternalIds(
	ctx context.Context, q *mlmdpb.GetExecutionsByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionsByExternalIdsResponse, error) {
	id, err := only(q.GetExternalIds())
	if err != nil {
		return nil, err
	}
	n, err := c.external(ctx, mlmd.Execution, id)
	ns, err := list1[*mlmdpb.Execution](n, err)
	return &mlmdpb.GetExecutionsByExternalIdsResponse{Executions: ns}, err
}

// GetExecutionsByType lists the executions that [WithQuery] is about.
func (c *Client) GetExecutionsByType(
	ctx context.Context, q *mlmdpb.GetExecutionsByTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionsByTypeResponse, error) {
	ns, next, err := c.page(ctx, mlmd.Execution, q.GetTypeName(), q.GetOptions())
	if err != nil {
		return nil, err
	}
	return &mlmdpb.GetExecutionsByTypeResponse{Executions: nodesOf[*mlmdpb.Execution](ns), NextPageToken: &next}, nil
}

// GetExecutionType returns the type of a mapping.
func (c *Client) GetExecutionType(
	_ context.Context, q *mlmdpb.GetExecutionTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionTypeResponse, error) {
	e := c.ofType(mlmd.Execution, q.GetTypeName())
	if e == nil {
		return nil, status.Errorf(codes.NotFound, "the client knows no mapping for type %s", q.GetTypeName())
	}
	return &mlmdpb.GetExecutionTypeResponse{ExecutionType: &mlmdpb.ExecutionType{
		Id: &e.id, Name: &e.TypeName, Properties: e.mapping.PropTypes(),
	}}, nil
}

// PutLineageSubgraph stores one artifact below its parent.
func (c *Client) PutLineageSubgraph(
	ctx context.Context, q *mlmdpb.PutLineageSubgraphRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutLineageSubgraphResponse, error) {
	n, err := only(q.GetArtifacts())
	if err == nil {
		_, err = only(q.GetContexts())
	}
	if err != nil || len(q.GetExecutions())+len(q.GetEventEdges()) > 0 {
		return nil, status.Error(codes.Unimplemented, "a REST registry has no lineage: it takes one artifact at a time")
	}
	id, err := c.put(ctx, n, nil)
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutLineageSubgraphResponse{
		ArtifactIds: []int64{id}, ContextIds: []int64{c.parentOf(edge{mlmd.Artifact, id})},
	}, nil
}

// PutExecution stores one execution below its parent.
func (c *Client) PutExecution(
	ctx context.Context, q *mlmdpb.PutExecutionRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutExecutionResponse, error) {
	if len(q.GetArtifactEventPairs()) > 0 {
		return nil, status.Error(codes.Unimplemented, "a REST registry has no lineage")
	}
	id, err := c.put(ctx, q.GetExecution(), nil)
	if err != nil {
		return nil, err
	}
	return &mlmdpb.PutExecutionResponse{ExecutionId: &id, ContextIds: []int64{c.parentOf(edge{mlmd.Execution, id})}}, nil
}

// PutParentContexts succeeds if the contexts are linked.
func (c *Client) PutParentContexts(
	ctx context.Context, q *mlmdpb.PutParentContextsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutParentContextsResponse, error) {
	for _, l := range q.GetParentContexts() {
		if err := c.checkLink(ctx, mlmd.Context, l.GetParentId(), l.GetChildId()); err != nil {
			return nil, err
		}
	}
	return &mlmdpb.PutParentContextsResponse{}, nil
}

// PutAttributionsAndAssociations succeeds if the nodes are linked.
func (c *Client) PutAttributionsAndAssociations(
	ctx context.Context, q *mlmdpb.PutAttributionsAndAssociationsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutAttributionsAndAssociationsResponse, error) {
	for _, l := range q.GetAttributions() {
		if err := c.checkLink(ctx, mlmd.Artifact, l.GetContextId(), l.GetArtifactId()); err != nil {
			return nil, err
		}
	}
	for _, l := range q.GetAssociations() {
		if err := c.checkLink(ctx, mlmd.Execution, l.GetContextId(), l.GetExecutionId()); err != nil {
			return nil, err
		}
	}
	return &mlmdpb.PutAttributionsAndAssociationsResponse{}, nil
}

// parentContext returns the parent as a list.
func (c *Client) parentContext(ctx context.Context, child int64) ([]*mlmdpb.Context, error) {
	n, err := c.parentNode(ctx, child)
	if n == nil || err != nil {
		return nil, err
	}
	return list1[*mlmdpb.Context](n, nil)
}

// GetParentContextsByContext returns the parent, as far as it is known.
func (c *Client) GetParentContextsByContext(
	ctx context.Context, q *mlmdpb.GetParentContextsByContextRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetParentContextsByContextResponse, error) {
	cs, err := c.parentContext(ctx, q.GetContextId())
	return &mlmdpb.GetParentContextsByContextResponse{Contexts: cs}, err
}

// GetContextsByArtifact returns the parent, as far as it is known.
func (c *Client) GetContextsByArtifact(
	ctx context.Context, q *mlmdpb.GetContextsByArtifactRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByArtifactResponse, error) {
	cs, err := c.parentContext(ctx, q.GetArtifactId())
	return &mlmdpb.GetContextsByArtifactResponse{Contexts: cs}, err
}

// GetContextsByExecution returns the parent, as far as it is known.
func (c *Client) GetContextsByExecution(
	ctx context.Context, q *mlmdpb.GetContextsByExecutionRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByExecutionResponse, error) {
	cs, err := c.parentContext(ctx, q.GetExecutionId())
	return &mlmdpb.GetContextsByExecutionResponse{Contexts: cs}, err
}
