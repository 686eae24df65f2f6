package sqldb

import (
	"sync/atomic"
	"time"
)

// Stats describes the connections of a [DB], and what it has done.
type Stats struct {
	MaxConns int
	InUse    int
	Idle     int

	Statements, Retries int64

	Waits    int64 // for a connection
	WaitTime time.Duration

	CacheHits, CacheMisses int64 // of the statement caches
}

// counters count what a [DB] has done.
type counters struct {
	statements, retries   atomic.Int64
	uncached, cacheMisses atomic.Int64 // statements
	waits, waitTime       atomic.Int64 // in nanoseconds
}

// Stats returns the present numbers.
func (db *DB) Stats() Stats {
	c := &db.counters
	s := Stats{
		Statements: c.statements.Load(), Retries: c.retries.Load(),
		Waits: c.waits.Load(), WaitTime: time.Duration(c.waitTime.Load()), CacheMisses: c.cacheMisses.Load(),
	}
	s.CacheHits = max(0, s.Statements-c.uncached.Load()-s.CacheMisses)
	for _, p := range db.pools() {
		p.mu.Lock()
		s.Idle += len(p.idle)
		p.mu.Unlock()
		s.MaxConns += cap(p.sem)
		s.InUse += cap(p.sem) - len(p.sem)
	}
	return s
}
