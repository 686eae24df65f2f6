package server_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// slow returns a service whose call closes began and then waits.
func slow(began chan<- struct{}, wait func(context.Context) error) service {
	return service{get: func(ctx context.Context) (*mlmdpb.GetContextTypesResponse, error) {
		close(began)
		if err := wait(ctx); err != nil {
			return nil, err
		}
		return &mlmdpb.GetContextTypesResponse{ContextTypes: []*mlmdpb.ContextType{{Id: new(int64(7))}}}, nil
	}}
}

func TestServe_ShutdownWaitsForCalls(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	r := start(t, slow(began, func(context.Context) error { <-finish; return nil }))

	answered := make(chan error, 1)
	go func() {
		reply, err := r.rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
		if err == nil && reply.GetContextTypes()[0].GetId() != 7 {
			err = errors.New("another reply")
		}
		answered <- err
	}()
	<-began
	r.stop()
	select {
	case err := <-r.done:
		t.Fatalf("Serve returned %v while a call ran", err)
	case <-time.After(4 * time.Second): // longer than it waits for clients on whose connections nothing runs
	}
	if _, err := r.rpc.GetContextTypes(
		t.Context(), &mlmdpb.GetContextTypesRequest{},
	); status.Code(err) != codes.Unavailable {
		t.Errorf("a call during shutdown: %v, want UNAVAILABLE", err)
	}
	close(finish)
	if err := <-answered; err != nil {
		t.Errorf("the call that ran: %v", err)
	}
	if err := r.ended(t); err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestServe_ShutdownTimeout(t *testing.T) {
	began, canceled := make(chan struct{}), make(chan struct{})
	r := start(t, slow(began, func(ctx context.Context) error {
		<-ctx.Done()
		close(canceled)
		return ctx.Err()
	}), server.WithShutdownTimeout(50*time.Millisecond))

	answered := make(chan error, 1)
	go func() {
		_, err := r.rpc.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
		answered <- err
	}()
	<-began
	r.stop()
	var cut *server.ShutdownTimeoutError
	if err := r.ended(t); !errors.As(err, &cut) || cut.Calls != 1 {
		t.Errorf("Serve: %v, want one canceled call", err)
	} else if !strings.Contains(err.Error(), "1 call") {
		t.Errorf("the message lacks the number of calls: %v", err)
	}
	select {
	case <-canceled:
	case <-time.After(5 * time.Second):
		t.Error("the call's context did not end")
	}
	if err := <-answered; status.Code(err) != codes.Unavailable {
		t.Errorf("the client got %v, want UNAVAILABLE", err)
	}
}

func TestServe_ShutdownEndsStreams(t *testing.T) {
	r := start(t, service{}, server.WithShutdownTimeout(time.Minute))
	watch, err := healthpb.NewHealthClient(r.conn).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := watch.Recv(); err != nil {
		t.Fatal(err)
	}
	idle, err := reflectionpb.NewServerReflectionClient(r.conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
	if err := idle.Send(ask); err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Recv(); err != nil {
		t.Fatal(err)
	}
	r.stop()
	if err := r.ended(t); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := idle.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the idle stream ended with %v, want UNAVAILABLE", err)
	}
}

func TestServe_ClientDeadline(t *testing.T) {
	began, canceled := make(chan struct{}), make(chan struct{})
	r := start(t, slow(began, func(ctx context.Context) error {
		<-ctx.Done()
		close(canceled)
		return ctx.Err()
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	select {
	case <-canceled:
	case <-time.After(5 * time.Second):
		t.Error("the call's context did not end")
	}
}

// Connections on which nothing runs do not delay a shutdown until its timeout:
// those whose client does not speak, or does not receive a reply.
func TestServe_ShutdownWithIdleConnections(t *testing.T) {
	lis := listenTCP(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	text := strings.Repeat("x", 60<<10)
	go func() {
		done <- server.New(service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
			return &mlmdpb.GetContextTypesResponse{ContextTypes: []*mlmdpb.ContextType{{Name: &text}}}, nil
		}}, server.WithShutdownTimeout(time.Hour)).Serve(ctx, lis)
	}()
	silent, err := new(net.Dialer).DialContext(t.Context(), "tcp", lis.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	conn := dialTCP(t, lis.Addr().String())
	for range 100 {
		stream := openStream(t, conn, &grpc.StreamDesc{ServerStreams: true},
			mlmdpb.MetadataStoreService_GetContextTypes_FullMethodName)
		if err := errors.Join(stream.SendMsg(&mlmdpb.GetContextTypesRequest{}), stream.CloseSend()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := mlmdpb.NewMetadataStoreServiceClient(conn).GetContextTypes(
		t.Context(), &mlmdpb.GetContextTypesRequest{},
	); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil { // the test times out if it waits
		t.Error(err)
	}
}
