package lineage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
)

// FuzzWalk compares walks through random graphs, which may have cycles, with a search
// of the events in memory.
func FuzzWalk(f *testing.F) {
	f.Add(uint64(1), uint8(5), uint8(8), uint8(2))
	f.Add(uint64(2), uint8(20), uint8(60), uint8(4))
	f.Add(uint64(3), uint8(9), uint8(60), uint8(100))
	f.Fuzz(func(t *testing.T, seed uint64, size, count, depth uint8) {
		size = min(max(size, 1), 40)
		faults := &registrytest.Faults{}
		reg := registrytest.New(t, registrytest.WithFaults(faults))
		w := newWorld(t, reg.RPC())
		as, es := w.artifacts(int(size)), w.executions(int(size))
		random := rand.New(rand.NewPCG(seed, 7))
		types := []mlmdpb.Event_Type{
			mlmdpb.Event_INPUT, mlmdpb.Event_OUTPUT, mlmdpb.Event_DECLARED_INPUT, mlmdpb.Event_PENDING_OUTPUT,
		}
		type event struct {
			artifact, execution lineage.Ref
			input               bool
		}
		stored := make(map[string]event)
		for range count {
			a, e, typ := as[random.IntN(len(as))], es[random.IntN(len(es))], types[random.IntN(len(types))]
			key := fmt.Sprint(a, e, typ)
			if _, again := stored[key]; again {
				continue
			}
			stored[key] = event{
				artifact(a), execution(e), typ == mlmdpb.Event_INPUT || typ == mlmdpb.Event_DECLARED_INPUT,
			}
			w.events(typ, [2]int64{a, e})
		}
		start := artifact(as[0])
		if seed%2 == 0 {
			start = execution(es[0])
		}
		for name, way := range map[string]struct {
			of       func(lineage.Walk) lineage.Walk
			down, up bool
		}{
			"upstream": {lineage.Walk.Upstream, false, true}, "downstream": {lineage.Walk.Downstream, true, false},
			"both": {lineage.Walk.Both, true, true},
		} {
			reached := map[lineage.Ref]int{start: 0}
			edges := 0
			used := make(map[string]bool)
			for hop := range min(int(depth), lineage.MaxDepth) {
				for key, e := range stored {
					from, to := e.artifact, e.execution
					if !e.input {
						from, to = to, from
					}
					for _, step := range [][2]lineage.Ref{{from, to}, {to, from}} {
						if step[0] == from && !way.down || step[0] == to && !way.up {
							continue
						}
						if d, ok := reached[step[0]]; !ok || d != hop {
							continue
						}
						if _, ok := reached[step[1]]; !ok {
							reached[step[1]] = hop + 1
						}
						if !used[key] {
							used[key] = true
							edges++
						}
					}
				}
			}
			for _, code := range []codes.Code{codes.OK, codes.Unimplemented} {
				faults.Clear()
				if code != codes.OK {
					faults.Add(registrytest.Fault{Method: "GetLineageSubgraph", Code: code})
				}
				g := graph(t, way.of(lineage.Of(reg, start)).Depth(int(depth)))
				got := make(map[lineage.Ref]bool)
				for _, n := range g.Nodes {
					got[n.Ref] = true
				}
				for r := range reached {
					if !got[r] {
						t.Errorf("%s, %v: %v is missing", name, code, r)
					}
				}
				if len(g.Nodes) != len(reached) || len(g.Edges) != edges || g.Cut != nil {
					t.Errorf("%s, %v: %d nodes and %d edges, want %d and %d", name, code, len(g.Nodes), len(g.Edges),
						len(reached), edges)
				}
			}
		}
	})
}

// FuzzJSON writes and reads what may be a graph.
func FuzzJSON(f *testing.F) {
	for _, g := range []*lineage.Graph{trainings(1, 1, 1), randomGraph(1, "name", "kf.DataSet", 10), {}} {
		raw, err := json.Marshal(g)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"nodes":[{"ref":"artifact/1","type":"kf.DataSet","entity":"DataSet","value":{"uri":"s3://x"}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var g lineage.Graph
		if json.Unmarshal(raw, &g) != nil {
			return
		}
		first, err := json.Marshal(&g)
		if err != nil {
			t.Fatal(err)
		}
		var again lineage.Graph
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		second, err := json.Marshal(&again)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%v\n%s\n%s", err, first, second)
		}
		_, _ = g.Mermaid(), g.DOT()
		for _, n := range g.Nodes {
			g.Paths(g.Nodes[0].Ref, n.Ref, 3)
		}
	})
}

// A node whose events do not fit in a reply is read through its neighbors.
func TestGraph_NodeWithTooManyEvents(t *testing.T) {
	reg := registrytest.New(t)
	w := newWorld(t, reg.RPC())
	const many = 30_000
	hub := w.artifacts(1)[0]
	maker := w.executions(1)[0]
	w.events(mlmdpb.Event_OUTPUT, [2]int64{hub, maker})
	var pairs [][2]int64
	for _, e := range w.executions(many) {
		pairs = append(pairs, [2]int64{hub, e})
	}
	w.events(mlmdpb.Event_INPUT, pairs...)
	recorder := &registrytest.Recorder{}
	faults := &registrytest.Faults{}
	faults.Add(registrytest.Fault{Method: "GetLineageSubgraph", Code: codes.ResourceExhausted})
	faults.Add(registrytest.Fault{Method: "GetEventsByArtifactIDs", Code: codes.ResourceExhausted})
	reg = registry.New(recorder.Wrap(faults.Wrap(reg.RPC())))

	g := graph(t, lineage.Of(reg, artifact(hub)).Downstream().Depth(1).Limit(250).Memberships(false))
	if len(g.Nodes) != 250 || len(g.Edges) != 249 || g.Cut.String() != "cut at 1 node: too many nodes" ||
		g.Cut.At[0] != artifact(hub) {
		t.Errorf("%d nodes, %d edges, %v", len(g.Nodes), len(g.Edges), g.Cut)
	}
	if n := len(recorder.Methods()); n > 12 {
		t.Errorf("%d RPCs: %v", n, recorder.Methods())
	}
	// The only execution upstream is not hidden behind those downstream.
	g = graph(t, lineage.Of(reg, artifact(hub)).Upstream().Limit(250).Memberships(false))
	if got := arrows(g); !slices.Equal(got, []string{fmt.Sprintf("%v output %v", execution(maker), artifact(hub))}) {
		t.Errorf("got %q", got)
	}
	// If the neighbors have too many events, too, the graph says so.
	faults.Add(registrytest.Fault{Method: "GetEventsByExecutionIDs", Code: codes.ResourceExhausted})
	g = graph(t, lineage.Of(reg, artifact(hub)).Upstream().Memberships(false))
	if g.Cut == nil || !slices.Equal(g.Cut.Reasons, []lineage.Reason{lineage.LargeReply}) || len(g.Nodes) != 1 {
		t.Errorf("%v, %v", g.Cut, names(g))
	}
}

// The memory of a dense graph is bounded although it has more events than a reply.
func TestGraph_DenseIsCut(t *testing.T) {
	reg := registrytest.New(t)
	w := newWorld(t, reg.RPC())
	as, es := w.artifacts(430), w.executions(430)
	var pairs [][2]int64
	for _, a := range as {
		for _, e := range es {
			pairs = append(pairs, [2]int64{a, e})
		}
	}
	w.events(mlmdpb.Event_INPUT, pairs...)
	recorder := &registrytest.Recorder{}
	reg = registry.New(recorder.Wrap(reg.RPC()))
	g := graph(t, lineage.Of(reg, artifact(as[0])).Memberships(false))
	if len(g.Edges) > 20*lineage.DefaultLimit || g.Cut == nil ||
		!slices.Equal(g.Cut.Reasons, []lineage.Reason{lineage.TooManyEdges}) || len(g.Cut.At) == 0 {
		t.Errorf("%d nodes, %d edges, %v", len(g.Nodes), len(g.Edges), g.Cut)
	}
	counts := map[string]int{}
	for _, m := range recorder.Methods() {
		counts[m]++
	}
	if counts["GetEventsByExecutionIDs"] == 0 {
		t.Errorf("the whole graph was one reply: %v", counts)
	}
}
