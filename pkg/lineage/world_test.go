package lineage_test

import (
	"fmt"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A world is a store with artifacts and executions of one type each.
type world struct {
	tb                  testing.TB
	rpc                 mlmdpb.MetadataStoreServiceClient
	artifact, execution int64 // types
	context             int64
	n                   int
}

func newWorld(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient) *world {
	tb.Helper()
	types, err := rpc.PutTypes(tb.Context(), &mlmdpb.PutTypesRequest{
		ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: new("test.Data")}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("test.Step")}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: new("test.Run")}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &world{
		tb: tb, rpc: rpc,
		artifact: types.ArtifactTypeIds[0], execution: types.ExecutionTypeIds[0], context: types.ContextTypeIds[0],
	}
}

func (w *world) name(what string) *string {
	w.n++
	return new(fmt.Sprintf("%s-%d", what, w.n))
}

// artifacts stores n artifacts and returns their IDs.
func (w *world) artifacts(n int) []int64 {
	w.tb.Helper()
	req := &mlmdpb.PutArtifactsRequest{}
	for range n {
		req.Artifacts = append(req.Artifacts, &mlmdpb.Artifact{
			TypeId: &w.artifact, Name: w.name("data"), State: mlmdpb.Artifact_LIVE.Enum(),
		})
	}
	resp, err := w.rpc.PutArtifacts(w.tb.Context(), req)
	if err != nil {
		w.tb.Fatal(err)
	}
	return resp.ArtifactIds
}

// executions stores n executions and returns their IDs.
func (w *world) executions(n int) []int64 {
	w.tb.Helper()
	req := &mlmdpb.PutExecutionsRequest{}
	for range n {
		req.Executions = append(req.Executions, &mlmdpb.Execution{
			TypeId: &w.execution, Name: w.name("step"), LastKnownState: mlmdpb.Execution_COMPLETE.Enum(),
		})
	}
	resp, err := w.rpc.PutExecutions(w.tb.Context(), req)
	if err != nil {
		w.tb.Fatal(err)
	}
	return resp.ExecutionIds
}

// events stores events of a type: one for each pair of an artifact and an execution.
func (w *world) events(typ mlmdpb.Event_Type, pairs ...[2]int64) {
	w.tb.Helper()
	req := &mlmdpb.PutEventsRequest{}
	for _, p := range pairs {
		req.Events = append(req.Events, &mlmdpb.Event{ArtifactId: &p[0], ExecutionId: &p[1], Type: &typ})
	}
	if _, err := w.rpc.PutEvents(w.tb.Context(), req); err != nil {
		w.tb.Fatal(err)
	}
}

func artifact(id int64) lineage.Ref { return lineage.Ref{Kind: mlmd.Artifact, ID: value.FormatID(id)} }

func execution(id int64) lineage.Ref {
	return lineage.Ref{Kind: mlmd.Execution, ID: value.FormatID(id)}
}

func runContext(id int64) lineage.Ref {
	return lineage.Ref{Kind: mlmd.Context, ID: value.FormatID(id)}
}

func graph(tb testing.TB, w lineage.Walk) *lineage.Graph {
	tb.Helper()
	g, err := w.Graph(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// names returns the references of the nodes.
func names(g *lineage.Graph) []string {
	var out []string
	for _, n := range g.Nodes {
		out = append(out, n.String())
	}
	return out
}

// arrows returns the edges.
func arrows(g *lineage.Graph) []string {
	var out []string
	for _, e := range g.Edges {
		out = append(out, fmt.Sprintf("%v %v %v", e.From, e.Kind, e.To))
	}
	return out
}
