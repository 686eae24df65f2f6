// Package attack attacks mlmd-server while honest clients use it.
package attack

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

var (
	duration = flag.Duration("duration", 0, "how long to attack; 0 to skip")
	stored   = flag.Int("stored", 200_000, "how many contexts the store has")
)

// memoryLimit is the limit of the server's cgroup, in bytes.
const memoryLimit = 512 << 20

func TestAttacks(t *testing.T) {
	if *duration == 0 {
		t.Skip("make attack runs it")
	}
	s := start(t, "GOMEMLIMIT=384MiB", "--request_timeout=10s")
	if !s.limit(t, memoryLimit) {
		t.Skip("needs the right to make a cgroup")
	}
	honest := s.dial(t)
	ids, typeID := fill(t, honest, *stored)

	ctx, stop := context.WithTimeout(t.Context(), *duration)
	defer stop()
	var attackers sync.WaitGroup
	counts := map[string]*atomic.Int64{}
	attack := func(name string, n int, one func(context.Context, mlmdpb.MetadataStoreServiceClient, *grpc.ClientConn)) {
		done := new(atomic.Int64)
		counts[name] = done
		conn := s.dial(t)
		for range n {
			attackers.Go(func() {
				for ctx.Err() == nil {
					one(ctx, mlmdpb.NewMetadataStoreServiceClient(conn), conn)
					done.Add(1)
				}
			})
		}
	}
	attack("filters that make large texts", 3, largeTexts)
	attack("lists that are not received", 4, unreceivedList)
	large := strings.Repeat("x", 2_800_000)
	attack("writes of 2.8 MB", 100, func(
		ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ *grpc.ClientConn,
	) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_, _ = rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
			Id: &ids[0], TypeId: &typeID, Name: new("0"), CustomProperties: map[string]*mlmdpb.Value{
				"large": {Value: &mlmdpb.Value_StringValue{StringValue: large}},
			},
		}}})
	})
	attack("streams with 15 MB of metadata", 8, largeMetadata)
	attack("streams that watch health", 2000, watch)

	var acknowledged []int64
	var writers sync.WaitGroup
	writers.Go(func() {
		rpc := mlmdpb.NewMetadataStoreServiceClient(honest)
		for i := 0; ctx.Err() == nil; i++ {
			put, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{
				Contexts: []*mlmdpb.Context{{TypeId: &typeID, Name: new(fmt.Sprint("honest ", i))}},
			})
			if err == nil {
				acknowledged = append(acknowledged, put.GetContextIds()[0])
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	reads, failed := readUntil(ctx, t, honest, ids)
	attackers.Wait()
	writers.Wait()

	lost := 0
	for part := range slices.Chunk(acknowledged, 1000) {
		got, err := mlmdpb.NewMetadataStoreServiceClient(honest).GetContextsByID(t.Context(),
			&mlmdpb.GetContextsByIDRequest{ContextIds: part})
		if err != nil {
			t.Fatal(err)
		}
		lost += len(part) - len(got.GetContexts())
	}
	for name, n := range counts {
		fmt.Printf("attack: %d %s\n", n.Load(), name)
	}
	slices.Sort(reads)
	fmt.Printf("attacked for %v in %d MiB, GOMEMLIMIT 384 MiB, %d contexts stored\n", *duration, memoryLimit>>20, *stored)
	fmt.Printf("server: peak memory %d MiB (RSS), running: %t\n", s.peak(t)>>20, s.running())
	fmt.Printf("point reads: %d, failed %d, median %v, slowest %v\n", len(reads), failed, reads[len(reads)/2],
		reads[len(reads)-1])
	fmt.Printf("writes acknowledged: %d, lost: %d\n", len(acknowledged), lost)
	if lost > 0 || failed > 0 || !s.running() {
		t.Errorf("lost %d writes, %d reads failed; the server's log ends with %s", lost, failed, s.logEnd())
	}
}

// readUntil reads contexts by ID until ctx ends. It returns how long each read took.
func readUntil(
	ctx context.Context, t *testing.T, conn *grpc.ClientConn, ids []int64,
) (took []time.Duration, failed int) {
	rpc := mlmdpb.NewMetadataStoreServiceClient(conn)
	for ctx.Err() == nil {
		start := time.Now()
		_, err := rpc.GetContextsByID(t.Context(), &mlmdpb.GetContextsByIDRequest{
			ContextIds: []int64{ids[1+rand.IntN(len(ids)-1)]},
		})
		took = append(took, time.Since(start))
		if err != nil {
			if failed++; failed < 4 {
				t.Log(err)
			}
			if status.Code(err) == codes.Unavailable {
				return took, failed
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return took, failed
}

func largeTexts(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ *grpc.ClientConn) {
	text := "name"
	for range 20 {
		text = "REPLACE(" + text + ",'1','11111111')"
	}
	_, _ = rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
		FilterQuery: new("LENGTH(" + text + ") > 1000000000"),
	}})
}

func unreceivedList(ctx context.Context, _ mlmdpb.MetadataStoreServiceClient, conn *grpc.ClientConn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true},
		mlmdpb.MetadataStoreService_GetContexts_FullMethodName)
	if err != nil {
		return
	}
	if stream.SendMsg(&mlmdpb.GetContextsRequest{}) == nil && stream.CloseSend() == nil {
		pause(ctx, 5*time.Second)
	}
}

func largeMetadata(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "x-large", strings.Repeat("x", 15_000_000))
	_, _ = rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{})
	pause(ctx, time.Second)
}

func watch(ctx context.Context, _ mlmdpb.MetadataStoreServiceClient, conn *grpc.ClientConn) {
	stream, err := healthpb.NewHealthClient(conn).Watch(ctx, &healthpb.HealthCheckRequest{})
	for err == nil {
		_, err = stream.Recv()
	}
	pause(ctx, time.Second)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// TestCost compares reads of honest clients with the limits on and off.
func TestCost(t *testing.T) {
	if *duration == 0 {
		t.Skip("make attack runs it")
	}
	on := start(t, "")
	off := start(t, "", "--limit_concurrency=false", "--request_timeout=0", "--reply_memory_bytes=0", "--max_text_bytes=0")
	var took [2][]time.Duration
	var conns [2]*grpc.ClientConn
	var ids [2][]int64
	for i, s := range []*server{on, off} {
		conns[i] = s.dial(t)
		ids[i], _ = fill(t, conns[i], 1000)
	}
	for n := range 10_000 {
		i := n % 2
		rpc := mlmdpb.NewMetadataStoreServiceClient(conns[i])
		start := time.Now()
		_, err := rpc.GetContextsByID(t.Context(), &mlmdpb.GetContextsByIDRequest{
			ContextIds: []int64{ids[i][rand.IntN(len(ids[i]))]},
		})
		if err != nil {
			t.Fatal(err)
		}
		took[i] = append(took[i], time.Since(start))
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	a, b := took[0][len(took[0])/2], took[1][len(took[1])/2]
	fmt.Printf("median point read: %v with limits, %v without, ratio %.3f\n", a, b, float64(a)/float64(b))
}

// fill stores n contexts and returns their IDs and that of their type.
func fill(t *testing.T, conn *grpc.ClientConn, n int) (ids []int64, typeID int64) {
	t.Helper()
	rpc := mlmdpb.NewMetadataStoreServiceClient(conn)
	put, err := rpc.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("attack.Project")},
	})
	if err != nil {
		t.Fatal(err)
	}
	typeID = put.GetTypeId()
	for len(ids) < n {
		batch := &mlmdpb.PutContextsRequest{}
		for i := range min(10_000, n-len(ids)) {
			batch.Contexts = append(batch.Contexts, &mlmdpb.Context{TypeId: &typeID, Name: new(fmt.Sprint(len(ids) + i))})
		}
		got, err := rpc.PutContexts(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, got.GetContextIds()...)
	}
	return ids, typeID
}
