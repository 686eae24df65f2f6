// Package lineage_test reads lineage graphs from every backend, with
// GetLineageSubgraph and hop by hop.
package lineage_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

// A world is a store, and what the tests put there.
type world struct {
	t     *testing.T
	rpc   mlmdpb.MetadataStoreServiceClient
	types *mlmdpb.PutTypesResponse
	sent  *registrytest.Recorder
}

// onEveryBackend runs f on every backend. Each of them is shared with other tests.
func onEveryBackend(t *testing.T, f func(w *world)) {
	for _, b := range backend.All() {
		t.Run(b.Name, func(t *testing.T) {
			rpc, _ := b.StartShared(t)
			sent := &registrytest.Recorder{}
			w := &world{t: t, rpc: sent.Wrap(rpc), sent: sent}
			w.types = must(w.rpc.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{
				ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: new("lineage.Data")}, {Name: new("lineage.Model")}},
				ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("lineage.Step")}},
				ContextTypes:   []*mlmdpb.ContextType{{Name: new("lineage.Run")}},
			}))(t)
			f(w)
		})
	}
}

// ways returns clients that read with GetLineageSubgraph and without it.
func (w *world) ways() map[string]*registry.Client {
	out := map[string]*registry.Client{"subgraph": registry.New(w.rpc)}
	for _, code := range []codes.Code{codes.Unimplemented, codes.ResourceExhausted} {
		faults := &registrytest.Faults{}
		faults.Add(registrytest.Fault{Method: "GetLineageSubgraph", Code: code})
		out[code.String()] = registry.New(faults.Wrap(w.rpc))
	}
	return out
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var (
	started = time.Now().UnixNano()
	number  atomic.Int64
)

func fresh(what string) string { return fmt.Sprintf("%s-%x-%d", what, started, number.Add(1)) }

func (w *world) artifacts(n int) []int64 {
	w.t.Helper()
	req := &mlmdpb.PutArtifactsRequest{}
	for range n {
		req.Artifacts = append(req.Artifacts, &mlmdpb.Artifact{TypeId: &w.types.ArtifactTypeIds[0], Name: new(fresh("data"))})
	}
	return must(w.rpc.PutArtifacts(w.t.Context(), req))(w.t).ArtifactIds
}

func (w *world) executions(n int) []int64 {
	w.t.Helper()
	req := &mlmdpb.PutExecutionsRequest{}
	for range n {
		req.Executions = append(req.Executions, &mlmdpb.Execution{
			TypeId: &w.types.ExecutionTypeIds[0], Name: new(fresh("step")),
		})
	}
	return must(w.rpc.PutExecutions(w.t.Context(), req))(w.t).ExecutionIds
}

func (w *world) event(typ mlmdpb.Event_Type, artifact, execution int64) *mlmdpb.Event {
	return &mlmdpb.Event{ArtifactId: &artifact, ExecutionId: &execution, Type: &typ}
}

func (w *world) put(events ...*mlmdpb.Event) {
	w.t.Helper()
	must(w.rpc.PutEvents(w.t.Context(), &mlmdpb.PutEventsRequest{Events: events}))(w.t)
}

func ref(kind mlmd.Kind, id int64) lineage.Ref {
	return lineage.Ref{Kind: kind, ID: value.FormatID(id)}
}

// The graph that is the example of MLMD's behavior.
func TestWorkedGraph(t *testing.T) {
	const (
		in, out, pending = mlmdpb.Event_INPUT, mlmdpb.Event_OUTPUT, mlmdpb.Event_PENDING_OUTPUT
		a, e             = mlmd.Artifact, mlmd.Execution
	)
	onEveryBackend(t, func(w *world) {
		as, es := append([]int64{0}, w.artifacts(6)...), append([]int64{0}, w.executions(4)...)
		w.put(w.event(in, as[1], es[1]), w.event(out, as[2], es[1]), w.event(in, as[2], es[2]), w.event(in, as[1], es[2]),
			w.event(out, as[3], es[2]), w.event(pending, as[5], es[2]), w.event(in, as[3], es[3]), w.event(out, as[4], es[3]),
			w.event(in, as[6], es[4]))
		second := fmt.Sprintf("id = %d", es[2])
		first := fmt.Sprintf("id = %d", as[1])
		type walk = lineage.Walk
		none := func(w walk) walk { return w }
		for _, c := range []struct {
			starts string
			way    func(walk) walk
			depth  int // -1 for the default
			end    func(walk) walk
			nodes  string
			events string
		}{
			{"a1", walk.Downstream, 0, none, "a1", ""},
			{"a1", walk.Both, 0, none, "a1", ""},
			{"a1", walk.Downstream, 1, none, "a1 e1 e2", "a1e1 a1e2"},
			{"a1", walk.Downstream, 2, none, "a1 a2 a3 a5 e1 e2", "a1e1 a1e2 a2e1 a3e2 a5e2"},
			{"a1", walk.Downstream, 3, none, "a1 a2 a3 a5 e1 e2 e3", "a1e1 a1e2 a2e1 a2e2 a3e2 a3e3 a5e2"},
			{"a1", walk.Downstream, -1, none, "a1 a2 a3 a4 a5 e1 e2 e3", "a1e1 a1e2 a2e1 a2e2 a3e2 a3e3 a4e3 a5e2"},
			{"a1", walk.Both, 2, none, "a1 a2 a3 a5 e1 e2", "a1e1 a1e2 a2e1 a2e2 a3e2 a5e2"},
			{"a3", walk.Upstream, 1, none, "a3 e2", "a3e2"},
			{"a3", walk.Upstream, 2, none, "a1 a2 a3 e2", "a1e2 a2e2 a3e2"},
			{"a3", walk.Upstream, 4, none, "a1 a2 a3 e1 e2", "a1e1 a1e2 a2e1 a2e2 a3e2"},
			{"e2", walk.Upstream, 1, none, "a1 a2 e2", "a1e2 a2e2"},
			{"e2", walk.Downstream, 1, none, "a3 a5 e2", "a3e2 a5e2"},
			{"a1 a2", walk.Downstream, 1, none, "a1 a2 e1 e2", "a1e1 a1e2 a2e2"},
			{"a6", walk.Upstream, 5, none, "a6", ""},
			{
				"a1", walk.Downstream, -1, func(w walk) walk { return w.StopAt(e, second) },
				"a1 a2 e1 e2", "a1e1 a1e2 a2e1 a2e2",
			},
			{"a1", walk.Downstream, -1, func(w walk) walk { return w.StopBefore(e, second) }, "a1 a2 e1", "a1e1 a2e1"},
			{"a1", walk.Both, 2, func(w walk) walk { return w.StopAt(e, second) }, "a1 a2 e1 e2", "a1e1 a1e2 a2e1"},
			{"a1", walk.Both, 3, func(w walk) walk { return w.StopAt(e, second) }, "a1 a2 e1 e2", "a1e1 a1e2 a2e1 a2e2"},
			{"a1", walk.Both, -1, func(w walk) walk { return w.StopAt(a, first) }, "a1", ""},
			{"a1", walk.Both, -1, func(w walk) walk { return w.StopBefore(a, first) }, "", ""},
			{"a1", walk.Downstream, 5, func(w walk) walk { return w.StopAt(e, "") }, "a1 e1 e2", "a1e1 a1e2"},
			// Beyond what the reference implementation has:
			{"a3 e4", walk.Upstream, 1, none, "a3 a6 e2 e4", "a3e2 a6e4"},
			{
				"a1", walk.Downstream, -1, func(w walk) walk { return w.Events(lineage.Input, lineage.Output) },
				"a1 a2 a3 a4 e1 e2 e3", "a1e1 a1e2 a2e1 a2e2 a3e2 a3e3 a4e3",
			},
			{"a1", walk.Downstream, -1, func(w walk) walk { return w.Limit(3) }, "a1 e1 e2", "a1e1 a1e2"},
		} {
			for name, reg := range w.ways() {
				var starts []any
				for _, s := range strings.Fields(c.starts) {
					starts = append(starts, map[byte]func() any{
						'a': func() any { return ref(a, as[s[1]-'0']) },
						'e': func() any { return ref(e, es[s[1]-'0']) },
					}[s[0]]())
				}
				q := c.end(c.way(lineage.Of(reg, starts...)))
				if c.depth >= 0 {
					q = q.Depth(c.depth)
				}
				g := must(q.Graph(w.t.Context()))(w.t)
				nodes, events := []string{}, []string{}
				short := func(r lineage.Ref) string {
					id, _ := value.ParseID(r.ID)
					if r.Kind == a {
						return fmt.Sprintf("a%d", slices.Index(as, id))
					}
					return fmt.Sprintf("e%d", slices.Index(es, id))
				}
				for _, n := range g.Nodes {
					nodes = append(nodes, short(n.Ref))
				}
				for _, x := range g.Edges {
					isInput := x.Kind == lineage.Input
					if isInput != (x.From.Kind == a) {
						w.t.Errorf("%v goes from %v to %v", x.Kind, x.From, x.To)
					}
					from, to := short(x.From), short(x.To)
					if !isInput {
						from, to = to, from
					}
					events = append(events, from+to)
				}
				slices.Sort(events)
				if got := strings.Join(nodes, " "); got != c.nodes {
					w.t.Errorf("%s: %s to depth %d: nodes %s, want %s", name, c.starts, c.depth, got, c.nodes)
				}
				if got := strings.Join(events, " "); got != c.events {
					w.t.Errorf("%s: %s to depth %d: events %s, want %s", name, c.starts, c.depth, got, c.events)
				}
			}
		}
	})
}

func TestRPCs_AreFew(t *testing.T) {
	onEveryBackend(t, func(w *world) {
		as, es := w.artifacts(600), w.executions(1)
		events := []*mlmdpb.Event{w.event(mlmdpb.Event_OUTPUT, as[0], es[0])}
		for _, a := range as[1:] {
			events = append(events, w.event(mlmdpb.Event_INPUT, a, es[0]))
		}
		w.put(events...)
		for name, want := range map[string][]string{
			"subgraph": {"GetLineageSubgraph", "GetArtifactsByID", "GetArtifactsByID", "GetExecutionsByID"},
			"Unimplemented": { // from an artifact to its execution, and back; the last hop is in two parts
				"GetEventsByArtifactIDs", "GetEventsByExecutionIDs", "GetEventsByArtifactIDs", "GetEventsByArtifactIDs",
				"GetArtifactsByID", "GetArtifactsByID", "GetExecutionsByID",
			},
		} {
			reg := w.ways()[name]
			w.sent.Reset()
			g := must(lineage.Of(reg, ref(mlmd.Artifact, as[0])).Upstream().Memberships(false).Graph(w.t.Context()))(w.t)
			if got := w.sent.Methods(); !slices.Equal(got, want) || len(g.Nodes) != 601 || len(g.Edges) != 600 {
				w.t.Errorf("%s: %d nodes, %d edges by %q, want %q", name, len(g.Nodes), len(g.Edges), got, want)
			}
		}
		// 250 starts are three requests.
		var starts []any
		for _, a := range as[:250] {
			starts = append(starts, ref(mlmd.Artifact, a))
		}
		w.sent.Reset()
		g := must(lineage.Of(registry.New(w.rpc), starts...).Depth(1).Memberships(false).Graph(w.t.Context()))(w.t)
		want := []string{
			"GetLineageSubgraph", "GetLineageSubgraph", "GetLineageSubgraph", "GetArtifactsByID", "GetExecutionsByID",
		}
		if got := w.sent.Methods(); !slices.Equal(got, want) || len(g.Nodes) != 251 || len(g.Edges) != 250 {
			w.t.Errorf("%d nodes, %d edges by %q, want %q", len(g.Nodes), len(g.Edges), got, want)
		}
	})
}

// A registered model is the start of the artifacts of all of its versions.
func TestContexts(t *testing.T) {
	onEveryBackend(t, func(w *world) {
		for name, reg := range w.ways() {
			m := model.RegisteredModel{Name: fresh("model")}
			v1, v2 := model.ModelVersion{Name: "v1"}, model.ModelVersion{Name: "v2"}
			old := model.ModelArtifact{Name: "old"}
			latest := model.ModelArtifact{Name: "latest", State: new(model.ArtifactStateLive)}
			data := model.DataSet{Name: fresh("data"), URI: new("s3://data")}
			must(reg.Register(w.t.Context(), &m, &v1, &old, &v2, &latest))(w.t)
			must(reg.DataSets().Create(w.t.Context(), &data))(w.t)
			steps := w.executions(2)
			run := must(w.rpc.PutContexts(w.t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
				TypeId: &w.types.ContextTypeIds[0], Name: new(fresh("run")),
			}}}))(w.t).ContextIds[0]
			must(w.rpc.PutAttributionsAndAssociations(w.t.Context(), &mlmdpb.PutAttributionsAndAssociationsRequest{
				Associations: []*mlmdpb.Association{{ExecutionId: &steps[1], ContextId: &run}},
			}))(w.t)
			id := func(s string) int64 { return must(value.ParseID(s))(w.t) }
			w.put(w.event(mlmdpb.Event_INPUT, id(data.ID), steps[0]), w.event(mlmdpb.Event_OUTPUT, id(old.ID), steps[0]),
				w.event(mlmdpb.Event_INPUT, id(old.ID), steps[1]), w.event(mlmdpb.Event_OUTPUT, id(latest.ID), steps[1]))

			g := must(lineage.Provenance(w.t.Context(), reg, &m))(w.t)
			var got []string
			for _, n := range g.Nodes {
				if n.Kind != mlmd.Execution {
					got = append(got, n.Label()+" "+strings.TrimSuffix(n.Name, n.Name[min(len(n.Name), 7):]))
				}
			}
			slices.Sort(got)
			want := []string{
				"DataSet " + data.Name[:7], "ModelArtifact latest", "ModelArtifact old", "ModelVersion v1", "ModelVersion v2",
				"RegisteredModel " + m.Name[:7], "Run run-" + fmt.Sprintf("%x", started)[:3],
			}
			if !slices.Equal(got, want) {
				w.t.Errorf("%s: nodes %q, want %q", name, got, want)
			}
			stored := must(reg.ModelArtifacts().Get(w.t.Context(), latest.ID))(w.t)
			n := g.Node(ref(mlmd.Artifact, id(latest.ID)))
			if found, ok := n.Value.(*model.ModelArtifact); !ok || fmt.Sprint(found) == "" || found.ModelVersionID != v2.ID ||
				found.Name != stored.Name || found.UpdateTime != stored.UpdateTime || n.State != "LIVE" {
				w.t.Errorf("%s: %+v", name, n)
			}
			if parents := g.Contexts(ref(mlmd.Context, id(v1.ID))); len(parents) != 1 || parents[0].ID != m.ID {
				w.t.Errorf("%s: parents of v1: %v", name, parents)
			}
			paths := g.Paths(ref(mlmd.Artifact, id(data.ID)), ref(mlmd.Artifact, id(latest.ID)), 9)
			if len(paths) != 1 || len(paths[0]) != 5 {
				w.t.Errorf("%s: paths %v", name, paths)
			}

			g = must(lineage.Of(reg, &data).Downstream().Types("ModelVersion", "ModelArtifact").Graph(w.t.Context()))(w.t)
			if n := len(lineage.Values[*model.ModelArtifact](g)); n != 2 || len(g.Upstream(ref(mlmd.Execution, steps[1]))) != 1 {
				w.t.Errorf("%s: %d artifacts", name, n)
			}
			g = must(lineage.Of(reg, &data).Downstream().Types("DataSet").Graph(w.t.Context()))(w.t)
			if len(g.Nodes) != 1 {
				w.t.Errorf("%s: %d nodes beside the start", name, len(g.Nodes)-1)
			}
		}
	})
}

// Nodes that MLMD's own client stored are read, with paths and times of events.
func TestPython(t *testing.T) {
	python, err := backend.Python(t.Context())
	if err != nil {
		t.Skip(err)
	}
	file := filepath.Join(t.TempDir(), "mlmd.db")
	if out, err := exec.CommandContext(t.Context(), python, "testdata/write.py", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	store := must(sqlite.Open(context.Background(), file))(t)
	defer store.Close()
	reg := registry.New(store.Client())
	data := must(reg.DataSets().Query().First(t.Context()))(t)
	g := must(lineage.Impact(t.Context(), reg, data))(t)
	var got []string
	for _, n := range g.Nodes {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%v %s %s %s %s", n.Kind, n.Label(), n.Name, n.State, n.URI)))
	}
	want := []string{
		"artifact DataSet payments LIVE s3://payments", "artifact Model weights PENDING s3://weights",
		"execution ContainerExecution train COMPLETE", "context Pipeline fraud", "context PipelineRun monday",
	}
	if !slices.Equal(got, want) {
		t.Errorf("nodes %q, want %q", got, want)
	}
	if d := lineage.Values[*model.DataSet](g); len(d) != 1 || *d[0].Description != "from Python" {
		t.Errorf("values %v", d)
	}
	got = nil
	for _, e := range g.Edges {
		from, to := g.Node(e.From).Name, g.Node(e.To).Name
		got = append(got, fmt.Sprint(from, " ", e.Kind, " ", e.Path, " ", e.Time.Millis(), " ", to))
	}
	want = []string{
		"payments declared input [rows [0]] 1700000000000 train", "train output [model [0]] 1700000000000 weights",
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("edges %q lack %q", got, w)
		}
	}
	if len(got) != 6 { // three memberships in the run, and the pipeline
		t.Errorf("edges %q", got)
	}
}
