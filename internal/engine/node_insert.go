package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// writeBatch writes a batch and sets the IDs of new nodes.
func (t *tx) writeBatch(ctx context.Context, k *nodeKind, b *nodeBatch) error {
	rows, err := t.insertNodes(ctx, k, b)
	if err != nil {
		return err
	}
	if err := t.writeUpdates(ctx, k, b.updates); err != nil {
		return err
	}
	var gone []propertyRow
	for _, u := range b.updates {
		gone = append(gone, u.deletes...)
		rows = append(rows, u.inserts...)
	}
	if err := t.deleteProperties(ctx, k, gone); err != nil {
		return err
	}
	return t.insertProperties(ctx, k, rows)
}

// insertNodes inserts the new nodes of a batch and returns the rows of their
// properties, which are not inserted yet.
func (t *tx) insertNodes(ctx context.Context, k *nodeKind, b *nodeBatch) ([]propertyRow, error) {
	if len(b.creates) == 0 {
		return nil, nil
	}
	now := t.now()
	args := make([]any, 0, len(b.creates)*len(k.insertNode.Columns))
	for _, n := range b.creates {
		args = append(args, *n.typeID, orNull(n.name), orNull(n.externalID), now, now)
		if k.hasURI {
			args = append(args, deref(n.uri))
		}
		if k.stateColumn != "" {
			args = append(args, orNull(n.state))
		}
	}
	created, err := t.InsertIDs(ctx, k.insertNode, args)
	if err != nil {
		return nil, err
	}
	var rows []propertyRow
	next := 0
	for i := range b.ids {
		if b.ids[i] != 0 {
			continue
		}
		b.ids[i] = created[next]
		if k == contextKind {
			t.leaves.add(created[next])
		}
		rows = b.creates[next].appendRows(rows, created[next])
		next++
	}
	return rows, nil
}

// appendRows appends the rows of n's properties. They are in the order of the primary
// key, so that SQLite, whose tables are ordered by insertion, finds each row of a node
// after the one before it.
func (n *node) appendRows(rows []propertyRow, id int64) []propertyRow {
	first := len(rows)
	for name, v := range n.props {
		rows = append(rows, propertyRow{id, name, false, v})
	}
	for name, v := range n.custom {
		rows = append(rows, propertyRow{id, name, true, v})
	}
	slices.SortFunc(rows[first:], func(a, b propertyRow) int {
		if c := strings.Compare(a.name, b.name); c != 0 || a.custom == b.custom {
			return c
		} else if b.custom {
			return -1
		}
		return 1
	})
	return rows
}

func (t *tx) insertProperties(ctx context.Context, k *nodeKind, rows []propertyRow) error {
	args := make([]any, 0, len(rows)*len(k.insertProperty.Columns))
	for _, r := range rows {
		var err error
		if args, err = r.appendArgs(args, t.d); err != nil {
			return err
		}
	}
	return t.Insert(ctx, k.insertProperty, args)
}

// deleteProperties deletes properties by statements of limited size.
func (t *tx) deleteProperties(ctx context.Context, k *nodeKind, rows []propertyRow) error {
	const atOnce = 32
	one := "(" + k.propIDColumn + " = ? AND name = ?$ AND is_custom_property = ?)"
	for len(rows) > 0 {
		n := min(len(rows), atOnce)
		size := min(sqldb.PaddedLen(n), atOnce)
		args := make([]any, 0, 3*size)
		for i := range size {
			r := rows[min(i, n-1)]
			args = append(args, r.node, r.name, r.custom)
		}
		text := "DELETE FROM " + k.propTable + " WHERE " + strings.Repeat(one+" OR ", size-1) + one
		if err := t.Send(ctx, text, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
