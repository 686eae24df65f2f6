package registrytest

import (
	"sync"
	"time"
)

// A Clock is a clock that moves only when the test moves it. The zero value
// stands at 2000-01-01 00:00 UTC. It is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	moved time.Duration
}

// Now returns the time of the clock, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC).Add(c.moved)
}

// Advance moves the clock by d, backward if d is negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}
