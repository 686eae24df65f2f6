package sqldb

import "context"

// snapshotTries limits how often Snapshots tries to find a moment without a commit.
const snapshotTries = 20

// Snapshots is like [DB.Snapshot], but calls fn with up to n connections that all see
// the same state of the database, one for each goroutine of fn. There is more than one
// only if the database runs in this process, enough connections are idle, and no other
// connection commits while they begin.
func (db *DB) Snapshots(ctx context.Context, n int, fn func(context.Context, []*Conn) error) error {
	if n < 2 || !db.d.InProcess || db.d.SingleConn || db.d.DataVersionQuery == "" {
		n = 1
	}
	return db.Snapshot(ctx, func(ctx context.Context, first *Conn) error {
		if n == 1 {
			return fn(ctx, []*Conn{first})
		}
		return db.withIdle(ctx, n, []*Conn{first}, func(conns []*Conn) error {
			same, err := sameState(ctx, conns)
			if err != nil {
				return err
			}
			return fn(ctx, same)
		})
	})
}

// withIdle calls fn with conns and up to n more, as many as can be acquired without
// waiting. It does not wait because two callers might wait for each other.
func (db *DB) withIdle(ctx context.Context, n int, conns []*Conn, fn func([]*Conn) error) error {
	if n == 0 {
		return fn(conns)
	}
	c, err := db.readers.acquireIdle(ctx)
	if c == nil || err != nil {
		return fn(conns)
	}
	called := false
	held := db.readers.with(ctx, c, func(c *Conn) (broken bool) {
		called = true
		err = db.withIdle(ctx, n-1, append(conns, c), fn)
		return !c.rollBack(ctx) || db.isBroken(err)
	})
	if !called {
		return held
	}
	return err
}

// acquireIdle is like acquire, but returns nil instead of waiting.
func (p *pool) acquireIdle(ctx context.Context) (*Conn, error) {
	select {
	case <-p.sem:
	default:
		return nil, nil
	}
	c, err := p.open(ctx)
	if err != nil {
		p.sem <- struct{}{}
	}
	return c, err
}

// sameState begins reading on all connections but the last one, which reports whether
// another connection has committed meanwhile. It returns the connections that see the
// same state, at least the first one.
func sameState(ctx context.Context, conns []*Conn) ([]*Conn, error) {
	last := len(conns) - 1
	if last < 2 {
		return conns[:1], nil
	}
	for range snapshotTries {
		before, _, err := conns[last].DataVersion(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range conns[:last] {
			if err := c.beginAgain(ctx); err != nil {
				return nil, err
			}
		}
		after, _, err := conns[last].DataVersion(ctx)
		if err != nil {
			return nil, err
		}
		if before == after {
			return conns[:last], nil
		}
	}
	return conns[:1], nil
}

// beginAgain begins to read the present state of the database.
func (c *Conn) beginAgain(ctx context.Context) error {
	if !c.rollBack(ctx) {
		return &Error{Unavailable, "the database does not end a transaction"}
	}
	if err := c.beginRead(ctx); err != nil {
		return err
	}
	// A transaction sees the state as of its first statement.
	rows, err := c.Query(ctx, "SELECT schema_version FROM MLMDEnv")
	return Each(rows, err, 1, func(*Row) error { return nil })
}
