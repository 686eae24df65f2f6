package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// batch is the number of nodes in a request.
const batch = 2000

// typeOf distributes nodes over four types, of which the last has one percent.
func typeOf(i int) int {
	if i%100 == 99 {
		return 3
	}
	return i % 3
}

// contextOf returns the ID of the context of artifact i, counted from 0. A context has
// ten artifacts, or none.
func contextOf(i int) int64 {
	const among = 1000
	return int64(i - i%among + i%among/10 + 1)
}

// filled describes a filled store by the IDs of its types. Nodes have IDs from 1 and are
// named after them.
type filled struct {
	size                        int
	artifactTypes, contextTypes []int64
}

func typeName(n int) string { return fmt.Sprintf("bench.T%d", n) }

func nodeName(i int) string { return fmt.Sprintf("node-%d", i) }

// fill puts size artifacts and as many contexts with properties, and attributes each
// artifact to a context.
func fill(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, size int) (*filled, error) {
	f := &filled{size: size}
	props := map[string]mlmdpb.PropertyType{
		"rank": mlmdpb.PropertyType_INT, "score": mlmdpb.PropertyType_DOUBLE, "owner": mlmdpb.PropertyType_STRING,
	}
	req := &mlmdpb.PutTypesRequest{}
	for n := range 4 {
		req.ArtifactTypes = append(req.ArtifactTypes, &mlmdpb.ArtifactType{Name: new(typeName(n)), Properties: props})
		req.ContextTypes = append(req.ContextTypes, &mlmdpb.ContextType{Name: new(typeName(n)), Properties: props})
	}
	types, err := rpc.PutTypes(ctx, req)
	if err != nil {
		return nil, err
	}
	f.artifactTypes, f.contextTypes = types.ArtifactTypeIds, types.ContextTypeIds
	start := time.Now()
	for from := 0; from < size; from += batch {
		if err := f.put(ctx, rpc, from, min(batch, size-from)); err != nil {
			return nil, err
		}
	}
	fmt.Printf("filled with %d artifacts and contexts in %v\n", size, time.Since(start).Round(time.Second/10))
	return f, nil
}

// put puts artifacts and contexts, concurrently if the database allows.
func (f *filled) put(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, from, n int) error {
	artifacts, contexts := &mlmdpb.PutArtifactsRequest{}, &mlmdpb.PutContextsRequest{}
	links := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for i := from; i < from+n; i++ {
		artifacts.Artifacts = append(artifacts.Artifacts, &mlmdpb.Artifact{
			TypeId: &f.artifactTypes[typeOf(i)], Name: new(nodeName(i + 1)), Uri: new(fmt.Sprintf("s3://bucket/%d", i+1)),
			State: new(mlmdpb.Artifact_State(1 + i%3)), Properties: f.properties(i),
			CustomProperties: map[string]*mlmdpb.Value{"stage": text([]string{"dev", "test", "live"}[i%3])},
		})
		contexts.Contexts = append(contexts.Contexts, &mlmdpb.Context{
			TypeId: &f.contextTypes[typeOf(i)], Name: new(nodeName(i + 1)), Properties: f.properties(i),
		})
		links.Attributions = append(links.Attributions, &mlmdpb.Attribution{
			ContextId: new(contextOf(i)), ArtifactId: new(int64(i + 1)),
		})
	}
	done := make(chan error, 1)
	go func() {
		_, err := rpc.PutContexts(ctx, contexts)
		done <- err
	}()
	_, err := rpc.PutArtifacts(ctx, artifacts)
	if err = errors.Join(err, <-done); err != nil {
		return err
	}
	_, err = rpc.PutAttributionsAndAssociations(ctx, links)
	return err
}

// properties returns the properties of a node: rank is unique, score is between 0 and 1,
// and ten nodes have the same owner.
func (f *filled) properties(i int) map[string]*mlmdpb.Value {
	return map[string]*mlmdpb.Value{
		"rank":  {Value: &mlmdpb.Value_IntValue{IntValue: int64(i + 1)}},
		"score": {Value: &mlmdpb.Value_DoubleValue{DoubleValue: float64(i*7919%10007) / 10007}},
		"owner": text(fmt.Sprintf("owner-%d", i/10)),
	}
}

func text(s string) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
}
