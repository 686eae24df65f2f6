// Package lineage measures how fast lineage graphs are read: beside reading their nodes
// by ID, in a large store, and within bounded memory where everything is connected.
//
//	go test ./bench/lineage -run '^$' -bench . -benchtime 20x -timeout 0
package lineage

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

var (
	nodes = flag.Int("nodes", 1_000_000, "the number of artifacts and executions in the store")
	file  = flag.String("file", "", "a SQLite file that is kept, and filled only once; empty: a temporary file")
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// A store is a store whose artifacts and executions have IDs from 1.
type store struct {
	rpc   mlmdpb.MetadataStoreServiceClient
	types *mlmdpb.PutTypesResponse
}

func open(tb testing.TB, path string) *store {
	tb.Helper()
	s := must(sqlite.Open(tb.Context(), path))(tb)
	tb.Cleanup(func() { s.Close() })
	out := &store{rpc: s.Client()}
	out.types = must(out.rpc.PutTypes(tb.Context(), &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{{Name: new("bench.Data"), Properties: map[string]mlmdpb.PropertyType{
			"owner": mlmdpb.PropertyType_STRING, "rows": mlmdpb.PropertyType_INT,
		}}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("bench.Step")}},
	}))(tb)
	return out
}

func (s *store) put(tb testing.TB, artifacts, executions int, events []*mlmdpb.Event) {
	tb.Helper()
	const batch = 2000
	for from := 0; from < artifacts; from += batch {
		req := &mlmdpb.PutArtifactsRequest{}
		for i := from; i < min(from+batch, artifacts); i++ {
			req.Artifacts = append(req.Artifacts, &mlmdpb.Artifact{
				TypeId: &s.types.ArtifactTypeIds[0],
				Name:   new(fmt.Sprintf("data-%d", i+1)), Uri: new(fmt.Sprintf("s3://data/%d", i+1)),
				Properties: map[string]*mlmdpb.Value{
					"owner": {Value: &mlmdpb.Value_StringValue{StringValue: "ada"}},
					"rows":  {Value: &mlmdpb.Value_IntValue{IntValue: int64(i)}},
				},
			})
		}
		must(s.rpc.PutArtifacts(tb.Context(), req))(tb)
	}
	for from := 0; from < executions; from += batch {
		req := &mlmdpb.PutExecutionsRequest{}
		for i := from; i < min(from+batch, executions); i++ {
			req.Executions = append(req.Executions, &mlmdpb.Execution{
				TypeId: &s.types.ExecutionTypeIds[0], Name: new(fmt.Sprintf("step-%d", i+1)),
			})
		}
		must(s.rpc.PutExecutions(tb.Context(), req))(tb)
	}
	for part := range slices.Chunk(events, 5*batch) {
		must(s.rpc.PutEvents(tb.Context(), &mlmdpb.PutEventsRequest{Events: part}))(tb)
	}
}

// Artifact i is made by execution i from as many artifacts, which follow each other:
// the store is a tree, in which six hops upstream are 911 nodes.
const inputs = 9

// filled returns a store, and the number of artifacts that have six hops upstream.
func filled(b *testing.B) (*store, int64) {
	b.Helper()
	path := *file
	if path == "" {
		path = filepath.Join(b.TempDir(), "lineage.db")
	}
	s := open(b, path)
	half := int64(*nodes / 2)
	complete := half / (inputs * inputs * inputs) * 9 / 10
	last := must(s.rpc.GetArtifactsByID(b.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{half}}))(b)
	if len(last.Artifacts) > 0 {
		return s, complete
	}
	start := time.Now()
	var events []*mlmdpb.Event
	for i := int64(1); i <= half; i++ {
		events = append(events, event(mlmdpb.Event_OUTPUT, i, i))
		for from := inputs*(i-1) + 2; from <= min(inputs*i+1, half); from++ {
			events = append(events, event(mlmdpb.Event_INPUT, from, i))
		}
	}
	s.put(b, int(half), int(half), events)
	b.Logf("filled with %d artifacts, %d executions and %d events in %v", half, half, len(events), time.Since(start))
	return s, complete
}

func event(typ mlmdpb.Event_Type, artifact, execution int64) *mlmdpb.Event {
	return &mlmdpb.Event{ArtifactId: &artifact, ExecutionId: &execution, Type: &typ}
}

// ways returns clients that read with GetLineageSubgraph, and hop by hop.
func (s *store) ways() map[string]*registry.Client {
	faults := &registrytest.Faults{}
	faults.Add(registrytest.Fault{Method: "GetLineageSubgraph", Code: codes.Unimplemented})
	return map[string]*registry.Client{
		"subgraph": registry.New(s.rpc), "hops": registry.New(faults.Wrap(s.rpc)),
	}
}

func ref(kind mlmd.Kind, id int64) lineage.Ref {
	return lineage.Ref{Kind: kind, ID: value.FormatID(id)}
}

// BenchmarkProvenance reads six hops upstream of an artifact, and then the same nodes by
// ID. It reports the ratio of the two durations.
func BenchmarkProvenance(b *testing.B) {
	s, complete := filled(b)
	for name, reg := range s.ways() {
		b.Run(name, func(b *testing.B) {
			var graphs, byID time.Duration
			count := 0
			next := int64(0)
			for b.Loop() {
				next++
				walk := lineage.Of(reg, ref(mlmd.Artifact, 1+next%complete)).Upstream().Depth(6)
				must(walk.Graph(b.Context()))(b) // so that the database has the pages in memory for both
				begun := time.Now()
				g := must(walk.Graph(b.Context()))(b)
				graphs += time.Since(begun)
				ids := make(map[mlmd.Kind][]int64)
				for _, n := range g.Nodes {
					ids[n.Kind] = append(ids[n.Kind], must(value.ParseID(n.ID))(b))
				}
				count += len(g.Nodes)
				begun = time.Now()
				s.read(b, ids)
				byID += time.Since(begun)
			}
			b.ReportMetric(float64(count)/float64(b.N), "nodes/graph")
			b.ReportMetric(float64(graphs.Microseconds())/float64(b.N)/1000, "ms/graph")
			b.ReportMetric(float64(byID.Microseconds())/float64(b.N)/1000, "ms/by-ID")
			b.ReportMetric(float64(graphs)/float64(byID), "ratio")
		})
	}
}

// read reads nodes by ID, in batches.
func (s *store) read(b *testing.B, ids map[mlmd.Kind][]int64) {
	for part := range slices.Chunk(ids[mlmd.Artifact], 500) {
		must(s.rpc.GetArtifactsByID(b.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: part}))(b)
	}
	for part := range slices.Chunk(ids[mlmd.Execution], 500) {
		must(s.rpc.GetExecutionsByID(b.Context(), &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: part}))(b)
	}
}

// BenchmarkDense reads a store in which each of 1,000 executions has each of 1,000
// artifacts as its input. It reports the peak of the memory that the read allocated.
func BenchmarkDense(b *testing.B) {
	const size = 1000
	s := open(b, filepath.Join(b.TempDir(), "dense.db"))
	var events []*mlmdpb.Event
	for a := int64(1); a <= size; a++ {
		for e := int64(1); e <= size; e++ {
			events = append(events, event(mlmdpb.Event_INPUT, a, e))
		}
	}
	s.put(b, size, size, events)
	events = nil
	for name, reg := range s.ways() {
		b.Run(name, func(b *testing.B) {
			var g *lineage.Graph
			var peak uint64
			for b.Loop() {
				peak = max(peak, peakOf(func() {
					g = must(lineage.Of(reg, ref(mlmd.Artifact, 1)).Graph(b.Context()))(b)
				}))
			}
			b.Logf("%d nodes, %d edges, %v", len(g.Nodes), len(g.Edges), g.Cut)
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		})
	}
}

// peakOf returns by how many bytes the heap grew while f ran.
func peakOf(f func()) uint64 {
	debug.FreeOSMemory()
	read := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := read()
	ctx, stop := context.WithCancel(context.Background())
	peak := make(chan uint64)
	go func() {
		highest := before
		for ctx.Err() == nil {
			highest = max(highest, read())
			time.Sleep(time.Millisecond)
		}
		peak <- highest
	}()
	f()
	stop()
	return <-peak - before
}
