// Package storeconfig holds what package store shares with the packages that
// open databases: the values of its options, the inside of a Store, and
// migrations. It keeps them out of the public API.
package storeconfig

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// A Config holds the values of store options.
type Config struct {
	Log                    *slog.Logger
	RetryTimeout           time.Duration
	MaxConns               int // 0: the default of the database
	WithoutCreate          bool
	ReadOnly               bool
	MySQLReferenceEncoding bool
	Clock                  func() time.Time              // nil: time.Now
	Interceptors           []grpc.UnaryServerInterceptor // the first is the outermost
	Observers              []func(context.Context, sqldb.Statement)
	SlowTime               time.Duration // 0: no statement is slow
	MaxTextSize            int64         // in bytes; 0: what the database takes
}

// New returns the Config that opts set. It ignores nil options, and returns an
// error with the code INVALID_ARGUMENT for invalid values.
func New[O ~func(*Config)](opts []O) (Config, error) {
	c := Config{RetryTimeout: 10 * time.Second}
	for _, o := range opts {
		if o != nil {
			o(&c)
		}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	switch {
	case c.MaxConns < 0:
		return c, optionError(fmt.Sprintf("store.WithMaxConns(%d): must be 0, for the default, or more", c.MaxConns))
	case c.SlowTime < 0:
		return c, optionError(fmt.Sprintf("store.WithSlowQueryTime(%v): must not be negative", c.SlowTime))
	case c.MaxTextSize < 0:
		return c, optionError(fmt.Sprintf("store.WithMaxTextSize(%d): must be 0, for no limit, or more", c.MaxTextSize))
	case c.RetryTimeout < 0:
		return c, optionError(fmt.Sprintf("store.WithRetryTimeout(%v): must not be negative", c.RetryTimeout))
	}
	return c, nil
}

// Apply sets the fields of e that c determines.
func (c Config) Apply(e *engine.Config) {
	e.DB.Log, e.DB.RetryTimeout, e.DB.Readers, e.DB.Writers = c.Log, c.RetryTimeout, c.MaxConns, c.MaxConns
	e.DB.Observers, e.DB.SlowTime = c.Observers, c.SlowTime
	e.DB.ReadOnly, e.Clock = c.ReadOnly, c.Clock
}

// An optionError reports an option with an invalid value.
type optionError string

func (e optionError) Error() string { return string(e) }

// GRPCStatus returns INVALID_ARGUMENT. Other errors of opening a store have a
// code too.
func (e optionError) GRPCStatus() *status.Status {
	return status.New(codes.InvalidArgument, string(e))
}

// A Migration holds the values of migration options.
type Migration struct {
	Target int64
	DryRun io.Writer // nil: migrate
	// Progress is called before each statement, with its index within the step. It
	// may be nil.
	Progress func(step schema.Step, statement int)
}

func newMigration[O ~func(*Migration)](opts []O) Migration {
	m := Migration{Target: schema.Version}
	for _, o := range opts {
		if o != nil {
			o(&m)
		}
	}
	return m
}
