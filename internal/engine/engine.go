package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// An Engine answers the RPCs of one database. It is safe for concurrent use.
type Engine struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer

	db     *sqldb.DB
	schema schema.Schema
	filter *filterquery.Dialect
	types  typeCache
	damage damageLog
	log    *slog.Logger
}

// A Config configures an [Engine].
type Config struct {
	// DB is the database. The engine sets Reopened.
	DB sqldb.Config
	// Schema creates and checks the tables.
	Schema schema.Schema
	// Filter is the filter language's dialect of the database.
	Filter *filterquery.Dialect
}

// Open makes an empty database an MLMD database, checks one that is not empty,
// and serves it. On error the handles of c are closed.
func Open(ctx context.Context, c Config) (*Engine, error) {
	e := &Engine{
		schema: c.Schema,
		filter: c.Filter,
		damage: damageLog{log: c.DB.Log},
		log:    c.DB.Log,
	}
	c.DB.Reopened = e.reopened
	e.db = sqldb.Open(c.DB)
	err := e.prepare(ctx, true)
	if err != nil && c.DB.Dialect.DisablePrepare != nil && c.DB.Dialect.Class(&sqldb.DriverError{Err: err}) == sqldb.StmtLost {
		c.DB.Dialect.DisablePrepare()
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
	ready, err := e.schema.Ready(ctx, e.db.Readers())
	switch {
	case errors.Is(err, schema.ErrEmpty) && create:
	case ready, err != nil:
		return err
	}
	return e.schema.Open(ctx, e.db.Writers())
}

// reopened forgets what was known of the database and checks the one that has
// taken its place.
func (e *Engine) reopened(ctx context.Context) error {
	e.types.clear()
	err := e.prepare(ctx, false)
	var refused *schema.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused), errors.Is(err, schema.ErrEmpty):
		return fail(codes.FailedPrecondition, "the file of the database was replaced by one that cannot be used: %v", err)
	}
	return &sqldb.DriverError{Err: err}
}

// Close waits for the requests that run and closes the database. Later requests
// are answered UNAVAILABLE. It is called once.
func (e *Engine) Close() error { return e.db.Close() }

// A querier is what a request reads with: inside a transaction, or outside.
type querier interface {
	sqldb.Queryer
	// types are those that are known, and learn adds one that was read.
	types() *typeCache
	learn(learnedType)
	// damaged reports a stored row that cannot be read, see [damageLog].
	damaged(ctx context.Context, table string, id int64, what string, err error)
	// remembered is what was answered about types, see [typeMemo].
	remembered(ctx context.Context, s sqldb.Predicate) (types []*typeInfo, keep func([]*typeInfo), err error)
	// filterDialect is the filter language's dialect of the database.
	filterDialect() *filterquery.Dialect
}

// A reader is the querier of a request that only reads.
type reader struct {
	*sqldb.Conn
	e *Engine
}

func (r reader) types() *typeCache                   { return &r.e.types }
func (r reader) filterDialect() *filterquery.Dialect { return r.e.filter }

// A tx is the querier of a request that writes, and what the engine has to
// remember until its transaction ends.
type tx struct {
	*sqldb.Tx
	e *Engine
	d *sqldb.Dialect

	learned []learnedType // to be cached after the commit
}

func (t *tx) types() *typeCache                   { return &t.e.types }
func (t *tx) filterDialect() *filterquery.Dialect { return t.e.filter }

// now is the time that rows are stamped with, in milliseconds.
func (t *tx) now() int64 { return time.Now().UnixMilli() }

// read answers a request that writes nothing, see [sqldb.DB.View].
func read[R any](ctx context.Context, e *Engine, rpc string, answer func(context.Context, querier) (*R, error)) (reply *R, err error) {
	err = e.db.View(ctx, func(ctx context.Context, c *sqldb.Conn) (err error) {
		reply, err = answer(ctx, reader{c, e})
		return err
	})
	return orNil(reply, err), e.status(ctx, rpc, err)
}

// readAtOnce answers a request that writes nothing and takes several statements,
// see [sqldb.DB.Snapshot].
func readAtOnce[R any](ctx context.Context, e *Engine, rpc string, answer func(context.Context, querier) (*R, error)) (reply *R, err error) {
	err = e.db.Snapshot(ctx, func(ctx context.Context, c *sqldb.Conn) (err error) {
		reply, err = answer(ctx, reader{c, e})
		return err
	})
	return orNil(reply, err), e.status(ctx, rpc, err)
}

// write answers a request inside one transaction, see [sqldb.DB.Update].
func write[R any](ctx context.Context, e *Engine, rpc string, change func(context.Context, *tx) (*R, error)) (reply *R, err error) {
	err = e.db.Update(ctx, func(ctx context.Context, transaction *sqldb.Tx) (err error) {
		t := &tx{Tx: transaction, e: e, d: transaction.Dialect()}
		t.OnCommit(func() { e.types.add(t.learned...) })
		reply, err = change(ctx, t)
		return err
	})
	return orNil(reply, err), e.status(ctx, rpc, err)
}

func orNil[R any](reply *R, err error) *R {
	if err != nil {
		return nil
	}
	return reply
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
	case errors.Is(err, schema.ErrPartial):
		return codes.Aborted
	case errors.Is(err, schema.ErrVersionDamaged), errors.Is(err, schema.ErrDamaged):
		return codes.DataLoss
	case errors.As(err, new(*schema.Error)):
		return codes.FailedPrecondition
	}
	class := e.db.Dialect().Class(&sqldb.DriverError{Err: err})
	switch {
	case class == sqldb.Other && errors.Is(err, context.Canceled):
		return codes.Canceled
	case class == sqldb.Other && errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	}
	return e.translate(&sqldb.DriverError{Err: err}).code
}
