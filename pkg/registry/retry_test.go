package registry

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// A flakyService fails a number of calls and then succeeds.
type flakyService struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer
	left  atomic.Int64
	calls atomic.Int64
	err   error
}

func (m *flakyService) answer() error {
	m.calls.Add(1)
	if m.left.Add(-1) >= 0 {
		return m.err
	}
	return nil
}

func (m *flakyService) GetContextsByID(
	context.Context, *mlmdpb.GetContextsByIDRequest,
) (*mlmdpb.GetContextsByIDResponse, error) {
	return &mlmdpb.GetContextsByIDResponse{}, m.answer()
}

func (m *flakyService) PutContexts(
	_ context.Context, r *mlmdpb.PutContextsRequest,
) (*mlmdpb.PutContextsResponse, error) {
	return &mlmdpb.PutContextsResponse{ContextIds: make([]int64, len(r.GetContexts()))}, m.answer()
}

func (m *flakyService) PutArtifacts(
	_ context.Context, r *mlmdpb.PutArtifactsRequest,
) (*mlmdpb.PutArtifactsResponse, error) {
	return &mlmdpb.PutArtifactsResponse{ArtifactIds: make([]int64, len(r.GetArtifacts()))}, m.answer()
}

// newFlakyClient returns a client of a service that fails the given number of calls.
func newFlakyClient(t *testing.T, times int64, err error, opts ...DialOption) (*flakyService, *Client) {
	t.Helper()
	m := &flakyService{err: err}
	m.left.Store(times)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	mlmdpb.RegisterMetadataStoreServiceServer(s, m)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	c, err := Dial(l.Addr().String(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return m, c
}

func TestRetry_OnlyUnavailable(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run(code.String(), func(t *testing.T) {
			m, c := newFlakyClient(t, 2, status.Error(code, "not now"))
			_, err := c.rpc.GetContextsByID(t.Context(), &mlmdpb.GetContextsByIDRequest{})
			if code == codes.Unavailable {
				if err != nil || m.calls.Load() != 3 {
					t.Errorf("%d calls, %v", m.calls.Load(), err)
				}
				return
			}
			if status.Code(err) != code || m.calls.Load() != 1 {
				t.Errorf("%d calls, %v", m.calls.Load(), err)
			}
		})
	}
}

func TestRetry_SentCallsOnlyIfIdempotent(t *testing.T) {
	gone := status.Error(codes.Unavailable, "the database has gone away")
	for _, c := range []struct {
		name string
		put  func(context.Context, mlmdpb.MetadataStoreServiceClient) error
		want int64 // calls
	}{
		{"a context", func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
			_, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{Name: new("a")}}})
			return err
		}, 3},
		{"an artifact with a name", func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
			_, err := rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{Name: new("a")}}})
			return err
		}, 3},
		{"an artifact with an external id", func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
			_, err := rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{ExternalId: new("a")}}})
			return err
		}, 3},
		{"artifacts of which one has nothing", func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
			_, err := rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{Name: new("a")}, {}}})
			return err
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, client := newFlakyClient(t, 2, gone)
			err := c.put(t.Context(), client.rpc)
			if m.calls.Load() != c.want || (err == nil) != (c.want > 1) {
				t.Errorf("%d calls, want %d: %v", m.calls.Load(), c.want, err)
			}
		})
	}
}

func TestRetry_UnsentCalls(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c, err := Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	failed := make(chan error, 1)
	go func() {
		_, err := c.rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{}}})
		failed <- err
	}()
	time.Sleep(150 * time.Millisecond) // so that the first attempts are refused
	if l, err = net.Listen("tcp", address); err != nil {
		t.Skipf("the port was taken by another program: %v", err)
	}
	m := &flakyService{}
	s := grpc.NewServer()
	mlmdpb.RegisterMetadataStoreServiceServer(s, m)
	go s.Serve(l)
	defer s.Stop()
	if err := <-failed; err != nil || m.calls.Load() != 1 {
		t.Errorf("%d calls, %v", m.calls.Load(), err)
	}
}

func TestRetry_Timeout(t *testing.T) {
	gone := status.Error(codes.Unavailable, "the database has gone away")
	t.Run("never", func(t *testing.T) {
		m, c := newFlakyClient(t, 1000, gone, WithRetryTimeout(0))
		if _, err := c.RegisteredModels().Get(t.Context(), "1"); !errors.Is(err, ErrUnavailable) || m.calls.Load() != 1 {
			t.Errorf("%d calls, %v", m.calls.Load(), err)
		}
	})
	t.Run("within the deadline", func(t *testing.T) {
		m, c := newFlakyClient(t, 1000, gone, WithRetryTimeout(time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := c.RegisteredModels().Get(ctx, "1")
		if !errors.Is(err, ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) || m.calls.Load() < 2 {
			t.Errorf("%d calls, %v", m.calls.Load(), err)
		}
	})
	t.Run("until the caller cancels", func(t *testing.T) {
		_, c := newFlakyClient(t, 1000, gone, WithRetryTimeout(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if _, err := c.RegisteredModels().Get(ctx, "1"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestRetry_ErrorNamesCause(t *testing.T) {
	t.Run("the server", func(t *testing.T) {
		c, err := Dial("127.0.0.1:1", WithRetryTimeout(0))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = c.RegisteredModels().Get(t.Context(), "1")
		want := `registry: get RegisteredModel "1": ` +
			`no server answers at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused`
		if !errors.Is(err, ErrUnreachable) || !errors.Is(err, ErrUnavailable) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
	t.Run("its database", func(t *testing.T) {
		_, c := newFlakyClient(t, 1000, status.Error(codes.Unavailable, "the database is not reachable"), WithRetryTimeout(0))
		_, err := c.RegisteredModels().Get(t.Context(), "1")
		want := `registry: get RegisteredModel "1": ` +
			`the server answered, but its store is unavailable: the database is not reachable`
		if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrUnreachable) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
	t.Run("the connection amid a call", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		hang := &hangingService{reached: make(chan struct{})}
		s := grpc.NewServer()
		mlmdpb.RegisterMetadataStoreServiceServer(s, hang)
		go s.Serve(l)
		c, err := Dial(l.Addr().String(), WithRetryTimeout(0))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go func() { <-hang.reached; s.Stop() }()
		_, err = c.RegisteredModels().Upsert(t.Context(), &model.RegisteredModel{ID: "1", Name: "a"})
		if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrUnreachable) ||
			!strings.Contains(err.Error(), "may have taken effect") {
			t.Errorf("got %v", err)
		}
	})
}

// A hangingService does not respond before its server stops.
type hangingService struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer
	reached chan struct{}
}

func (h *hangingService) GetContextsByID(
	ctx context.Context, _ *mlmdpb.GetContextsByIDRequest,
) (*mlmdpb.GetContextsByIDResponse, error) {
	close(h.reached)
	<-ctx.Done()
	return nil, ctx.Err()
}
