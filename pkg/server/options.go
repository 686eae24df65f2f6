package server

import (
	"crypto/tls"
	"log/slog"
	"math"
	"time"

	"google.golang.org/grpc"
)

// The limits of a Server without options. They are those of the original
// server: 4 MiB for what it receives, none for what it sends.
const (
	DefaultMaxReceive   = 4 << 20
	DefaultMaxSend      = math.MaxInt32
	DefaultDrainTimeout = 20 * time.Second
)

// An Option changes how a [Server] serves.
type Option func(*options)

type options struct {
	tls                 *tls.Config
	maxReceive, maxSend int
	drain               time.Duration
	log                 *slog.Logger
	grpc                []grpc.ServerOption
}

func defaults() options {
	return options{
		maxReceive: DefaultMaxReceive,
		maxSend:    DefaultMaxSend,
		drain:      DefaultDrainTimeout,
		log:        slog.New(slog.DiscardHandler),
	}
}

// TLS serves over TLS. [PEM] makes a configuration from certificates as text.
func TLS(c *tls.Config) Option {
	return func(o *options) { o.tls = c }
}

// MaxReceive limits the size of a request in bytes. A larger one is refused
// with RESOURCE_EXHAUSTED. A negative size takes the limit away.
func MaxReceive(bytes int) Option {
	return func(o *options) { o.maxReceive = limit(bytes) }
}

// MaxSend limits the size of a reply in bytes. A call with a larger one ends
// with RESOURCE_EXHAUSTED. A negative size takes the limit away.
func MaxSend(bytes int) Option {
	return func(o *options) { o.maxSend = limit(bytes) }
}

func limit(bytes int) int {
	if bytes < 0 || bytes > math.MaxInt32 { // gRPC's own frames end there
		return math.MaxInt32
	}
	return bytes
}

// DrainTimeout bounds how long [Server.Serve] waits for running calls once its
// context has ended.
func DrainTimeout(d time.Duration) Option {
	return func(o *options) { o.drain = d }
}

// Logger receives what the server has to say: panics, failures of the service
// and failed TLS handshakes as errors and warnings, that it stops as
// information, every call at debug level. Without this option nothing is logged.
func Logger(l *slog.Logger) Option {
	return func(o *options) { o.log = l }
}

// GRPC passes options on to the gRPC server: keepalive, interceptors, limits
// that have no option here. Interceptors run inside of the server's own.
func GRPC(opts ...grpc.ServerOption) Option {
	return func(o *options) { o.grpc = append(o.grpc, opts...) }
}
