package engine

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// nodeUpdate is what must be written to update a stored node.
type nodeUpdate struct {
	old              *node
	row              node // the columns after the update
	dirty            bool // the row must be written
	changesKey       bool // the name or external ID changes
	deletes, inserts []propertyRow
}

// planUpdate compares n with the stored node old, which may be nil. It returns
// an error if n is invalid.
func (t *tx) planUpdate(
	ctx context.Context, k *nodeKind, n, old *node, types map[int64]*typeInfo, o putOptions,
) (*nodeUpdate, error) {
	if old == nil {
		return nil, invalidArgf("Cannot find the given id %d: there is no such %s", *n.id, k.noun)
	}
	if o.checkUpdateTime && deref(n.updated) != *old.updated {
		return nil, errorf(codes.FailedPrecondition, "`abort_if_latest_updated_time_changed` is set, and %s %d was updated"+
			" at %d, not at %d",
			k.noun, *old.id, *old.updated, deref(n.updated))
	}
	if n.typeID != nil && *n.typeID != *old.typeID {
		return nil, invalidArgf("Given type_id %d is different from the one known before: %d", *n.typeID, *old.typeID)
	}
	known := types[*old.typeID]
	if known == nil {
		return nil, errorf(codes.NotFound, "No type found for query, type_id: %d", *old.typeID)
	}
	props, custom := o.mask.selectProps(n)
	if err := t.checkProperties(ctx, known, props, types); err != nil {
		return nil, err
	}
	u := &nodeUpdate{old: old, row: o.mask.apply(k, n, old)}
	if k.nameRequired && deref(u.row.name) == "" {
		return nil, invalidArgf("Context name should not be empty")
	}
	if err := t.checkValues(props, custom); err != nil {
		return nil, err
	}
	u.compare(false, props, old.props, o.mask.propsWritten)
	u.compare(true, custom, old.custom, o.mask.customWritten)
	for _, p := range old.unreadable {
		space := props
		if p.custom {
			space = custom
		}
		if _, set := space[p.name]; set || o.mask.names(p) {
			u.deletes = append(u.deletes, propertyRow{*old.id, p.name, p.custom, nil})
		}
	}
	u.dirty = o.forceUpdateTime || len(u.deletes) > 0 || len(u.inserts) > 0 || n.differs(old)
	u.changesKey = !equalPtr(u.row.externalID, old.externalID) || !equalPtr(u.row.name, old.name)
	return u, nil
}

// compare finds the changes of one set of properties. Properties for which
// written returns false keep their value.
func (u *nodeUpdate) compare(custom bool, want, have map[string]*mlmdpb.Value, written func(string) bool) {
	id := *u.old.id
	for name := range have {
		if v, ok := want[name]; written(name) && (!ok || !equalValue(v, have[name])) {
			u.deletes = append(u.deletes, propertyRow{id, name, custom, nil})
		}
	}
	for name, v := range want {
		if old, ok := have[name]; !ok || !equalValue(v, old) {
			u.inserts = append(u.inserts, propertyRow{id, name, custom, v})
		}
	}
}

// writeUpdates writes the rows that have changed. Their update time is the
// current time, or later than the previous one if the clock is behind.
func (t *tx) writeUpdates(ctx context.Context, k *nodeKind, updates []*nodeUpdate) error {
	now := t.now()
	var changed []*nodeUpdate
	for _, u := range updates {
		if u.dirty {
			changed = append(changed, u)
			now = max(now, *u.old.updated+1)
		}
	}
	switch len(changed) {
	case 0:
		return nil
	case 1:
		return t.updateNode(ctx, k, changed[0], now)
	}
	return t.updateNodes(ctx, k, changed, now)
}

func (t *tx) updateNode(ctx context.Context, k *nodeKind, u *nodeUpdate, now int64) error {
	if err := t.CheckTruncation([]string{"external_id", "name", "uri"}, deref(u.row.externalID), deref(u.row.name),
		deref(u.row.uri)); err != nil {
		return err
	}
	text := "UPDATE " + k.table + " SET last_update_time_since_epoch = ?"
	args := append(make([]any, 0, 6), now)
	set := func(column string, value any) {
		text += ", " + column + " = ?"
		args = append(args, value)
	}
	// Columns that stay as they are are left out, because some databases would write
	// their indexes again.
	if !equalPtr(u.row.externalID, u.old.externalID) {
		set("external_id", orNull(u.row.externalID))
	}
	if k.nameRequired && !equalPtr(u.row.name, u.old.name) {
		set("name", orNull(u.row.name))
	}
	if k.hasURI && (u.old.uri == nil || !equalPtr(u.row.uri, u.old.uri)) {
		set("uri", deref(u.row.uri))
	}
	if k.stateColumn != "" && !equalPtr(u.row.state, u.old.state) {
		set(k.stateColumn, orNull(u.row.state))
	}
	return t.Send(ctx, text+" WHERE id = ?", append(args, *u.old.id)...)
}

// updateNodes updates several nodes by one statement. None of them changes a
// name or an external ID.
func (t *tx) updateNodes(ctx context.Context, k *nodeKind, changed []*nodeUpdate, now int64) error {
	n := sqldb.PaddedLen(len(changed))
	at := func(i int) *nodeUpdate { return changed[min(i, len(changed)-1)] }
	text := "UPDATE " + k.table + " SET last_update_time_since_epoch = ?"
	args := []any{now}
	set := func(column string, differs func(*nodeUpdate) bool, value func(*nodeUpdate) any) {
		any := false
		for _, u := range changed {
			any = any || differs(u)
		}
		if !any {
			return
		}
		text += ", " + column + " = CASE id" + strings.Repeat(" WHEN ? THEN ?", n) + " ELSE " + column + " END"
		for i := range n {
			args = append(args, *at(i).old.id, value(at(i)))
		}
	}
	if k.hasURI {
		set("uri", func(u *nodeUpdate) bool { return deref(u.row.uri) != deref(u.old.uri) },
			func(u *nodeUpdate) any { return deref(u.row.uri) })
	}
	if k.stateColumn != "" {
		set(k.stateColumn, func(u *nodeUpdate) bool { return !equalPtr(u.row.state, u.old.state) },
			func(u *nodeUpdate) any { return orNull(u.row.state) })
	}
	for i := range n {
		if err := t.CheckTruncation([]string{"uri"}, deref(at(i).row.uri)); err != nil {
			return err
		}
		args = append(args, *at(i).old.id)
	}
	return t.Send(ctx, text+" WHERE id IN ("+sqldb.Placeholders("?", n)+")", args...)
}
