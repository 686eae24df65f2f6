package store

import (
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/engine"
)

// An Option changes how a store is opened.
type Option func(*settings)

type settings struct {
	log      *slog.Logger
	patience time.Duration
	readers  int
	writers  int
	existing bool
	values   map[any]any
	missing  bool // an option is nil
}

// WithLogger sends the store's log to l: the messages of the database, which
// clients never get. Without it, and with nil, slog's default logger gets them.
func WithLogger(l *slog.Logger) Option {
	return func(s *settings) {
		if l == nil {
			l = slog.Default()
		}
		s.log = l
	}
}

// WithBusyTimeout sets for how long a call waits for other writers, in this
// process and in others, before it is ABORTED. A call's own deadline ends it
// earlier. Without it the time is 10 seconds; with 0 a call does not wait. A
// negative time is refused by the function that opens the store.
func WithBusyTimeout(d time.Duration) Option {
	return func(s *settings) { s.patience = d }
}

// WithConnections sets how many connections to the database a store uses at
// most; 0 is the default, and a negative number is refused by the function that
// opens the store. SQLite has one writer whatever n is, and in memory one
// connection.
func WithConnections(n int) Option {
	return func(s *settings) { s.readers, s.writers = n, n }
}

// WithoutCreating opens only a database that exists on its server. Without it
// PostgreSQL and MySQL are told to create one that does not. Files of SQLite do
// not mind: their path says how they are opened.
func WithoutCreating() Option {
	return func(s *settings) { s.existing = true }
}

// Creates says whether options leave it to a package below to create a
// database that does not exist.
func Creates(opts ...Option) bool { return !collect(opts).existing }

// WithValue carries an option that one package below has for itself; that
// package finds it with [Value]. Keys are of a type of that package, as they
// are for a context.
func WithValue(key, value any) Option {
	return func(s *settings) {
		if s.values == nil {
			s.values = map[any]any{}
		}
		s.values[key] = value
	}
}

// Value is what [WithValue] carries under key, or nil.
func Value(key any, opts ...Option) any { return collect(opts).values[key] }

func collect(opts []Option) settings {
	s := settings{log: slog.Default(), patience: 10 * time.Second}
	for _, o := range opts {
		if o == nil {
			s.missing = true
			continue
		}
		o(&s)
	}
	return s
}

// Configure fills in what options say of a configuration; the packages below
// use it, with their database. Options that make no sense are refused here,
// before a database is reached or created.
func Configure(c engine.Config, opts ...Option) (engine.Config, error) {
	s := collect(opts)
	var err error
	switch {
	case s.missing:
		err = optionError("a store.Option is nil: leave it out")
	case s.writers < 0:
		err = optionError(fmt.Sprintf("store.WithConnections(%d): a store needs a connection: want 1 or more, or 0 for the default", s.writers))
	case s.patience < 0:
		err = optionError(fmt.Sprintf("store.WithBusyTimeout(%v): want 0 or more", s.patience))
	}
	c.DB.Log, c.DB.RetryTimeout, c.DB.Readers, c.DB.Writers = s.log, s.patience, s.readers, s.writers
	return c, err
}

// An optionError says which option is refused, and why.
type optionError string

func (e optionError) Error() string { return string(e) }

// GRPCStatus makes the error INVALID_ARGUMENT, as other errors of opening have a
// code too.
func (e optionError) GRPCStatus() *status.Status {
	return status.New(codes.InvalidArgument, string(e))
}
