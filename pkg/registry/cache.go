package registry

import "sync"

// cacheSize is the minimum number of recent entries that a recentCache keeps.
const cacheSize = 8192

// A recentCache holds the entries that were added last: at least cacheSize, and
// fewer than twice as many. It has two generations; when the current one is
// full, the previous one is dropped. It is safe for concurrent use.
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

// remove deletes one entry.
func (m *recentCache[K, V]) remove(k K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.cur, k)
	delete(m.prev, k)
}

// reset deletes all entries.
func (m *recentCache[K, V]) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cur, m.prev = nil, nil
}
