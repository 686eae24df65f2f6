package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// DefaultRetryTimeout is how long a client that [Dial] made repeats a call that finds
// its server or its store unavailable; see [WithRetryTimeout].
const DefaultRetryTimeout = 10 * time.Second

// The pauses between two attempts grow from the first of these to the second.
const (
	initialPause = 50 * time.Millisecond
	maxPause     = 500 * time.Millisecond
	minRemaining = 10 * time.Millisecond // with less time than that left, the call has failed
)

// WithRetryTimeout sets for how long a call is repeated that fails because the server
// or its store is unavailable: while a server restarts, say. It is
// [DefaultRetryTimeout] without this option, and never longer than the context of the
// call lasts. With 0 no call is repeated.
//
// A call that may have reached the store is repeated only where that changes
// nothing, as in reads and in puts of what has an id, a name or an external id.
// docs/connections.md has the rule of each RPC.
func WithRetryTimeout(d time.Duration) DialOption {
	return dialOption(func(d2 *dialConfig) { d2.retry = d })
}

// A retrier repeats calls that fail with UNAVAILABLE, and explains the ones
// that fail in the end. gRPC's own retry policy decides by the method alone,
// and so could repeat no put; it also counts attempts where only time matters.
type retrier struct {
	target  string
	limit   time.Duration
	monitor *handshakeMonitor
}

// dialOptions returns what the connection needs for r to work.
func (r *retrier) dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(r.intercept),
		grpc.WithStatsHandler(attemptRecorder{}),
		// gRPC's default waits a second after the first refusal, and up to two
		// minutes later on: a server that is back would not be noticed.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 2 * initialPause, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 4 * maxPause,
			},
			MinConnectTimeout: 20 * time.Second,
		}),
	}
}

// intercept is an interceptor of unary calls; each attempt runs the ones behind it.
func (r *retrier) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	began := time.Now()
	for try := 0; ; try++ {
		var a attempt
		err := invoke(context.WithValue(ctx, attemptKey{}, &a), method, req, reply, cc, opts...)
		if status.Code(err) != codes.Unavailable {
			return err
		}
		failed, permanent := r.explain(err, &a)
		if permanent || a.sent.Load() && !mayRetry(method, req) {
			return failed
		}
		left := r.limit - time.Since(began)
		if deadline, ok := ctx.Deadline(); ok {
			left = min(left, time.Until(deadline))
		}
		if left < minRemaining || !pause(ctx, try, left) {
			return failed
		}
	}
}

// pause waits before the next try, at most half of the time that is left. It
// reports false if the context ended.
func pause(ctx context.Context, try int, left time.Duration) bool {
	d := min(initialPause<<min(try, 10), maxPause)
	d = min(time.Duration(float64(d)*(0.8+0.4*rand.Float64())), left/2)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// An attempt is what became of one attempt of a call.
type attempt struct {
	sent     atomic.Bool // it may have reached the server
	answered atomic.Bool // the status is the server's, not one that gRPC made here
}

type attemptKey struct{}

// attemptRecorder is a stats.Handler that fills in the attempt in a call's context.
type attemptRecorder struct{}

func (attemptRecorder) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (attemptRecorder) HandleRPC(ctx context.Context, s stats.RPCStats) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return
	}
	switch s := s.(type) {
	case *stats.Begin:
		if s.IsTransparentRetryAttempt { // gRPC knows that the one before was not processed
			a.sent.Store(false)
		}
	case *stats.OutHeader:
		a.sent.Store(true)
	case *stats.InHeader, *stats.InTrailer:
		a.answered.Store(true)
	}
}

func (attemptRecorder) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (attemptRecorder) HandleConn(context.Context, stats.ConnStats)                       {}

// A callError is the error of a call that says more than its status does.
type callError struct {
	kind error
	why  string
	err  error // the call's; its status stays
	root error // what the connection failed of, or nil
}

func (e *callError) Error() string              { return e.why }
func (e *callError) GRPCStatus() *status.Status { return status.Convert(e.err) }

func (e *callError) Unwrap() []error {
	if e.root == nil {
		return []error{e.err}
	}
	return []error{e.err, e.root}
}

// explain says why a call found nothing available, and whether that is so for
// good.
func (r *retrier) explain(err error, a *attempt) (failed *callError, permanent bool) {
	text := status.Convert(err).Message()
	failed = &callError{kind: ErrUnavailable, err: err}
	if a.answered.Load() {
		failed.why = "the server answers, but its store is not available: " + firstLine(text)
		return failed, false
	}
	if f := r.monitor.failureFor(text); f != nil {
		failed.kind, failed.why, failed.root = ErrTLS, f.why, errors.Join(f.errs...)
		return failed, f.permanent()
	}
	if a.sent.Load() {
		failed.why = "the connection to " + r.target + " broke before the answer, and what was called for may have been done: " + firstLine(text)
		return failed, false
	}
	failed.kind = ErrUnreachable
	failed.why = "no server answers at " + r.target + ": " + dialingError(text)
	return failed, false
}

// dialingError returns what went wrong from the text that gRPC makes of it.
func dialingError(text string) string {
	for _, before := range []string{"Error while dialing: ", "name resolver error: ", "connection error: "} {
		if _, rest, ok := strings.Cut(text, before); ok {
			text = strings.TrimSuffix(rest, `"`)
		}
	}
	return firstLine(text)
}

// asCallError returns the callError in err, or nil.
func asCallError(err error) *callError {
	var c *callError
	errors.As(err, &c)
	return c
}
