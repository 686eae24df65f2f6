// Package server serves an MLMD service over gRPC: the service itself, the
// standard health and reflection services beside it, TLS where asked for, and
// an orderly end. It knows no database; what it serves is any
// [mlmdpb.MetadataStoreServiceServer].
//
//	st, err := sqlite.Open(ctx, "registry.db")
//	…
//	lis, err := net.Listen("tcp", ":8080")
//	…
//	err = server.New(st.Server()).Serve(ctx, lis)
package server

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// cutOffGrace is how long calls that were cut off may take to notice.
const cutOffGrace = 3 * time.Second

// A Server serves one MLMD service. It holds no connection of its own, so one
// Server may serve several listeners, at once or one after the other.
type Server struct {
	service mlmdpb.MetadataStoreServiceServer
	options options
}

// New returns a Server of service. Nothing runs before [Server.Serve].
func New(service mlmdpb.MetadataStoreServiceServer, opts ...Option) *Server {
	s := &Server{service: service, options: defaults()}
	for _, set := range opts {
		set(&s.options)
	}
	return s
}

// Serve answers calls on lis until ctx ends, and owns lis from then on.
//
// When ctx ends, no new call is taken, health turns to NOT_SERVING, and calls
// that run are given the time of [DrainTimeout] to finish. Serve then returns
// nil. Calls that are still running after it are cancelled, and Serve returns a
// [*CutOffError]. Any other error is that of a listener that broke.
//
// When Serve has returned nil, no call is running, so the store may be closed.
func (s *Server) Serve(ctx context.Context, lis net.Listener) error {
	run := s.newRun(ctx)
	failed := make(chan error, 1)
	go func() { failed <- run.grpc.Serve(lis) }()

	select {
	case err := <-failed:
		run.cutOff()
		return fmt.Errorf("server: listening on %s ended: %w", lis.Addr(), err)
	case <-ctx.Done():
		s.options.log.InfoContext(ctx, "stopping; calls that run are finished", "timeout", s.options.drain)
		return run.stop(s.options.drain)
	}
}

// A run is one call of Serve.
type run struct {
	grpc     *grpc.Server
	health   *health.Server
	guard    *guard
	stopping context.CancelFunc // ends the streams
}

func (s *Server) newRun(ctx context.Context) *run {
	streams, stopping := context.WithCancel(context.WithoutCancel(ctx)) // ended once health has said so
	r := &run{
		health:   health.NewServer(),
		guard:    &guard{log: s.options.log},
		stopping: stopping,
	}
	opts := []grpc.ServerOption{
		s.options.security(),
		grpc.MaxRecvMsgSize(s.options.maxReceive),
		grpc.MaxSendMsgSize(s.options.maxSend),
		grpc.WaitForHandlers(true),
		grpc.ChainUnaryInterceptor(r.guard.unary),
		grpc.ChainStreamInterceptor(r.guard.stream(streams)),
	}
	r.grpc = grpc.NewServer(append(opts, s.options.grpc...)...)
	mlmdpb.RegisterMetadataStoreServiceServer(r.grpc, s.service)
	r.health.SetServingStatus(mlmdpb.MetadataStoreService_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(r.grpc, r.health)
	reflection.Register(r.grpc)
	return r
}

// stop lets running calls finish, for as long as drain, and then ends them.
func (r *run) stop(drain time.Duration) error {
	r.health.Shutdown()
	r.stopping()
	finished := make(chan struct{})
	go func() { defer close(finished); r.grpc.GracefulStop() }()
	select {
	case <-finished:
		return nil
	case <-time.After(drain):
	}
	calls := r.guard.running.Load()
	r.cutOff()
	if calls == 0 { // only idle connections were left
		return nil
	}
	return &CutOffError{Calls: int(calls), After: drain}
}

// cutOff cancels what runs and waits until it has noticed, but not for ever.
func (r *run) cutOff() {
	r.stopping()
	stopped := make(chan struct{})
	go func() { defer close(stopped); r.grpc.Stop() }()
	select {
	case <-stopped:
	case <-time.After(cutOffGrace):
	}
}

// A CutOffError says that a server ended before all of its calls had.
type CutOffError struct {
	Calls int           // how many were still running
	After time.Duration // how long they had been waited for
}

// Error says how many calls were cut off.
func (e *CutOffError) Error() string {
	return fmt.Sprintf("server: %d call(s) had not finished %v after the end was asked for, and were cut off", e.Calls, e.After)
}
