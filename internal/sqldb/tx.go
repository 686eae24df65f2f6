package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// Tx is a transaction that writes. Only one goroutine uses it.
//
// Once a statement has failed, a Tx runs no other: the server may have ended
// the transaction with the error, as MySQL does for a deadlock, and a further
// statement would take effect outside of it.
type Tx struct {
	*Conn

	committed func()    // called after the commit
	written   int       // rows written so far, see NextBatch
	rowByRow  rowRanges // rows to write one at a time
	nested    int       // calls of Nested under way
	failed    error     // error of the first statement that failed
	changed   bool      // a statement that ran may have left changes

	unsent   []keptBack // see Send
	begun    bool       // BEGIN was sent
	oneByOne bool       // keep nothing back
}

// OnCommit makes the transaction call f after its commit, before another
// transaction uses the connection.
func (t *Tx) OnCommit(f func()) { t.committed = f }

// Wrote counts n rows as written, see [Tx.NextBatch].
func (t *Tx) Wrote(n int) { t.written += n }

// afterCommit calls what [Tx.OnCommit] was given.
func (t *Tx) afterCommit() {
	if t.committed != nil {
		t.committed()
	}
}

// end rolls the transaction back, if it has begun, and reports whether its connection
// is usable.
func (t *Tx) end(ctx context.Context) bool { return !t.begun || t.rollBack(ctx) }

// begin begins a transaction that writes. On a server, BEGIN is sent with the first
// statement.
//
// SQLite's own wait for other processes backs off to 100 ms, so a process that
// writes without a pause starves the others. Therefore begin disables that wait
// and retries at short random intervals.
func (db *DB) begin(ctx context.Context, t *Tx) error {
	if db.d.Pipeline != nil {
		return t.sendControl(ctx, db.d.beginStmt())
	}
	t.begun = true
	c := t.Conn
	waiter, waits := c.driver.(busyWaiter)
	switch {
	case db.d.SingleConn:
		_, err := c.exec(ctx, db.d.beginStmt())
		return err
	case !waits:
		_, err := c.execBlocking(ctx, db.d.beginStmt())
		return err
	}
	waiter.SetBusyTimeout(0)
	defer waiter.SetBusyTimeout(db.retryTimeout) // for the statements of the transaction
	r := c.observe(ctx, db.d.beginStmt(), nil)
	_, err := r.exec(nil, db.pollBegin(ctx, c))
	return err
}

// A busyWaiter is a driver's connection whose statements wait for other processes, for
// a limited time.
type busyWaiter interface{ SetBusyTimeout(time.Duration) }

func (db *DB) pollBegin(ctx context.Context, c *Conn) error {
	const pause = 500 * time.Microsecond
	for end := time.Now().Add(db.retryTimeout); ; {
		_, err := c.run(context.WithoutCancel(ctx), db.d.beginStmt(), nil) // it does not wait
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

// callRecover calls fn and converts a panic to an error.
func callRecover[Q any](ctx context.Context, q Q, fn func(context.Context, Q) error) (err error) {
	defer recoverTo(&err)
	return fn(ctx, q)
}

// commitTimeout limits a COMMIT. Cancellation does not interrupt a COMMIT at
// once, because it would then be unknown whether it took effect.
const commitTimeout = 30 * time.Second

// abortGrace is how long a canceled transaction waits for the answer to its
// COMMIT, and limits a ROLLBACK. If a server does not answer in time, the
// connection is closed.
const abortGrace = time.Second

const commitStmt = "COMMIT"

func (t *Tx) commit(ctx context.Context) error {
	if t.failed == nil && !t.begun && !keepsData(t.unsent) {
		return nil // no statement needed the transaction
	}
	if t.d.CommitAlone {
		if err := t.flush(ctx); err != nil {
			return err
		}
	}
	commitCtx := context.WithoutCancel(ctx)
	if !t.d.InProcess {
		var cancel func()
		commitCtx, cancel = context.WithTimeout(commitCtx, commitTimeout)
		defer cancel()
		if ctx.Done() != nil {
			stop := context.AfterFunc(ctx, func() { time.AfterFunc(abortGrace, cancel) })
			defer stop()
		}
	}
	t.committing = true
	if n := len(t.unsent); n > 0 && t.failed == nil {
		result, err := t.pipeline(commitCtx, commitStmt, nil, false)
		if err != nil && result.Done >= 0 && result.Done < n {
			t.committing = false
			return err // another statement failed, and COMMIT did not run
		} else if err != nil {
			return &CommitError{err}
		}
	} else if _, err := t.Exec(commitCtx, commitStmt); err != nil {
		return &CommitError{err}
	}
	t.committing = false
	return nil
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

// Query implements [Queryer].
func (t *Tx) Query(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	var rows driver.Rows
	var err error
	if len(t.unsent) > 0 {
		var result PipelineResult
		result, err = t.pipeline(ctx, stmt, args, true)
		rows = result.Rows
	} else {
		rows, err = t.Conn.Query(ctx, stmt, args...)
	}
	t.failed = err
	return t.watch(rows), err
}

// QueryUncached implements [Queryer].
func (t *Tx) QueryUncached(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	rows, err := t.Conn.QueryUncached(ctx, stmt, args...)
	t.failed = err
	return t.watch(rows), err
}

// Exec runs a statement that changes the database.
func (t *Tx) Exec(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	if len(t.unsent) > 0 {
		result, err := t.pipeline(ctx, stmt, args, false)
		t.failed = err
		return result.Result, err
	}
	result, err := t.Conn.exec(ctx, stmt, args...)
	t.failed = err
	t.changed = t.changed || t.leavesChanges(err)
	return result, err
}

// leavesChanges reports whether the last statement, which returned err, may have left
// changes.
func (c *Conn) leavesChanges(err error) bool {
	if err == nil {
		return true
	}
	if !errors.As(err, new(*DriverError)) {
		return false // it was not run
	}
	shared, ok := c.driver.(sharedConn)
	return !ok || c.d.Class(err) != UniqueViolation || shared.Changes() > 0
}

// watch makes an error that occurs between rows, such as a lock timeout, fail
// the transaction.
func (t *Tx) watch(rows driver.Rows) driver.Rows {
	if rows == nil || t.d.InProcess {
		return rows
	}
	return &txRows{rows, t}
}

// txRows are rows that report an error to their transaction.
type txRows struct {
	driver.Rows
	t *Tx
}

func (r *txRows) Next(values []driver.Value) error {
	err := r.Rows.Next(values)
	if err != nil && !errors.Is(err, io.EOF) {
		r.t.failed = driverErr(err)
	}
	return err
}
