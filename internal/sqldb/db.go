package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// A DB is an open database. It is safe for concurrent use.
type DB struct {
	d            *Dialect
	readers      *pool
	writers      *pool
	log          *slog.Logger
	retryTimeout time.Duration
	// readOnlySince is the time in Unix nanoseconds at which a write first found
	// the server read-only; 0 means that the last write succeeded.
	readOnlySince atomic.Int64

	files     Files // nil for a server
	reopened  func(context.Context) error
	reopening chan struct{} // holds a token while the files are reopened
}

// A Config configures a [DB].
type Config struct {
	Dialect *Dialect
	// Write runs the transactions that write, at most Writers at a time. Read
	// runs the others; if it is nil, Write and its limit serve both. The DB
	// closes them.
	Write, Read      *sql.DB
	Writers, Readers int
	// MaxLifetime limits the age of a connection to a server; 0 means five
	// minutes.
	MaxLifetime time.Duration
	// Files are the database files that the connections of Write and Read have
	// open; nil if the database is on a server.
	Files Files
	// Reopened is called after the files were opened again, before a transaction
	// uses them. If it returns an error, the files are not used.
	Reopened func(context.Context) error
	// RetryTimeout limits how long a transaction that lost a conflict is retried.
	// The caller's deadline ends the retries earlier.
	RetryTimeout time.Duration
	// Log receives retries and the problems of the files.
	Log *slog.Logger
}

// Open returns the database that c describes. It makes no connection.
func Open(c Config) *DB {
	db := &DB{
		d:            c.Dialect,
		log:          c.Log,
		retryTimeout: c.RetryTimeout,
		files:        c.Files,
		reopened:     c.Reopened,
		reopening:    make(chan struct{}, 1),
	}
	db.writers = newPool(c.Write, c.Dialect, c.Writers)
	db.readers = db.writers
	if c.Read != nil {
		db.readers = newPool(c.Read, c.Dialect, c.Readers)
	}
	if c.MaxLifetime != 0 {
		db.writers.maxLifetime, db.readers.maxLifetime = c.MaxLifetime, c.MaxLifetime
	}
	if c.Files != nil {
		db.readers.check = func() error { return c.Files.Check(false) }
		db.writers.check = func() error { return c.Files.Check(true) }
	}
	return db
}

// Dialect returns the dialect of the database.
func (db *DB) Dialect() *Dialect { return db.d }

// Readers returns the handle for reading and Writers the one for writing. They
// may be the same. They are for what needs database/sql itself, such as creating
// the tables.
func (db *DB) Readers() *sql.DB { return db.readers.db }

// Writers returns the handle for writing.
func (db *DB) Writers() *sql.DB { return db.writers.db }

// Close waits for the transactions that run and closes the database. Later ones
// fail. It must be called once.
func (db *DB) Close() error {
	pools := db.pools()
	for _, p := range pools {
		p.stop()
	}
	finish := db.prepareClose()
	var errs []error
	for _, p := range pools {
		errs = append(errs, p.close())
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
// as of its own start; what must be consistent is read by one statement. fn may
// run more than once, so it must assign its results, not append to them.
func (db *DB) View(ctx context.Context, fn func(context.Context, *Conn) error) error {
	return db.retry(ctx, func() (err error) {
		acquired := db.readers.withConn(ctx, func(c *Conn) (broken bool) {
			err = callRecover(ctx, c, fn)
			return db.isBroken(err)
		})
		return cmp.Or(err, acquired)
	})
}

// Snapshot is like View, but all statements of fn see the database as of one
// moment.
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

func (c *Conn) beginRead(ctx context.Context) error {
	for _, statement := range c.d.beginRead() {
		if _, err := c.execBlocking(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Update calls fn in a transaction and commits it: all of it takes effect, or
// nothing. fn may run more than once, each time on a database as if it had not
// run before, so it must assign its results, not append to them.
func (db *DB) Update(ctx context.Context, fn func(context.Context, *Tx) error) error {
	var rowByRow rowRanges
	return db.retry(ctx, func() error {
		for {
			err := db.transact(ctx, rowByRow, fn)
			var b *batchError
			if !errors.As(err, &b) {
				return err
			}
			rowByRow = append(rowByRow, b.rows)
		}
	})
}

// transact runs fn in one transaction.
func (db *DB) transact(ctx context.Context, rowByRow rowRanges, fn func(context.Context, *Tx) error) (err error) {
	acquired := db.writers.withConn(ctx, func(c *Conn) (broken bool) {
		if err = db.begin(ctx, c); err != nil {
			// An interrupted BEGIN may have taken effect.
			return ctx.Err() != nil && !c.rollBack(ctx) || db.isBroken(err)
		}
		t := &Tx{Conn: c, rowByRow: rowByRow}
		if err = db.runAndCommit(ctx, t, fn); err != nil {
			return !c.rollBack(ctx) || db.isBroken(err)
		}
		db.readOnlySince.Store(0)
		if t.committed != nil {
			t.committed()
		}
		return false
	})
	return cmp.Or(err, acquired)
}

// begin begins a transaction that writes. SQLite's own wait for other processes
// grows to a tenth of a second, while a process that writes without a pause is
// back at once: one starves the other. So begin tries again soon, and at random
// times.
func (db *DB) begin(ctx context.Context, c *Conn) error {
	if db.d.BusyTimeoutStatement == "" || db.d.SingleConn {
		_, err := c.execBlocking(ctx, db.d.begin())
		return err
	}
	if err := c.setBusyTimeout(ctx, 0); err != nil {
		return err
	}
	err := db.pollBegin(ctx, c)
	// The statements of the transaction wait as they did.
	if failed := c.setBusyTimeout(context.WithoutCancel(ctx), db.retryTimeout); err == nil && failed != nil {
		c.rollBack(ctx)
		return failed
	}
	return err
}

func (db *DB) pollBegin(ctx context.Context, c *Conn) error {
	const pause = 500 * time.Microsecond
	for end := time.Now().Add(db.retryTimeout); ; {
		_, err := c.execBlocking(ctx, db.d.begin())
		if err == nil || db.d.Class(err) != TxConflict || !time.Now().Before(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause + rand.N(4*pause)):
		}
	}
}

// setBusyTimeout sets how long statements wait for other processes. SQLite does
// so when it prepares the statement, so it is not a cached one.
func (c *Conn) setBusyTimeout(ctx context.Context, timeout time.Duration) error {
	_, err := c.driver.ExecContext(ctx, c.d.BusyTimeoutStatement+strconv.FormatInt(timeout.Milliseconds(), 10), nil)
	return driverErr(err)
}

// runAndCommit calls fn and commits what it did.
func (db *DB) runAndCommit(ctx context.Context, t *Tx, fn func(context.Context, *Tx) error) error {
	err := callRecover(ctx, t, fn)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = t.commit(ctx)
	}
	if err == nil {
		err = db.checkFiles()
	}
	return err
}

// callRecover calls fn and returns a panic as an error.
func callRecover[Q any](ctx context.Context, q Q, fn func(context.Context, Q) error) (err error) {
	defer recoverTo(&err)
	return fn(ctx, q)
}

// commitTimeout limits a COMMIT. The end of the caller's context does not
// interrupt it at once: whether the commit took effect would then be unknown.
const commitTimeout = 30 * time.Second

// abortGrace is how long a canceled caller waits for the answer to a COMMIT that
// was sent, and the limit of a ROLLBACK. A server that is frozen never answers;
// then the connection is closed.
const abortGrace = time.Second

func (t *Tx) commit(ctx context.Context) error {
	uncancelled, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if !t.d.InProcess && ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { time.AfterFunc(abortGrace, cancel) })
		defer stop()
	}
	t.committing = true
	if _, err := t.Exec(uncancelled, "COMMIT"); err != nil {
		return &CommitError{err}
	}
	t.committing = false
	return nil
}

// retry calls fn until it succeeds, fails permanently, or retryTimeout elapses.
// It backs off exponentially with jitter so that conflicting transactions do not
// collide again.
func (db *DB) retry(ctx context.Context, fn func() error) error {
	err := fn()
	if err == nil {
		return nil
	}
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval = 2 * time.Millisecond
	waits.MaxInterval = 250 * time.Millisecond
	end := time.Now().Add(db.retryTimeout)
	for n := 0; ; n++ {
		class := db.d.Class(err)
		if class == StmtLost && db.d.DisablePrepare != nil {
			db.d.DisablePrepare()
		}
		again := db.isRetryable(ctx, err, n)
		if db.isBroken(err) && (again || class == ReadOnly) {
			db.readers.closeIdle()
			db.writers.closeIdle()
		}
		if !again || class != StmtLost && !time.Now().Before(end) {
			return err
		}
		if class == FileMoved {
			if err := db.reopen(ctx); err != nil {
				return err
			}
		}
		db.log.DebugContext(ctx, "a transaction is run again", "try", n+1, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waits.NextBackOff()):
		}
		if err = fn(); err == nil {
			return nil
		}
	}
}

// isRetryable reports whether err may go away if the transaction runs again,
// after n retries that did not help.
func (db *DB) isRetryable(ctx context.Context, err error, n int) bool {
	const races, unprepared = 2, 10
	if ctx.Err() != nil {
		return false
	}
	if errors.As(err, new(*RaceError)) {
		return n < races
	}
	switch db.d.Class(err) {
	case TxConflict, NotReady, Starting, TooManyConns:
		return true
	case ConnLost, FileMoved:
		return !errors.As(err, new(*CommitError))
	case ReadOnly:
		// After a failover the writer is another server, which a new connection may
		// reach. For one that stays read-only, only the first calls wait.
		return !db.d.InProcess && (n == 0 || db.readOnlyFor() < db.retryTimeout)
	case StmtLost:
		return n < unprepared
	}
	return false
}

// readOnlyFor returns for how long no writable server was found.
func (db *DB) readOnlyFor() time.Duration {
	now := time.Now().UnixNano()
	db.readOnlySince.CompareAndSwap(0, now)
	return time.Duration(now - db.readOnlySince.Load())
}

// isBroken reports whether the connection that err came from must not be used
// again. A connection that is the database itself is always kept.
func (db *DB) isBroken(err error) bool {
	if err == nil || db.d.SingleConn {
		return false
	}
	switch db.d.Class(err) {
	case ConnLost, Unavailable, NotReady, Starting, StmtLost:
		return true
	case ReadOnly:
		return !db.d.InProcess
	}
	return false
}

// recoverTo stores a panic in err, with the stack.
func recoverTo(err *error) {
	if p := recover(); p != nil {
		*err = &panicError{value: p, stack: debug.Stack()}
	}
}

// A panicError is a panic that was recovered.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// A Tx is one write transaction. It is used by one goroutine.
type Tx struct {
	*Conn

	committed     func()    // called after the commit
	written       int       // rows that batches have written
	rowByRow      rowRanges // rows that are written one at a time
	autoIncrement int64     // between the ids of one INSERT, see idsFromFirst; 0: not read yet
	failed        error     // that of the first statement that failed
}

// OnCommit makes f run after the commit, before the connection is used by
// another transaction.
func (t *Tx) OnCommit(f func()) { t.committed = f }

// Wrote counts n rows as written, see [Tx.NextBatch].
func (t *Tx) Wrote(n int) { t.written += n }
