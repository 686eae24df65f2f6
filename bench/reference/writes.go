package main

import (
	"fmt"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// writes returns the steps that change the store.
func writes() []*step {
	return []*step{
		write(client.PutArtifactType, "unchanged", func(*world, int) *mlmdpb.PutArtifactTypeRequest {
			return &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
				Name: new("Model"), Properties: typeProperties(),
			}}
		}),
		write(client.PutArtifactType, "new", func(_ *world, n int) *mlmdpb.PutArtifactTypeRequest {
			return &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
				Name: new(fmt.Sprint("type ", n)), Properties: typeProperties(),
			}}
		}),
		write(client.PutExecutionType, "unchanged", func(*world, int) *mlmdpb.PutExecutionTypeRequest {
			return &mlmdpb.PutExecutionTypeRequest{
				ExecutionType: &mlmdpb.ExecutionType{Name: new("Run"), Properties: typeProperties()},
			}
		}),
		write(client.PutContextType, "unchanged", func(*world, int) *mlmdpb.PutContextTypeRequest {
			return &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
				Name: new("Project"), Properties: typeProperties(),
			}}
		}),
		write(client.PutTypes, "3 unchanged", func(*world, int) *mlmdpb.PutTypesRequest {
			return &mlmdpb.PutTypesRequest{
				ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: new("Model"), Properties: typeProperties()}},
				ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("Run"), Properties: typeProperties()}},
				ContextTypes:   []*mlmdpb.ContextType{{Name: new("Project"), Properties: typeProperties()}},
			}
		}),
		putArtifacts(1), putArtifacts(100),
		write(client.PutArtifacts, "1 changed", func(w *world, n int) *mlmdpb.PutArtifactsRequest {
			a := artifact(w, fmt.Sprint("artifact ", n%population), n)
			a.Id = new(id(n))
			return &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{a}}
		}),
		write(client.PutArtifacts, "1 changed, masked", func(w *world, n int) *mlmdpb.PutArtifactsRequest {
			a := &mlmdpb.Artifact{Id: new(id(n)), TypeId: &w.artifactType, Properties: values(n)}
			return &mlmdpb.PutArtifactsRequest{
				Artifacts:  []*mlmdpb.Artifact{a},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"properties.steps"}},
			}
		}),
		write(client.PutExecutions, "1 new", func(w *world, n int) *mlmdpb.PutExecutionsRequest {
			return &mlmdpb.PutExecutionsRequest{Executions: many(w, "put execution", n, 1, execution)}
		}),
		write(client.PutContexts, "1 new", func(w *world, n int) *mlmdpb.PutContextsRequest {
			return &mlmdpb.PutContextsRequest{Contexts: many(w, "put context", n, 1, contextNode)}
		}),
		write(client.PutContexts, "1 changed", func(w *world, n int) *mlmdpb.PutContextsRequest {
			c := contextNode(w, fmt.Sprint("context ", n%population), n)
			c.Id = new(id(n))
			return &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{c}}
		}),
		write(client.PutEvents, "1", func(_ *world, n int) *mlmdpb.PutEventsRequest {
			e := event(id(n), id(n+n/population), mlmdpb.Event_DECLARED_INPUT) // each pair occurs once
			return &mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{e}}
		}),
		write(client.PutAttributionsAndAssociations, "1 and 1, there already", func(
			_ *world, n int,
		) *mlmdpb.PutAttributionsAndAssociationsRequest {
			all := worldMembers()
			return &mlmdpb.PutAttributionsAndAssociationsRequest{
				Attributions: all.Attributions[n%population : n%population+1],
				Associations: all.Associations[n%population : n%population+1],
			}
		}),
		write(client.PutParentContexts, "1", func(_ *world, n int) *mlmdpb.PutParentContextsRequest {
			const half = population / 2 // parents from the lower half: unique pairs without cycles
			return &mlmdpb.PutParentContextsRequest{ParentContexts: []*mlmdpb.ParentContext{{
				ChildId: new(id(half + n%half)), ParentId: new(id(n / half % half)),
			}}}
		}),
		write(client.PutExecution, "1 with 2 artifacts in 1 context", func(w *world, n int) *mlmdpb.PutExecutionRequest {
			pair := func(prefix string, kind mlmdpb.Event_Type) *mlmdpb.PutExecutionRequest_ArtifactAndEvent {
				return &mlmdpb.PutExecutionRequest_ArtifactAndEvent{
					Artifact: artifact(w, fmt.Sprint(prefix, n), n), Event: &mlmdpb.Event{Type: &kind},
				}
			}
			return &mlmdpb.PutExecutionRequest{
				Execution: execution(w, fmt.Sprint("one execution ", n), n),
				ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{
					pair("used ", mlmdpb.Event_INPUT), pair("made ", mlmdpb.Event_OUTPUT),
				},
				Contexts: []*mlmdpb.Context{{TypeId: &w.contextType, Name: new(fmt.Sprint("context ", n%population))}},
				Options:  &mlmdpb.PutExecutionRequest_Options{ReuseContextIfAlreadyExist: new(true)},
			}
		}),
		write(client.PutLineageSubgraph, "1 execution, 2 artifacts, 1 context", func(
			w *world, n int,
		) *mlmdpb.PutLineageSubgraphRequest {
			edge := func(artifact int32, kind mlmdpb.Event_Type) *mlmdpb.PutLineageSubgraphRequest_EventEdge {
				return &mlmdpb.PutLineageSubgraphRequest_EventEdge{
					ExecutionIndex: new(int32(0)), ArtifactIndex: &artifact, Event: &mlmdpb.Event{Type: &kind},
				}
			}
			return &mlmdpb.PutLineageSubgraphRequest{
				Executions: many(w, "graph execution", n, 1, execution),
				Artifacts: []*mlmdpb.Artifact{
					artifact(w, fmt.Sprint("graph used ", n), n), artifact(w, fmt.Sprint("graph made ", n), n),
				},
				Contexts: []*mlmdpb.Context{{TypeId: &w.contextType, Name: new(fmt.Sprint("context ", n%population))}},
				EventEdges: []*mlmdpb.PutLineageSubgraphRequest_EventEdge{
					edge(0, mlmdpb.Event_INPUT), edge(1, mlmdpb.Event_OUTPUT),
				},
				Options: &mlmdpb.PutLineageSubgraphRequest_Options{ReuseContextIfAlreadyExist: new(true)},
			}
		}),
	}
}

func putArtifacts(count int) *step {
	return write(client.PutArtifacts, fmt.Sprint(count, " new"), func(w *world, n int) *mlmdpb.PutArtifactsRequest {
		return &mlmdpb.PutArtifactsRequest{Artifacts: many(w, fmt.Sprint("put ", count), n*count, count, artifact)}
	})
}
