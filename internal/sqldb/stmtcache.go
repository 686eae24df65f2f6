package sqldb

import "context"

// cachedStmt is a statement in the database's syntax. It is prepared if the
// dialect says so.
type cachedStmt struct {
	text string
	stmt driverStmt
	used int // Conn.clock at the last use
}

// prepare returns a statement from the cache, or prepares it. If the cache is
// full, the least recently used statement is closed.
func (s *Conn) prepare(ctx context.Context, stmt string) (*cachedStmt, error) {
	s.useCount++
	if k, ok := s.stmts[stmt]; ok {
		k.used = s.useCount
		return k, nil
	}
	k := &cachedStmt{text: s.d.rebind(stmt), used: s.useCount}
	if s.d.Prepare {
		var err error
		k.stmt, err = s.prepareText(ctx, k.text)
		if err != nil && s.d.Class(err) != TooManyStmts {
			return nil, err
		}
	}
	if len(s.stmts) >= s.d.maxCachedStmts() {
		s.evictOldest()
	}
	s.stmts[stmt] = k
	return k, nil
}

func (s *Conn) evictOldest() {
	var oldest string
	at := s.useCount + 1
	for stmt, k := range s.stmts {
		if k.used < at {
			oldest, at = stmt, k.used
		}
	}
	if k := s.stmts[oldest]; k.stmt != nil {
		k.stmt.Close()
	}
	delete(s.stmts, oldest)
}
