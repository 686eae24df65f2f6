package backend

import (
	"context"
	"os"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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

// startRemote asks a server that runs already. It is taken for one of ours if
// it answers what the original leaves out; of its database nothing is known.
func startRemote(ctx context.Context, tb testing.TB) (service, error) {
	s, err := remote.store(ctx, tb)
	if err != nil {
		return service{}, err
	}
	_, err = s.client.GetParentContextsByContexts(ctx, &mlmdpb.GetParentContextsByContextsRequest{ContextIds: []int64{0}})
	if status.Code(err) != codes.Unimplemented {
		s.has = append(s.has, storetest.Ours()...)
	}
	return s, nil
}
