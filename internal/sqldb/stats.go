package sqldb

import "sync/atomic"

// Stats describes the connections of a [DB], and what it has done.
type Stats struct {
	MaxConns int
	InUse    int
	Idle     int

	Statements, Retries int64
}

// counters count what a [DB] has done.
type counters struct {
	statements, retries atomic.Int64
}

// Stats returns the present numbers.
func (db *DB) Stats() Stats {
	s := Stats{Statements: db.counters.statements.Load(), Retries: db.counters.retries.Load()}
	for _, p := range db.pools() {
		p.mu.Lock()
		s.Idle += len(p.idle)
		p.mu.Unlock()
		s.MaxConns += cap(p.sem)
		s.InUse += cap(p.sem) - len(p.sem)
	}
	return s
}
