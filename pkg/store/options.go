package store

import (
	"log/slog"
	"time"

	"github.com/mlmd-go/sdk/internal/engine"
)

// An Option changes how a store is opened.
type Option func(*settings)

type settings struct {
	log      *slog.Logger
	patience time.Duration
	readers  int
	writers  int
}

// WithLogger sends the store's log to l: the messages of the database, which
// clients never get. Without it slog's default logger gets them.
func WithLogger(l *slog.Logger) Option {
	return func(s *settings) { s.log = l }
}

// WithBusyTimeout sets for how long a call waits for other writers, in this
// process and in others, before it is ABORTED. A call's own deadline ends it
// earlier. Without it the time is 10 seconds.
func WithBusyTimeout(d time.Duration) Option {
	return func(s *settings) { s.patience = d }
}

// WithConnections sets how many connections to the database a store uses at
// most. SQLite has one writer whatever n is, and in memory one connection.
func WithConnections(n int) Option {
	return func(s *settings) { s.readers, s.writers = n, n }
}

// Configure makes what the engine needs of options; the packages below use it
// and fill in their database.
func Configure(d *engine.Dialect, opts ...Option) engine.Config {
	s := settings{log: slog.Default(), patience: 10 * time.Second}
	for _, o := range opts {
		o(&s)
	}
	return engine.Config{Dialect: d, Log: s.log, Patience: s.patience, Readers: s.readers, Writers: s.writers}
}
