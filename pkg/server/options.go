package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"math"
	"time"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/internal/admission"
	"github.com/mlmd-go/sdk/internal/callinfo"
	"github.com/mlmd-go/sdk/pkg/auth"
)

// The defaults of a Server without options. The size limits are those of the
// reference implementation: 4 MiB for requests, none for replies.
const (
	DefaultMaxRecvMsgSize  = 4 << 20
	DefaultMaxSendMsgSize  = math.MaxInt32
	DefaultShutdownTimeout = 20 * time.Second
	DefaultReplyBudget     = 256 << 20
)

// An Option configures a [Server]. A nil Option is ignored.
type Option func(*options)

type options struct {
	tls              *tls.Config
	maxRecv, maxSend int
	shutdown         time.Duration
	log              *slog.Logger
	grpc             []grpc.ServerOption
	unary            []grpc.UnaryServerInterceptor
	limits           map[admission.Class]admission.Limits
	requestTimeout   time.Duration // 0 for none
	replyBudget      int64
	replyMemory      int64                       // 0 for no limit
	ready            func(context.Context) error // nil if the store is always ready
	policy           *auth.Policy                // nil if all clients may make all calls
	noReflection     bool
	webOn            bool // answer gRPC-Web
	webOrigins       []string
}

func newOptions(opts []Option) options {
	o := options{
		maxRecv:  DefaultMaxRecvMsgSize,
		maxSend:  DefaultMaxSendMsgSize,
		shutdown: DefaultShutdownTimeout,

		replyBudget: DefaultReplyBudget,
	}
	for _, set := range opts {
		if set != nil {
			set(&o)
		}
	}
	if o.replyMemory > 0 {
		o.replyBudget = min(o.replyBudget, max(o.replyMemory, smallReply))
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	o.log = slog.New(callinfo.LogHandler(o.log.Handler()))
	return o
}

// WithTLS makes the server use TLS; nil turns it off. [PEMCredentials] builds a
// configuration from PEM text.
func WithTLS(config *tls.Config) Option {
	return func(o *options) { o.tls = config }
}

// WithMaxRecvMsgSize limits the size of a request to n bytes. A larger request
// fails with RESOURCE_EXHAUSTED. A negative n removes the limit.
func WithMaxRecvMsgSize(n int) Option {
	return func(o *options) { o.maxRecv = msgSize(n) }
}

// WithMaxSendMsgSize limits the size of a reply to n bytes. A call with a larger
// reply fails with RESOURCE_EXHAUSTED. A negative n removes the limit.
func WithMaxSendMsgSize(n int) Option {
	return func(o *options) { o.maxSend = msgSize(n) }
}

func msgSize(n int) int {
	if n < 0 || n > math.MaxInt32 { // the limit of gRPC's frames
		return math.MaxInt32
	}
	return n
}

// WithShutdownTimeout limits how long [Server.Serve] waits for running calls
// after its context ends.
func WithShutdownTimeout(d time.Duration) Option {
	return func(o *options) { o.shutdown = d }
}

// WithLogger sets the logger. Panics are logged as errors; internal errors and
// failed TLS handshakes as warnings; the start of a shutdown at info level; every
// call at debug level, with the ID of the request, the address of the client, and
// its name, see [WithPolicy]. A client may give the ID in the header x-request-id.
// It is returned in the trailer of that name, and in the message of an internal
// error. Without a logger, or with nil, nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.log = l }
}

// WithGRPCServerOptions passes options to the gRPC server, such as keepalive
// settings or statistics handlers. They override the server's own limits: 64 KiB of
// metadata for a call, and 1,000 calls at once on a connection. Unary interceptors among them are not called:
// pass those to [WithUnaryInterceptors].
func WithGRPCServerOptions(opts ...grpc.ServerOption) Option {
	return func(o *options) { o.grpc = append(o.grpc, opts...) }
}

// WithUnaryInterceptors calls the interceptors for each RPC of the MLMD service,
// the first one outermost. They run after a request is admitted, see
// [WithConcurrency], and inside the server's own handling of panics and logs.
func WithUnaryInterceptors(all ...grpc.UnaryServerInterceptor) Option {
	return func(o *options) { o.unary = append(o.unary, all...) }
}

// WithConcurrency limits how many requests run at once, for a store with the
// given number of connections; see [store.Stats]. Reads by ID or name, lists,
// lists with a filter, lineage queries and writes have a limit each, so that
// expensive requests leave connections to the others. Requests beyond a limit
// wait before they are received, and clients take turns, told apart by their name,
// see [WithPolicy], or else their address, and then by their connection. Next is the
// client that runs fewest requests, or else has run for the shortest time. If too
// many wait, further ones fail with RESOURCE_EXHAUSTED and a RetryInfo. So do
// requests that do not arrive while others wait. Without this option nothing is
// limited. [Server.Handler] keeps HTTP requests within the same limits.
//
// [store.Stats]: https://pkg.go.dev/github.com/mlmd-go/sdk/pkg/store#Stats
func WithConcurrency(connections int) Option {
	return func(o *options) { o.limits = admission.DefaultLimits(connections) }
}

// WithRequestTimeout limits the time of one request, from its arrival to the end
// of its reply. A request that takes longer is canceled, also in the database, and
// fails with DEADLINE_EXCEEDED. The default, 0, sets no limit.
func WithRequestTimeout(d time.Duration) Option {
	return func(o *options) { o.requestTimeout = d }
}

// WithReplyBudget limits the memory of replies that clients have not received
// yet to n bytes, the default being [DefaultReplyBudget], or the limit of
// [WithReplyMemory] if that is less. Further replies of 64 KiB or more wait. A reply
// that is larger than the budget is sent alone. A client that does not receive such
// a reply within the time limit of a request loses its connection. If smaller
// replies take half of the budget, the client that has most of them does.
func WithReplyBudget(n int64) Option {
	return func(o *options) { o.replyBudget = max(n, smallReply) }
}

// WithReplyMemory limits the memory of all replies that are built or not received
// yet to about n bytes, as far as their store is one of this module. What a request
// reads from the database counts until its reply was sent, except for the first
// MiB. A request that exceeds the limit ends with RESOURCE_EXHAUSTED while it reads.
// Large replies leave a quarter of n to those of less than 8 MiB. The default, 0,
// sets no limit.
func WithReplyMemory(n int64) Option {
	return func(o *options) { o.replyMemory = n }
}

// WithReadiness makes health report whether the store answers: the server calls
// f, such as the Ping method of a store, every few seconds, and reports
// NOT_SERVING while it fails. Without it, health is SERVING until the server
// shuts down.
func WithReadiness(f func(context.Context) error) Option {
	return func(o *options) { o.ready = f }
}

// WithPolicy makes the server admit only the calls that p allows, before they
// wait or are received. Others fail with UNAUTHENTICATED or PERMISSION_DENIED.
// Health is open to all. [auth.FromContext] returns the client of a call. The
// default, also for nil, admits all calls.
func WithPolicy(p *auth.Policy) Option {
	return func(o *options) { o.policy = p }
}

// WithoutReflection turns the reflection service off.
func WithoutReflection() Option {
	return func(o *options) { o.noReflection = true }
}

// WithWeb makes the server also answer gRPC-Web, on the same listener, over
// HTTP/1.1 and, with TLS, HTTP/2. Such calls have the same limits, interceptors and
// policy. Pages of the origins, such as https://ui.example or * for all, may make
// calls from a browser; without origins, only programs and pages of the same origin
// may. Clients that offer HTTP/2 alone, as those of gRPC do, are served by gRPC's own
// transport, with or without this option.
func WithWeb(origins ...string) Option {
	return func(o *options) { o.webOn, o.webOrigins = true, origins }
}
