package server

import (
	"crypto/tls"
	"log/slog"
	"math"
	"time"

	"google.golang.org/grpc"
)

// The defaults of a Server without options. The size limits are those of the
// reference implementation: 4 MiB for requests, none for replies.
const (
	DefaultMaxRecvMsgSize  = 4 << 20
	DefaultMaxSendMsgSize  = math.MaxInt32
	DefaultShutdownTimeout = 20 * time.Second
)

// An Option configures a [Server]. A nil Option is ignored.
type Option func(*options)

type options struct {
	tls              *tls.Config
	maxRecv, maxSend int
	shutdown         time.Duration
	log              *slog.Logger
	grpc             []grpc.ServerOption
}

func newOptions(opts []Option) options {
	o := options{
		maxRecv:  DefaultMaxRecvMsgSize,
		maxSend:  DefaultMaxSendMsgSize,
		shutdown: DefaultShutdownTimeout,
	}
	for _, set := range opts {
		if set != nil {
			set(&o)
		}
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
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
// call at debug level. Without a logger, or with nil, nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.log = l }
}

// WithGRPCServerOptions passes options to the gRPC server, such as keepalive
// settings. Interceptors run inside the server's own.
func WithGRPCServerOptions(opts ...grpc.ServerOption) Option {
	return func(o *options) { o.grpc = append(o.grpc, opts...) }
}
