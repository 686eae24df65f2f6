package engine

import (
	"context"
	"database/sql"
	"sync"
)

// A querier runs statements; reads take it, so that they work inside a
// transaction and outside.
//
// Statements have ? for parameters, and ?$ for a string that is compared with a
// column. The engine's own are few and are kept prepared, see query; those that
// clients shape are not.
type querier interface {
	// query reads rows with a statement that is kept. The rows must be closed
	// before the next statement: see [each].
	query(ctx context.Context, stmt string, args ...any) (*sql.Rows, error)
	// queryOnce is query for a statement that is not worth keeping.
	queryOnce(ctx context.Context, stmt string, args ...any) (*sql.Rows, error)
	// dialect is that of the database.
	dialect() *Dialect
}

// A session is one database connection with the statements that are kept on
// it. It is used by one goroutine at a time.
type session struct {
	conn *sql.Conn
	d    *Dialect
	kept map[string]kept
}

// A kept statement is spelled for its database and, where that pays, prepared.
type kept struct {
	text string
	stmt *sql.Stmt
}

// keepAtMost bounds the statements that a session keeps, should there ever be
// more than the engine has today. The others run unprepared.
const keepAtMost = 1000

func (s *session) dialect() *Dialect { return s.d }

// keep finds a statement among the kept ones, or prepares it.
func (s *session) keep(ctx context.Context, stmt string) (kept, error) {
	if k, ok := s.kept[stmt]; ok {
		return k, nil
	}
	k := kept{text: s.d.spell(stmt)}
	if len(s.kept) >= keepAtMost {
		return k, nil
	}
	if s.d.Prepare {
		var err error
		if k.stmt, err = s.conn.PrepareContext(ctx, k.text); err != nil {
			return kept{}, err
		}
	}
	s.kept[stmt] = k
	return k, nil
}

func (s *session) query(ctx context.Context, stmt string, args ...any) (*sql.Rows, error) {
	ctx, err := s.d.statementContext(ctx)
	if err != nil {
		return nil, err
	}
	k, err := s.keep(ctx, stmt)
	if err != nil {
		return nil, err
	}
	observed(ctx, k.text, args)
	if k.stmt == nil {
		return s.conn.QueryContext(ctx, k.text, args...)
	}
	return k.stmt.QueryContext(ctx, args...)
}

// statementContext is what one of the engine's own statements runs under.
func (d *Dialect) statementContext(ctx context.Context) (context.Context, error) {
	if !d.Short {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (s *session) queryOnce(ctx context.Context, stmt string, args ...any) (*sql.Rows, error) {
	text := s.d.spell(stmt)
	observed(ctx, text, args)
	return s.conn.QueryContext(ctx, text, args...)
}

func (s *session) exec(ctx context.Context, stmt string, args ...any) (sql.Result, error) {
	ctx, err := s.d.statementContext(ctx)
	if err != nil {
		return nil, err
	}
	return s.execWaiting(ctx, stmt, args...)
}

// execWaiting is exec for a statement that may have to wait for others, as
// long as ctx allows.
func (s *session) execWaiting(ctx context.Context, stmt string, args ...any) (sql.Result, error) {
	k, err := s.keep(ctx, stmt)
	if err != nil {
		return nil, err
	}
	if k.stmt == nil {
		return s.conn.ExecContext(ctx, k.text, args...)
	}
	return k.stmt.ExecContext(ctx, args...)
}

// rollBack ends the transaction that may be open, also for a caller that has
// given up, and says whether the session can be used on. One that can is never
// thrown away: in memory, the connection is the database.
func (s *session) rollBack(ctx context.Context) bool {
	ctx = context.WithoutCancel(ctx)
	if _, err := s.exec(ctx, "ROLLBACK"); err == nil {
		return true
	}
	// SQLite calls it an error when there is no transaction, which an interrupt
	// may have ended. Then another can begin.
	if _, err := s.exec(ctx, "BEGIN"); err != nil {
		return false
	}
	_, err := s.exec(ctx, "ROLLBACK")
	return err == nil
}

// A pool lends sessions. It keeps them, since prepared statements belong to
// their connection, or leaves that to database/sql where none are prepared.
type pool struct {
	db   *sql.DB
	d    *Dialect
	free chan struct{} // one token for each session that may be lent

	mu   sync.Mutex
	idle []*session    // the last one was used last
	done chan struct{} // closed with the pool
}

func newPool(db *sql.DB, d *Dialect, size int) *pool {
	p := &pool{db: db, d: d, free: make(chan struct{}, size), done: make(chan struct{})}
	for range size {
		p.free <- struct{}{}
	}
	return p
}

// lend waits for a session. It must be given back.
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
	return &session{conn: conn, d: p.d, kept: map[string]kept{}}, nil
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

// end takes the session's connection out of use, for good where it is broken.
//
// The statements go first: database/sql does not close those of a connection
// that is taken out of its pool, and SQLite keeps a connection that has any, with
// the locks of its transaction.
func (s *session) end(broken bool) {
	for _, k := range s.kept {
		if k.stmt != nil {
			k.stmt.Close()
		}
	}
	if broken {
		discard(s.conn)
	}
	s.conn.Close()
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
	for _, s := range p.idle {
		s.end(false)
	}
	p.idle = nil
	return p.db.Close()
}
