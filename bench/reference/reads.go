package main

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// ids returns count IDs from that of the n-th node on.
func ids(n, count int) []int64 {
	out := make([]int64, count)
	for i := range out {
		out[i] = id(n + i)
	}
	return out
}

// name returns the name of the n-th node of a kind.
func name(kind string, n int) *string { return new(kind + " " + strconv.Itoa(n%population)) }

// reads returns the steps that only read.
func reads() []*step {
	var all []*step
	for _, part := range [][]*step{typeReads(), nodeReads(), edgeReads(), listReads(), lineageReads()} {
		all = append(all, part...)
	}
	return all
}

func typeReads() []*step {
	return []*step{
		read(client.GetArtifactType, "", func(*world, int) *mlmdpb.GetArtifactTypeRequest {
			return &mlmdpb.GetArtifactTypeRequest{TypeName: new("Model")}
		}),
		read(client.GetExecutionType, "", func(*world, int) *mlmdpb.GetExecutionTypeRequest {
			return &mlmdpb.GetExecutionTypeRequest{TypeName: new("Run")}
		}),
		read(client.GetContextType, "", func(*world, int) *mlmdpb.GetContextTypeRequest {
			return &mlmdpb.GetContextTypeRequest{TypeName: new("Project")}
		}),
		read(
			client.GetArtifactTypes, "",
			func(*world, int) *mlmdpb.GetArtifactTypesRequest { return &mlmdpb.GetArtifactTypesRequest{} },
		),
		read(
			client.GetExecutionTypes, "",
			func(*world, int) *mlmdpb.GetExecutionTypesRequest { return &mlmdpb.GetExecutionTypesRequest{} },
		),
		read(
			client.GetContextTypes, "",
			func(*world, int) *mlmdpb.GetContextTypesRequest { return &mlmdpb.GetContextTypesRequest{} },
		),
		read(client.GetArtifactTypesByID, "", func(w *world, _ int) *mlmdpb.GetArtifactTypesByIDRequest {
			return &mlmdpb.GetArtifactTypesByIDRequest{TypeIds: []int64{w.artifactType}}
		}),
		read(client.GetExecutionTypesByID, "", func(w *world, _ int) *mlmdpb.GetExecutionTypesByIDRequest {
			return &mlmdpb.GetExecutionTypesByIDRequest{TypeIds: []int64{w.executionType}}
		}),
		read(client.GetContextTypesByID, "", func(w *world, _ int) *mlmdpb.GetContextTypesByIDRequest {
			return &mlmdpb.GetContextTypesByIDRequest{TypeIds: []int64{w.contextType}}
		}),
		read(client.GetArtifactTypesByExternalIds, "", func(*world, int) *mlmdpb.GetArtifactTypesByExternalIdsRequest {
			return &mlmdpb.GetArtifactTypesByExternalIdsRequest{ExternalIds: []string{"type-a"}}
		}),
		read(client.GetExecutionTypesByExternalIds, "", func(*world, int) *mlmdpb.GetExecutionTypesByExternalIdsRequest {
			return &mlmdpb.GetExecutionTypesByExternalIdsRequest{ExternalIds: []string{"type-e"}}
		}),
		read(client.GetContextTypesByExternalIds, "", func(*world, int) *mlmdpb.GetContextTypesByExternalIdsRequest {
			return &mlmdpb.GetContextTypesByExternalIdsRequest{ExternalIds: []string{"type-c"}}
		}),
	}
}

func nodeReads() []*step {
	var all []*step
	for _, count := range []int{1, 100} {
		what := fmt.Sprint(count)
		all = append(all,
			read(client.GetArtifactsByID, what, func(_ *world, n int) *mlmdpb.GetArtifactsByIDRequest {
				return &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: ids(n, count)}
			}),
			read(client.GetExecutionsByID, what, func(_ *world, n int) *mlmdpb.GetExecutionsByIDRequest {
				return &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: ids(n, count)}
			}),
			read(client.GetContextsByID, what, func(_ *world, n int) *mlmdpb.GetContextsByIDRequest {
				return &mlmdpb.GetContextsByIDRequest{ContextIds: ids(n, count)}
			}))
	}
	return append(all,
		read(client.GetArtifactByTypeAndName, "", func(_ *world, n int) *mlmdpb.GetArtifactByTypeAndNameRequest {
			return &mlmdpb.GetArtifactByTypeAndNameRequest{TypeName: new("Model"), ArtifactName: name("artifact", n)}
		}),
		read(client.GetExecutionByTypeAndName, "", func(_ *world, n int) *mlmdpb.GetExecutionByTypeAndNameRequest {
			return &mlmdpb.GetExecutionByTypeAndNameRequest{TypeName: new("Run"), ExecutionName: name("execution", n)}
		}),
		read(client.GetContextByTypeAndName, "", func(_ *world, n int) *mlmdpb.GetContextByTypeAndNameRequest {
			return &mlmdpb.GetContextByTypeAndNameRequest{TypeName: new("Project"), ContextName: name("context", n)}
		}),
		read(client.GetArtifactsByURI, "", func(_ *world, n int) *mlmdpb.GetArtifactsByURIRequest {
			return &mlmdpb.GetArtifactsByURIRequest{Uris: []string{"s3://bucket/" + *name("artifact", n)}}
		}),
		read(client.GetArtifactsByExternalIds, "", func(_ *world, n int) *mlmdpb.GetArtifactsByExternalIdsRequest {
			return &mlmdpb.GetArtifactsByExternalIdsRequest{ExternalIds: []string{"x-" + *name("artifact", n)}}
		}),
		read(client.GetExecutionsByExternalIds, "", func(_ *world, n int) *mlmdpb.GetExecutionsByExternalIdsRequest {
			return &mlmdpb.GetExecutionsByExternalIdsRequest{ExternalIds: []string{"x-" + *name("execution", n)}}
		}),
		read(client.GetContextsByExternalIds, "", func(_ *world, n int) *mlmdpb.GetContextsByExternalIdsRequest {
			return &mlmdpb.GetContextsByExternalIdsRequest{ExternalIds: []string{"x-" + *name("context", n)}}
		}),
	)
}

func edgeReads() []*step {
	return []*step{
		read(client.GetEventsByExecutionIDs, "2 events", func(_ *world, n int) *mlmdpb.GetEventsByExecutionIDsRequest {
			return &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: ids(n, 1)}
		}),
		read(client.GetEventsByArtifactIDs, "2 events", func(_ *world, n int) *mlmdpb.GetEventsByArtifactIDsRequest {
			return &mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: ids(n, 1)}
		}),
		read(client.GetContextsByArtifact, "1 context", func(_ *world, n int) *mlmdpb.GetContextsByArtifactRequest {
			return &mlmdpb.GetContextsByArtifactRequest{ArtifactId: new(id(n))}
		}),
		read(client.GetContextsByExecution, "1 context", func(_ *world, n int) *mlmdpb.GetContextsByExecutionRequest {
			return &mlmdpb.GetContextsByExecutionRequest{ExecutionId: new(id(n))}
		}),
		read(client.GetParentContextsByContext, "1 parent", func(_ *world, n int) *mlmdpb.GetParentContextsByContextRequest {
			return &mlmdpb.GetParentContextsByContextRequest{ContextId: new(id(
				n/9*10 + n%9 + 1,
			))} // the first of every ten is the parent
		}),
		read(client.GetChildrenContextsByContext, "9 children", func(
			_ *world, n int,
		) *mlmdpb.GetChildrenContextsByContextRequest {
			return &mlmdpb.GetChildrenContextsByContextRequest{ContextId: new(id(n * 10))}
		}),
		onlyOurs(read(client.GetParentContextsByContexts, "10 contexts", func(
			_ *world, n int,
		) *mlmdpb.GetParentContextsByContextsRequest {
			return &mlmdpb.GetParentContextsByContextsRequest{ContextIds: ids(n*10, 10)}
		})),
		onlyOurs(read(client.GetChildrenContextsByContexts, "10 contexts", func(
			_ *world, n int,
		) *mlmdpb.GetChildrenContextsByContextsRequest {
			return &mlmdpb.GetChildrenContextsByContextsRequest{ContextIds: ids(n*10, 10)}
		})),
		read(client.GetArtifactsByContext, "10 artifacts", func(_ *world, n int) *mlmdpb.GetArtifactsByContextRequest {
			return &mlmdpb.GetArtifactsByContextRequest{ContextId: new(id(n * 10))}
		}),
		read(client.GetExecutionsByContext, "10 executions", func(_ *world, n int) *mlmdpb.GetExecutionsByContextRequest {
			return &mlmdpb.GetExecutionsByContextRequest{ContextId: new(id(n * 10))}
		}),
	}
}

// page returns the options of a list: 20 nodes by descending ID. Times differ between
// the two sides, so that lists by time could not be compared.
func page(filter string) *mlmdpb.ListOperationOptions {
	o := &mlmdpb.ListOperationOptions{
		MaxResultSize: new(int32(20)),
		OrderByField: &mlmdpb.ListOperationOptions_OrderByField{
			Field: mlmdpb.ListOperationOptions_OrderByField_ID.Enum(), IsAsc: new(false),
		},
	}
	if filter != "" {
		o.FilterQuery = &filter
	}
	return o
}

func listReads() []*step {
	const what, filtered = "page of 20", "page of 20, filtered"
	selective := func(n int) string { return fmt.Sprintf("properties.steps.int_value = %d", n%population) }
	return []*step{
		read(
			client.GetArtifacts, what,
			func(*world, int) *mlmdpb.GetArtifactsRequest { return &mlmdpb.GetArtifactsRequest{Options: page("")} },
		),
		read(client.GetArtifacts, filtered, func(_ *world, n int) *mlmdpb.GetArtifactsRequest {
			return &mlmdpb.GetArtifactsRequest{Options: page(selective(n))}
		}),
		read(
			client.GetExecutions, what,
			func(*world, int) *mlmdpb.GetExecutionsRequest { return &mlmdpb.GetExecutionsRequest{Options: page("")} },
		),
		read(
			client.GetContexts, what,
			func(*world, int) *mlmdpb.GetContextsRequest { return &mlmdpb.GetContextsRequest{Options: page("")} },
		),
		read(client.GetContexts, filtered, func(_ *world, n int) *mlmdpb.GetContextsRequest {
			return &mlmdpb.GetContextsRequest{Options: page(
				selective(n) + " AND custom_properties.run.int_value >= 0 AND name LIKE 'context%'",
			)}
		}),
		read(client.GetArtifactsByType, what, func(*world, int) *mlmdpb.GetArtifactsByTypeRequest {
			return &mlmdpb.GetArtifactsByTypeRequest{TypeName: new("Model"), Options: page("")}
		}),
		read(client.GetExecutionsByType, what, func(*world, int) *mlmdpb.GetExecutionsByTypeRequest {
			return &mlmdpb.GetExecutionsByTypeRequest{TypeName: new("Run"), Options: page("")}
		}),
		read(client.GetContextsByType, what, func(*world, int) *mlmdpb.GetContextsByTypeRequest {
			return &mlmdpb.GetContextsByTypeRequest{TypeName: new("Project"), Options: page("")}
		}),
		read(client.GetArtifactsByContext, what, func(_ *world, n int) *mlmdpb.GetArtifactsByContextRequest {
			return &mlmdpb.GetArtifactsByContextRequest{ContextId: new(id(n * 10)), Options: page("")}
		}),
	}
}

func lineageReads() []*step {
	from := func(n int) *mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts {
		return &mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts{
			StartingArtifacts: &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: new(fmt.Sprint("id = ", id(n)))},
		}
	}
	return []*step{
		read(client.GetLineageSubgraph, "4 hops, ids only", func(_ *world, n int) *mlmdpb.GetLineageSubgraphRequest {
			return &mlmdpb.GetLineageSubgraphRequest{
				LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{StartingNodes: from(n), MaxNumHops: new(int64(4))},
				ReadMask:                    &fieldmaskpb.FieldMask{Paths: []string{"artifacts.id", "executions.id", "events"}},
			}
		}),
		read(client.GetLineageSubgraph, "20 hops, whole nodes", func(_ *world, n int) *mlmdpb.GetLineageSubgraphRequest {
			return &mlmdpb.GetLineageSubgraphRequest{
				LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{
					StartingNodes: from(n), MaxNumHops: new(int64(20)),
				},
				ReadMask: &fieldmaskpb.FieldMask{Paths: []string{
					"artifacts", "executions", "contexts", "events", "artifact_types", "execution_types",
				}},
			}
		}),
		onlyOurs(lineageGraph()),
	}
}

// lineageGraph calls the deprecated GetLineageGraph.
func lineageGraph() *step {
	//lint:ignore SA1019 the service supports it
	return read(client.GetLineageGraph, "4 hops", func(_ *world, n int) *mlmdpb.GetLineageGraphRequest {
		//lint:ignore SA1019 the service supports it
		return &mlmdpb.GetLineageGraphRequest{Options: &mlmdpb.LineageGraphQueryOptions{
			QueryNodes: &mlmdpb.LineageGraphQueryOptions_ArtifactsOptions{
				ArtifactsOptions: &mlmdpb.ListOperationOptions{FilterQuery: new(fmt.Sprint("id = ", id(n)))},
			},
			StopConditions: &mlmdpb.LineageGraphQueryOptions_BoundaryConstraint{MaxNumHops: new(int64(4))},
		}}
	})
}
