package engine

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/precondition"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/textutil"
)

// putOptions are options for storing nodes.
type putOptions struct {
	mask *updateMask // nil replaces the whole node
	// checkUpdateTime makes an update fail unless the client sends the stored
	// update time.
	checkUpdateTime bool
	// forceUpdateTime changes the update time even if nothing else changes.
	forceUpdateTime bool
}

// putNodes stores nodes as if one by one, in order, and returns their IDs. A
// node with an ID is updated, others are created.
//
// It works in batches. A batch contains nodes whose order cannot matter: no ID
// occurs twice, and only creations change unique columns.
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
		// The error of an invalid node is returned only now, because writing an
		// earlier node might have failed first.
		if b.invalid != nil {
			return nil, b.invalid
		}
		ids = append(ids, b.ids...)
		nodes = nodes[b.size:]
		t.Wrote(b.size)
	}
	return ids, nil
}

// conflictError returns the error for a unique violation of a batch of one
// node. Other errors are returned unchanged.
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

// nodeBatch is a number of nodes that are stored together.
type nodeBatch struct {
	size    int     // nodes
	ids     []int64 // of the nodes; 0 for new ones
	creates []*node
	updates []*nodeUpdate
	invalid error // error of the node that follows the batch
}

// planBatch reads what is stored, checks nodes in order, and returns a batch of
// the first ones.
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
			break // this batch may create it
		}
		u, err := t.planUpdate(ctx, k, n, old, types, o)
		if err != nil {
			b.invalid = err
			break
		}
		if u.changesKey && len(b.ids) > 0 {
			break // the next batch begins with it
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

// distinctIDs returns how many nodes precede the first repeated ID.
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

// lockNodes reads the stored nodes that nodes refer to by ID, and locks them if
// the database needs it.
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
	if err := t.lock(ctx, k, ids); err != nil {
		return nil, err
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

// lock locks the rows of nodes, if the database needs it, in the order of their IDs,
// which must be valid.
func (t *tx) lock(ctx context.Context, k *nodeKind, ids []int64) error {
	if t.d.ForUpdate == "" { // transactions that write run one at a time
		return nil
	}
	return sqldb.ForEachChunk(ids, func(part []int64) error {
		s := t.d.InIDs(part)
		rows, err := t.Query(ctx, "SELECT id FROM "+k.table+" WHERE id "+s.Text+" ORDER BY id "+t.d.ForUpdate, s.Args...)
		return sqldb.Each(rows, err, 1, func(*sqldb.Row) error { return nil })
	})
}

// typesForNodes reads the types of nodes: of new nodes as given, of others as
// stored.
func (t *tx) typesForNodes(
	ctx context.Context, k *nodeKind, nodes []*node, stored map[int64]*node,
) (map[int64]*typeInfo, error) {
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

// checkNew returns an error if n cannot be created.
func (t *tx) checkNew(ctx context.Context, k *nodeKind, n *node, types map[int64]*typeInfo) error {
	if n.typeID == nil {
		return invalidArgf("Type id is missing.")
	}
	known := types[*n.typeID]
	if known == nil {
		return errorf(codes.NotFound, "Cannot find type for %s%sNo type found for query, type_id: %d", k.noun, quoted(n.name),
			*n.typeID)
	}
	if err := t.checkProperties(ctx, known, n.props, types); err != nil {
		return withPrefix(err, "Cannot validate properties of %s%s: ", k.noun, quoted(n.name))
	}
	if k.nameRequired && deref(n.name) == "" {
		return invalidArgf("Context name should not be empty")
	}
	return t.checkValues(n.props, n.custom)
}

// checkProperties returns an error unless the type has all properties, with the
// same kinds of values.
func (t *tx) checkProperties(
	ctx context.Context, known *typeInfo, props map[string]*mlmdpb.Value, types map[int64]*typeInfo,
) error {
	fresh := false
	for name, v := range props {
		kind, ok := known.props[name]
		if !ok && !fresh {
			// Another process may have added it since the type was cached.
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
		case is != kind && !precondition.AnyKind(ctx):
			return invalidArgf("Found unmatched property type: %s is %v, the type has %v", name, is, kind)
		}
	}
	return nil
}

// checkValues returns an error for values that cannot be stored.
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

// quoted formats a name for the middle of a message.
func quoted(name *string) string {
	const most = 200
	if name == nil {
		return " "
	}
	return fmt.Sprintf(" %q ", textutil.Truncate(*name, most))
}
