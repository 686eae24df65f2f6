package backend

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

func startMemory(ctx context.Context, tb testing.TB) (service, error) {
	s, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return service{}, err
	}
	return embedded(tb, s, ofSQLite...), nil
}

func startFile(ctx context.Context, tb testing.TB) (service, error) {
	s, err := sqlite.Open(ctx, filepath.Join(tb.TempDir(), "mlmd.db"))
	if err != nil {
		return service{}, err
	}
	return embedded(tb, s, ofSQLite...), nil
}

// embedded is the service of a store that is the test's own.
func embedded(tb testing.TB, s *store.Store, database ...storetest.Capability) service {
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close the store: %v", err)
		}
	})
	return service{s.Client(), append(append(storetest.EngineCapabilities(), storetest.EmptyStore), database...)}
}

// startBufconn serves a store in memory over gRPC, without leaving the process.
func startBufconn(ctx context.Context, tb testing.TB) (service, error) {
	s, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return service{}, err
	}
	out := embedded(tb, s, ofSQLite...)
	listener := bufconn.Listen(1 << 20)
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- server.New(s.Server(), server.WithMaxRecvMsgSize(unlimited)).Serve(ctx, listener) }()
	conn, err := grpc.NewClient("passthrough:bufconn",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(unlimited), grpc.MaxCallSendMsgSize(unlimited)))
	tb.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	if err != nil {
		return service{}, err
	}
	tb.Cleanup(func() { conn.Close() })
	out.client = mlmdpb.NewMetadataStoreServiceClient(conn)
	return out, nil
}
