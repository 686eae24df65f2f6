// Package admission limits how many requests run and wait at once, so that
// expensive requests delay neither the others nor each other without end.
//
// Each request belongs to a [Class] of similar cost. A class runs a limited
// number of requests. Those beyond it wait, and the clients among them take
// turns: one client that sends many requests does not delay another's. A request
// is refused if too many wait already.
package admission

import (
	"context"
	"fmt"
	"sync"
)

// A Class groups requests of similar cost.
type Class uint8

// The classes, from cheap to expensive reads, and writes.
const (
	Point   Class = iota // a read of nodes or types by ID, name or external ID
	List                 // a list without a filter
	Filter               // a list with a filter
	Lineage              // a walk through the lineage graph
	Write
	numClasses
)

// String returns the class as messages call it.
func (c Class) String() string {
	return [...]string{"reads by ID or name", "lists", "lists with a filter", "lineage queries", "writes"}[c]
}

// Limits bounds the requests of one class.
type Limits struct {
	Running int // at least 1
	Waiting int
}

// DefaultLimits returns limits for a store with the given number of connections.
// Lists, filters, lineage queries and writes together leave some connections to
// reads by ID or name.
func DefaultLimits(connections int) map[Class]Limits {
	part := max(connections/8, 1)
	return map[Class]Limits{
		Point:   {Running: max(4*connections, 16), Waiting: 4096},
		List:    {Running: part, Waiting: 512},
		Filter:  {Running: part, Waiting: 512},
		Lineage: {Running: part, Waiting: 128},
		Write:   {Running: max(connections/2, 1), Waiting: 1024},
	}
}

// A Limiter admits requests. It is safe for concurrent use.
type Limiter struct {
	queues [numClasses]queue
}

// New returns a Limiter. A class without limits is not limited.
func New(limits map[Class]Limits) *Limiter {
	l := new(Limiter)
	for c := range l.queues {
		if m, ok := limits[Class(c)]; ok {
			l.queues[c] = queue{limits: m, limited: true, waiting: make(map[string][]*waiter)}
		}
	}
	return l
}

// A FullError reports that a request was refused because too many wait.
type FullError struct {
	Class   Class
	Waiting int
}

// Error says how many requests wait.
func (e *FullError) Error() string {
	return fmt.Sprintf("the server is busy: %d %s wait already; try again later", e.Waiting, e.Class)
}

// Acquire waits until the client may run a request of class c. The caller must
// call release when the request has ended. The error is a [*FullError], or that
// of ctx.
func (l *Limiter) Acquire(ctx context.Context, c Class, client string) (release func(), err error) {
	q := &l.queues[c]
	if !q.limited {
		return func() {}, nil
	}
	w, err := q.enter(c, client)
	if err != nil {
		return nil, err
	}
	if w != nil {
		select {
		case admitted := <-w.turn:
			if !admitted {
				return nil, &FullError{c, q.limits.Waiting}
			}
		case <-ctx.Done():
			if q.leave(client, w) {
				return nil, ctx.Err()
			}
			if <-w.turn { // its turn came at the same time
				q.release()
			}
			return nil, ctx.Err()
		}
	}
	return q.release, nil
}

// Load reports how many requests of the class run and wait.
func (l *Limiter) Load(c Class) (running, waiting int) {
	q := &l.queues[c]
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running, q.count
}

// A queue holds the requests of one class.
type queue struct {
	limits  Limits
	limited bool

	mu      sync.Mutex
	running int
	count   int                  // of the waiters
	waiting map[string][]*waiter // by client, in order of arrival
	clients []string             // that have waiters; the first one's turn is next
}

// A waiter is one request that waits.
type waiter struct {
	turn chan bool // receives true if it may run, false if it is refused
}

// enter admits a request and returns nil, or adds it to those that wait.
func (q *queue) enter(c Class, client string) (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running < q.limits.Running && q.count == 0 {
		q.running++
		return nil, nil
	}
	if q.count >= q.limits.Waiting && !q.evict(client) {
		return nil, &FullError{c, q.limits.Waiting}
	}
	w := &waiter{turn: make(chan bool, 1)}
	if len(q.waiting[client]) == 0 {
		q.clients = append(q.clients, client)
	}
	q.waiting[client] = append(q.waiting[client], w)
	q.count++
	return w, nil
}

// evict refuses the latest request of the client that has most waiters, if it
// has more than the given client would have with one more. It reports whether
// it did.
func (q *queue) evict(client string) bool {
	most := client
	for _, other := range q.clients {
		if len(q.waiting[other]) > len(q.waiting[most]) {
			most = other
		}
	}
	n := len(q.waiting[most])
	if n <= len(q.waiting[client])+1 {
		return false
	}
	w := q.waiting[most][n-1]
	q.remove(most, n-1)
	w.turn <- false
	return true
}

// leave removes a request that no longer waits. It reports false if its turn has
// come already.
func (q *queue) leave(client string, w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.waiting[client] {
		if other == w {
			q.remove(client, i)
			return true
		}
	}
	return false
}

// remove removes the i-th waiter of the client.
func (q *queue) remove(client string, i int) {
	rest := q.waiting[client]
	rest = append(rest[:i], rest[i+1:]...)
	q.count--
	if len(rest) > 0 {
		q.waiting[client] = rest
		return
	}
	delete(q.waiting, client)
	for j, other := range q.clients {
		if other == client {
			q.clients = append(q.clients[:j], q.clients[j+1:]...)
			return
		}
	}
}

// release ends a request and admits the next one.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count == 0 {
		q.running--
		return
	}
	client := q.clients[0]
	w := q.waiting[client][0]
	q.remove(client, 0)
	if len(q.waiting[client]) > 0 { // to the end of the line
		q.clients = append(q.clients[1:], client)
	}
	w.turn <- true
}
