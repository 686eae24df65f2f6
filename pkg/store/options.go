package store

import (
	"context"
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
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

// WithReadOnly opens a database for reading only. Calls that write fail with
// FAILED_PRECONDITION. Open changes nothing: it fails if the database is empty,
// does not exist, or lacks tables. The sessions of a database server are
// read-only, too, if the server supports that.
func WithReadOnly() Option {
	return func(c *storeconfig.Config) { c.ReadOnly = true }
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

// A Statement is a statement that a store sent to its database.
type Statement struct {
	System    string // the name of the database system as OpenTelemetry spells it, such as postgresql
	Operation string // SELECT, INSERT, UPDATE, DELETE, BEGIN, COMMIT or another first word
	Text      string // without the values of its parameters
	Start     time.Time
	Duration  time.Duration // until its last row was read
	Rows      int64         // that were read or changed
	Err       error         // of the database, whose text may contain values; nil if it succeeded
}

// WithStatementObserver makes the store call f after each statement, in the
// goroutine of the call and with its context, which may be done. f must not call
// the store. Several observers are all called; a nil f is ignored.
func WithStatementObserver(f func(context.Context, Statement)) Option {
	return func(c *storeconfig.Config) {
		if f != nil {
			c.Observers = append(c.Observers, func(ctx context.Context, s sqldb.Statement) { f(ctx, Statement(s)) })
		}
	}
}

// WithSlowQueryTime makes the store log statements that take d or longer, as
// warnings: how long, the number of rows, the text without the values of its
// parameters, and how the database runs it. That plan is read over another
// connection within a second, and the statement is not run again. At most one
// statement a second is logged, after the first ten. The default, 0, logs none.
func WithSlowQueryTime(d time.Duration) Option {
	return func(c *storeconfig.Config) { c.SlowTime = d }
}

// WithMaxTextSize limits a text or row to n bytes, whether it is stored, read or
// made by a function of a filter. Otherwise a short filter may take gigabytes:
// each REPLACE around another one multiplies the text. A call with a larger one
// fails with INVALID_ARGUMENT. Only SQLite needs it, and n should be a multiple of
// what is stored; the others ignore it. The default, 0, sets no limit but SQLite's
// own of 1,000,000,000 bytes.
func WithMaxTextSize(n int64) Option {
	return func(c *storeconfig.Config) { c.MaxTextSize = n }
}

// WithAll applies several options.
func WithAll(opts ...Option) Option {
	return func(c *storeconfig.Config) {
		for _, o := range opts {
			if o != nil {
				o(c)
			}
		}
	}
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
// changing the database. Before a statement, it prints how many rows its table has.
func WithDryRun(w io.Writer) MigrateOption {
	return func(m *storeconfig.Migration) {
		if w == nil {
			w = io.Discard
		}
		m.DryRun = w
	}
}

// WithProgress makes a migration call f before each statement.
func WithProgress(f func(Progress)) MigrateOption {
	return func(m *storeconfig.Migration) {
		m.Progress = func(step schema.Step, statement int) { f(Progress{Step(step), statement}) }
	}
}
