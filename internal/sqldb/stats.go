package sqldb

// Stats describes the connections of a [DB].
type Stats struct {
	MaxConns int
	InUse    int
	Idle     int
}

// Stats returns the present number of connections.
func (db *DB) Stats() Stats {
	var s Stats
	for _, p := range db.pools() {
		p.mu.Lock()
		s.Idle += len(p.idle)
		p.mu.Unlock()
		s.MaxConns += cap(p.sem)
		s.InUse += cap(p.sem) - len(p.sem)
	}
	return s
}
