package engine

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/mlmd-go/sdk/internal/typekind"
)

// typeCache caches types by ID. It contains only what never changes: a type
// keeps its ID, kind, name and version, and a property of a type keeps its kind
// and is never removed. A hit is therefore correct whatever other processes do,
// and a type or property that is not cached is read from the database. External
// IDs and descriptions of cached types may be outdated.
//
// [typeQueryCache] is separate because it returns complete types, but only
// while the database is unchanged. BenchmarkGet in package bench measures this
// cache, and the RPCs that read types in bench/reference measure the other.
type typeCache struct {
	mu   sync.RWMutex
	byID map[int64]*typeInfo
	ids  map[kindedName]int64

	hits, misses atomic.Int64 // types that were looked up by ID
}

type kindedName struct {
	kind typekind.Kind
	typeName
}

// cachedType is a type that was read. If it was not read by its name, an older
// type may have the same name, see [typeIDs].
type cachedType struct {
	*typeInfo
	byName bool
}

// maxCachedTypes limits the cache, because clients may create any number of
// types.
const maxCachedTypes = 10000

// add caches committed types.
func (c *typeCache) add(types ...cachedType) {
	if len(types) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil || len(c.byID)+len(types) > maxCachedTypes {
		c.byID, c.ids = map[int64]*typeInfo{}, map[kindedName]int64{}
	}
	for _, t := range types {
		c.byID[t.id] = t.typeInfo
		if t.byName {
			c.ids[kindedName{t.kind, t.key()}] = t.id
		}
	}
}

func (c *typeCache) get(id int64) *typeInfo {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byID[id]
}

func (c *typeCache) id(kind typekind.Kind, n typeName) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.ids[kindedName{kind, n}]
}

// loadTypes returns the types of one kind with these IDs, from the cache if
// possible.
func loadTypes(ctx context.Context, q querier, kind typekind.Kind, ids []int64) (map[int64]*typeInfo, error) {
	found := make(map[int64]*typeInfo, 1)
	var missing []int64
	for _, id := range ids {
		if found[id] != nil {
			continue
		}
		if known := q.types().get(id); known != nil && known.kind == kind {
			found[id] = known
		} else {
			missing = append(missing, id)
		}
	}
	q.types().hits.Add(int64(len(found)))
	if len(missing) == 0 {
		return found, nil
	}
	q.types().misses.Add(int64(len(missing)))
	read, err := typesByID(ctx, q, kind, missing)
	for id, known := range read {
		found[id] = known
		q.cacheType(cachedType{known, false})
	}
	return found, err
}

// cacheType caches a type. Outside of a transaction, what is read is committed.
func (r reader) cacheType(t cachedType) {
	if r.s.types.get(t.id) != t.typeInfo || t.byName && r.s.types.id(t.kind, t.key()) != t.id {
		r.s.types.add(t)
	}
}

// cacheType caches a type after the commit, because this transaction may have
// created it.
func (t *tx) cacheType(known cachedType) { t.cacheOnCommit = append(t.cacheOnCommit, known) }

// reloadType reads a type again, because the cached one lacks a property.
func (t *tx) reloadType(ctx context.Context, known *typeInfo) (*typeInfo, error) {
	read, err := typesByID(ctx, t, known.kind, []int64{known.id})
	if err != nil || read[known.id] == nil {
		return known, err
	}
	t.cacheType(cachedType{read[known.id], false})
	return read[known.id], nil
}

// typeID returns the ID of a type by its name, or 0 if it does not exist.
func typeID(ctx context.Context, q querier, kind typekind.Kind, n typeName) (int64, error) {
	if id := q.types().id(kind, n); id != 0 {
		return id, nil
	}
	t, err := typeByName(ctx, q, kind, n)
	if err != nil || t == nil {
		return 0, err
	}
	return t.id, nil
}

// clear removes all types, because another file has replaced the database.
func (c *typeCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID, c.ids = nil, nil
}
