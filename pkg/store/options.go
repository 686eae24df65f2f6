package store

import (
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/internal/storeconfig"
)

// An Option configures a store. The functions that open stores ignore nil
// options, and return an error with the code INVALID_ARGUMENT for options with
// invalid values.
type Option func(*storeconfig.Config)

// WithLogger sets the logger of a store. It receives the error messages of the
// database, which are not sent to clients. The default, also for nil, is the
// default logger of package slog.
func WithLogger(l *slog.Logger) Option {
	return func(c *storeconfig.Config) { c.Log = l }
}

// WithRetryTimeout sets how long a call retries before it fails: while other
// processes hold locks, after deadlocks and other conflicts, and after lost
// connections. The deadline of a call ends its retries earlier. The default is 10
// seconds; 0 disables retries.
func WithRetryTimeout(d time.Duration) Option {
	return func(c *storeconfig.Config) { c.RetryTimeout = d }
}

// WithMaxConns limits the database connections of a store to n; 0 stands for the
// default. SQLite always has one connection for writing, and a single connection
// in memory.
func WithMaxConns(n int) Option {
	return func(c *storeconfig.Config) { c.MaxConns = n }
}

// WithoutCreate makes Open fail if the database does not exist. It has no effect
// on SQLite: use a "file:" URI with mode=rw.
func WithoutCreate() Option {
	return func(c *storeconfig.Config) { c.WithoutCreate = true }
}

// WithClock sets the clock from which the create and update times of nodes and
// the default times of events are taken. The default, also for nil, is
// [time.Now]. Times are stored in milliseconds. now must be safe for concurrent
// use.
//
// The update time of a node moves with each change, whatever the clock says: it
// becomes at least one millisecond later than it was. Deadlines and retries do
// not use the clock.
func WithClock(now func() time.Time) Option {
	return func(c *storeconfig.Config) { c.Clock = now }
}

// WithInterceptors makes each RPC of the store's client pass through the
// interceptors, also in a transaction. The first one is the outermost; those of
// further options are inside of these. A nil interceptor is ignored.
//
// An interceptor gets a copy of the request, which it may change. An error
// reaches the caller with its gRPC status, or with UNKNOWN if it has none. Calls
// that reach [Store.Server] over a network have the interceptors of the server
// that it is registered with, not these.
func WithInterceptors(interceptors ...grpc.UnaryServerInterceptor) Option {
	return func(c *storeconfig.Config) { c.Interceptors = append(c.Interceptors, interceptors...) }
}

// A MigrateOption configures a migration. Nil options are ignored.
type MigrateOption func(*storeconfig.Migration)

// WithTargetVersion sets the schema version to migrate to, up or down. The
// default is [SchemaVersion]. A downgrade loses what the older version cannot
// store.
func WithTargetVersion(version int64) MigrateOption {
	return func(m *storeconfig.Migration) { m.Target = version }
}

// WithDryRun makes a migration print its steps with their SQL to w instead of
// changing the database.
func WithDryRun(w io.Writer) MigrateOption {
	return func(m *storeconfig.Migration) {
		if w == nil {
			w = io.Discard
		}
		m.DryRun = w
	}
}
