package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// reuseRule tells how a node without an ID is matched with a stored one.
type reuseRule[K comparable] struct {
	// key returns the key by which a node is matched, and false if it is not
	// matched.
	key func(*node) (K, bool)
	// find returns the IDs of stored nodes by their keys.
	find func(ctx context.Context, t *tx, keys []K) (map[K]int64, error)
	// update makes matched nodes be updated. Otherwise they stay as they are.
	update bool
	// lookupOnce matches all nodes before any is written, so that the request
	// does not match what it creates itself.
	lookupOnce bool
}

// reuseArtifacts matches artifacts by external ID.
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

// contextKey identifies a context by name.
type contextKey struct {
	typeID int64
	name   string
}

// reuseContexts matches contexts by type and name.
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
				rows, err := t.Query(ctx, "SELECT id, type_id, name FROM Context WHERE "+strings.Repeat(one+" OR ", n-1)+one,
					args...)
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

// putWithReuse is like putNodes, but matches nodes without an ID with stored
// ones.
func putWithReuse[K comparable](
	ctx context.Context, t *tx, k *nodeKind, nodes []*node, u reuseRule[K],
) ([]int64, error) {
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

// independentPrefix returns how many nodes precede the first node that must be
// matched after the others are stored, because another node has its key or may
// get it.
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

// putOrReuse matches the nodes without an ID and stores those that must be
// stored.
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
	var at []int // indexes of put in nodes
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

// insertEdgesAll stores edges from each of contexts to each of nodes, in parts,
// because there may be many.
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
