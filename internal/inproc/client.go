package inproc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// NewClient returns a client that calls the service. Without interceptors, the service
// gets the client's request itself, which it must not change or keep, and the client its
// reply, which the service must not keep. Each call passes through the interceptors that
// are not nil, the first one outermost. They may do both: with them, requests and replies
// are copied.
func NewClient(
	service mlmdpb.MetadataStoreServiceServer, interceptors ...grpc.UnaryServerInterceptor,
) mlmdpb.MetadataStoreServiceClient {
	conn := New(&mlmdpb.MetadataStoreService_ServiceDesc, service, interceptors...)
	if conn.intercept == nil {
		return client{service}
	}
	return mlmdpb.NewMetadataStoreServiceClient(conn)
}

// client calls a service directly.
type client struct{ service server }

type server = mlmdpb.MetadataStoreServiceServer

// call calls a method of a service. An error has a gRPC status.
func call[Q, R any](
	ctx context.Context, s server, in *Q, method func(server, context.Context, *Q) (*R, error),
	name grpc.ServerTransportStream,
) (*R, error) {
	if err := ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	out, err := method(s, serverContext(ctx, name), in)
	if err != nil {
		return nil, statusError(err)
	}
	return out, nil
}

func (c client) PutArtifactType(
	ctx context.Context, in *mlmdpb.PutArtifactTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutArtifactTypeResponse, error) {
	return call(ctx, c.service, in, server.PutArtifactType,
		stream(mlmdpb.MetadataStoreService_PutArtifactType_FullMethodName))
}

func (c client) PutExecutionType(
	ctx context.Context, in *mlmdpb.PutExecutionTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutExecutionTypeResponse, error) {
	return call(ctx, c.service, in, server.PutExecutionType,
		stream(mlmdpb.MetadataStoreService_PutExecutionType_FullMethodName))
}

func (c client) PutContextType(
	ctx context.Context, in *mlmdpb.PutContextTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutContextTypeResponse, error) {
	return call(ctx, c.service, in, server.PutContextType,
		stream(mlmdpb.MetadataStoreService_PutContextType_FullMethodName))
}

func (c client) PutTypes(
	ctx context.Context, in *mlmdpb.PutTypesRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutTypesResponse, error) {
	return call(ctx, c.service, in, server.PutTypes,
		stream(mlmdpb.MetadataStoreService_PutTypes_FullMethodName))
}

func (c client) PutArtifacts(
	ctx context.Context, in *mlmdpb.PutArtifactsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutArtifactsResponse, error) {
	return call(ctx, c.service, in, server.PutArtifacts,
		stream(mlmdpb.MetadataStoreService_PutArtifacts_FullMethodName))
}

func (c client) PutExecutions(
	ctx context.Context, in *mlmdpb.PutExecutionsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutExecutionsResponse, error) {
	return call(ctx, c.service, in, server.PutExecutions,
		stream(mlmdpb.MetadataStoreService_PutExecutions_FullMethodName))
}

func (c client) PutEvents(
	ctx context.Context, in *mlmdpb.PutEventsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutEventsResponse, error) {
	return call(ctx, c.service, in, server.PutEvents,
		stream(mlmdpb.MetadataStoreService_PutEvents_FullMethodName))
}

func (c client) PutExecution(
	ctx context.Context, in *mlmdpb.PutExecutionRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutExecutionResponse, error) {
	return call(ctx, c.service, in, server.PutExecution,
		stream(mlmdpb.MetadataStoreService_PutExecution_FullMethodName))
}

func (c client) PutLineageSubgraph(
	ctx context.Context, in *mlmdpb.PutLineageSubgraphRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutLineageSubgraphResponse, error) {
	return call(ctx, c.service, in, server.PutLineageSubgraph,
		stream(mlmdpb.MetadataStoreService_PutLineageSubgraph_FullMethodName))
}

func (c client) PutContexts(
	ctx context.Context, in *mlmdpb.PutContextsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutContextsResponse, error) {
	return call(ctx, c.service, in, server.PutContexts,
		stream(mlmdpb.MetadataStoreService_PutContexts_FullMethodName))
}

func (c client) PutAttributionsAndAssociations(
	ctx context.Context, in *mlmdpb.PutAttributionsAndAssociationsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutAttributionsAndAssociationsResponse, error) {
	return call(ctx, c.service, in, server.PutAttributionsAndAssociations,
		stream(mlmdpb.MetadataStoreService_PutAttributionsAndAssociations_FullMethodName))
}

func (c client) PutParentContexts(
	ctx context.Context, in *mlmdpb.PutParentContextsRequest, _ ...grpc.CallOption,
) (*mlmdpb.PutParentContextsResponse, error) {
	return call(ctx, c.service, in, server.PutParentContexts,
		stream(mlmdpb.MetadataStoreService_PutParentContexts_FullMethodName))
}

func (c client) GetArtifactType(
	ctx context.Context, in *mlmdpb.GetArtifactTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactTypeResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactType,
		stream(mlmdpb.MetadataStoreService_GetArtifactType_FullMethodName))
}

func (c client) GetArtifactTypesByID(
	ctx context.Context, in *mlmdpb.GetArtifactTypesByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactTypesByIDResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactTypesByID,
		stream(mlmdpb.MetadataStoreService_GetArtifactTypesByID_FullMethodName))
}

func (c client) GetArtifactTypes(
	ctx context.Context, in *mlmdpb.GetArtifactTypesRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactTypesResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactTypes,
		stream(mlmdpb.MetadataStoreService_GetArtifactTypes_FullMethodName))
}

func (c client) GetExecutionType(
	ctx context.Context, in *mlmdpb.GetExecutionTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionTypeResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionType,
		stream(mlmdpb.MetadataStoreService_GetExecutionType_FullMethodName))
}

func (c client) GetExecutionTypesByID(
	ctx context.Context, in *mlmdpb.GetExecutionTypesByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionTypesByIDResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionTypesByID,
		stream(mlmdpb.MetadataStoreService_GetExecutionTypesByID_FullMethodName))
}

func (c client) GetExecutionTypes(
	ctx context.Context, in *mlmdpb.GetExecutionTypesRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionTypesResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionTypes,
		stream(mlmdpb.MetadataStoreService_GetExecutionTypes_FullMethodName))
}

func (c client) GetContextType(
	ctx context.Context, in *mlmdpb.GetContextTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextTypeResponse, error) {
	return call(ctx, c.service, in, server.GetContextType,
		stream(mlmdpb.MetadataStoreService_GetContextType_FullMethodName))
}

func (c client) GetContextTypesByID(
	ctx context.Context, in *mlmdpb.GetContextTypesByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextTypesByIDResponse, error) {
	return call(ctx, c.service, in, server.GetContextTypesByID,
		stream(mlmdpb.MetadataStoreService_GetContextTypesByID_FullMethodName))
}

func (c client) GetContextTypes(
	ctx context.Context, in *mlmdpb.GetContextTypesRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextTypesResponse, error) {
	return call(ctx, c.service, in, server.GetContextTypes,
		stream(mlmdpb.MetadataStoreService_GetContextTypes_FullMethodName))
}

func (c client) GetArtifacts(
	ctx context.Context, in *mlmdpb.GetArtifactsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsResponse, error) {
	return call(ctx, c.service, in, server.GetArtifacts,
		stream(mlmdpb.MetadataStoreService_GetArtifacts_FullMethodName))
}

func (c client) GetExecutions(
	ctx context.Context, in *mlmdpb.GetExecutionsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionsResponse, error) {
	return call(ctx, c.service, in, server.GetExecutions,
		stream(mlmdpb.MetadataStoreService_GetExecutions_FullMethodName))
}

func (c client) GetContexts(
	ctx context.Context, in *mlmdpb.GetContextsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsResponse, error) {
	return call(ctx, c.service, in, server.GetContexts,
		stream(mlmdpb.MetadataStoreService_GetContexts_FullMethodName))
}

func (c client) GetArtifactsByID(
	ctx context.Context, in *mlmdpb.GetArtifactsByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByIDResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactsByID,
		stream(mlmdpb.MetadataStoreService_GetArtifactsByID_FullMethodName))
}

func (c client) GetExecutionsByID(
	ctx context.Context, in *mlmdpb.GetExecutionsByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionsByIDResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionsByID,
		stream(mlmdpb.MetadataStoreService_GetExecutionsByID_FullMethodName))
}

func (c client) GetContextsByID(
	ctx context.Context, in *mlmdpb.GetContextsByIDRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByIDResponse, error) {
	return call(ctx, c.service, in, server.GetContextsByID,
		stream(mlmdpb.MetadataStoreService_GetContextsByID_FullMethodName))
}

func (c client) GetArtifactsByType(
	ctx context.Context, in *mlmdpb.GetArtifactsByTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByTypeResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactsByType,
		stream(mlmdpb.MetadataStoreService_GetArtifactsByType_FullMethodName))
}

func (c client) GetExecutionsByType(
	ctx context.Context, in *mlmdpb.GetExecutionsByTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionsByTypeResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionsByType,
		stream(mlmdpb.MetadataStoreService_GetExecutionsByType_FullMethodName))
}

func (c client) GetContextsByType(
	ctx context.Context, in *mlmdpb.GetContextsByTypeRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByTypeResponse, error) {
	return call(ctx, c.service, in, server.GetContextsByType,
		stream(mlmdpb.MetadataStoreService_GetContextsByType_FullMethodName))
}

func (c client) GetArtifactByTypeAndName(
	ctx context.Context, in *mlmdpb.GetArtifactByTypeAndNameRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactByTypeAndNameResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactByTypeAndName,
		stream(mlmdpb.MetadataStoreService_GetArtifactByTypeAndName_FullMethodName))
}

func (c client) GetExecutionByTypeAndName(
	ctx context.Context, in *mlmdpb.GetExecutionByTypeAndNameRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionByTypeAndNameResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionByTypeAndName,
		stream(mlmdpb.MetadataStoreService_GetExecutionByTypeAndName_FullMethodName))
}

func (c client) GetContextByTypeAndName(
	ctx context.Context, in *mlmdpb.GetContextByTypeAndNameRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextByTypeAndNameResponse, error) {
	return call(ctx, c.service, in, server.GetContextByTypeAndName,
		stream(mlmdpb.MetadataStoreService_GetContextByTypeAndName_FullMethodName))
}

func (c client) GetArtifactsByURI(
	ctx context.Context, in *mlmdpb.GetArtifactsByURIRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByURIResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactsByURI,
		stream(mlmdpb.MetadataStoreService_GetArtifactsByURI_FullMethodName))
}

func (c client) GetEventsByExecutionIDs(
	ctx context.Context, in *mlmdpb.GetEventsByExecutionIDsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetEventsByExecutionIDsResponse, error) {
	return call(ctx, c.service, in, server.GetEventsByExecutionIDs,
		stream(mlmdpb.MetadataStoreService_GetEventsByExecutionIDs_FullMethodName))
}

func (c client) GetEventsByArtifactIDs(
	ctx context.Context, in *mlmdpb.GetEventsByArtifactIDsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetEventsByArtifactIDsResponse, error) {
	return call(ctx, c.service, in, server.GetEventsByArtifactIDs,
		stream(mlmdpb.MetadataStoreService_GetEventsByArtifactIDs_FullMethodName))
}

func (c client) GetArtifactsByExternalIds(
	ctx context.Context, in *mlmdpb.GetArtifactsByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByExternalIdsResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactsByExternalIds,
		stream(mlmdpb.MetadataStoreService_GetArtifactsByExternalIds_FullMethodName))
}

func (c client) GetExecutionsByExternalIds(
	ctx context.Context, in *mlmdpb.GetExecutionsByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionsByExternalIdsResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionsByExternalIds,
		stream(mlmdpb.MetadataStoreService_GetExecutionsByExternalIds_FullMethodName))
}

func (c client) GetContextsByExternalIds(
	ctx context.Context, in *mlmdpb.GetContextsByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByExternalIdsResponse, error) {
	return call(ctx, c.service, in, server.GetContextsByExternalIds,
		stream(mlmdpb.MetadataStoreService_GetContextsByExternalIds_FullMethodName))
}

func (c client) GetArtifactTypesByExternalIds(
	ctx context.Context, in *mlmdpb.GetArtifactTypesByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactTypesByExternalIdsResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactTypesByExternalIds,
		stream(mlmdpb.MetadataStoreService_GetArtifactTypesByExternalIds_FullMethodName))
}

func (c client) GetExecutionTypesByExternalIds(
	ctx context.Context, in *mlmdpb.GetExecutionTypesByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionTypesByExternalIdsResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionTypesByExternalIds,
		stream(mlmdpb.MetadataStoreService_GetExecutionTypesByExternalIds_FullMethodName))
}

func (c client) GetContextTypesByExternalIds(
	ctx context.Context, in *mlmdpb.GetContextTypesByExternalIdsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextTypesByExternalIdsResponse, error) {
	return call(ctx, c.service, in, server.GetContextTypesByExternalIds,
		stream(mlmdpb.MetadataStoreService_GetContextTypesByExternalIds_FullMethodName))
}

func (c client) GetContextsByArtifact(
	ctx context.Context, in *mlmdpb.GetContextsByArtifactRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByArtifactResponse, error) {
	return call(ctx, c.service, in, server.GetContextsByArtifact,
		stream(mlmdpb.MetadataStoreService_GetContextsByArtifact_FullMethodName))
}

func (c client) GetContextsByExecution(
	ctx context.Context, in *mlmdpb.GetContextsByExecutionRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetContextsByExecutionResponse, error) {
	return call(ctx, c.service, in, server.GetContextsByExecution,
		stream(mlmdpb.MetadataStoreService_GetContextsByExecution_FullMethodName))
}

func (c client) GetParentContextsByContext(
	ctx context.Context, in *mlmdpb.GetParentContextsByContextRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetParentContextsByContextResponse, error) {
	return call(ctx, c.service, in, server.GetParentContextsByContext,
		stream(mlmdpb.MetadataStoreService_GetParentContextsByContext_FullMethodName))
}

func (c client) GetChildrenContextsByContext(
	ctx context.Context, in *mlmdpb.GetChildrenContextsByContextRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetChildrenContextsByContextResponse, error) {
	return call(ctx, c.service, in, server.GetChildrenContextsByContext,
		stream(mlmdpb.MetadataStoreService_GetChildrenContextsByContext_FullMethodName))
}

func (c client) GetParentContextsByContexts(
	ctx context.Context, in *mlmdpb.GetParentContextsByContextsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetParentContextsByContextsResponse, error) {
	return call(ctx, c.service, in, server.GetParentContextsByContexts,
		stream(mlmdpb.MetadataStoreService_GetParentContextsByContexts_FullMethodName))
}

func (c client) GetChildrenContextsByContexts(
	ctx context.Context, in *mlmdpb.GetChildrenContextsByContextsRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetChildrenContextsByContextsResponse, error) {
	return call(ctx, c.service, in, server.GetChildrenContextsByContexts,
		stream(mlmdpb.MetadataStoreService_GetChildrenContextsByContexts_FullMethodName))
}

func (c client) GetArtifactsByContext(
	ctx context.Context, in *mlmdpb.GetArtifactsByContextRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByContextResponse, error) {
	return call(ctx, c.service, in, server.GetArtifactsByContext,
		stream(mlmdpb.MetadataStoreService_GetArtifactsByContext_FullMethodName))
}

func (c client) GetExecutionsByContext(
	ctx context.Context, in *mlmdpb.GetExecutionsByContextRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetExecutionsByContextResponse, error) {
	return call(ctx, c.service, in, server.GetExecutionsByContext,
		stream(mlmdpb.MetadataStoreService_GetExecutionsByContext_FullMethodName))
}

// GetLineageGraph is still called by clients.
//
// Deprecated: The service's contract says so.
func (c client) GetLineageGraph(
	ctx context.Context, in *mlmdpb.GetLineageGraphRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetLineageGraphResponse, error) {
	return call(ctx, c.service, in, server.GetLineageGraph,
		stream(mlmdpb.MetadataStoreService_GetLineageGraph_FullMethodName))
}

func (c client) GetLineageSubgraph(
	ctx context.Context, in *mlmdpb.GetLineageSubgraphRequest, _ ...grpc.CallOption,
) (*mlmdpb.GetLineageSubgraphResponse, error) {
	return call(ctx, c.service, in, server.GetLineageSubgraph,
		stream(mlmdpb.MetadataStoreService_GetLineageSubgraph_FullMethodName))
}
