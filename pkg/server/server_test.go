package server_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// service implements two methods by the functions of a test.
type service struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer
	get func(ctx context.Context) (*mlmdpb.GetContextTypesResponse, error)
	put func(*mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error)
}

func (s service) GetContextTypes(
	ctx context.Context, _ *mlmdpb.GetContextTypesRequest,
) (*mlmdpb.GetContextTypesResponse, error) {
	return s.get(ctx)
}

func (s service) PutContexts(_ context.Context, in *mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
	return s.put(in)
}

// A testServer is a running server and a connection to it.
type testServer struct {
	conn *grpc.ClientConn
	rpc  mlmdpb.MetadataStoreServiceClient
	stop context.CancelFunc
	done chan error // what Serve returned
}

func start(t *testing.T, s service, opts ...server.Option) *testServer {
	t.Helper()
	lis := bufconn.Listen(1 << 20)
	ctx, stop := context.WithCancel(t.Context())
	r := &testServer{stop: stop, done: make(chan error, 1)}
	go func() { r.done <- server.New(s, opts...).Serve(ctx, lis) }()
	conn, err := grpc.NewClient("passthrough:bufconn",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); stop() })
	r.conn, r.rpc = conn, mlmdpb.NewMetadataStoreServiceClient(conn)
	return r
}

// ended waits for Serve to return.
func (r *testServer) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Serve does not return")
		return nil
	}
}

func TestServe_Health(t *testing.T) {
	r := start(t, service{})
	for _, name := range []string{"", "ml_metadata.MetadataStoreService"} {
		reply, err := healthpb.NewHealthClient(r.conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
		if err != nil || reply.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("health of %q: %v, %v", name, reply, err)
		}
	}
}

func TestServe_Reflection(t *testing.T) {
	r := start(t, service{})
	stream, err := reflectionpb.NewServerReflectionClient(r.conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
	if err := stream.Send(ask); err != nil {
		t.Fatal(err)
	}
	reply, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range reply.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "ml_metadata.MetadataStoreService") {
		t.Errorf("reflection lists %s", got)
	}
}

func TestServe_UnimplementedMethod(t *testing.T) {
	r := start(t, service{})
	_, err := r.rpc.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
	if s := status.Convert(err); s.Code() != codes.Unimplemented || !strings.Contains(s.Message(), "GetArtifacts") {
		t.Errorf("got %v, want UNIMPLEMENTED with the method's name", err)
	}
}

func TestServe_Panic(t *testing.T) {
	var log lines
	calls := 0
	r := start(t, service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
		if calls++; calls == 1 {
			panic("the secret")
		}
		return &mlmdpb.GetContextTypesResponse{}, nil
	}}, server.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))

	_, err := r.rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
	if s := status.Convert(err); s.Code() != codes.Internal || !strings.Contains(
		s.Message(), "GetContextTypes",
	) || strings.Contains(s.Message(), "secret") {
		t.Errorf("the panic reached the client as %v", err)
	}
	if _, err := r.rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{}); err != nil {
		t.Errorf("the call after the panic: %v", err)
	}
	if text := log.String(); !strings.Contains(text, "the secret") || !strings.Contains(text, "server_test.go") {
		t.Errorf("the log lacks the panic or its location: %s", text)
	}
}

func TestServe_TruncatesMessages(t *testing.T) {
	for _, c := range []struct {
		name, text string
		cut        bool
	}{
		{"short", "no type with the name x", false},
		{"long ASCII", strings.Repeat("x", 1<<20), true},
		{"long non-ASCII", strings.Repeat("ü", 2000), true},
		{"at the limit", strings.Repeat("x", 6<<10), false},
		{"one byte over the limit", strings.Repeat("x", 6<<10+1), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
				return nil, status.Error(codes.NotFound, c.text)
			}})
			_, err := r.rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
			s := status.Convert(err)
			if s.Code() != codes.NotFound {
				t.Fatalf("code %v", s.Code())
			}
			if !c.cut {
				if s.Message() != c.text {
					t.Errorf("the text of %d bytes came as %d", len(c.text), len(s.Message()))
				}
				return
			}
			head, _, found := strings.Cut(s.Message(), "… (")
			if !found || !strings.HasSuffix(s.Message(), " bytes more)") || !strings.HasPrefix(c.text, head) {
				t.Errorf("cut as %.40q…%q", s.Message(), s.Message()[max(0, len(s.Message())-40):])
			}
		})
	}
}

func TestWithMaxRecvMsgSize(t *testing.T) {
	put := func(in *mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
		return &mlmdpb.PutContextsResponse{ContextIds: make([]int64, len(in.GetContexts()))}, nil
	}
	for _, c := range []struct {
		name  string
		opts  []server.Option
		bytes int
		want  codes.Code
	}{
		{"4 MiB by default", nil, 4 << 20, codes.ResourceExhausted},
		{"3 MiB by default", nil, 3 << 20, codes.OK},
		{"raised limit", []server.Option{server.WithMaxRecvMsgSize(8 << 20)}, 5 << 20, codes.OK},
		{"lowered limit", []server.Option{server.WithMaxRecvMsgSize(1 << 10)}, 2 << 10, codes.ResourceExhausted},
		{"no limit", []server.Option{server.WithMaxRecvMsgSize(-1)}, 9 << 20, codes.OK},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, service{put: put}, c.opts...)
			in := &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{Name: new(strings.Repeat("x", c.bytes))}}}
			if _, err := r.rpc.PutContexts(t.Context(), in); status.Code(err) != c.want {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestWithMaxSendMsgSize(t *testing.T) {
	get := func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
		return &mlmdpb.GetContextTypesResponse{
			ContextTypes: []*mlmdpb.ContextType{{Name: new(strings.Repeat("x", 5<<20))}},
		}, nil
	}
	for _, c := range []struct {
		name string
		opts []server.Option
		want codes.Code
	}{
		{"default", nil, codes.OK},
		{"lowered limit", []server.Option{server.WithMaxSendMsgSize(1 << 20)}, codes.ResourceExhausted},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, service{get: get}, c.opts...)
			if _, err := r.rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{}); status.Code(err) != c.want {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestServe_LogsInternalErrors(t *testing.T) {
	for code, logged := range map[codes.Code]bool{
		codes.Internal: true, codes.DataLoss: true, codes.NotFound: false, codes.OK: false,
	} {
		t.Run(code.String(), func(t *testing.T) {
			var log lines
			r := start(t, service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
				return &mlmdpb.GetContextTypesResponse{}, status.Error(code, "why it failed")
			}}, server.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			_, err := r.rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
			if status.Code(err) != code {
				t.Fatalf("got %v, want %v", err, code)
			}
			if got := strings.Contains(log.String(), "why it failed"); got != logged {
				t.Errorf("logged: %v, want %v: %s", got, logged, log.String())
			}
		})
	}
}

func TestServe_ListenerError(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	lis.Close()
	err = server.New(service{}).Serve(t.Context(), lis)
	if err == nil || !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), lis.Addr().String()) {
		t.Errorf("got %v, want the listener's error with its address", err)
	}
}

func TestNew_NilOptions(t *testing.T) {
	r := start(t, service{}, nil, server.WithTLS(nil), server.WithLogger(nil), server.WithGRPCServerOptions())
	_, err := r.rpc.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v, want UNIMPLEMENTED", err)
	}
}

// lines is a writer that is safe for concurrent use.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
