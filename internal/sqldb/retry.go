package sqldb

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
)

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
		if !again && ctx.Err() != nil && db.isRetryable(context.WithoutCancel(ctx), err, n) {
			return ctx.Err()
		}
		if !again || class != StmtLost && !time.Now().Before(end) {
			return err
		}
		if class == FileMoved {
			if err := db.reopen(ctx); err != nil {
				return err
			}
		}
		db.counters.retries.Add(1)
		db.log.DebugContext(ctx, "retrying a transaction", "retry", n+1, "error", err)
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

// isRetryable reports whether a transaction that failed with err, after n
// retries, may succeed if it runs again.
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
		// After a failover a new connection may reach the new primary. If the server
		// stays read-only, only the first calls wait.
		return !db.d.InProcess && (n == 0 || db.readOnlyFor() < db.retryTimeout)
	case StmtLost:
		return n < unprepared
	}
	return false
}

// readOnlyFor returns for how long writes have found the server read-only.
func (db *DB) readOnlyFor() time.Duration {
	now := time.Now().UnixNano()
	db.readOnlySince.CompareAndSwap(0, now)
	return time.Duration(now - db.readOnlySince.Load())
}

// isBroken reports whether the connection that returned err must be closed. A
// connection that is the database itself, in memory, is always kept.
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
