package sqldb

import "context"

// cachedStmt is a statement in the database's syntax. It is prepared if the
// dialect says so and the server can do it.
type cachedStmt struct {
	text string
	stmt driverStmt
	used int // Conn.clock at the last use
}

// prepare returns a statement from the cache, or prepares it. If the cache is
// full, the least recently used statement is closed.
func (c *Conn) prepare(ctx context.Context, stmt string) (*cachedStmt, error) {
	c.useCount++
	if k, ok := c.stmts[stmt]; ok {
		k.used = c.useCount
		return k, nil
	}
	c.counters.cacheMisses.Add(1)
	k := &cachedStmt{text: c.d.rebind(stmt), used: c.useCount}
	if c.d.Prepare {
		var err error
		k.stmt, err = c.prepareText(ctx, k.text)
		if class := c.d.Class(err); err != nil && class != TooManyStmts && class != NotPreparable {
			return nil, err
		}
	}
	if len(c.stmts) >= c.d.maxCachedStmts() {
		c.evictOldest()
	}
	c.stmts[stmt] = k
	return k, nil
}

func (c *Conn) evictOldest() {
	var oldest string
	at := c.useCount + 1
	for stmt, k := range c.stmts {
		if k.used < at {
			oldest, at = stmt, k.used
		}
	}
	if k := c.stmts[oldest]; k.stmt != nil {
		k.stmt.Close()
	}
	delete(c.stmts, oldest)
}
