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

// Connections to a server are closed after a while, so that an address that
// moves to another server is followed, and sooner if they are idle.
const (
	defaultMaxLifetime = 5 * time.Minute
	maxIdleTime        = time.Minute
)

// pool hands out connections. They stay checked out of database/sql between
// transactions, because prepared statements belong to a connection.
type pool struct {
	db          *sql.DB
	d           *Dialect
	counters    *counters
	observer    *observer // nil for none
	maxLifetime time.Duration
	prepare     func(*sql.Conn) error // sets up a new connection; nil for nothing to do
	files       Files                 // checked before each transaction; nil for a server
	writes      bool                  // the transactions write
	sem         chan struct{}         // one token per connection that may be acquired

	mu         sync.Mutex
	idle       []*Conn     // the most recently used one is last
	generation int         // connections of earlier generations are not reused
	timer      *time.Timer // calls closeExpired; nil if not set
	done       chan struct{}
}

func newPool(db *sql.DB, d *Dialect, size int) *pool {
	p := &pool{
		db: db, d: d, counters: new(counters), maxLifetime: defaultMaxLifetime,
		sem: make(chan struct{}, size), done: make(chan struct{}),
	}
	if !d.InProcess {
		db.SetMaxIdleConns(-1) // closes a connection that the pool returns
	}
	for range size {
		p.sem <- struct{}{}
	}
	return p
}

// withConn acquires a connection and calls f with it. f reports whether the
// connection is broken.
func (p *pool) withConn(ctx context.Context, f func(*Conn) (broken bool)) error {
	c, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	return p.with(ctx, c, f)
}

// with calls f with an acquired connection, and releases it.
func (p *pool) with(ctx context.Context, c *Conn, f func(*Conn) (broken bool)) error {
	broken := true // if f panics
	defer func() { p.release(c, broken) }()
	// The check follows acquire, so a connection that was just opened has the file
	// that is checked.
	if p.files != nil {
		if err := p.files.Check(p.writes); err != nil {
			broken = false
			return err
		}
	}
	return c.sqlConn.Raw(func(conn any) error {
		var ok bool
		if c.driver, ok = conn.(driverConn); !ok {
			return fmt.Errorf("unusable driver: its connections, of type %T, do not take a context", conn)
		}
		broken = f(c)
		if c.closedByDriver(conn) {
			broken = true
			c.abandoned = ctx.Err() != nil && !c.committing
		}
		return nil
	})
}

func (p *pool) acquire(ctx context.Context) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	c, err := p.open(ctx)
	if err != nil {
		p.sem <- struct{}{}
	}
	return c, err
}

// wait waits until a connection may be acquired.
func (p *pool) wait(ctx context.Context) error {
	select {
	case <-p.sem:
		return nil
	default:
	}
	began := time.Now()
	p.counters.waits.Add(1)
	defer func() { p.counters.waitTime.Add(int64(time.Since(began))) }()
	select {
	case <-p.sem:
		return nil
	case <-p.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pool) open(ctx context.Context) (*Conn, error) {
	if p.closed() {
		return nil, errClosed
	}
	for {
		c := p.popIdle()
		if c == nil {
			break
		}
		if p.d.InProcess || c.isAlive(ctx) {
			return c, nil
		}
		c.close(true)
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
	if p.prepare != nil {
		if err := p.prepare(conn); err != nil {
			return nil, errors.Join(driverErr(err), conn.Close())
		}
	}
	return &Conn{
		sqlConn: conn, d: p.d, files: p.files, counters: p.counters, observer: p.observer,
		stmts: map[string]*cachedStmt{}, openedAt: time.Now(), generation: generation,
	}, nil
}

func (p *pool) popIdle() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return c
}

// isAlive reports whether an idle connection still works, as far as its driver
// knows.
func (c *Conn) isAlive(ctx context.Context) bool {
	err := c.sqlConn.Raw(func(conn any) error {
		if r, ok := conn.(driver.SessionResetter); ok && r.ResetSession(ctx) != nil {
			return errors.New("the connection is stale")
		}
		return nil
	})
	return err == nil
}

// release returns a connection to the pool. It closes one that is broken or too
// old.
func (p *pool) release(c *Conn, broken bool) {
	if broken || !p.addIdle(c) {
		p.closeConn(c, broken)
		return
	}
	p.sem <- struct{}{}
}

// addIdle adds a connection to the idle ones and reports whether it did: one
// that is too old is not added.
func (p *pool) addIdle(c *Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.d.InProcess {
		p.idle = append(p.idle, c)
		return true
	}
	c.usedAt = time.Now()
	if c.generation != p.generation || c.usedAt.Sub(c.openedAt) > p.maxLifetime {
		return false
	}
	p.idle = append(p.idle, c)
	if p.timer == nil {
		p.timer = time.AfterFunc(maxIdleTime, func() { p.closeExpired(time.Now()) })
	}
	return true
}

// closeConn closes a connection and then releases its token. For a server it
// does not block: closing may take long if the server does not answer, or must
// be told to end a statement.
func (p *pool) closeConn(c *Conn, broken bool) {
	closing := func() {
		c.close(broken)
		p.sem <- struct{}{}
	}
	if p.d.InProcess {
		closing()
		return
	}
	go closing()
}

// closeExpired closes the connections that were idle for maxIdleTime.
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
	for _, c := range old {
		c.close(false)
	}
}

// closeIdle closes the idle connections, and the others when they are released.
// What broke one connection, such as a server's restart, usually broke all of
// them.
func (p *pool) closeIdle() {
	for _, c := range p.drainIdle() {
		if p.d.InProcess {
			c.close(true)
		} else {
			go c.close(true) // the server may not answer
		}
	}
}

// drainIdle returns the idle connections and starts a new generation.
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

// stop waits for the acquired connections and makes acquire fail from then on.
// It must be called once.
func (p *pool) stop() {
	close(p.done)
	for range cap(p.sem) {
		<-p.sem
	}
}

// close closes all connections of a stopped pool.
func (p *pool) close() error {
	for _, c := range p.drainIdle() { // a failed transaction may be in closeIdle
		c.close(false)
	}
	p.mu.Lock()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	return p.db.Close()
}
