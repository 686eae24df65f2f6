package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// read answers a request that writes nothing. Each statement sees the database
// as of its own start; what must be seen as one is read by one statement.
func read[R any](ctx context.Context, e *Engine, rpc string, answer func(context.Context, querier) (*R, error)) (*R, error) {
	reply, err := retry(ctx, e, rpc, func() (r *R, err error) {
		lent := e.readers.withConn(ctx, func(s *Conn) (broken bool) {
			r, err = callRecover(ctx, querier(s), answer)
			return e.broken(err)
		})
		return r, cmp.Or(err, lent)
	})
	return reply, e.status(ctx, rpc, err)
}

// readAtOnce answers a request that writes nothing and takes several statements:
// all of them see the database as of one moment.
func readAtOnce[R any](ctx context.Context, e *Engine, rpc string, answer func(context.Context, querier) (*R, error)) (*R, error) {
	reply, err := retry(ctx, e, rpc, func() (r *R, err error) {
		lent := e.readers.withConn(ctx, func(s *Conn) (broken bool) {
			if err = s.beginRead(ctx); err == nil {
				r, err = callRecover(ctx, querier(s), answer)
			}
			return !s.rollBack(ctx) || e.broken(err)
		})
		return r, cmp.Or(err, lent)
	})
	return reply, e.status(ctx, rpc, err)
}

func (s *Conn) beginRead(ctx context.Context) error {
	for _, statement := range s.d.beginRead() {
		if _, err := s.execBlocking(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// write answers a request inside one transaction: all of it takes effect, or
// nothing. Change may run more than once, each time on a database as if it had
// not run before, so it must not keep results outside of its reply.
func write[R any](ctx context.Context, e *Engine, rpc string, change func(context.Context, *Tx) (*R, error)) (*R, error) {
	var single rowRanges
	reply, err := retry(ctx, e, rpc, func() (*R, error) {
		for {
			reply, err := transact(ctx, e, single, change)
			var b *batchError
			if !errors.As(err, &b) {
				return reply, err
			}
			single = append(single, b.rows)
		}
	})
	return reply, e.status(ctx, rpc, err)
}

// transact runs change in one transaction.
func transact[R any](ctx context.Context, e *Engine, single rowRanges, change func(context.Context, *Tx) (*R, error)) (reply *R, err error) {
	lent := e.writers.withConn(ctx, func(s *Conn) (broken bool) {
		if err = e.begin(ctx, s); err != nil {
			// An interrupted BEGIN may have taken effect.
			return ctx.Err() != nil && !s.rollBack(ctx) || e.broken(err)
		}
		t := &Tx{Conn: s, e: e, rowByRow: single}
		if reply, err = runAndCommit(ctx, t, change); err != nil {
			return !s.rollBack(ctx) || e.broken(err)
		}
		e.readOnlySince.Store(0)
		e.types.add(t.learned...)
		return false
	})
	return reply, cmp.Or(err, lent)
}

// begin begins a transaction that writes. SQLite's own wait for other processes
// grows to a tenth of a second, while a process that writes without a pause is
// back at once: one starves the other. So the engine looks again soon, and at
// random times.
func (e *Engine) begin(ctx context.Context, s *Conn) error {
	if e.d.BusyTimeoutStatement == "" || e.d.SingleConn {
		_, err := s.execBlocking(ctx, e.d.begin())
		return err
	}
	if err := s.waitFor(ctx, 0); err != nil {
		return err
	}
	err := e.beginSoon(ctx, s)
	// The statements of the transaction wait as they did.
	if failed := s.waitFor(context.WithoutCancel(ctx), e.retryTimeout); err == nil && failed != nil {
		s.rollBack(ctx)
		return failed
	}
	return err
}

func (e *Engine) beginSoon(ctx context.Context, s *Conn) error {
	const pause = 500 * time.Microsecond
	for end := time.Now().Add(e.retryTimeout); ; {
		_, err := s.execBlocking(ctx, e.d.begin())
		if err == nil || e.d.Class(err) != TxConflict || !time.Now().Before(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause + rand.N(4*pause)):
		}
	}
}

// waitFor sets for how long statements wait for other processes. SQLite does so
// when it prepares the statement, so it is not a kept one.
func (s *Conn) waitFor(ctx context.Context, patience time.Duration) error {
	_, err := s.driver.ExecContext(ctx, s.d.BusyTimeoutStatement+strconv.FormatInt(patience.Milliseconds(), 10), nil)
	return driverErr(err)
}

// runAndCommit calls change and commits what it did.
func runAndCommit[R any](ctx context.Context, t *Tx, change func(context.Context, *Tx) (*R, error)) (*R, error) {
	reply, err := callRecover(ctx, t, change)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = t.commit(ctx)
	}
	if err == nil {
		err = t.e.checkFiles()
	}
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// callRecover calls f and makes a panic an error.
func callRecover[Q, R any](ctx context.Context, q Q, f func(context.Context, Q) (*R, error)) (reply *R, err error) {
	defer recoverTo(&err)
	return f(ctx, q)
}

// commitTimeout is how long a COMMIT may take. The end of the caller's context
// does not end it at once: whether the commit took effect would then be unknown.
const commitTimeout = 30 * time.Second

// abortGrace is how long a caller that has given up waits for the answer to a
// COMMIT that was sent, and how long a ROLLBACK may take. A server that is
// frozen never answers; then the connection is closed.
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

// retry calls try until it succeeds, or fails for good, or the time for it is
// over. Waiting times grow and are random, so that losers do not meet again.
func retry[R any](ctx context.Context, e *Engine, rpc string, try func() (*R, error)) (*R, error) {
	reply, err := try()
	if err == nil {
		return reply, nil
	}
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval = 2 * time.Millisecond
	waits.MaxInterval = 250 * time.Millisecond
	end := time.Now().Add(e.retryTimeout)
	for n := 0; ; n++ {
		class := e.d.Class(err)
		if class == StmtLost && e.d.DisablePrepare != nil {
			e.d.DisablePrepare()
		}
		again := e.isRetryable(ctx, err, n)
		if e.broken(err) && (again || class == ReadOnly) {
			e.readers.closeIdle()
			e.writers.closeIdle()
		}
		if !again || class != StmtLost && !time.Now().Before(end) {
			return nil, err
		}
		if class == FileMoved {
			if err := e.reopen(ctx); err != nil {
				return nil, err
			}
		}
		e.log.DebugContext(ctx, "a transaction is run again", "rpc", rpc, "try", n+1, "error", err)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(waits.NextBackOff()):
		}
		if reply, err = try(); err == nil {
			return reply, nil
		}
	}
}

// isRetryable reports whether err may go away by itself, after n retries that
// did not help.
func (e *Engine) isRetryable(ctx context.Context, err error, n int) bool {
	const races, unprepared = 2, 10
	var race *RaceError
	if errors.As(err, &race) {
		return ctx.Err() == nil && n < races
	}
	var f *failure
	if err == nil || ctx.Err() != nil || errors.As(err, &f) {
		return false
	}
	switch e.d.Class(err) {
	case TxConflict, NotReady, Starting, TooManyConns:
		return true
	case ConnLost, FileMoved:
		var atCommit *CommitError
		return !errors.As(err, &atCommit)
	case ReadOnly:
		// After a failover the writer is another server, which a new connection may
		// reach. For one that stays read-only, only the first calls wait.
		return !e.d.InProcess && (n == 0 || e.readOnlyFor() < e.retryTimeout)
	case StmtLost:
		return n < unprepared
	}
	return false
}

// readOnlyFor is for how long no server that takes writes was found.
func (e *Engine) readOnlyFor() time.Duration {
	now := time.Now().UnixNano()
	e.readOnlySince.CompareAndSwap(0, now)
	return time.Duration(now - e.readOnlySince.Load())
}

// broken reports whether the connection that err came from must not be used
// again. One that is the database itself is kept, whatever happens.
func (e *Engine) broken(err error) bool {
	var f *failure
	if err == nil || e.d.SingleConn || errors.As(err, &f) {
		return false
	}
	switch e.d.Class(err) {
	case ConnLost, Unavailable, NotReady, Starting, StmtLost:
		return true
	case ReadOnly:
		return !e.d.InProcess
	}
	return false
}

// recoverTo is the last resort against a defect of the engine: the client gets
// INTERNAL, the log gets the place.
func recoverTo(err *error) {
	if p := recover(); p != nil {
		*err = &panicError{value: p, stack: debug.Stack()}
	}
}

// A panicError is a panic that was caught.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// A Tx is one write transaction, and what the engine has to remember until it
// ends. It is used by one goroutine.
type Tx struct {
	*Conn
	e *Engine

	learned       []learnedType // to be cached after the commit
	written       int           // rows that batches have written
	rowByRow      rowRanges
	autoIncrement int64 // between the ids of one INSERT, see idsFrom; 0: not read yet
	failed        error // that of the first statement that failed
}

// now is the time that rows are stamped with, in milliseconds.
func (t *Tx) now() int64 { return time.Now().UnixMilli() }
