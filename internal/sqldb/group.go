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

// A file of SQLite has one writer at a time, and each commit waits for the disk.
// Writers that wait for their turn are therefore taken into the transaction of the
// one before them: one COMMIT stores what all of them did, and none returns before it.
// If one fails, what it did is undone alone. A writer that is alone pays nothing.

// A writeQueue holds the writers that wait for the connection that writes. It is nil
// if writers do not wait for each other, or not for the disk.
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
	groupTime = 5 * time.Millisecond
)

// errGroupEnded reports that another writer of the group made the database end its
// transaction.
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
	// apart makes each follower run in a savepoint. Otherwise the transaction is
	// undone, and all run again apart, if one fails after it has changed something.
	// Savepoints cost a group a third of its time, as SQLite copies each page that
	// changes. The function of a leader that may take long is not run again.
	apart     bool
	followers []*follower
	ended     bool // the last follower made the database end the transaction
}

// A follower is a writer that runs in the transaction of another one.
type follower struct {
	*writer
	tx  *Tx
	err error
}

// errRunApart reports that the transaction of a group must be undone and run again.
var errRunApart = fmt.Errorf("%w and left changes", errGroupEnded)

// transact runs the writer in one transaction, with those that follow it.
func (db *DB) transact(w *writer) (err error) {
	acquired := db.writers.withConn(w.ctx, func(c *Conn) (broken bool) {
		g := &group{writer: w, apart: w.first}
		var commit error
		for err = errRunApart; err == errRunApart && !broken; g.apart = true {
			err, commit, broken = db.runGroup(c, g)
		}
		g.tell(err == nil, commit)
		return broken
	})
	return cmp.Or(err, acquired)
}

// runGroup runs a transaction with the writers of a group, and with more that wait for
// it. The error commit is set if the transaction was to be committed.
func (db *DB) runGroup(c *Conn, g *group) (err, commit error, broken bool) {
	ctx := g.ctx
	began := time.Now()
	t := &Tx{Conn: c, rowByRow: g.rowByRow, oneByOne: g.oneByOne}
	if err = db.begin(ctx, t); err != nil {
		// An interrupted BEGIN may have taken effect.
		return err, nil, ctx.Err() != nil && !c.rollBack(ctx) || db.isBroken(err)
	}
	if err = callRecover(ctx, t, g.fn); err == nil {
		err = ctx.Err()
	}
	if err != nil {
		err = t.lateIfUnsent(ctx, err)
	} else if err = db.follow(c, g, began); err == nil {
		if commit = t.commit(ctx); commit == nil {
			commit = db.checkFiles()
		}
		err = commit
	}
	if err != nil {
		return err, commit, !t.end(ctx) || db.isBroken(err)
	}
	db.readOnlySince.Store(0)
	t.afterCommit()
	return nil, nil, false
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
				g.leave(i + 1)
				return errGroupEnded
			}
		case !f.runShared():
			return errRunApart
		}
	}
	return nil
}

// runShared runs the follower without a savepoint. It reports whether it succeeded or
// has changed nothing.
func (f *follower) runShared() bool {
	f.err = callRecover(f.ctx, f.tx, f.fn)
	if f.err == nil {
		f.err = f.ctx.Err()
	}
	return f.err == nil || !f.tx.changed && (f.tx.failed == nil || isRowAtFault(f.tx.d.Class(f.tx.failed)))
}

// leave keeps the first n followers, and tells the others to run again.
func (g *group) leave(n int) {
	for _, f := range g.followers[n:] {
		f.done <- errGroupEnded
	}
	g.followers = g.followers[:n]
}

// tell returns to the followers what became of them: the transaction was committed, or
// the commit failed with an error, or there was none.
func (g *group) tell(committed bool, commit error) {
	for i, f := range g.followers {
		switch {
		case g.ended && i == len(g.followers)-1: // its own error
		case committed && f.err == nil:
			f.tx.afterCommit()
		case commit != nil && f.err == nil:
			f.err = commit
		case !committed && (f.err == nil || f.ctx.Err() == nil):
			f.err = errGroupEnded // what it conflicted with may not be stored
		}
		f.done <- f.err
	}
}
