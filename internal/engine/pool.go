package engine

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// A pool lends sessions. It keeps them, since prepared statements belong to
// their connection, or leaves that to database/sql where none are prepared.
type pool struct {
	db    *sql.DB
	d     *Dialect
	types *typeCache
	// damage is told about rows that cannot be read; it may be nil.
	damage *damageLog
	free   chan struct{} // one token for each session that may be lent

	mu   sync.Mutex
	idle []*session    // the last one was used last
	done chan struct{} // closed with the pool
}

func newPool(db *sql.DB, d *Dialect, types *typeCache, size int) *pool {
	p := &pool{db: db, d: d, types: types, free: make(chan struct{}, size), done: make(chan struct{})}
	for range size {
		p.free <- struct{}{}
	}
	return p
}

// use waits for a session and calls f with it, which says whether the session
// is broken.
func (p *pool) use(ctx context.Context, f func(*session) (broken bool)) error {
	s, err := p.lend(ctx)
	if err != nil {
		return err
	}
	broken := true // by a panic
	defer func() { p.giveBack(s, broken) }()
	return s.conn.Raw(func(conn any) error {
		var ok bool
		if s.driver, ok = conn.(driverConn); !ok {
			return fmt.Errorf("the driver's connections are %T, which do not take a context", conn)
		}
		broken = f(s) || s.lost(conn)
		return nil
	})
}

func (p *pool) lend(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-p.free:
	case <-p.done:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := p.open(ctx)
	if err != nil {
		p.free <- struct{}{}
	}
	return s, err
}

func (p *pool) open(ctx context.Context) (*session, error) {
	if p.closed() {
		return nil, errClosed
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		s := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, d: p.d, cache: p.types, damage: p.damage, kept: map[string]kept{}}, nil
}

// giveBack returns a session; a broken one is thrown away.
func (p *pool) giveBack(s *session, broken bool) {
	switch {
	case broken:
		s.end(true)
	case p.d.Prepare:
		p.mu.Lock()
		p.idle = append(p.idle, s)
		p.mu.Unlock()
	default:
		s.conn.Close() // database/sql keeps the connection
	}
	p.free <- struct{}{}
}

// forgetIdle closes the sessions that nobody uses: what broke one connection,
// such as a server's restart, has most often broken all.
func (p *pool) forgetIdle() {
	for _, s := range p.takeIdle() {
		s.end(true)
	}
}

// takeIdle empties the list of sessions that nobody uses.
func (p *pool) takeIdle() []*session {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle
	p.idle = nil
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

// close waits for the sessions that are lent, and closes all. It is called
// once.
func (p *pool) close() error {
	close(p.done)
	for range cap(p.free) {
		<-p.free
	}
	for _, s := range p.takeIdle() { // a request that has failed may forget them just now
		s.end(false)
	}
	return p.db.Close()
}
