//go:build unix

// Package dump measures how fast a whole store is read: by a dump, and page by page
// over gRPC.
//
//	go test ./bench/dump -run '^$' -bench . -benchtime 1x
package dump

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/bench/internal/loopback"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

var nodes = flag.Int("nodes", 100_000, "the number of artifacts and executions; there are a tenth as many contexts")

// pageSize is the largest page of the reference implementation.
const pageSize = 100

func must[T any](tb testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func text(s string) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
}

// fill stores artifacts, each with the execution that made it, in the contexts of runs
// with ten nodes, which are children of one pipeline.
func fill(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient) {
	ctx := tb.Context()
	types := must[*mlmdpb.PutTypesResponse](tb)(rpc.PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{{Name: new("system.Model"), Properties: map[string]mlmdpb.PropertyType{
			"display_name": mlmdpb.PropertyType_STRING,
		}}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("system.ContainerExecution")}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: new("system.Pipeline")}, {Name: new("system.PipelineRun")}},
	}))
	put := must[*mlmdpb.PutContextsResponse](tb)
	pipeline := put(rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
		TypeId: &types.ContextTypeIds[0], Name: new("pipeline"),
	}}})).ContextIds[0]
	const runs, perRun = 200, 5
	for from := 0; from < *nodes/2; from += runs * perRun {
		contexts, parents := &mlmdpb.PutContextsRequest{}, &mlmdpb.PutParentContextsRequest{}
		artifacts, executions := &mlmdpb.PutArtifactsRequest{}, &mlmdpb.PutExecutionsRequest{}
		for i := range runs {
			contexts.Contexts = append(contexts.Contexts, &mlmdpb.Context{
				TypeId: &types.ContextTypeIds[1], Name: new(fmt.Sprintf("run-%d", from/perRun+i)),
				CustomProperties: map[string]*mlmdpb.Value{"namespace": text("kubeflow"), "resource_url": text("")},
			})
		}
		for i := from; i < from+runs*perRun; i++ {
			artifacts.Artifacts = append(artifacts.Artifacts, &mlmdpb.Artifact{
				TypeId: &types.ArtifactTypeIds[0], Name: new(fmt.Sprintf("model-%d", i)),
				Uri: new(fmt.Sprintf("minio://mlpipeline/v2/artifacts/pipeline/%d/model", i)), State: mlmdpb.Artifact_LIVE.Enum(),
				Properties:       map[string]*mlmdpb.Value{"display_name": text("model")},
				CustomProperties: map[string]*mlmdpb.Value{"accuracy": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: 0.97}}},
			})
			executions.Executions = append(executions.Executions, &mlmdpb.Execution{
				TypeId: &types.ExecutionTypeIds[0], Name: new(fmt.Sprintf("run/%d", i)),
				LastKnownState: mlmdpb.Execution_COMPLETE.Enum(),
				CustomProperties: map[string]*mlmdpb.Value{
					"display_name": text("train"), "task_name": text("train"),
					"parent_dag_id": {Value: &mlmdpb.Value_IntValue{IntValue: int64(i)}},
				},
			})
		}
		c := put(rpc.PutContexts(ctx, contexts))
		a := must[*mlmdpb.PutArtifactsResponse](tb)(rpc.PutArtifacts(ctx, artifacts))
		e := must[*mlmdpb.PutExecutionsResponse](tb)(rpc.PutExecutions(ctx, executions))
		events, links := &mlmdpb.PutEventsRequest{}, &mlmdpb.PutAttributionsAndAssociationsRequest{}
		for i := range runs * perRun {
			run := &c.ContextIds[i/perRun]
			events.Events = append(events.Events, &mlmdpb.Event{
				ArtifactId: &a.ArtifactIds[i], ExecutionId: &e.ExecutionIds[i], Type: mlmdpb.Event_OUTPUT.Enum(),
				Path: &mlmdpb.Event_Path{Steps: []*mlmdpb.Event_Path_Step{{
					Value: &mlmdpb.Event_Path_Step_Key{Key: "model"},
				}}},
			})
			links.Attributions = append(links.Attributions, &mlmdpb.Attribution{ContextId: run, ArtifactId: &a.ArtifactIds[i]})
			links.Associations = append(links.Associations, &mlmdpb.Association{ContextId: run, ExecutionId: &e.ExecutionIds[i]})
		}
		for i := range c.ContextIds {
			parents.ParentContexts = append(parents.ParentContexts, &mlmdpb.ParentContext{
				ChildId: &c.ContextIds[i], ParentId: &pipeline,
			})
		}
		must[*mlmdpb.PutEventsResponse](tb)(rpc.PutEvents(ctx, events))
		must[*mlmdpb.PutAttributionsAndAssociationsResponse](tb)(rpc.PutAttributionsAndAssociations(ctx, links))
		must[*mlmdpb.PutParentContextsResponse](tb)(rpc.PutParentContexts(ctx, parents))
	}
}

// serve returns a client of a gRPC server of the store.
func serve(tb testing.TB, s *store.Store) mlmdpb.MetadataStoreServiceClient {
	reg, stop, err := loopback.Serve(s,
		registry.WithGRPCDialOptions(grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30))))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { stop() })
	return reg.RPC()
}

// page reads all nodes page by page, the events of each page of artifacts, and the
// members and parents of each context. It returns the number of what it read.
func page(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient) int {
	ctx := tb.Context()
	read := 0
	options := func(token string) *mlmdpb.ListOperationOptions {
		o := &mlmdpb.ListOperationOptions{MaxResultSize: new(int32(pageSize))}
		if token != "" {
			o.NextPageToken = &token
		}
		return o
	}
	for token, more := "", true; more; more = token != "" {
		r := must[*mlmdpb.GetArtifactsResponse](tb)(rpc.GetArtifacts(ctx,
			&mlmdpb.GetArtifactsRequest{Options: options(token)}))
		events := &mlmdpb.GetEventsByArtifactIDsRequest{}
		for _, a := range r.Artifacts {
			events.ArtifactIds = append(events.ArtifactIds, a.GetId())
		}
		e := must[*mlmdpb.GetEventsByArtifactIDsResponse](tb)(rpc.GetEventsByArtifactIDs(ctx, events))
		read += len(r.Artifacts) + len(e.Events)
		token = r.GetNextPageToken()
	}
	for token, more := "", true; more; more = token != "" {
		r := must[*mlmdpb.GetExecutionsResponse](tb)(rpc.GetExecutions(ctx,
			&mlmdpb.GetExecutionsRequest{Options: options(token)}))
		read += len(r.Executions)
		token = r.GetNextPageToken()
	}
	for token, more := "", true; more; more = token != "" {
		r := must[*mlmdpb.GetContextsResponse](tb)(rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: options(token)}))
		for _, c := range r.Contexts {
			a := must[*mlmdpb.GetArtifactsByContextResponse](tb)(rpc.GetArtifactsByContext(ctx,
				&mlmdpb.GetArtifactsByContextRequest{ContextId: c.Id}))
			e := must[*mlmdpb.GetExecutionsByContextResponse](tb)(rpc.GetExecutionsByContext(ctx,
				&mlmdpb.GetExecutionsByContextRequest{ContextId: c.Id}))
			p := must[*mlmdpb.GetParentContextsByContextResponse](tb)(rpc.GetParentContextsByContext(ctx,
				&mlmdpb.GetParentContextsByContextRequest{ContextId: c.Id}))
			read += 1 + len(a.Artifacts) + len(e.Executions) + len(p.Contexts)
		}
		token = r.GetNextPageToken()
	}
	return read
}

// processorTime returns the time that this process has used of all processors. It
// depends less than other times on what else the machine does.
func processorTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "registry.db")
	s := must[*store.Store](b)(sqlite.Open(b.Context(), path))
	defer s.Close()
	fill(b, s.Client())
	rpc := serve(b, s)
	began, used := time.Now(), processorTime(b)
	objects := page(b, rpc)
	paged, pagedUsed := time.Since(began), processorTime(b)-used
	b.Run("dump", func(b *testing.B) {
		name := filepath.Join(b.TempDir(), "dump.jsonl")
		used := processorTime(b)
		for b.Loop() {
			f := must[*os.File](b)(os.Create(name))
			if err := s.Dump(b.Context(), f); err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
		used = (processorTime(b) - used) / time.Duration(b.N)
		at := must[os.FileInfo](b)(os.Stat(name))
		each := b.Elapsed() / time.Duration(b.N)
		b.ReportMetric(float64(at.Size())/(1<<20), "MiB")
		b.ReportMetric(each.Seconds(), "s/dump")
		b.ReportMetric(paged.Seconds(), "s/paging")
		b.ReportMetric(paged.Seconds()/each.Seconds(), "times-faster")
		b.ReportMetric(pagedUsed.Seconds(), "cpu-s/paging")
		b.ReportMetric(used.Seconds(), "cpu-s/dump")
		b.ReportMetric(float64(objects), "objects")
	})
	b.Run("load", func(b *testing.B) {
		name := filepath.Join(b.TempDir(), "dump.jsonl")
		f := must[*os.File](b)(os.Create(name))
		defer f.Close()
		if err := s.Dump(b.Context(), f); err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			must[int64](b)(f.Seek(0, io.SeekStart))
			target := must[*store.Store](b)(sqlite.Open(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(i, ".db"))))
			if err := target.Load(b.Context(), f); err != nil {
				b.Fatal(err)
			}
			target.Close()
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/load")
	})
}
