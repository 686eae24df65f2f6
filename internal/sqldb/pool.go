package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Connections to a server are closed after a while, so that an address that has
// moved to another server is followed, and sooner where they are not used.
const (
	defaultMaxLifetime = 5 * time.Minute
	maxIdleTime        = time.Minute
)

// A pool lends sessions and keeps those that are not in use. Each holds one
// connection: prepared statements belong to their connection.
type pool struct {
	db          *sql.DB
	d           *Dialect
	maxLifetime time.Duration // of a connection
	check       func() error  // of the files before each transaction; nil: there are none
	sem         chan struct{} // one token for each session that may be lent

	mu         sync.Mutex
	idle       []*Conn     // the last one was used last
	generation int         // sessions of an earlier one are not kept
	timer      *time.Timer // closes idle sessions; nil: not set
	done       chan struct{}
}

func newPool(db *sql.DB, d *Dialect, size int) *pool {
	p := &pool{db: db, d: d, maxLifetime: defaultMaxLifetime, sem: make(chan struct{}, size), done: make(chan struct{})}
	if !d.InProcess {
		db.SetMaxIdleConns(-1) // a connection that the pool gives up is closed
	}
	for range size {
		p.sem <- struct{}{}
	}
	return p
}

// withConn waits for a session and calls f with it, which reports whether the session
// is broken.
func (p *pool) withConn(ctx context.Context, f func(*Conn) (broken bool)) error {
	s, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	broken := true // by a panic
	defer func() { p.release(s, broken) }()
	// It comes after lend: a connection that was opened since has the same file.
	if p.check != nil {
		if err := p.check(); err != nil {
			broken = false
			return err
		}
	}
	return s.sqlConn.Raw(func(conn any) error {
		var ok bool
		if s.driver, ok = conn.(driverConn); !ok {
			return fmt.Errorf("the driver's connections are %T, which do not take a context", conn)
		}
		broken = f(s)
		if s.closedByDriver(conn) {
			broken = true
			s.abandoned = ctx.Err() != nil && !s.committing
		}
		return nil
	})
}

func (p *pool) acquire(ctx context.Context) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-p.sem:
	case <-p.done:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := p.open(ctx)
	if err != nil {
		p.sem <- struct{}{}
	}
	return s, err
}

func (p *pool) open(ctx context.Context) (*Conn, error) {
	if p.closed() {
		return nil, errClosed
	}
	for {
		s := p.popIdle()
		if s == nil {
			break
		}
		if p.d.InProcess || s.isAlive(ctx) {
			return s, nil
		}
		s.close(true)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	generation := p.generation
	p.mu.Unlock()
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return nil, driverErr(err)
	}
	return &Conn{sqlConn: conn, d: p.d, stmts: map[string]*cachedStmt{}, openedAt: time.Now(), generation: generation}, nil
}

func (p *pool) popIdle() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	s := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return s
}

// isAlive reports whether the connection of an idle session is still there, as
// far as its driver finds out.
func (s *Conn) isAlive(ctx context.Context) bool {
	err := s.sqlConn.Raw(func(conn any) error {
		if r, ok := conn.(driver.SessionResetter); ok && r.ResetSession(ctx) != nil {
			return errors.New("the connection is stale")
		}
		return nil
	})
	return err == nil
}

// release returns a session. One that is broken or too old is closed.
func (p *pool) release(s *Conn, broken bool) {
	if broken || !p.addIdle(s) {
		p.closeConn(s, broken)
		return
	}
	p.sem <- struct{}{}
}

// addIdle adds a session to the idle ones, unless it is too old.
func (p *pool) addIdle(s *Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.usedAt = time.Now()
	if !p.d.InProcess && (s.generation != p.generation || s.usedAt.Sub(s.openedAt) > p.maxLifetime) {
		return false
	}
	p.idle = append(p.idle, s)
	if !p.d.InProcess && p.timer == nil {
		p.timer = time.AfterFunc(maxIdleTime, func() { p.closeExpired(time.Now()) })
	}
	return true
}

// closeConn closes a session, and then frees its place. The caller does not wait:
// a server that does not answer takes its time, and so does one that must be
// told to end a statement.
func (p *pool) closeConn(s *Conn, broken bool) {
	closing := func() {
		s.close(broken)
		p.sem <- struct{}{}
	}
	if p.d.InProcess {
		closing()
		return
	}
	go closing()
}

// closeExpired closes the sessions that have not been used for a while.
func (p *pool) closeExpired(now time.Time) {
	p.mu.Lock()
	n := 0
	for n < len(p.idle) && now.Sub(p.idle[n].usedAt) >= maxIdleTime {
		n++
	}
	old := p.idle[:n:n]
	p.idle = p.idle[n:]
	p.timer = nil
	if len(p.idle) > 0 && !p.closed() {
		p.timer = time.AfterFunc(maxIdleTime-now.Sub(p.idle[0].usedAt), func() { p.closeExpired(time.Now()) })
	}
	p.mu.Unlock()
	for _, s := range old {
		s.close(false)
	}
}

// closeIdle closes the sessions that are not in use, and the others when they
// come back: what broke one connection, such as a server's restart, has most
// often broken all.
func (p *pool) closeIdle() {
	for _, s := range p.drainIdle() {
		if p.d.InProcess {
			s.close(true)
		} else {
			go s.close(true) // a server that does not answer takes its time
		}
	}
}

// drainIdle empties the list of idle sessions, and begins a generation.
func (p *pool) drainIdle() []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle
	p.idle = nil
	if !p.d.InProcess {
		p.generation++
	}
	return idle
}

func (p *pool) closed() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop waits for the sessions that are lent, and lends none from then on. It is
// called once.
func (p *pool) stop() {
	close(p.done)
	for range cap(p.sem) {
		<-p.sem
	}
}

// close closes all connections of a pool that was stopped.
func (p *pool) close() error {
	for _, s := range p.drainIdle() { // a request that has failed may forget them just now
		s.close(false)
	}
	p.mu.Lock()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	return p.db.Close()
}
