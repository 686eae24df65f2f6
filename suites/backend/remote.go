package backend

import (
	"context"
	"os"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

var remote = shared{start: func(context.Context) (string, func() error, error) {
	address := os.Getenv("MLMD_ADDR")
	if address == "" {
		return "", nil, unavailable("MLMD_ADDR names no server")
	}
	return address, func() error { return nil }, nil
}}

// startRemote connects to a running server. The server is assumed to be this
// module's if it implements the RPCs that the reference implementation leaves
// out, and to run on SQLite if it stores a 64-bit integer.
func startRemote(ctx context.Context, tb testing.TB) (service, error) {
	s, err := remote.store(ctx, tb)
	if err != nil {
		return service{}, err
	}
	_, err = s.client.GetParentContextsByContexts(ctx, &mlmdpb.GetParentContextsByContextsRequest{ContextIds: []int64{0}})
	if status.Code(err) != codes.Unimplemented {
		s.has = append(s.has, storetest.EngineCapabilities()...)
	}
	// Where the server keeps stores by name this goes to the one without a name,
	// so that the test's own stays empty.
	wide, err := storesWideIntegers(ctx, mlmdpb.NewMetadataStoreServiceClient(remote.conn))
	if wide {
		s.has = append(s.has, ofSQLite...)
	}
	return s, err
}

func storesWideIntegers(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) (bool, error) {
	put, err := rpc.PutArtifactType(ctx,
		&mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{Name: proto.String("suites.Probe")}})
	if err != nil {
		return false, err
	}
	_, err = rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
		TypeId:           put.TypeId,
		CustomProperties: map[string]*mlmdpb.Value{"wide": {Value: &mlmdpb.Value_IntValue{IntValue: 1 << 40}}},
	}}})
	return err == nil, nil
}
