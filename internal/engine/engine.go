package engine

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// An Engine answers the RPCs of one database. It is safe for concurrent use.
type Engine struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer

	d            *Dialect
	readers      *pool
	writers      *pool
	types        typeCache
	log          *slog.Logger
	retryTimeout time.Duration
	// readOnlySince is when a write first found a server that takes none, in
	// nanoseconds of the Unix time; 0: the last write took effect.
	readOnlySince atomic.Int64

	files     Files         // nil: the database is not in files of ours
	reopening chan struct{} // holds a token while the files are opened again
}

// A Config says how an [Engine] reaches its database.
type Config struct {
	Dialect *Dialect
	// Write runs the transactions that change something, at most Writers at
	// once. Read runs the others; where it is nil, Write and its limit serve
	// both. The engine closes them.
	Write, Read      *sql.DB
	Writers, Readers int
	// MaxLifetime is for how long a connection to a server is used; 0 is five minutes.
	MaxLifetime time.Duration
	// Files are those that the connections of Write and Read have open; nil
	// where they are a server's.
	Files Files
	// RetryTimeout is for how long a transaction that loses against others is run
	// again. The caller's deadline ends it earlier.
	RetryTimeout time.Duration
	// Log gets what clients must not see: the driver's messages.
	Log *slog.Logger
}

// Open makes an empty database an MLMD database, checks one that is not empty,
// and serves it. On error the handles of c are closed.
func Open(ctx context.Context, c Config) (*Engine, error) {
	e := &Engine{
		d:            c.Dialect,
		log:          c.Log,
		retryTimeout: c.RetryTimeout,
		files:        c.Files,
		reopening:    make(chan struct{}, 1),
	}
	e.writers = newPool(c.Write, c.Dialect, &e.types, c.Writers)
	e.readers = e.writers
	if c.Read != nil {
		e.readers = newPool(c.Read, c.Dialect, &e.types, c.Readers)
	}
	damage := &damageLog{log: c.Log}
	e.writers.damage, e.readers.damage = damage, damage
	if c.MaxLifetime != 0 {
		e.writers.maxLifetime, e.readers.maxLifetime = c.MaxLifetime, c.MaxLifetime
	}
	if c.Files != nil {
		e.readers.check = func() error { return c.Files.Check(false) }
		e.writers.check = func() error { return c.Files.Check(true) }
	}
	err := e.prepare(ctx, true)
	if err != nil && c.Dialect.DisablePrepare != nil && c.Dialect.Class(driverErr(err)) == StmtLost {
		c.Dialect.DisablePrepare()
		err = e.prepare(ctx, true)
	}
	if err != nil {
		if failed := e.Close(); failed != nil {
			e.log.InfoContext(ctx, "closing what could not be opened", "error", failed)
		}
		return nil, &openError{err: err, code: e.openCode(err)}
	}
	return e, nil
}

// prepare makes an empty database an MLMD database, if that is wanted, and
// checks one that is not empty. One that is complete is only read.
func (e *Engine) prepare(ctx context.Context, create bool) error {
	ready, err := e.d.Schema.ready(ctx, e.readers.db)
	switch {
	case errors.Is(err, ErrSchemaEmpty) && create:
	case ready, err != nil:
		return err
	}
	return e.d.Schema.Open(ctx, e.writers.db)
}

// An openError is why a database could not be opened. It has a gRPC status, so
// that a server can tell what may be over in a moment.
type openError struct {
	err  error
	code codes.Code
}

func (o *openError) Error() string              { return o.err.Error() }
func (o *openError) Unwrap() error              { return o.err }
func (o *openError) GRPCStatus() *status.Status { return status.New(o.code, o.err.Error()) }

func (e *Engine) openCode(err error) codes.Code {
	switch {
	case errors.Is(err, ErrSchemaPartial):
		return codes.Aborted
	case errors.Is(err, ErrSchemaDamaged), errors.Is(err, ErrDamaged):
		return codes.DataLoss
	case errors.As(err, new(*SchemaError)):
		return codes.FailedPrecondition
	}
	class := e.d.Class(driverErr(err))
	switch {
	case class == Other && errors.Is(err, context.Canceled):
		return codes.Canceled
	case class == Other && errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	}
	return e.translate(driverErr(err)).code
}

// Close waits for the requests that run and closes the database. Later
// requests are answered UNAVAILABLE. It is called once.
func (e *Engine) Close() error {
	pools := e.pools()
	for _, p := range pools {
		p.stop()
	}
	finish := e.prepareClose()
	var errs []error
	for _, p := range pools {
		errs = append(errs, p.close())
	}
	return errors.Join(append(errs, finish())...)
}

// pools are the pools, that of the readers first.
func (e *Engine) pools() []*pool {
	if e.readers == e.writers {
		return []*pool{e.writers}
	}
	return []*pool{e.readers, e.writers}
}
