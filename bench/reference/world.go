package main

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// population is the number of nodes of each kind before the measurement.
const population = 1000

// A world is the content of a store before the measurement: types, population nodes of
// each kind with properties, and edges between them. IDs are consecutive.
type world struct {
	artifactType, executionType, contextType int64
}

func typeProperties() map[string]mlmdpb.PropertyType {
	return map[string]mlmdpb.PropertyType{
		"owner": mlmdpb.PropertyType_STRING, "steps": mlmdpb.PropertyType_INT, "score": mlmdpb.PropertyType_DOUBLE,
	}
}

func values(n int) map[string]*mlmdpb.Value {
	return map[string]*mlmdpb.Value{
		"owner": {Value: &mlmdpb.Value_StringValue{StringValue: "owner " + strconv.Itoa(n%10)}},
		"steps": {Value: &mlmdpb.Value_IntValue{IntValue: int64(n)}},
		"score": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: float64(n%100) / 100}},
	}
}

func custom(n int) map[string]*mlmdpb.Value {
	return map[string]*mlmdpb.Value{
		"note": {Value: &mlmdpb.Value_StringValue{StringValue: "note " + strconv.Itoa(n)}},
		"run":  {Value: &mlmdpb.Value_IntValue{IntValue: int64(n)}},
	}
}

func artifact(w *world, name string, n int) *mlmdpb.Artifact {
	return &mlmdpb.Artifact{
		TypeId: &w.artifactType, Name: &name, Uri: new("s3://bucket/" + name), ExternalId: new("x-" + name),
		State: mlmdpb.Artifact_LIVE.Enum(), Properties: values(n), CustomProperties: custom(n),
	}
}

func execution(w *world, name string, n int) *mlmdpb.Execution {
	return &mlmdpb.Execution{
		TypeId: &w.executionType, Name: &name, ExternalId: new("x-" + name),
		LastKnownState: mlmdpb.Execution_COMPLETE.Enum(), Properties: values(n), CustomProperties: custom(n),
	}
}

func contextNode(w *world, name string, n int) *mlmdpb.Context {
	return &mlmdpb.Context{
		TypeId: &w.contextType, Name: &name, ExternalId: new("x-" + name), Properties: values(n), CustomProperties: custom(n),
	}
}

// many returns count nodes of any kind.
func many[N any](w *world, prefix string, from, count int, node func(*world, string, int) N) []N {
	out := make([]N, count)
	for i := range out {
		out[i] = node(w, fmt.Sprintf("%s %d", prefix, from+i), from+i)
	}
	return out
}

// id returns the ID of the n-th node of the world.
func id(n int) int64 { return int64(n%population) + 1 }

// build stores the world on a side.
func build(ctx context.Context, on side) (*world, error) {
	w := &world{}
	types := write(client.PutTypes, "", func(*world, int) *mlmdpb.PutTypesRequest {
		return &mlmdpb.PutTypesRequest{
			ArtifactTypes: []*mlmdpb.ArtifactType{{
				Name: new("Model"), ExternalId: new("type-a"), Properties: typeProperties(),
			}},
			ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("Run"), ExternalId: new("type-e"), Properties: typeProperties()}},
			ContextTypes: []*mlmdpb.ContextType{{
				Name: new("Project"), ExternalId: new("type-c"), Properties: typeProperties(),
			}},
		}
	})
	r, err := on.call(ctx, types, []proto.Message{types.request(w, 0)})
	if err != nil {
		return nil, err
	}
	var ids mlmdpb.PutTypesResponse
	if err := proto.Unmarshal(r.replies[0], &ids); err != nil {
		return nil, err
	}
	w.artifactType, w.executionType, w.contextType = ids.ArtifactTypeIds[0], ids.ExecutionTypeIds[0], ids.ContextTypeIds[0]
	for _, s := range []*step{
		write(client.PutArtifacts, "", func(w *world, _ int) *mlmdpb.PutArtifactsRequest {
			return &mlmdpb.PutArtifactsRequest{Artifacts: many(w, "artifact", 0, population, artifact)}
		}),
		write(client.PutExecutions, "", func(w *world, _ int) *mlmdpb.PutExecutionsRequest {
			return &mlmdpb.PutExecutionsRequest{Executions: many(w, "execution", 0, population, execution)}
		}),
		write(client.PutContexts, "", func(w *world, _ int) *mlmdpb.PutContextsRequest {
			return &mlmdpb.PutContextsRequest{Contexts: many(w, "context", 0, population, contextNode)}
		}),
		write(
			client.PutEvents, "",
			func(*world, int) *mlmdpb.PutEventsRequest { return &mlmdpb.PutEventsRequest{Events: worldEvents()} },
		),
		write(client.PutAttributionsAndAssociations, "", func(*world, int) *mlmdpb.PutAttributionsAndAssociationsRequest {
			return worldMembers()
		}),
		write(client.PutParentContexts, "", func(*world, int) *mlmdpb.PutParentContextsRequest { return worldParents() }),
	} {
		if _, err := on.call(ctx, s, []proto.Message{s.request(w, 0)}); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Every execution has one input and one output; chains have ten nodes.
func worldEvents() []*mlmdpb.Event {
	var out []*mlmdpb.Event
	for n := range population {
		if n%10 == 9 {
			continue
		}
		out = append(out, event(id(n), id(n), mlmdpb.Event_INPUT), event(id(n+1), id(n), mlmdpb.Event_OUTPUT))
	}
	return out
}

func event(artifact, execution int64, kind mlmdpb.Event_Type) *mlmdpb.Event {
	return &mlmdpb.Event{
		ArtifactId: &artifact, ExecutionId: &execution, Type: &kind,
		Path: &mlmdpb.Event_Path{Steps: []*mlmdpb.Event_Path_Step{{Value: &mlmdpb.Event_Path_Step_Key{Key: "model"}}}},
	}
}

// Every tenth context has ten artifacts and ten executions.
func worldMembers() *mlmdpb.PutAttributionsAndAssociationsRequest {
	out := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for n := range population {
		in := id(n / 10 * 10)
		out.Attributions = append(out.Attributions, &mlmdpb.Attribution{ArtifactId: new(id(n)), ContextId: &in})
		out.Associations = append(out.Associations, &mlmdpb.Association{ExecutionId: new(id(n)), ContextId: &in})
	}
	return out
}

// Every tenth context is the parent of the nine after it.
func worldParents() *mlmdpb.PutParentContextsRequest {
	out := &mlmdpb.PutParentContextsRequest{}
	for n := range population {
		if n%10 != 0 {
			out.ParentContexts = append(
				out.ParentContexts, &mlmdpb.ParentContext{ChildId: new(id(n)), ParentId: new(id(n / 10 * 10))},
			)
		}
	}
	return out
}
