package sqldb

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// A file of SQLite has one writer at a time, and each commit waits for the disk.
// Writers that wait for their turn are therefore taken into the transaction of the
// one before them: each runs in a savepoint of its own, one COMMIT stores what all
// of them did, and none returns before it. A writer that is alone pays nothing.

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

// A follower is a writer that runs in the transaction of another one.
type follower struct {
	*writer
	tx  *Tx
	err error
}

// follow runs writers that wait in the transaction that the first one began at the
// given time. It reports whether one of them made the database end the transaction:
// the last one.
func (db *DB) follow(c *Conn, began time.Time) (group []*follower, ended bool) {
	for !ended && len(group) < groupSize {
		w := db.queue.follower(began)
		if w == nil {
			break
		}
		f := &follower{writer: w, tx: &Tx{Conn: c, rowByRow: w.rowByRow}}
		f.err = f.tx.Savepoint(w.ctx, w.fn)
		ended = f.tx.failed != nil
		group = append(group, f)
	}
	return group, ended
}

// tell returns to the followers what became of them after the transaction ended with
// err.
func tell(group []*follower, ended bool, err error) {
	for i, f := range group {
		switch {
		case ended && i == len(group)-1: // its own error
		case err == nil && f.err == nil:
			f.tx.afterCommit()
		case err != nil && f.err == nil:
			f.err = err
		case err != nil && f.ctx.Err() == nil:
			f.err = errGroupEnded // what it conflicted with may not be stored
		}
		f.done <- f.err
	}
}
