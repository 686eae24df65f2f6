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

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// DefaultRetryTimeout limits how long a client that [Dial] made retries a call.
// See [WithRetryTimeout].
const DefaultRetryTimeout = 10 * time.Second

const (
	initialPause = 50 * time.Millisecond // between the first two attempts; doubles up to maxPause
	maxPause     = 500 * time.Millisecond
	minRemaining = 10 * time.Millisecond // no attempt is made with less time left
)

// WithRetryTimeout limits how long a call is retried that fails because the
// server or its store is unavailable, as during a restart. The default is
// [DefaultRetryTimeout]; 0 disables retries. The context of a call limits its
// retries too.
//
// A call that may have reached the store is retried only if repeating it changes
// nothing: reads, and puts of nodes that have an ID, a name or an external ID.
// docs/connections.md has the rule for each RPC.
func WithRetryTimeout(d time.Duration) DialOption {
	return dialOption(func(c *dialConfig) { c.retry = d })
}

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
	began := time.Now()
	for try := 0; ; try++ {
		var a attempt
		err := invoke(context.WithValue(ctx, attemptKey{}, &a), method, req, reply, cc, opts...)
		if status.Code(err) != codes.Unavailable {
			return err
		}
		failed, permanent := r.explain(err, &a)
		if permanent || a.sent.Load() && (isOnce(ctx) || !mayRetry(method, req)) {
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

// A callError explains the error of a call better than its status does.
type callError struct {
	kind error
	why  string
	err  error // of the call, with its status
	root error // of the connection, or nil
}

func (e *callError) Error() string              { return e.why }
func (e *callError) GRPCStatus() *status.Status { return status.Convert(e.err) }

func (e *callError) Unwrap() []error {
	if e.root == nil {
		return []error{e.err}
	}
	return []error{e.err, e.root}
}

// explain returns the reason that a call failed with UNAVAILABLE, and reports
// whether it is permanent.
func (r *retrier) explain(err error, a *attempt) (failed *callError, permanent bool) {
	text := status.Convert(err).Message()
	failed = &callError{kind: ErrUnavailable, err: err}
	if a.answered.Load() {
		failed.why = "the server answered, but its store is unavailable: " + firstLine(text)
		return failed, false
	}
	if f := r.monitor.failureFor(text); f != nil {
		failed.kind, failed.why, failed.root = ErrTLS, f.why, errors.Join(f.errs...)
		return failed, f.permanent()
	}
	if a.sent.Load() {
		failed.why = "the connection to " + r.target +
			" broke before the response, so the call may have taken effect: " + firstLine(text)
		return failed, false
	}
	failed.kind = ErrUnreachable
	failed.why = "no server answers at " + r.target + ": " + dialingError(text)
	return failed, false
}

// dialingError extracts the cause from the message of a gRPC status.
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

// A retryRule defines when a call may be repeated although the store may have
// executed it.
type retryRule struct {
	calls     string             // names of RPCs, separated by spaces; Get… stands for all that begin with Get
	safe      func(req any) bool // reports whether the request may be repeated; nil for always
	condition string             // the same, for docs/connections.md
	why       string
}

// retryRules has a rule for each RPC. The table in docs/connections.md lists them.
var retryRules = []retryRule{
	{
		calls: "Get…", condition: "always",
		why: "It reads.",
	},
	{
		calls: "PutArtifactType PutExecutionType PutContextType PutTypes", condition: "always",
		why: "A stored type is not changed, and its ID is returned.",
	},
	{
		calls: "PutAttributionsAndAssociations", condition: "always",
		why: "A stored link is not changed.",
	},
	{
		calls: "PutParentContexts", condition: "always",
		why: "A stored link is rejected with ALREADY_EXISTS, which the client treats as success.",
	},
	{
		calls: "PutContexts PutArtifacts PutExecutions", safe: isIdempotent,
		condition: "if each node has an ID, a name or an external ID",
		why: "A node with an ID gets the same values again. One that was created is rejected with ALREADY_EXISTS; " +
			"Upsert and Replace then look it up and continue.",
	},
	{
		calls: "PutExecution PutLineageSubgraph", safe: isIdempotent,
		condition: "as above, and if there are no events",
		why: "As above; the call is one transaction. " +
			"Repeated events would be stored twice, because nothing identifies them.",
	},
	{
		calls: "PutEvents", safe: func(any) bool { return false }, condition: "never",
		why: "Events would be stored twice.",
	},
}

// mayRetry reports whether the request may be repeated although the store may
// have executed it.
func mayRetry(method string, req any) bool {
	name := method[strings.LastIndexByte(method, '/')+1:]
	for _, r := range retryRules {
		if r.covers(name) {
			return r.safe == nil || r.safe(req)
		}
	}
	return false
}

// covers reports whether r is the rule of the RPC with the given name.
func (r retryRule) covers(name string) bool {
	for call := range strings.FieldsSeq(r.calls) {
		if prefix, ok := strings.CutSuffix(call, "…"); call == name || ok && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// isIdempotent reports whether executing the request twice creates nothing twice.
func isIdempotent(req any) bool {
	switch r := req.(type) {
	case *mlmdpb.PutContextsRequest:
		return allIdentified(r.GetContexts())
	case *mlmdpb.PutArtifactsRequest:
		return allIdentified(r.GetArtifacts()) && !r.GetOptions().GetAbortIfLatestUpdatedTimeChanged()
	case *mlmdpb.PutExecutionsRequest:
		return allIdentified(r.GetExecutions())
	case *mlmdpb.PutExecutionRequest:
		return allIdentified([]*mlmdpb.Execution{r.GetExecution()}) && allIdentified(r.GetContexts()) &&
			len(r.GetArtifactEventPairs()) == 0
	case *mlmdpb.PutLineageSubgraphRequest:
		return allIdentified(r.GetArtifacts()) && allIdentified(r.GetExecutions()) && allIdentified(r.GetContexts()) &&
			len(r.GetEventEdges()) == 0
	}
	return false
}

func allIdentified[N interface {
	GetId() int64
	GetName() string
	GetExternalId() string
}](nodes []N) bool {
	for _, n := range nodes {
		if n.GetId() == 0 && n.GetName() == "" && n.GetExternalId() == "" {
			return false
		}
	}
	return true
}
