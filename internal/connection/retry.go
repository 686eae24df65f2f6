package connection

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

	"github.com/mlmd-go/sdk/internal/textutil"
)

const (
	initialPause = 50 * time.Millisecond // between the first two attempts; doubles up to maxPause
	maxPause     = 500 * time.Millisecond
	minRemaining = 10 * time.Millisecond // no attempt is made with less time left
)

// A retrier retries calls that fail with UNAVAILABLE, and explains their final
// errors. The retry policy of gRPC cannot do this: it decides by method, so it
// could not retry any put, and it limits the attempts, not the time.
type retrier struct {
	target  string
	limit   time.Duration
	monitor *handshakeMonitor
}

// dialOptions returns the options that the connection needs for r to work.
func (r *retrier) dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(r.intercept),
		grpc.WithStatsHandler(attemptRecorder{}),
		// gRPC by default waits one second before it reconnects, and later up to two
		// minutes: too long to detect that the server is back.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 2 * initialPause, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 4 * maxPause,
			},
			MinConnectTimeout: 20 * time.Second,
		}),
	}
}

// intercept is a [grpc.UnaryClientInterceptor]. Each attempt runs the interceptors
// after it.
func (r *retrier) intercept(
	ctx context.Context, method string, req, reply any,
	cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	return Repeat(ctx, r.limit, func() (time.Duration, bool, error) {
		var a attempt
		err := invoke(context.WithValue(ctx, attemptKey{}, &a), method, req, reply, cc, opts...)
		if status.Code(err) != codes.Unavailable {
			return 0, false, err
		}
		failed, permanent := r.explain(err, &a)
		return 0, !permanent && (!a.sent.Load() || !IsOnce(ctx) && MayRetry(method, req)), failed
	})
}

// pause waits before the next attempt, for at most half of the time that is left.
// It reports false if the context ended.
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

// An attempt records the progress of one attempt of a call.
type attempt struct {
	sent     atomic.Bool // the request may have reached the server
	answered atomic.Bool // the status is from the server, not from the gRPC client
}

type attemptKey struct{}

// attemptRecorder is a [stats.Handler] that fills in the attempt in the context
// of a call.
type attemptRecorder struct{}

func (attemptRecorder) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (attemptRecorder) HandleRPC(ctx context.Context, s stats.RPCStats) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return
	}
	switch s := s.(type) {
	case *stats.Begin:
		if s.IsTransparentRetryAttempt { // the server did not process the previous one
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

// explain returns the reason that a call failed with UNAVAILABLE, and reports
// whether it is permanent.
func (r *retrier) explain(err error, a *attempt) (failed *Failure, permanent bool) {
	text := status.Convert(err).Message()
	failed = &Failure{Cause: Unavailable, err: err}
	if a.answered.Load() {
		failed.Why = "the server answered, but its store is unavailable: " + textutil.FirstLine(text)
		return failed, false
	}
	if f := r.monitor.failureFor(text); f != nil {
		failed.Cause, failed.Why, failed.root = TLS, f.why, errors.Join(f.errs...)
		return failed, f.permanent()
	}
	if a.sent.Load() {
		failed.Why = "the connection to " + r.target +
			" broke before the response, so the call may have taken effect: " + textutil.FirstLine(text)
		return failed, false
	}
	failed.Cause = Unreachable
	failed.Why = "no server answers at " + r.target + ": " + dialingError(text)
	return failed, false
}

// dialingError extracts the cause from the message of a gRPC status.
func dialingError(text string) string {
	for _, before := range []string{"Error while dialing: ", "name resolver error: ", "connection error: "} {
		if _, rest, ok := strings.Cut(text, before); ok {
			text = strings.TrimSuffix(rest, `"`)
		}
	}
	return textutil.FirstLine(text)
}

type onceKey struct{}

// Once returns a context whose calls are not repeated after they may have taken
// effect, because the caller could not tell its own write from another writer's.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// IsOnce reports whether ctx is from Once.
func IsOnce(ctx context.Context) bool { return ctx.Value(onceKey{}) != nil }
