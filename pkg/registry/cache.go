package registry

import "sync"

// cacheSize is how many parents, and how many links, a client remembers
// at least; it forgets older ones before it holds twice as many.
const cacheSize = 8192

// A recentCache holds the entries that were added last. It is safe for concurrent
// use.
type recentCache[K comparable, V any] struct {
	mu        sync.Mutex
	cur, prev map[K]V
}

func (m *recentCache[K, V]) add(k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cur == nil || len(m.cur) >= cacheSize {
		m.prev, m.cur = m.cur, make(map[K]V)
	}
	m.cur[k] = v
}

func (m *recentCache[K, V]) get(k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.cur[k]
	if !ok {
		v, ok = m.prev[k]
	}
	return v, ok
}

// remove forgets one entry.
func (m *recentCache[K, V]) remove(k K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.cur, k)
	delete(m.prev, k)
}

// reset forgets everything.
func (m *recentCache[K, V]) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cur, m.prev = nil, nil
}
