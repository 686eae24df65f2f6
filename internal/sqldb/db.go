package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	d            *Dialect
	readers      *pool
	writers      *pool
	queue        *writeQueue
	log          *slog.Logger
	retryTimeout time.Duration
	readOnly     bool
	counters     counters
	observer     *observer // nil for none
	// readOnlySince is the time in Unix nanoseconds at which a write first found
	// the server read-only; 0 means that the last write succeeded.
	readOnlySince atomic.Int64

	files     Files // nil for a server
	reopened  func(context.Context) error
	reopening chan struct{} // holds a token while the files are reopened
}

// Config configures a [DB].
type Config struct {
	Dialect *Dialect
	// Write runs the transactions that write, at most Writers at a time. Read
	// runs the others; if it is nil, Write and its limit serve both. The DB
	// closes them.
	Write, Read      *sql.DB
	Writers, Readers int
	// ReadOnly makes Update fail.
	ReadOnly bool
	// MaxLifetime limits the age of a connection to a server; 0 means five
	// minutes.
	MaxLifetime time.Duration
	// Prepare sets up a new connection; nil for nothing to do.
	Prepare func(*sql.Conn) error
	// Files are the database files that the connections of Write and Read have
	// open; nil if the database is on a server.
	Files Files
	// Reopened is called after the files were opened again, before a transaction
	// uses them. If it returns an error, the files are not used.
	Reopened func(context.Context) error
	// RetryTimeout limits how long a transaction that lost a conflict is retried.
	// The caller's deadline ends the retries earlier.
	RetryTimeout time.Duration
	// Observers are called after each statement, by the goroutine that ran it.
	Observers []func(context.Context, Statement)
	// SlowTime is the duration from which on a statement is logged; 0 for never.
	SlowTime time.Duration
	// Log receives retries, slow statements and the problems of the files.
	Log *slog.Logger
}

// Open returns the database that c describes. It makes no connection.
func Open(c Config) *DB {
	db := &DB{
		d:            c.Dialect,
		log:          c.Log,
		retryTimeout: c.RetryTimeout,
		readOnly:     c.ReadOnly,
		files:        c.Files,
		reopened:     c.Reopened,
		reopening:    make(chan struct{}, 1),
	}
	db.writers = newPool(c.Write, c.Dialect, c.Writers)
	db.readers = db.writers
	if c.Read != nil {
		db.readers = newPool(c.Read, c.Dialect, c.Readers)
	}
	db.writers.prepare, db.readers.prepare = c.Prepare, c.Prepare
	db.writers.counters, db.readers.counters = &db.counters, &db.counters
	db.observer = newObserver(c, db)
	db.writers.observer, db.readers.observer = db.observer, db.observer
	if c.Dialect.InProcess {
		db.queue = &writeQueue{groupTime: groupTime}
	}
	if c.MaxLifetime != 0 {
		db.writers.maxLifetime, db.readers.maxLifetime = c.MaxLifetime, c.MaxLifetime
	}
	if c.Files != nil {
		db.readers.files, db.writers.files = c.Files, c.Files
		db.writers.writes = true
	}
	return db
}

// Dialect returns the dialect of the database.
func (db *DB) Dialect() *Dialect { return db.d }

// ReadOnly reports whether the database was opened for reading only.
func (db *DB) ReadOnly() bool { return db.readOnly }

// Readers returns the handle for reading, for callers that need database/sql
// itself, such as the creation of the tables. It may be the same as Writers.
func (db *DB) Readers() *sql.DB { return db.readers.db }

// Writers returns the handle for writing.
func (db *DB) Writers() *sql.DB { return db.writers.db }

// Close waits for running transactions and closes the database. Later
// transactions fail. It must be called once.
func (db *DB) Close() error {
	pools := db.pools()
	for _, p := range pools {
		p.stop()
	}
	db.observer.wait()
	finish := db.prepareClose()
	var errs []error
	for _, p := range pools {
		errs = append(errs, p.close())
	}
	if db.files != nil {
		db.files.Close()
	}
	return errors.Join(append(errs, finish())...)
}

// pools returns the distinct pools, that of the readers first.
func (db *DB) pools() []*pool {
	if db.readers == db.writers {
		return []*pool{db.writers}
	}
	return []*pool{db.readers, db.writers}
}

// View calls fn with a connection for reading. Each statement sees the database
// as of its own start, so what must be consistent is read by one statement.
//
// fn may be called several times, so it must assign its results and never
// append to them.
func (db *DB) View(ctx context.Context, fn func(context.Context, *Conn) error) error {
	return db.retry(ctx, func() (err error) {
		acquired := db.readers.withConn(ctx, func(c *Conn) (broken bool) {
			err = callRecover(ctx, c, fn)
			return db.isBroken(err)
		})
		return cmp.Or(err, acquired)
	})
}

// Snapshot is like View, but all statements of fn see the same state of the
// database.
func (db *DB) Snapshot(ctx context.Context, fn func(context.Context, *Conn) error) error {
	return db.retry(ctx, func() (err error) {
		acquired := db.readers.withConn(ctx, func(c *Conn) (broken bool) {
			if err = c.beginRead(ctx); err == nil {
				err = callRecover(ctx, c, fn)
			}
			return !c.rollBack(ctx) || db.isBroken(err)
		})
		return cmp.Or(err, acquired)
	})
}

// beginRead begins a snapshot, which rollBack ends.
func (c *Conn) beginRead(ctx context.Context) error {
	c.snapshot = true
	for _, statement := range c.d.beginReadStmts() {
		if _, err := c.execBlocking(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Update calls fn in a transaction and commits it.
//
// fn may be called several times, each time on a database without the changes
// of earlier calls, so it must assign its results and never append to them.
//
// On SQLite, calls that wait for each other share a transaction. None of them returns
// before the COMMIT.
func (db *DB) Update(ctx context.Context, fn func(context.Context, *Tx) error) error {
	return db.update(ctx, fn, false)
}

// UpdateFirst is [DB.Update] for an fn that may take long: within a transaction that
// it shares, it comes first, so that no other call waits for it to return.
func (db *DB) UpdateFirst(ctx context.Context, fn func(context.Context, *Tx) error) error {
	return db.update(ctx, fn, true)
}

func (db *DB) update(ctx context.Context, fn func(context.Context, *Tx) error, first bool) error {
	if db.readOnly {
		return errReadOnly
	}
	var rowByRow rowRanges
	oneByOne := false
	return db.retry(ctx, func() error {
		for {
			err := db.write(&writer{ctx: ctx, fn: fn, rowByRow: rowByRow, oneByOne: oneByOne, first: first})
			var b *batchError
			switch {
			case errors.As(err, new(*lateError)):
				oneByOne = true
			case errors.As(err, &b):
				rowByRow = append(rowByRow, b.rows)
			default:
				return err
			}
		}
	})
}
