package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// A reuseRule says which nodes without an id stand for stored ones.
type reuseRule[K comparable] struct {
	// key is what a node is found by; false: it is not looked for.
	key func(*node) (K, bool)
	// find reads the ids of those that are stored.
	find func(ctx context.Context, t *tx, keys []K) (map[K]int64, error)
	// update: what is found is updated. Otherwise it is left as it is.
	update bool
	// lookupOnce: all are looked for before anything is written, so that the request
	// does not find what it creates itself.
	lookupOnce bool
}

// reuseArtifacts finds artifacts by their external id.
func reuseArtifacts(once bool) reuseRule[string] {
	return reuseRule[string]{
		key: func(n *node) (string, bool) { return deref(n.externalID), deref(n.externalID) != "" },
		find: func(ctx context.Context, t *tx, keys []string) (map[string]int64, error) {
			found := map[string]int64{}
			err := sqldb.ForEachChunk(keys, func(part []string) error {
				s := sqldb.InTexts(part)
				rows, err := t.Query(ctx, "SELECT id, external_id FROM Artifact WHERE external_id "+s.Text, s.Args...)
				return sqldb.Each(rows, err, 2, func(r *sqldb.Row) error {
					found[r.Text(1)] = r.Int(0)
					return nil
				})
			})
			return found, err
		},
		update:     true,
		lookupOnce: once,
	}
}

// A contextKey identifies a context for people.
type contextKey struct {
	typeID int64
	name   string
}

// reuseContexts finds contexts by type and name.
func reuseContexts() reuseRule[contextKey] {
	return reuseRule[contextKey]{
		key: func(n *node) (contextKey, bool) { return contextKey{deref(n.typeID), deref(n.name)}, true },
		find: func(ctx context.Context, t *tx, keys []contextKey) (map[contextKey]int64, error) {
			found := map[contextKey]int64{}
			for part := range slices.Chunk(keys, 64) {
				n := sqldb.PaddedLen(len(part))
				args := make([]any, 0, 2*n)
				for i := range n {
					k := part[min(i, len(part)-1)]
					args = append(args, k.typeID, k.name)
				}
				const one = "(type_id = ? AND name = ?$)"
				rows, err := t.Query(ctx, "SELECT id, type_id, name FROM Context WHERE "+strings.Repeat(one+" OR ", n-1)+one, args...)
				err = sqldb.Each(rows, err, 3, func(r *sqldb.Row) error {
					found[contextKey{r.Int(1), r.Text(2)}] = r.Int(0)
					return nil
				})
				if err != nil {
					return nil, err
				}
			}
			return found, nil
		},
	}
}

// putWithReuse stores nodes as if one by one, in order, where those without an id
// may stand for stored ones, and returns the ids.
func putWithReuse[K comparable](ctx context.Context, t *tx, k *nodeKind, nodes []*node, u reuseRule[K]) ([]int64, error) {
	ids := make([]int64, 0, len(nodes))
	for len(nodes) > 0 {
		part := nodes
		if !u.lookupOnce {
			part = nodes[:u.independentPrefix(nodes)]
		}
		some, err := putOrReuse(ctx, t, k, part, u)
		if err != nil {
			return nil, err
		}
		ids = append(ids, some...)
		nodes = nodes[len(part):]
	}
	return ids, nil
}

// independentPrefix is how many nodes come before one that must be looked for after
// the others are stored: another has its key, or may have come by it.
func (u reuseRule[K]) independentPrefix(nodes []*node) int {
	seen := map[K]bool{}
	updated := false
	for i, n := range nodes {
		if n.id != nil {
			updated = true
			continue
		}
		key, ok := u.key(n)
		if !ok {
			continue
		}
		if updated || seen[key] {
			return i
		}
		seen[key] = true
	}
	return len(nodes)
}

// putOrReuse looks for all nodes without an id, and stores what is to be stored.
func putOrReuse[K comparable](ctx context.Context, t *tx, k *nodeKind, nodes []*node, u reuseRule[K]) ([]int64, error) {
	var keys []K
	for _, n := range nodes {
		if key, ok := u.key(n); n.id == nil && ok {
			keys = append(keys, key)
		}
	}
	found, err := u.find(ctx, t, keys)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(nodes))
	var put []*node
	var at []int // of these in nodes
	for i, n := range nodes {
		key, ok := u.key(n)
		id := found[key]
		if n.id == nil && ok && id != 0 {
			if !u.update {
				ids[i] = id
				continue
			}
			again := *n
			again.id, n = &id, &again
		}
		put, at = append(put, n), append(at, i)
	}
	stored, err := t.putNodes(ctx, k, put, putOptions{})
	for i, id := range stored {
		ids[at[i]] = id
	}
	return ids, err
}

// putContexts stores the contexts of an execution or a lineage.
func (t *tx) putContexts(ctx context.Context, nodes []*node, reuse bool) ([]int64, error) {
	if !reuse {
		return t.putNodes(ctx, contextKind, nodes, putOptions{})
	}
	ids, err := putWithReuse(ctx, t, contextKind, nodes, reuseContexts())
	var f *statusError
	if errors.As(err, &f) && f.createConflict {
		return nil, &sqldb.RaceError{Err: errorf(codes.Aborted, "Concurrent creation of the same context: %s", f.text)}
	}
	return ids, err
}

// putArtifacts stores the artifacts of an execution or a lineage.
func (t *tx) putArtifacts(ctx context.Context, nodes []*node, reuse, once bool) ([]int64, error) {
	if !reuse {
		return t.putNodes(ctx, artifactKind, nodes, putOptions{})
	}
	return putWithReuse(ctx, t, artifactKind, nodes, reuseArtifacts(once))
}

// insertEdgesAll stores an edge from each of contexts to each of nodes, a part at a
// time: there may be very many.
func (t *tx) insertEdgesAll(ctx context.Context, m edgeTable, contexts, nodes []int64) error {
	nodes = slices.Compact(slices.Sorted(slices.Values(nodes)))
	var edges []edge
	for _, c := range slices.Compact(slices.Sorted(slices.Values(contexts))) {
		for _, n := range nodes {
			edges = append(edges, edge{c, n})
			if len(edges) < sqldb.MaxInList {
				continue
			}
			if err := t.insertEdges(ctx, m, edges); err != nil {
				return err
			}
			edges = edges[:0]
		}
	}
	return t.insertEdges(ctx, m, edges)
}
