// Package server serves an MLMD service over gRPC, together with the standard
// health and reflection services. It supports TLS and shuts down gracefully. The
// service is any [mlmdpb.MetadataStoreServiceServer], such as that of a store.
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
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/admission"
	"github.com/mlmd-go/sdk/internal/inproc"
	"github.com/mlmd-go/sdk/internal/replymemory"
)

// abortGrace limits how long canceled calls may take to return.
const abortGrace = 3 * time.Second

// streamWindow is how many bytes of a request that waits the server receives. By
// default gRPC enlarges the window of a fast client to 16 MiB.
const streamWindow = 64 << 10

const (
	// readBuffer is the size in bytes of the buffer of each connection, also of one
	// that is idle. gRPC's default is 32 KiB. Larger frames are not read into it.
	readBuffer = 4 << 10
	// maxMetadataBytes limits the metadata of a request. gRPC's own limit is 16 MiB;
	// that of its C core is 16 KiB.
	maxMetadataBytes = 64 << 10
	// maxStreams limits the calls that one connection makes at once, and the streams of
	// health and reflection on all of them. A client that makes more waits.
	maxStreams = 1000
)

// A Server serves one MLMD service. It may serve several listeners, concurrently
// or one after the other.
type Server struct {
	service mlmdpb.MetadataStoreServiceServer
	options options
	limits  *admission.Limiter
	memory  *replymemory.Budget // nil for no limit
}

// New returns a Server of service. It does nothing until [Server.Serve].
func New(service mlmdpb.MetadataStoreServiceServer, opts ...Option) *Server {
	o := newOptions(opts)
	s := &Server{service: service, options: o, limits: admission.New(o.limits)}
	if o.replyMemory > 0 {
		s.memory = replymemory.NewBudget(o.replyMemory)
	}
	return s
}

// Serve answers calls on lis until ctx ends. It closes lis.
//
// When ctx ends, Serve accepts no further calls, reports NOT_SERVING as health,
// and waits for running calls, at most for the time of [WithShutdownTimeout]. If
// they all finish, it returns nil. Otherwise it cancels them and returns a
// [*ShutdownTimeoutError]. Any other error comes from the listener.
//
// After Serve returns nil, no call is running, so that the store may be closed.
func (s *Server) Serve(ctx context.Context, lis net.Listener) error {
	run, err := s.newRun(ctx)
	if err != nil {
		return fmt.Errorf("server: gRPC-Web: %w", err)
	}
	failed := make(chan error, 1)
	go func() { failed <- run.serve(lis) }()
	go run.watchStore(ctx)

	select {
	case err := <-failed:
		run.abort()
		return fmt.Errorf("server: listener %s failed: %w", lis.Addr(), err)
	case <-ctx.Done():
		s.options.log.InfoContext(ctx, "shutting down; waiting for running calls", "timeout", s.options.shutdown)
		return run.stop(s.options.shutdown)
	}
}

// A run is one call of Serve.
type run struct {
	grpc     *grpc.Server
	web      *webServer // nil if gRPC-Web is off
	health   *health.Server
	guard    *guard
	stopping context.CancelFunc // ends all streams
	options  options
	limits   *admission.Limiter
	memory   *replymemory.Budget

	replies    *semaphore.Weighted // bytes of large replies that are not received yet
	waiting    *admission.Room     // bytes of large replies that wait for these
	unreceived *admission.Room     // bytes of small replies that are not received yet
	late       *admission.Room     // requests whose message does not arrive
	lateInfo   *admission.Room     // those of health and reflection
	streams    *admission.Room     // streams of health and reflection

	connections *connections
	handlers    atomic.Int64 // that run
	// intercept calls the guard and the interceptors of the caller.
	intercept grpc.UnaryServerInterceptor
}

func (s *Server) newRun(ctx context.Context) (*run, error) {
	streams, stopping := context.WithCancel(context.WithoutCancel(ctx)) // outlive ctx until health is updated
	r := &run{
		health:   health.NewServer(),
		guard:    &guard{log: s.options.log},
		stopping: stopping,
		options:  s.options,
		limits:   s.limits,
		memory:   s.memory,

		replies:    semaphore.NewWeighted(s.options.replyBudget),
		waiting:    admission.NewRoom(s.options.replyBudget / 2),
		unreceived: admission.NewRoom(s.options.replyBudget / 2),
		late:       admission.NewRoom(maxLate),
		lateInfo:   admission.NewRoom(maxLateInfo),
		streams:    admission.NewRoom(maxStreams),
	}
	r.connections = &connections{closed: r.unreceived.Forget, all: make(map[*clientConn]struct{})}
	r.intercept = inproc.Chain(append([]grpc.UnaryServerInterceptor{r.guard.unary}, s.options.unary...))
	r.setReady(true)
	r.grpc = r.newGRPC(s.service, streams)
	if s.options.webOn {
		var err error
		if r.web, err = newWebServer(r.newGRPC(s.service, streams), &s.options); err != nil {
			stopping()
			return nil, err
		}
	}
	return r, nil
}

// newGRPC returns a gRPC server of the service, of health and of reflection. Their
// streams end when streams does.
func (r *run) newGRPC(service mlmdpb.MetadataStoreServiceServer, streams context.Context) *grpc.Server {
	intercept := r.stream(streams)
	opts := []grpc.ServerOption{
		r.options.creds(),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(r.options.maxRecv),
		grpc.MaxSendMsgSize(r.options.maxSend),
		grpc.WaitForHandlers(true),
		grpc.ReadBufferSize(readBuffer),
		grpc.MaxHeaderListSize(maxMetadataBytes),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ChainStreamInterceptor(intercept, r.admitStream),
	}
	if r.options.limits != nil {
		opts = append(opts, grpc.InitialWindowSize(streamWindow))
	}
	g := grpc.NewServer(append(opts, r.options.grpc...)...)
	g.RegisterService(asStreams(mlmdpb.MetadataStoreService_ServiceDesc, intercept, r.handler), service)
	g.RegisterService(asStreams(healthpb.Health_ServiceDesc, intercept, r.infoHandler), r.health)
	if !r.options.noReflection {
		reflection.Register(g)
	}
	return g
}

// stop waits up to timeout for running calls, and then cancels them. Clients that
// do not receive the end of calls delay it no longer than abortGrace.
func (r *run) stop(timeout time.Duration) error {
	r.health.Shutdown()
	r.stopping()
	finished := make(chan struct{})
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	go func() {
		drained := true
		r.both(func(w *webServer) { drained = w.drain(ctx) }, r.grpc.GracefulStop)
		if drained {
			close(finished)
		}
	}()
	if r.wait(ctx, finished) {
		return nil
	}
	calls := r.guard.running.Load()
	r.abort()
	if calls == 0 { // only idle connections were left
		return nil
	}
	return &ShutdownTimeoutError{Calls: int(calls), Timeout: timeout}
}

// wait waits until finished is closed, and reports whether it is. It gives up when
// ctx ends, or when nothing has run for abortGrace.
func (r *run) wait(ctx context.Context, finished <-chan struct{}) bool {
	tick := time.NewTicker(abortGrace / 30)
	defer tick.Stop()
	for idle := 0; idle < 30; idle++ {
		select {
		case <-finished:
			return true
		case <-ctx.Done():
			return false
		case <-tick.C:
			if r.handlers.Load() > 0 {
				idle = 0
			}
		}
	}
	return false
}

// abort cancels running calls and waits up to abortGrace for them to return.
func (r *run) abort() {
	r.stopping()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.connections.close()
		r.both(func(w *webServer) { w.http.Close(); w.grpc.Stop() }, r.grpc.Stop)
	}()
	select {
	case <-stopped:
	case <-time.After(abortGrace):
	}
}

// both calls the functions concurrently, web only if gRPC-Web is served.
func (r *run) both(web func(*webServer), native func()) {
	var all sync.WaitGroup
	if r.web != nil {
		all.Go(func() { web(r.web) })
	}
	native()
	all.Wait()
}

// A ShutdownTimeoutError reports calls that were canceled because they did not
// finish within the shutdown timeout.
type ShutdownTimeoutError struct {
	Calls   int           // number of canceled calls
	Timeout time.Duration // how long Serve waited for them
}

// Error returns the number of calls and the timeout.
func (e *ShutdownTimeoutError) Error() string {
	return fmt.Sprintf("server: %d call(s) did not finish within the shutdown timeout of %v and were canceled",
		e.Calls, e.Timeout)
}
