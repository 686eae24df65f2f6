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
	mask *updateMask // nil: what is stored is replaced as a whole
	// checkUpdateTime: an update fails unless the time of the last update is the
	// one that the client sends.
	checkUpdateTime bool
	// forceUpdateTime moves the time of the last update even if nothing changes.
	forceUpdateTime bool
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
		b, err := t.planBatch(ctx, k, nodes[:t.NextBatch(len(nodes))], o)
		if err != nil {
			return nil, err
		}
		if err := t.writeBatch(ctx, k, b); err != nil {
			if len(b.ids) > 1 {
				return nil, t.RetryRowByRow(len(b.ids), err)
			}
			return nil, b.conflictError(k, err, t.d)
		}
		// A node that is refused decides the answer only now: those before it
		// might have failed first.
		if b.invalid != nil {
			return nil, b.invalid
		}
		ids = append(ids, b.ids...)
		nodes = nodes[b.size:]
		t.Wrote(b.size)
	}
	return ids, nil
}

// conflictError gives the conflict of a batch of one its code and words.
func (b *nodeBatch) conflictError(k *nodeKind, err error, d *sqldb.Dialect) error {
	if !d.IsUniqueViolation(err) {
		return err
	}
	for _, n := range b.creates {
		return &statusError{code: codes.AlreadyExists, createConflict: true, text: fmt.Sprintf(
			"Given node already exists: %s%sof type %d: its name in the type or its external_id%sis taken",
			k.noun, quoted(n.name), deref(n.typeID), quoted(n.externalID))}
	}
	for _, u := range b.updates {
		return errorf(codes.AlreadyExists, "Given %s %d would have a duplicate name%sor external_id%s",
			k.noun, *u.old.id, quoted(u.row.name), quoted(u.row.externalID))
	}
	return err
}

// A nodeBatch is what putNodes stores at once.
type nodeBatch struct {
	size    int     // nodes
	ids     []int64 // of these; 0 for those that are created
	creates []*node
	updates []*nodeUpdate
	invalid error // why the next node cannot be stored
}

// planBatch reads what is stored, checks nodes one after the other, and takes as many
// into a batch as can be stored together.
func (t *tx) planBatch(ctx context.Context, k *nodeKind, nodes []*node, o putOptions) (*nodeBatch, error) {
	nodes = nodes[:distinctIDs(nodes)]
	stored, err := t.lockNodes(ctx, k, nodes)
	if err != nil {
		return nil, err
	}
	types, err := t.typesForNodes(ctx, k, nodes, stored)
	if err != nil {
		return nil, err
	}
	b := &nodeBatch{ids: make([]int64, 0, len(nodes))}
	for _, n := range nodes {
		if n.id == nil {
			if b.invalid = t.checkNew(ctx, k, n, types); b.invalid != nil {
				break
			}
			b.creates = append(b.creates, n)
			b.ids = append(b.ids, 0)
			continue
		}
		old := stored[*n.id]
		if old == nil && len(b.creates) > 0 {
			break // it may be one of those that this batch creates
		}
		u, err := t.planUpdate(ctx, k, n, old, types, o)
		if err != nil {
			b.invalid = err
			break
		}
		if u.changesKey && len(b.ids) > 0 {
			break // it comes first in the next batch
		}
		b.updates = append(b.updates, u)
		b.ids = append(b.ids, *n.id)
		if u.changesKey {
			break
		}
	}
	b.size = len(b.ids)
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
	read, err := getNodes(ctx, t, k, ids)
	if err != nil {
		return nil, err
	}
	stored := make(map[int64]*node, len(read))
	for _, n := range read {
		stored[*n.id] = n
	}
	return stored, nil
}

// typesForNodes reads the types of nodes: of new ones as given, of others as stored.
func (t *tx) typesForNodes(ctx context.Context, k *nodeKind, nodes []*node, stored map[int64]*node) (map[int64]*typeInfo, error) {
	ids := make([]int64, 0, 1)
	for _, n := range nodes {
		if n.id == nil {
			ids = append(ids, deref(n.typeID))
		} else if old := stored[*n.id]; old != nil {
			ids = append(ids, *old.typeID)
		}
	}
	return loadTypes(ctx, t, k.typeKind, ids)
}

// checkNew says why n cannot be created, as far as can be known before.
func (t *tx) checkNew(ctx context.Context, k *nodeKind, n *node, types map[int64]*typeInfo) error {
	if n.typeID == nil {
		return invalidArgf("Type id is missing.")
	}
	known := types[*n.typeID]
	if known == nil {
		return errorf(codes.NotFound, "Cannot find type for %s%sNo type found for query, type_id: %d", k.noun, quoted(n.name), *n.typeID)
	}
	if err := t.checkProperties(ctx, known, n.props, types); err != nil {
		return withPrefix(err, "Cannot validate properties of %s%s: ", k.noun, quoted(n.name))
	}
	if k.nameRequired && deref(n.name) == "" {
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
			again, err := t.reloadType(ctx, known)
			if err != nil {
				return err
			}
			known, types[known.id] = again, again
			kind, ok = known.props[name]
		}
		switch is := propertyTypeOf(v); {
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
