package registry

import "testing"

func TestRecentCache_DropsOldest(t *testing.T) {
	var m recentCache[int, int]
	for i := range 3 * cacheSize {
		m.add(i, i)
	}
	if _, ok := m.get(0); ok {
		t.Error("the oldest entry is still cached")
	}
	for i := 2 * cacheSize; i < 3*cacheSize; i++ {
		if v, ok := m.get(i); !ok || v != i {
			t.Fatalf("entry %d is not cached", i)
		}
	}
	m.reset()
	if _, ok := m.get(3*cacheSize - 1); ok {
		t.Error("reset left an entry")
	}
}
