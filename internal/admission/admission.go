// Package admission limits how many requests run and wait at once, so that
// expensive requests delay neither the others nor each other without end.
//
// Each request belongs to a [Class] of similar cost. A class runs a limited
// number of requests. Those beyond it wait, and the clients among them take
// turns: one client that sends many or long requests does not delay another's. A
// request is refused if too many wait already.
//
// A [Room] bounds what clients hold for as long as they like.
package admission

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A Class groups requests of similar cost.
type Class uint8

// The classes, from cheap to expensive reads, writes, and what needs no store.
const (
	Point   Class = iota // a read of nodes or types by ID, name or external ID
	List                 // a list without a filter
	Filter               // a list with a filter
	Lineage              // a walk through the lineage graph
	Write
	Info // about the server, such as its health
	numClasses
)

// String returns the class as messages call it.
func (c Class) String() string {
	return [...]string{
		"reads by ID or name", "lists", "lists with a filter", "lineage queries", "writes", "requests for information",
	}[c]
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
		Point:   {Running: max(2*connections, 16), Waiting: 1024},
		List:    {Running: part, Waiting: 512},
		Filter:  {Running: part, Waiting: 512},
		Lineage: {Running: part, Waiting: 128},
		Write:   {Running: max(connections/2, 1), Waiting: 1024},
		Info:    {Running: 4, Waiting: 1024},
	}
}

// A Client is what takes turns. The connections of one name, such as a user or an
// address, share its turns.
type Client struct {
	Name, Connection string
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
			l.queues[c] = queue{limits: m, limited: true, names: make(map[string]*name)}
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
//
// The next request is one of the name that runs fewest requests, or of those, the
// name that has run for the shortest time; and the same holds for its
// connections.
func (l *Limiter) Acquire(ctx context.Context, c Class, client Client) (release func(), err error) {
	q := &l.queues[c]
	if !q.limited {
		return func() {}, nil
	}
	conn, w, err := q.enter(c, client)
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
			if q.leave(conn, w) {
				return nil, ctx.Err()
			}
			if <-w.turn { // its turn came at the same time
				q.release(conn, 0)
			}
			return nil, ctx.Err()
		}
	}
	began := time.Now()
	return func() { q.release(conn, time.Since(began)) }, nil
}

// Load reports how many requests of the class run and wait.
func (l *Limiter) Load(c Class) (running, waiting int) {
	q := &l.queues[c]
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running, q.waiting
}

// OthersWait reports whether requests of the class wait on other connections than
// the client's.
func (l *Limiter) OthersWait(c Class, client Client) bool {
	q := &l.queues[c]
	q.mu.Lock()
	defer q.mu.Unlock()
	own := 0
	if n := q.names[client.Name]; n != nil {
		if conn := n.connections[client.Connection]; conn != nil {
			own = conn.waiting
		}
	}
	return q.waiting > own
}

// A queue holds the requests of one class.
type queue struct {
	limits  Limits
	limited bool

	mu sync.Mutex
	share
	arrivals uint64
	names    map[string]*name // that run or wait
}

// A share is the part that a name or a connection has in a queue.
type share struct {
	running, waiting int
	used             time.Duration // that its requests have run
	first            uint64        // arrival of the request that waits longest, if one waits
}

// before reports whether s has its turn before o.
func (s *share) before(o *share) bool {
	switch {
	case s.running != o.running:
		return s.running < o.running
	case s.used != o.used:
		return s.used < o.used
	}
	return s.first < o.first
}

// A name is a name with its connections that run or wait.
type name struct {
	share
	text        string
	connections map[string]*connection
}

// A connection is a connection with its requests that wait, in order of arrival.
type connection struct {
	share
	text    string
	name    *name
	waiters []*waiter
}

// A waiter is one request that waits.
type waiter struct {
	arrival uint64
	turn    chan bool // receives true if it may run, false if it is refused
}

// perRequest counts for each request beside the time that it runs, so that
// clients with short requests take turns, too.
const perRequest = time.Millisecond

// enter admits a request and returns no waiter, or adds it to those that wait.
func (q *queue) enter(c Class, client Client) (*connection, *waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running < q.limits.Running && q.waiting == 0 {
		conn := q.connection(client)
		q.run(conn)
		return conn, nil, nil
	}
	if q.waiting >= q.limits.Waiting && !q.evict(client) {
		return nil, nil, &FullError{c, q.limits.Waiting}
	}
	conn := q.connection(client)
	q.arrivals++
	w := &waiter{arrival: q.arrivals, turn: make(chan bool, 1)}
	conn.waiters = append(conn.waiters, w)
	q.count(conn, 1)
	return conn, w, nil
}

// connection returns the share of the client. One that neither runs nor waits
// begins like the one that has used least.
func (q *queue) connection(client Client) *connection {
	n := q.names[client.Name]
	if n == nil {
		n = &name{text: client.Name, connections: make(map[string]*connection)}
		n.used = least(q.names, func(o *name) *share { return &o.share })
		q.names[client.Name] = n
	}
	c := n.connections[client.Connection]
	if c == nil {
		c = &connection{text: client.Connection, name: n}
		c.used = least(n.connections, func(o *connection) *share { return &o.share })
		n.connections[client.Connection] = c
	}
	return c
}

func least[T any](all map[string]T, share func(T) *share) (used time.Duration) {
	found := false
	for _, other := range all {
		if s := share(other); !found || s.used < used {
			used, found = s.used, true
		}
	}
	return used
}

// greatest returns the element for which size is greatest, or nil if all is empty.
func greatest[T any](all map[string]*T, size func(*T) int64) (best *T) {
	for _, other := range all {
		if best == nil || size(other) > size(best) {
			best = other
		}
	}
	return best
}

// next returns the share whose turn is next, of those that wait.
func next[T any](all map[string]T, share func(T) *share) (best T) {
	found := false
	for _, other := range all {
		if s := share(other); s.waiting > 0 && (!found || s.before(share(best))) {
			best, found = other, true
		}
	}
	return best
}

// run counts a request that begins to run.
func (q *queue) run(c *connection) {
	q.running++
	c.name.running++
	c.running++
}

// count counts the requests of the connection that wait.
func (q *queue) count(c *connection, n int) {
	q.waiting += n
	c.name.waiting += n
	c.waiting += n
	if c.waiting > 0 {
		c.first = c.waiters[0].arrival
	}
	if n := c.name; n.waiting > 0 {
		n.first = 0
		for _, other := range n.connections {
			if other.waiting > 0 && (n.first == 0 || other.first < n.first) {
				n.first = other.first
			}
		}
	}
	q.forget(c)
}

// forget removes a connection that neither runs nor waits.
func (q *queue) forget(c *connection) {
	if c.running == 0 && c.waiting == 0 {
		delete(c.name.connections, c.text)
	}
	if n := c.name; n.running == 0 && n.waiting == 0 {
		delete(q.names, n.text)
	}
}

// evict refuses the latest request of the connection that has most waiters, of
// the name that has most, if these are more than the given client would have with
// one more. It reports whether it did.
func (q *queue) evict(client Client) bool {
	most := greatest(q.names, func(n *name) int64 { return int64(n.waiting) })
	if most == nil {
		return false
	}
	conn := greatest(most.connections, func(c *connection) int64 { return int64(c.waiting) })
	own := q.names[client.Name]
	switch {
	case own == most:
		if mine := own.connections[client.Connection]; mine != nil && conn.waiting <= mine.waiting+1 {
			return false
		}
		if conn.waiting <= 1 {
			return false
		}
	case own != nil && most.waiting <= own.waiting+1, own == nil && most.waiting <= 1:
		return false
	}
	last := len(conn.waiters) - 1
	w := conn.waiters[last]
	conn.waiters = conn.waiters[:last]
	q.count(conn, -1)
	w.turn <- false
	return true
}

// leave removes a request that no longer waits. It reports false if its turn has
// come already.
func (q *queue) leave(c *connection, w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range c.waiters {
		if other == w {
			c.waiters = append(c.waiters[:i], c.waiters[i+1:]...)
			q.count(c, -1)
			return true
		}
	}
	return false
}

// release ends a request that ran for a time, and admits the next one.
func (q *queue) release(c *connection, ran time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range []*share{&q.share, &c.name.share, &c.share} {
		s.running--
		s.used += ran + perRequest
	}
	if q.waiting > 0 {
		n := next(q.names, func(n *name) *share { return &n.share })
		conn := next(n.connections, func(c *connection) *share { return &c.share })
		w := conn.waiters[0]
		conn.waiters = conn.waiters[1:]
		q.run(conn)
		q.count(conn, -1)
		w.turn <- true
	}
	q.forget(c)
}
