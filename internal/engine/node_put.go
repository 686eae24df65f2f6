package engine

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/textutil"
)

// A putOptions changes how nodes are stored.
type putOptions struct {
	mask *mask // nil: what is stored is replaced as a whole
	// unchangedSince: an update fails unless the time of the last update is the
	// one that the client sends.
	unchangedSince bool
	// touch moves the time of the last update even if nothing changes.
	touch bool
}

// putNodes stores nodes as if one by one, in order, and returns their ids: one
// with an id is updated, one without is created.
//
// It works in batches. Nodes share one as long as their order cannot matter: no
// id twice, and no change of what must be unique but in the creations.
func (t *tx) putNodes(ctx context.Context, k *nodeKind, nodes []*node, o putOptions) ([]int64, error) {
	ids := make([]int64, 0, len(nodes))
	for len(nodes) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := t.plan(ctx, k, nodes[:t.NextBatch(len(nodes))], o)
		if err != nil {
			return nil, err
		}
		if err := t.store(ctx, k, b); err != nil {
			if len(b.ids) > 1 {
				return nil, t.RetryRowByRow(len(b.ids), err)
			}
			return nil, b.explain(k, err, t.d)
		}
		// A node that is refused decides the answer only now: those before it
		// might have failed first.
		if b.refused != nil {
			return nil, b.refused
		}
		ids = append(ids, b.ids...)
		nodes = nodes[b.taken:]
		t.Wrote(b.taken)
	}
	return ids, nil
}

// explain gives the conflict of a batch of one its code and words.
func (b *nodeBatch) explain(k *nodeKind, err error, d *sqldb.Dialect) error {
	if !d.IsUniqueViolation(err) {
		return err
	}
	for _, n := range b.created {
		return &statusError{code: codes.AlreadyExists, createConflict: true, text: fmt.Sprintf(
			"Given node already exists: %s%sof type %d: its name in the type or its external_id%sis taken",
			k.word, quoted(n.name), value(n.typeID), quoted(n.externalID))}
	}
	for _, u := range b.updates {
		return errorf(codes.AlreadyExists, "Given %s %d would have a duplicate name%sor external_id%s",
			k.word, *u.old.id, quoted(u.row.name), quoted(u.row.externalID))
	}
	return err
}

// A nodeBatch is what putNodes stores at once.
type nodeBatch struct {
	taken   int     // nodes
	ids     []int64 // of these; 0 for those that are created
	created []*node
	updates []*nodeUpdate
	refused error // why the next node cannot be stored
}

// plan reads what is stored, checks nodes one after the other, and takes as many
// into a batch as can be stored together.
func (t *tx) plan(ctx context.Context, k *nodeKind, nodes []*node, o putOptions) (*nodeBatch, error) {
	nodes = nodes[:distinctIDs(nodes)]
	stored, err := t.lockNodes(ctx, k, nodes)
	if err != nil {
		return nil, err
	}
	types, err := t.typesOf(ctx, k, nodes, stored)
	if err != nil {
		return nil, err
	}
	b := &nodeBatch{ids: make([]int64, 0, len(nodes))}
	for _, n := range nodes {
		if n.id == nil {
			if b.refused = t.checkNew(ctx, k, n, types); b.refused != nil {
				break
			}
			b.created = append(b.created, n)
			b.ids = append(b.ids, 0)
			continue
		}
		old := stored[*n.id]
		if old == nil && len(b.created) > 0 {
			break // it may be one of those that this batch creates
		}
		u, err := t.planUpdate(ctx, k, n, old, types, o)
		if err != nil {
			b.refused = err
			break
		}
		if u.unique && len(b.ids) > 0 {
			break // it comes first in the next batch
		}
		b.updates = append(b.updates, u)
		b.ids = append(b.ids, *n.id)
		if u.unique {
			break
		}
	}
	b.taken = len(b.ids)
	return b, nil
}

// distinctIDs is how many nodes come before an id is there for the second time.
func distinctIDs(nodes []*node) int {
	var seen map[int64]bool
	for i, n := range nodes {
		switch {
		case n.id == nil:
		case seen[*n.id]:
			return i
		default:
			if seen == nil {
				seen = make(map[int64]bool, len(nodes))
			}
			seen[*n.id] = true
		}
	}
	return len(nodes)
}

// lockNodes reads the stored state of the nodes that have an id, and holds off
// other writers of these where that is necessary.
func (t *tx) lockNodes(ctx context.Context, k *nodeKind, nodes []*node) (map[int64]*node, error) {
	var ids []int64
	for _, n := range nodes {
		if n.id != nil {
			ids = append(ids, *n.id)
		}
	}
	ids = t.d.ValidIDs(ids)
	if len(ids) == 0 {
		return nil, nil
	}
	if t.d.ForUpdate != "" {
		s := t.d.InIDs(ids)
		rows, err := t.Query(ctx, "SELECT id FROM "+k.table+" WHERE id "+s.Text+" ORDER BY id "+t.d.ForUpdate, s.Args...)
		if err := sqldb.Each(rows, err, 1, func(*sqldb.Row) error { return nil }); err != nil {
			return nil, err
		}
	}
	read, err := nodesByID(ctx, t, k, ids)
	if err != nil {
		return nil, err
	}
	stored := make(map[int64]*node, len(read))
	for _, n := range read {
		stored[*n.id] = n
	}
	return stored, nil
}

// typesOf reads the types of nodes: of new ones as given, of others as stored.
func (t *tx) typesOf(ctx context.Context, k *nodeKind, nodes []*node, stored map[int64]*node) (map[int64]*typeInfo, error) {
	ids := make([]int64, 0, 1)
	for _, n := range nodes {
		if n.id == nil {
			ids = append(ids, value(n.typeID))
		} else if old := stored[*n.id]; old != nil {
			ids = append(ids, *old.typeID)
		}
	}
	return knownTypes(ctx, t, k.number, ids)
}

// checkNew says why n cannot be created, as far as can be known before.
func (t *tx) checkNew(ctx context.Context, k *nodeKind, n *node, types map[int64]*typeInfo) error {
	if n.typeID == nil {
		return invalidArgf("Type id is missing.")
	}
	known := types[*n.typeID]
	if known == nil {
		return errorf(codes.NotFound, "Cannot find type for %s%sNo type found for query, type_id: %d", k.word, quoted(n.name), *n.typeID)
	}
	if err := t.checkProperties(ctx, known, n.props, types); err != nil {
		return withPrefix(err, "Cannot validate properties of %s%s: ", k.word, quoted(n.name))
	}
	if k.named && value(n.name) == "" {
		return invalidArgf("Context name should not be empty")
	}
	return t.checkValues(n.props, n.custom)
}

// checkProperties says which of the defined properties the type does not have so.
func (t *tx) checkProperties(ctx context.Context, known *typeInfo, props map[string]*mlmdpb.Value, types map[int64]*typeInfo) error {
	fresh := false
	for name, v := range props {
		kind, ok := known.props[name]
		if !ok && !fresh {
			// Another process may have added it since the type was read.
			fresh = true
			again, err := t.refresh(ctx, known)
			if err != nil {
				return err
			}
			known, types[known.id] = again, again
			kind, ok = known.props[name]
		}
		switch is := kindOf(v); {
		case !ok:
			return invalidArgf("Found unknown property: %s", name)
		case kind < mlmdpb.PropertyType_INT || kind > mlmdpb.PropertyType_BOOLEAN:
			return errorf(codes.Internal, "Unknown registered property type: %v", kind)
		case is != kind:
			return invalidArgf("Found unmatched property type: %s is %v, the type has %v", name, is, kind)
		}
	}
	return nil
}

// checkValues refuses what cannot be stored, in either of the spaces.
func (t *tx) checkValues(spaces ...map[string]*mlmdpb.Value) error {
	for _, space := range spaces {
		for name, v := range space {
			if err := checkValue(name, v, t.d); err != nil {
				return err
			}
		}
	}
	return nil
}

// quoted is a name for the middle of a message, cut if it is long.
func quoted(name *string) string {
	const most = 200
	if name == nil {
		return " "
	}
	return fmt.Sprintf(" %q ", textutil.Truncate(*name, most))
}
