package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// What the server of the reference implementation offers besides the service;
// see suites/reference/server.py.
const (
	storeKey   = "mlmd-store"
	pingMethod = "/mlmd.reference.Stores/Ping"
	dropMethod = "/mlmd.reference.Stores/Drop"
)

// A shared is a service that many tests use, because it takes long to start.
type shared struct {
	once   sync.Once
	start  func(ctx context.Context) (address string, stop func() error, err error)
	conn   *grpc.ClientConn
	named  bool // it keeps stores by name
	err    error
	number atomic.Int64
}

var (
	stopsMu sync.Mutex
	stops   []func() error
)

// closeShared ends every service that outlived the test which started it.
func closeShared() error {
	stopsMu.Lock()
	defer stopsMu.Unlock()
	var errs []error
	for _, stop := range slices.Backward(stops) {
		errs = append(errs, stop())
	}
	stops = nil
	return errors.Join(errs...)
}

func onClose(stop func() error) {
	stopsMu.Lock()
	defer stopsMu.Unlock()
	stops = append(stops, stop)
}

func (s *shared) dial(ctx context.Context) error {
	s.once.Do(func() {
		address, stop, err := s.start(ctx)
		if err != nil {
			s.err = err
			return
		}
		onClose(stop)
		if s.conn, s.err = dial(address); s.err != nil {
			return
		}
		onClose(s.conn.Close)
		s.named, s.err = keepsNamedStores(ctx, s.conn, startWait)
	})
	return s.err
}

// store answers a client for a store of the test's own, where the service can
// keep several.
func (s *shared) store(ctx context.Context, tb testing.TB) (service, error) {
	if err := s.dial(ctx); err != nil {
		return service{}, err
	}
	if !s.named {
		return service{client: mlmdpb.NewMetadataStoreServiceClient(s.conn)}, nil
	}
	own := &namedStore{ClientConnInterface: s.conn, name: fmt.Sprintf("test-%d", s.number.Add(1))}
	tb.Cleanup(func() {
		if err := own.Invoke(ctx, dropMethod, &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
			tb.Errorf("the store %s cannot be dropped: %v", own.name, err)
		}
	})
	return service{mlmdpb.NewMetadataStoreServiceClient(own), []storetest.Capability{storetest.EmptyStore}}, nil
}

// A namedStore is one of the stores behind a connection.
type namedStore struct {
	grpc.ClientConnInterface
	name string
}

// Invoke calls the method on the store.
func (n *namedStore) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	return n.ClientConnInterface.Invoke(metadata.AppendToOutgoingContext(ctx, storeKey, n.name), method, in, out, opts...)
}

// unlimited is more than any message of a test.
const unlimited = 1 << 30

// dial connects to a server that takes messages of any size.
func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(unlimited), grpc.MaxCallSendMsgSize(unlimited)))
}

// keepsNamedStores asks a service, for which it waits.
func keepsNamedStores(ctx context.Context, conn *grpc.ClientConn, wait time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	switch err := conn.Invoke(ctx, pingMethod, &emptypb.Empty{}, &emptypb.Empty{},
		grpc.WaitForReady(true)); status.Code(err) {
	case codes.OK:
		return true, nil
	case codes.Unimplemented:
		return false, nil
	default:
		return false, fmt.Errorf("nothing that serves is found at %s: %w", conn.Target(), err)
	}
}
