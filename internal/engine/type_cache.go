package engine

import (
	"context"
	"sync"

	"github.com/mlmd-go/sdk/internal/typekind"
)

// A typeCache remembers types by id. It holds only what never changes: a type
// keeps its id, kind, name and version, and a property of a type keeps its kind
// and is never removed. So a hit is right whatever other processes do, and what
// is not found here, a type or a property of one, is asked of the database.
// External ids, which do change, must not be taken from it.
type typeCache struct {
	mu   sync.RWMutex
	byID map[int64]*typeInfo
	ids  map[kindedName]int64
}

type kindedName struct {
	kind typekind.Kind
	typeName
}

// A cachedType is a type that was read. One that was not asked for by its name
// may share it with an older one, whose name it is: see [typeIDs].
type cachedType struct {
	*typeInfo
	byName bool
}

// maxCachedTypes bounds the cache against clients that make types without end.
const maxCachedTypes = 10000

// add remembers committed types.
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

// loadTypes finds the types of one kind with these ids, from the cache as far
// as it goes.
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
	if len(missing) == 0 {
		return found, nil
	}
	read, err := typesByID(ctx, q, kind, missing)
	for id, known := range read {
		found[id] = known
		q.cacheType(cachedType{known, false})
	}
	return found, err
}

// cacheType remembers a type. Outside of a transaction all that is seen is
// committed.
func (r reader) cacheType(t cachedType) {
	if r.s.types.get(t.id) != t.typeInfo || t.byName && r.s.types.id(t.kind, t.key()) != t.id {
		r.s.types.add(t)
	}
}

// cacheType remembers a type if the transaction, which may have made it, is
// committed.
func (t *tx) cacheType(known cachedType) { t.cacheOnCommit = append(t.cacheOnCommit, known) }

// reloadType reads a type again, for a property that it did not have.
func (t *tx) reloadType(ctx context.Context, known *typeInfo) (*typeInfo, error) {
	read, err := typesByID(ctx, t, known.kind, []int64{known.id})
	if err != nil || read[known.id] == nil {
		return known, err
	}
	t.cacheType(cachedType{read[known.id], false})
	return read[known.id], nil
}

// typeID finds the id of a type by its name, 0 where there is none.
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

// clear forgets all types, for another database has taken the place of theirs.
func (c *typeCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID, c.ids = nil, nil
}
