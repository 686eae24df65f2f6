package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// SQLite has one writer at a time, and each commit to a file waits for the disk.
// Writers that wait for their turn are therefore taken into the transaction of the
// one before them: one COMMIT stores what all of them did, and none returns before it.
// If one fails, what it did is undone alone. A writer that is alone pays nothing. A
// store in memory does not wait for a disk, but a group saves a goroutine switch per
// writer.

// A writeQueue holds the writers that wait for the connection that writes. It is nil
// if the database runs transactions that write at the same time.
type writeQueue struct {
	// groupTime is the time, since the first writer of a group began, in which
	// others may begin.
	groupTime time.Duration

	mu      sync.Mutex
	led     bool      // a writer leads: it has the connection, or waits for it
	waiting []*writer // in the order of their arrival
}

// A writer is one call of [DB.Update] that waits or runs.
type writer struct {
	ctx      context.Context
	fn       func(context.Context, *Tx) error
	rowByRow rowRanges
	oneByOne bool // see Tx.Send
	first    bool // fn may take long, and must not run after others of its group

	lead chan struct{} // receives if the writer must lead the next group
	done chan error    // receives the result if another writer led
}

// groupSize limits the writers that follow the first one of a group, and groupTime is
// the time in which they may begin.
const (
	groupSize = 128
	groupTime = 3 * time.Millisecond
)

// errGroupEnded reports that the transaction of a group was undone because of another
// writer. It is run again.
var errGroupEnded = errors.New("another request ended the transaction")

// write runs the writer in a transaction, alone or in a group.
func (db *DB) write(w *writer) error {
	q := db.queue
	if q == nil {
		return db.transact(w)
	}
	q.mu.Lock()
	if !q.led {
		q.led = true
		q.mu.Unlock()
		return db.leadGroup(w)
	}
	w.lead, w.done = make(chan struct{}, 1), make(chan error, 1)
	q.waiting = append(q.waiting, w)
	q.mu.Unlock()

	began := time.Now()
	db.counters.waits.Add(1)
	defer func() { db.counters.waitTime.Add(int64(time.Since(began))) }()
	select {
	case <-w.lead:
		return db.leadGroup(w)
	case err := <-w.done:
		return err
	case <-w.ctx.Done():
	}
	if q.leave(w) {
		return w.ctx.Err()
	}
	select { // it was taken before; each of its statements checks the context
	case <-w.lead:
		return db.leadGroup(w)
	case err := <-w.done:
		return err
	}
}

// leave removes a writer that waits, and reports whether it did.
func (q *writeQueue) leave(w *writer) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// follower returns the writer that waits longest, if it may follow others in a group
// that began at the given time.
func (q *writeQueue) follower(began time.Time) *writer {
	if q == nil || time.Since(began) > q.groupTime {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 || q.waiting[0].first {
		return nil
	}
	w := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	return w
}

// pass makes the writer that waits longest the next one to lead.
func (q *writeQueue) pass() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.led = false
		return
	}
	q.waiting[0].lead <- struct{}{}
	q.waiting = slices.Delete(q.waiting, 0, 1)
}

// leadGroup runs the writer and those that follow it in one transaction.
func (db *DB) leadGroup(w *writer) error {
	defer db.queue.pass()
	return db.transact(w)
}

// A group is a writer that leads and those that follow it in its transaction.
type group struct {
	*writer // the leader
	// apart makes each follower run in a savepoint, so that one that fails is undone
	// alone. It costs a quarter of the time of a group, as SQLite copies each page
	// before it changes. So it is set only after a follower has failed and left
	// changes, or if the leader may take long and must not run twice.
	apart     bool
	followers []*follower
	ended     bool  // the last follower made the database end the transaction
	commit    error // of the COMMIT
}

// A sharedConn is a driver's connection on which writers share transactions.
type sharedConn interface {
	// InTransaction reports whether a transaction is open.
	InTransaction() bool
	// Changes returns how many rows the last statement left changed, if it violated
	// a unique constraint.
	Changes() int
}

// A follower is a writer that runs in the transaction of another one.
type follower struct {
	*writer
	tx  *Tx
	err error
}

// errRunApart reports that the transaction of a group must be undone and run again.
var errRunApart = fmt.Errorf("a request failed after it had changed something: %w", errGroupEnded)

// transact runs the writer in one transaction, with those that follow it.
func (db *DB) transact(w *writer) (err error) {
	acquired := db.writers.withConn(w.ctx, func(c *Conn) (broken bool) {
		g := &group{writer: w, apart: w.first}
		broken, err = db.runGroup(c, g)
		if err == errRunApart && !broken {
			db.counters.retries.Add(1)
			g.apart = true
			broken, err = db.runGroup(c, g)
		}
		g.tell(err == nil)
		return broken
	})
	return cmp.Or(err, acquired)
}

// runGroup runs a transaction with the writers of a group, and with more that wait for
// it. It reports whether the connection is broken.
func (db *DB) runGroup(c *Conn, g *group) (broken bool, err error) {
	ctx := g.ctx
	began := time.Now()
	t := &Tx{Conn: c, rowByRow: g.rowByRow, oneByOne: g.oneByOne}
	if err = db.begin(ctx, t); err != nil {
		// An interrupted BEGIN may have taken effect.
		return ctx.Err() != nil && !c.rollBack(ctx) || db.isBroken(err), err
	}
	if err = callRecover(ctx, t, g.fn); err == nil {
		err = cmp.Or(ctx.Err(), t.failed)
	}
	if err != nil {
		err = t.lateIfUnsent(ctx, err)
	} else if err = db.follow(c, g, began); err == nil {
		if g.commit = t.commit(ctx); g.commit == nil {
			g.commit = db.checkFiles()
		}
		err = g.commit
	}
	if err != nil {
		return !t.end(ctx) || db.isBroken(err), err
	}
	db.readOnlySince.Store(0)
	t.afterCommit()
	return false, nil
}

// follow runs the followers of a group, and writers that wait, in the transaction that
// the leader began at the given time. It returns an error if the transaction cannot be
// committed.
func (db *DB) follow(c *Conn, g *group, began time.Time) error {
	for i := range groupSize {
		if i == len(g.followers) {
			w := db.queue.follower(began)
			if w == nil {
				break
			}
			g.followers = append(g.followers, &follower{writer: w})
		}
		f := g.followers[i]
		f.tx = &Tx{Conn: c, rowByRow: f.rowByRow}
		switch {
		case g.apart:
			f.err = f.tx.Savepoint(f.ctx, f.fn)
			if g.ended = f.tx.failed != nil; g.ended {
				g.sendBack(i + 1)
				return errGroupEnded
			}
		case !f.runShared() || !c.driver.(sharedConn).InTransaction():
			return errRunApart
		}
	}
	return nil
}

// runShared runs the follower without a savepoint. It reports whether it succeeded or
// left no changes.
func (f *follower) runShared() bool {
	if f.err = f.ctx.Err(); f.err != nil {
		return true
	}
	f.err = callRecover(f.ctx, f.tx, f.fn)
	if f.err == nil {
		f.err = cmp.Or(f.ctx.Err(), f.tx.failed)
	}
	return f.err == nil || !f.tx.changed
}

// sendBack makes all followers but the first n run again.
func (g *group) sendBack(n int) {
	for _, f := range g.followers[n:] {
		f.done <- errGroupEnded
	}
	g.followers = g.followers[:n]
}

// tell returns to the followers what became of them after the transaction was committed
// or undone.
func (g *group) tell(committed bool) {
	for i, f := range g.followers {
		switch {
		case g.ended && i == len(g.followers)-1: // its own error
		case committed && f.err == nil:
			f.tx.afterCommit()
		case g.commit != nil && f.err == nil:
			f.err = g.commit
		case !committed && (f.err == nil || f.ctx.Err() == nil):
			f.err = errGroupEnded // what it conflicted with may not be stored
		}
		f.done <- f.err
	}
}
