package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// Of 12 connections, 6 write at once. The others wait, and their requests stay
// with the clients, but for what fits into the window of their streams.
func TestServe_WaitingRequestsAreNotReceived(t *testing.T) {
	const writes, clients, size = 6, 100, 1 << 20
	open := make(chan struct{})
	var running atomic.Int64
	var lis countingListener
	rpc := serveTCP(t, server.New(service{put: func(*mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
		running.Add(1)
		<-open
		return &mlmdpb.PutContextsResponse{}, nil
	}}, server.WithConcurrency(2*writes)), &lis)

	big := &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{Name: new(strings.Repeat("x", size))}}}
	done := make(chan error, clients)
	for range clients {
		go func() {
			_, err := rpc.PutContexts(t.Context(), big)
			done <- err
		}()
	}
	for last := int64(-1); running.Load() < writes || lis.received.Load() != last; time.Sleep(100 * time.Millisecond) {
		last = lis.received.Load()
	}
	if n := running.Load(); n != writes {
		t.Errorf("%d writes run, want %d", n, writes)
	}
	if n := lis.received.Load(); n > writes*size+clients*200<<10 {
		t.Errorf("%d MiB are received of %d requests of 1 MiB, of which %d run", n>>20, clients, writes)
	}
	close(open)
	for range clients {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := running.Load(); n != clients {
		t.Errorf("%d writes ran, want %d", n, clients)
	}
}

// A countingListener counts the bytes that its connections receive.
type countingListener struct {
	net.Listener
	received atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, l}, err
}

type countingConn struct {
	net.Conn
	l *countingListener
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.l.received.Add(int64(n))
	return n, err
}

// Reads by ID go on while lists with a filter wait.
func TestServe_ClassesAreSeparate(t *testing.T) {
	open := make(chan struct{})
	var filters atomic.Int64
	s := server.New(listing{list: func(in *mlmdpb.GetContextsRequest) {
		if in.GetOptions().GetFilterQuery() != "" {
			filters.Add(1)
			<-open
		}
	}}, server.WithConcurrency(8))
	rpc := serveTCP(t, s, nil)

	done := make(chan error, 5)
	for range 5 {
		go func() {
			_, err := rpc.GetContexts(t.Context(), &mlmdpb.GetContextsRequest{
				Options: &mlmdpb.ListOperationOptions{FilterQuery: new("id > 0")},
			})
			done <- err
		}()
	}
	for filters.Load() < 1 {
		time.Sleep(time.Millisecond)
	}
	for i := range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{}); err != nil {
			t.Fatalf("read %d: %v", i, err)
		}
		if _, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{}); err != nil {
			t.Fatalf("list %d: %v", i, err)
		}
		cancel()
	}
	if n := filters.Load(); n != 1 {
		t.Errorf("%d lists with a filter ran at once, want 1", n)
	}
	close(open)
	for range 5 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// listing implements lists and reads of contexts.
type listing struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer
	list func(*mlmdpb.GetContextsRequest)
}

func (l listing) GetContexts(_ context.Context, in *mlmdpb.GetContextsRequest) (*mlmdpb.GetContextsResponse, error) {
	l.list(in)
	return &mlmdpb.GetContextsResponse{}, nil
}

func (listing) GetContextsByID(
	context.Context, *mlmdpb.GetContextsByIDRequest,
) (*mlmdpb.GetContextsByIDResponse, error) {
	return &mlmdpb.GetContextsByIDResponse{}, nil
}

func TestServe_RefusesBeyondWaiting(t *testing.T) {
	open := make(chan struct{})
	s := server.New(listing{list: func(*mlmdpb.GetContextsRequest) { <-open }}, server.WithConcurrency(1))
	rpc := serveTCP(t, s, nil)
	const calls = 1 + 512 + 7 // running, waiting, refused
	errs := make(chan error, calls)
	var trailers atomic.Int64
	for range calls {
		go func() {
			var trailer metadata.MD
			_, err := rpc.GetContexts(t.Context(), &mlmdpb.GetContextsRequest{}, grpc.Trailer(&trailer))
			if len(trailer.Get("grpc-retry-pushback-ms")) > 0 {
				trailers.Add(1)
			}
			errs <- err
		}()
	}
	for range 7 {
		err := <-errs
		s := status.Convert(err)
		if s.Code() != codes.ResourceExhausted || !strings.Contains(s.Message(), "512 lists wait already") {
			t.Fatalf("got %v", err)
		}
		if info, ok := s.Details()[0].(*errdetails.RetryInfo); !ok || info.GetRetryDelay().AsDuration() != time.Second {
			t.Errorf("got details %v", s.Details())
		}
	}
	close(open)
	for range calls - 7 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if n := trailers.Load(); n != 7 {
		t.Errorf("%d refused calls have grpc-retry-pushback-ms, want 7", n)
	}
}

func TestServe_RequestTimeout(t *testing.T) {
	r := start(t, service{get: func(ctx context.Context) (*mlmdpb.GetContextTypesResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}, server.WithRequestTimeout(20*time.Millisecond))
	_, err := r.rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
	if s := status.Convert(err); s.Code() != codes.DeadlineExceeded || !strings.Contains(s.Message(), "limit of 20ms") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if _, err := r.rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("with a shorter deadline of the client: %v", err)
	}
}

// Clients that do not receive their replies hold the budget until the time limit,
// and then lose their connection.
func TestServe_SlowReaders(t *testing.T) {
	big := &mlmdpb.GetContextTypesResponse{ContextTypes: []*mlmdpb.ContextType{{Name: new(strings.Repeat("x", 4<<20))}}}
	served := make(chan struct{}, 2)
	s := server.New(service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
		select {
		case served <- struct{}{}:
		default:
		}
		return big, nil
	}},
		server.WithReplyBudget(9<<20), server.WithRequestTimeout(300*time.Millisecond), server.WithConcurrency(8))
	lis := listenTCP(t)
	go s.Serve(t.Context(), lis)
	other := dialTCP(t, lis.Addr().String())
	// A window that grows would in time take in a reply that is not received.
	slow := dialTCP(t, lis.Addr().String(), grpc.WithStaticStreamWindowSize(64<<10))
	var streams []grpc.ClientStream
	for range 2 { // the budget
		streams = append(streams, openStream(t, slow, &grpc.StreamDesc{ServerStreams: true},
			mlmdpb.MetadataStoreService_GetContextTypes_FullMethodName))
		if err := errors.Join(streams[len(streams)-1].SendMsg(&mlmdpb.GetContextTypesRequest{}),
			streams[len(streams)-1].CloseSend()); err != nil {
			t.Fatal(err)
		}
		<-served
	}
	rpc := mlmdpb.NewMetadataStoreServiceClient(other)
	refused := 0
	for deadline := time.Now().Add(20 * time.Second); ; {
		got, err := rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{},
			grpc.MaxCallRecvMsgSize(8<<20))
		if err == nil && len(got.GetContextTypes()) == 1 && refused > 0 {
			break
		}
		if err != nil && status.Code(err) != codes.DeadlineExceeded || time.Now().After(deadline) {
			t.Fatalf("after %d refused calls: %v", refused, err)
		}
		if err != nil {
			refused++
		}
	}
	lost := 0
	for _, stream := range streams {
		if status.Code(stream.RecvMsg(new(mlmdpb.GetContextTypesResponse))) == codes.Unavailable {
			lost++
		}
	}
	if lost == 0 {
		t.Error("the connection of the slow client is not closed")
	}
}

// Streams without a request do not keep the places of others.
func TestServe_StreamsWithoutRequest(t *testing.T) {
	s := server.New(service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
		return &mlmdpb.GetContextTypesResponse{}, nil
	}}, server.WithConcurrency(1))
	silent, other := serveTCP2(t, s)
	for range 900 {
		openStream(t, silent, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true},
			mlmdpb.MetadataStoreService_GetContextTypes_FullMethodName)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for range 10 {
		if _, err := mlmdpb.NewMetadataStoreServiceClient(other).GetContextTypes(
			ctx, &mlmdpb.GetContextTypesRequest{},
		); err != nil {
			t.Fatal(err)
		}
	}
}

// A request that is late loses its place to others that wait, but does not fail.
func TestServe_LateRequest(t *testing.T) {
	r := start(t, service{put: func(*mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
		return &mlmdpb.PutContextsResponse{ContextIds: []int64{7}}, nil
	}}, server.WithConcurrency(1))
	var streams []grpc.ClientStream
	for range 3 { // one has the place, and loses it to the others
		streams = append(streams, openStream(t, r.conn, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true},
			mlmdpb.MetadataStoreService_PutContexts_FullMethodName))
	}
	time.Sleep(time.Second)
	for i, stream := range streams {
		if err := errors.Join(stream.SendMsg(&mlmdpb.PutContextsRequest{}), stream.CloseSend()); err != nil {
			t.Fatal(err)
		}
		got := new(mlmdpb.PutContextsResponse)
		if err := stream.RecvMsg(got); err != nil || len(got.GetContextIds()) != 1 {
			t.Errorf("request %d: %v", i, err)
		}
	}
}

// A client with as many streams of health as the server has room for gives way to
// another.
func TestServe_HealthStreams(t *testing.T) {
	const room = 1000
	many, other := serveTCP2(t, server.New(service{}, server.WithConcurrency(1)))
	ended := make(chan error, room)
	for range room {
		watch, err := healthpb.NewHealthClient(many).Watch(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.Recv(); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := watch.Recv()
			ended <- err
		}()
	}
	health := healthpb.NewHealthClient(other)
	for range 10 {
		watch, err := health.Watch(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := watch.Recv(); err != nil || s.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Fatalf("another client: %v, %v", s, err)
		}
		if err := <-ended; status.Code(err) != codes.ResourceExhausted {
			t.Errorf("a stream of the first client ended with %v", err)
		}
	}
	s, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || s.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Fatalf("Check: %v, %v", s, err)
	}
}

func openStream(t *testing.T, conn *grpc.ClientConn, d *grpc.StreamDesc, method string) grpc.ClientStream {
	t.Helper()
	stream, err := conn.NewStream(t.Context(), d, method, grpc.MaxCallRecvMsgSize(8<<20))
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func TestServe_Readiness(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	r := start(t, service{},
		server.WithReadiness(func(context.Context) error {
			if down.Load() {
				return errors.New("no database")
			}
			return nil
		}))
	watch, err := healthpb.NewHealthClient(r.conn).Watch(t.Context(), &healthpb.HealthCheckRequest{
		Service: "ml_metadata.MetadataStoreService",
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for len(got) == 0 || got[len(got)-1] != "NOT_SERVING" {
		s, err := watch.Recv()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s.GetStatus().String())
	}
	down.Store(false)
	s, err := watch.Recv()
	if err != nil || s.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("after the database is back: %v, %v", s, err)
	}
}

func TestServe_UnaryInterceptors(t *testing.T) {
	var order []string
	note := func(name string) grpc.UnaryServerInterceptor {
		return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if _, ok := req.(*mlmdpb.PutContextsRequest); !ok || info.Server == nil {
				return nil, fmt.Errorf("interceptor %s: got %T on %T", name, req, info.Server)
			}
			order = append(order, name+" "+info.FullMethod)
			return next(ctx, req)
		}
	}
	r := start(t, service{put: func(*mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
		return &mlmdpb.PutContextsResponse{}, nil
	}}, server.WithUnaryInterceptors(note("a"), note("b")), server.WithUnaryInterceptors(note("c")))
	if _, err := r.rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{}); err != nil {
		t.Fatal(err)
	}
	const method = " /ml_metadata.MetadataStoreService/PutContexts"
	if want := []string{"a" + method, "b" + method, "c" + method}; !slices.Equal(order, want) {
		t.Errorf("got %q", order)
	}
}

// A stream that ends without a request, or that has two, is not a call.
func TestServe_NotOneRequest(t *testing.T) {
	r := start(t, service{put: func(*mlmdpb.PutContextsRequest) (*mlmdpb.PutContextsResponse, error) {
		return &mlmdpb.PutContextsResponse{}, nil
	}})
	for _, requests := range []int{0, 2} {
		stream, err := r.conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true},
			mlmdpb.MetadataStoreService_PutContexts_FullMethodName)
		if err != nil {
			t.Fatal(err)
		}
		for range requests {
			if err := stream.SendMsg(&mlmdpb.PutContextsRequest{}); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		err = stream.RecvMsg(new(mlmdpb.PutContextsResponse))
		if status.Code(err) != codes.Internal {
			t.Errorf("%d requests: %v", requests, err)
		}
	}
}

// serveTCP serves s on loopback and returns a stub of a connection to it. The
// bytes that the server receives are counted if counter is not nil.
func serveTCP(t *testing.T, s *server.Server, counter *countingListener) mlmdpb.MetadataStoreServiceClient {
	t.Helper()
	lis := listenTCP(t)
	address := lis.Addr().String()
	if counter != nil {
		counter.Listener, lis = lis, counter
	}
	go s.Serve(t.Context(), lis)
	return mlmdpb.NewMetadataStoreServiceClient(dialTCP(t, address))
}

// serveTCP2 serves s on loopback and returns two connections to it.
func serveTCP2(t *testing.T, s *server.Server) (a, b *grpc.ClientConn) {
	t.Helper()
	lis := listenTCP(t)
	go s.Serve(t.Context(), lis)
	return dialTCP(t, lis.Addr().String()), dialTCP(t, lis.Addr().String())
}

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	lis, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return lis
}

func dialTCP(t *testing.T, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// Metadata beyond the limit does not reach the server's memory.
func TestServe_LargeMetadata(t *testing.T) {
	r := start(t, service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
		return &mlmdpb.GetContextTypesResponse{}, nil
	}})
	for size, ok := range map[int]bool{16 << 10: true, 1 << 20: false} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-large", strings.Repeat("x", size))
		if _, err := r.rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{}); (err == nil) != ok {
			t.Errorf("%d bytes of metadata: %v", size, err)
		}
	}
}
