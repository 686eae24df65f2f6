package registry

import "sync"

// mostRemembered is how many parents, and how many links, a client remembers
// at least; it forgets older ones before it holds twice as many.
const mostRemembered = 8192

// A memory holds the entries that were added last. It is safe for concurrent
// use.
type memory[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
}

func (m *memory[K, V]) add(k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= mostRemembered {
		m.old, m.young = m.young, make(map[K]V)
	}
	m.young[k] = v
}

func (m *memory[K, V]) get(k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.young[k]
	if !ok {
		v, ok = m.old[k]
	}
	return v, ok
}

// drop forgets one entry.
func (m *memory[K, V]) drop(k K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.young, k)
	delete(m.old, k)
}

// forget forgets everything.
func (m *memory[K, V]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.young, m.old = nil, nil
}
