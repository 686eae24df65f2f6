package sqldb

import "context"

// A cachedStmt statement is spelled for its database and, where that pays, prepared.
type cachedStmt struct {
	text string
	stmt driverStmt
	used int // the session's uses, when it was used last
}

// prepare finds a statement among the kept ones, or prepares it. Where there are
// too many, the one that was used longest ago gives way.
func (s *Conn) prepare(ctx context.Context, stmt string) (*cachedStmt, error) {
	s.clock++
	if k, ok := s.stmts[stmt]; ok {
		k.used = s.clock
		return k, nil
	}
	k := &cachedStmt{text: s.d.rebind(stmt), used: s.clock}
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
	at := s.clock + 1
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
