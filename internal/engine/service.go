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

// Service implements the RPCs on one database. It is safe for concurrent use.
type Service struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer

	db     *sqldb.DB
	schema schema.Schema
	filter *filterquery.Dialect
	types  typeCache
	damage damageLog
	log    *slog.Logger
	clock  func() time.Time
	outer  *enclosing // the transaction that all RPCs are part of, or nil
}

// Config configures a [Service].
type Config struct {
	// DB is the database. Open sets DB.Reopened and wraps DB.Log.
	DB sqldb.Config
	// Schema creates and checks the tables.
	Schema schema.Schema
	// Filter is the dialect of the filter language.
	Filter *filterquery.Dialect
	// Clock returns the time for new and changed rows; nil stands for [time.Now].
	Clock func() time.Time
}

// Open opens the database of c, creates the tables if it is empty, and checks
// them otherwise. On error it closes the handles of c.
func Open(ctx context.Context, c Config) (*Service, error) {
	s := &Service{
		schema: c.Schema,
		filter: c.Filter,
		clock:  c.Clock,
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.log = slog.New(rpcHandler{c.DB.Log.Handler()})
	s.damage.log = s.log
	c.DB.Log = s.log
	c.DB.Reopened = s.reopened
	s.db = sqldb.Open(c.DB)
	create := !c.DB.ReadOnly
	err := s.prepare(ctx, create)
	if err != nil && c.DB.Dialect.DisablePrepare != nil &&
		c.DB.Dialect.Class(&sqldb.DriverError{Err: err}) == sqldb.StmtLost {
		c.DB.Dialect.DisablePrepare()
		err = s.prepare(ctx, create)
	}
	if err != nil {
		if failed := s.Close(); failed != nil {
			s.log.InfoContext(ctx, "closing the database after a failed open", "error", failed)
		}
		return nil, &openError{err: err, code: s.openCode(err)}
	}
	return s, nil
}

// prepare checks the tables. If the database is empty and create is set, it
// creates them. A complete database is only read. So is one that is read-only; it
// may lack system types.
func (s *Service) prepare(ctx context.Context, create bool) error {
	ready, err := s.schema.Ready(ctx, s.db.Readers())
	switch {
	case errors.Is(err, schema.ErrEmpty) && create:
	case ready, err != nil, s.db.ReadOnly():
		return err
	}
	return s.schema.Open(ctx, s.db.Writers())
}

// reopened drops what is cached and checks the file that replaced the database.
func (s *Service) reopened(ctx context.Context) error {
	s.types.clear()
	err := s.prepare(ctx, false)
	var refused *schema.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused), errors.Is(err, schema.ErrEmpty):
		return errorf(codes.FailedPrecondition, "the file of the database was replaced by one that cannot be used: %v", err)
	}
	return &sqldb.DriverError{Err: err}
}

// Forget drops what is cached, because the content of the database was replaced.
func (s *Service) Forget() { s.types.clear() }

// DB returns the database, for maintenance.
func (s *Service) DB() *sqldb.DB { return s.db }

// Status converts an error of the database of [Service.DB] to the status that callers
// receive. The text of a driver's error goes to the log only.
func (s *Service) Status(ctx context.Context, err error) error { return s.status(ctx, err) }

// Close waits for running requests and closes the database. Later requests fail
// with UNAVAILABLE. It must be called once.
func (s *Service) Close() error { return s.db.Close() }

// Ping returns an error unless the database answers a query.
func (s *Service) Ping(ctx context.Context) error {
	err := s.db.View(ctx, func(ctx context.Context, c *sqldb.Conn) error {
		rows, err := c.Query(ctx, "SELECT schema_version FROM MLMDEnv")
		return sqldb.Each(rows, err, 1, func(*sqldb.Row) error { return nil })
	})
	return s.status(ctx, err)
}

// Stats describes what a [Service] has done.
type Stats struct {
	DB sqldb.Stats

	TypeCacheHits, TypeCacheMisses int64
}

// Stats returns the present numbers.
func (s *Service) Stats() Stats {
	c := &s.types
	return Stats{s.db.Stats(), c.hits.Load(), c.misses.Load()}
}

// querier reads from the database, in a transaction or outside of one.
type querier interface {
	sqldb.Queryer
	// types returns the cache of types. cacheType adds a type that was read.
	types() *typeCache
	cacheType(cachedType)
	// reportDamage reports a stored value that cannot be read, see [damageLog].
	reportDamage(ctx context.Context, table string, id int64, what string, err error)
	// lookupQuery returns the cached result of a query for types. If it is not
	// cached, store takes the result; store is nil if it cannot be cached.
	lookupQuery(ctx context.Context, s sqldb.Predicate) (types []*typeInfo, store func([]*typeInfo), err error)
	// filterDialect returns the dialect of the filter language.
	filterDialect() *filterquery.Dialect
}

// reader is the querier of a request that only reads.
type reader struct {
	*sqldb.Conn
	s *Service
}

func (r reader) types() *typeCache                   { return &r.s.types }
func (r reader) filterDialect() *filterquery.Dialect { return r.s.filter }

// tx is the transaction of a request that writes.
type tx struct {
	*sqldb.Tx
	s *Service
	d *sqldb.Dialect

	cacheOnCommit []cachedType // added to the cache after the commit
	leaves        leaves       // of the transaction so far
}

func (t *tx) types() *typeCache                   { return &t.s.root().types }
func (t *tx) filterDialect() *filterquery.Dialect { return t.s.filter }

// now returns the time for new rows in milliseconds.
func (t *tx) now() int64 { return t.s.clock().UnixMilli() }

// view runs fn for a request that reads. See [sqldb.DB.View].
func (s *Service) view(ctx context.Context, fn func(context.Context, querier) error) error {
	if s.outer != nil {
		return s.readInTx(ctx, fn)
	}
	err := s.db.View(ctx, func(ctx context.Context, c *sqldb.Conn) error { return fn(ctx, reader{c, s}) })
	return s.status(ctx, err)
}

// snapshot runs fn for a request whose statements must see the same state of
// the database. See [sqldb.DB.Snapshot].
func (s *Service) snapshot(ctx context.Context, fn func(context.Context, querier) error) error {
	if s.outer != nil {
		return s.readInTx(ctx, fn)
	}
	err := s.db.Snapshot(ctx, func(ctx context.Context, c *sqldb.Conn) error { return fn(ctx, reader{c, s}) })
	return s.status(ctx, err)
}

// readInTx runs fn in the transaction that s is part of.
func (s *Service) readInTx(ctx context.Context, fn func(context.Context, querier) error) error {
	return s.update(ctx, func(ctx context.Context, t *tx) error { return fn(ctx, t) })
}

// update runs fn in a transaction. See [sqldb.DB.Update].
func (s *Service) update(ctx context.Context, fn func(context.Context, *tx) error) error {
	if s.outer != nil {
		return s.status(ctx, s.outer.run(ctx, s, fn))
	}
	err := s.db.Update(ctx, func(ctx context.Context, transaction *sqldb.Tx) error {
		t := &tx{Tx: transaction, s: s, d: transaction.Dialect()}
		t.OnCommit(func() { s.types.add(t.cacheOnCommit...) })
		return fn(ctx, t)
	})
	return s.status(ctx, err)
}

// reply returns resp, or only err if it is not nil.
func reply[R any](resp *R, err error) (*R, error) {
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// openError reports why a database could not be opened. Its gRPC status tells
// callers whether trying again may help.
type openError struct {
	err  error
	code codes.Code
}

func (o *openError) Error() string              { return o.err.Error() }
func (o *openError) Unwrap() error              { return o.err }
func (o *openError) GRPCStatus() *status.Status { return status.New(o.code, o.err.Error()) }

func (s *Service) openCode(err error) codes.Code {
	switch {
	case errors.Is(err, schema.ErrIncomplete):
		return codes.Aborted
	case errors.Is(err, schema.ErrVersionDamaged), errors.Is(err, schema.ErrDamaged):
		return codes.DataLoss
	case errors.As(err, new(*schema.Error)), errors.Is(err, schema.ErrEmpty):
		return codes.FailedPrecondition
	}
	class := s.db.Dialect().Class(&sqldb.DriverError{Err: err})
	switch {
	case class == sqldb.Other && errors.Is(err, context.Canceled):
		return codes.Canceled
	case class == sqldb.Other && errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	}
	return s.toStatus(&sqldb.DriverError{Err: err}).code
}
