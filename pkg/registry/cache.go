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

func (c *recentCache[K, V]) add(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cur == nil || len(c.cur) >= cacheSize {
		c.prev, c.cur = c.cur, make(map[K]V)
	}
	c.cur[k] = v
}

func (c *recentCache[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.cur[k]
	if !ok {
		v, ok = c.prev[k]
	}
	return v, ok
}

// remove deletes one entry.
func (c *recentCache[K, V]) remove(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.cur, k)
	delete(c.prev, k)
}

// reset deletes all entries.
func (c *recentCache[K, V]) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cur, c.prev = nil, nil
}
