package registry

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/precondition"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A change is a write to a stored node.
type change[N mlmd.Node] struct {
	*write[N]
	comparison
	resolved       N                // the stored node, with the prefix of its parent
	node           N                // as it should be stored
	ident          mlmd.Ident       // of the stored entity
	unreadable     value.Unreadable // fields of the stored entity that could not be decoded
	sentUnreadable value.Unreadable // the same as the caller's value reports it
}

// update writes what differs between the value and the stored node. If the link
// to the parent is missing, because an earlier call failed, update makes it.
func (w *write[N]) update(ctx context.Context, stored N) (Result, error) {
	was := w.nodes.view(stored)
	if err := w.checkUnchanged(was); err != nil {
		return Result{}, err
	}
	c, err := w.compare(ctx, stored)
	if err != nil {
		return Result{}, err
	}
	unlinked, err := w.checkIdentity(ctx, c.stored, c.ident)
	if err != nil {
		return Result{}, err
	}
	diff, err := c.paths()
	if err != nil {
		return Result{}, w.rpcError(ctx, err)
	}
	var t *storedType
	var s propertyUpdate
	if len(diff) > 0 {
		if t, s, err = c.plan(ctx, was, diff); err != nil {
			return Result{}, err
		}
		if len(s.paths) == 0 {
			diff = nil
		}
	}
	timeOnly := len(diff) == 0 && !unlinked
	if timeOnly && !w.touch {
		return w.result(was.id, Unchanged, nil), nil
	}
	r := w.result(was.id, Updated, diff)
	if unlinked {
		r.Changed = slices.Insert(r.Changed, 0, w.m.parent.Field)
	}
	var planned *nodeWrite[N]
	if w.hooks != nil {
		planned = c.planned(diff, r)
		if err := w.before(ctx, planned); err != nil {
			return Result{}, err
		}
	}
	if unlinked {
		if err := w.linkNew(ctx, was.id, false); err != nil {
			return Result{}, err
		}
	}
	switch {
	case timeOnly:
		err = w.putTime(ctx, stored)
	case len(diff) > 0:
		err = c.putPlanned(ctx, was, diff, t, s)
	}
	if err != nil {
		return Result{}, err
	}
	w.done = planned
	return r, nil
}

// putPlanned writes the changes at the paths in diff, as plan returned them.
func (c *change[N]) putPlanned(
	ctx context.Context, was nodeView, diff []string, t *storedType, s propertyUpdate,
) (err error) {
	if len(s.missing) > 0 {
		if s, _, err = c.resolveProperties(ctx, t, was, c.wanted, diff, c.v); err != nil {
			return err
		}
	}
	clear(c.wanted.props) // shared with the node
	maps.Copy(c.wanted.props, s.props)
	n := c.nodes.withIDs(c.nodes.withName(c.node, was.name), 0, was.id)
	if err := putNodes(c.kindContext(ctx), c.client, c.nodes, []N{n}, s.paths, c.condition()); err != nil {
		return c.putError(ctx, err, was, c.wanted, diff)
	}
	return nil
}

// condition returns the update time that the stored node must have, or nil.
func (w *write[N]) condition() []int64 {
	if w.since == nil {
		return nil
	}
	return []int64{*w.since}
}

// plan checks the changes at the paths in diff and returns the stored type and how
// to write them. It makes no request that writes.
func (c *change[N]) plan(ctx context.Context, was nodeView, diff []string) (*storedType, propertyUpdate, error) {
	if err := c.checkImmutable(diff); err != nil {
		return nil, propertyUpdate{}, err
	}
	c.keepOnly(diff)
	if err := c.checkNode(c.wanted); err != nil {
		return nil, propertyUpdate{}, err
	}
	if err := c.checkReferences(ctx, c.wanted, diff); err != nil {
		return nil, propertyUpdate{}, err
	}
	t, err := c.storedType(ctx)
	if err == nil && t.isOutdated(c.m.fields, was, diff) {
		t, err = c.client.refreshType(ctx, c.typ, t)
	}
	if err != nil {
		return nil, propertyUpdate{}, c.rpcError(ctx, err)
	}
	s, err := c.resolve(t, was, c.wanted, diff, c.v)
	return t, s, err
}

// putTime moves the update time of the stored node.
func (w *write[N]) putTime(ctx context.Context, stored N) error {
	was := w.nodes.view(stored)
	n := w.nodes.withIDs(w.nodes.withName(stored, was.name), 0, was.id)
	// The store compares the external ID, which is the same, and nothing else.
	if err := w.nodes.put(precondition.WithTouch(ctx), []N{n}, []string{"external_id"}, w.condition()); err != nil {
		return w.putError(ctx, err, was, was, nil)
	}
	return nil
}

// putNodes is the put of nodes, except that it makes two calls for the reference
// implementation if a property and a custom property of the same name change,
// which that implementation confuses: the first changes the custom properties.
func putNodes[N mlmd.Node](
	ctx context.Context, c *Client, nodes nodes[N], ns []N, paths []string, since []int64,
) error {
	moved := func(path string) bool {
		name, ok := strings.CutPrefix(path, customProperties+".")
		return ok && slices.Contains(paths, "properties."+name)
	}
	if slices.ContainsFunc(paths, moved) {
		s, err := c.detectServer(ctx)
		if err != nil {
			return err
		}
		if s.isReference {
			first := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !moved(path) })
			if err := nodes.put(ctx, ns, first, since); err != nil {
				return err
			}
			paths = slices.DeleteFunc(slices.Clone(paths), moved)
			return nodes.put(ctx, ns, paths, nil) // the first request moved the update time
		}
	}
	return nodes.put(ctx, ns, paths, since)
}

// compare decodes the stored node and validates the value. Faults that the stored
// entity has too are accepted, so that it can be changed whatever its state.
func (w *write[N]) compare(ctx context.Context, stored N) (*change[N], error) {
	was := w.nodes.view(stored)
	resolved := stored
	if w.parent != nil || w.by.whole() || w.hooks != nil { // otherwise the parent is not compared
		var err error
		if resolved, err = w.resolveParent(ctx, w.operation, stored, w.parent); err != nil {
			return nil, err
		}
	}
	decoded, err := w.decode(w.operation, resolved, was)
	if err != nil {
		return nil, err
	}
	c := &change[N]{write: w, resolved: resolved, ident: w.m.IdentAny(decoded)}
	if w.parentErr != nil && w.ident.ParentID != c.ident.ParentID {
		return nil, w.parentErr
	}
	mappingParent := w.parent.mappingParent(w.m.parent)
	if mappingParent.ID == 0 {
		mappingParent.ID, _ = parseID(c.ident.ParentID) // 0 if it has none
	}
	node, err := w.m.encode(w.v, mappingParent)
	faults := slices.Concat(w.faults, mlmd.Invalid(err))
	same, err := w.m.encode(decoded, mappingParent)
	if len(faults) > 0 {
		faults = newFaults(faults, slices.Concat(w.check(decoded), mlmd.Invalid(err)))
	}
	if len(faults) > 0 {
		return nil, w.mappingError(faults)
	}
	if node == nil || same == nil {
		return nil, w.newError(ErrInternal, "the mapping returned no node")
	}
	c.node = node
	c.comparison = comparison{
		stored: was.withPresentNames(w.m.fields), read: w.nodes.view(same), wanted: w.nodes.view(node),
		merges: !w.by.whole(), rounds: w.client.roundsDoubles(ctx),
	}
	if err := w.checkCleared(c.wanted); err != nil {
		return nil, err
	}
	c.unreadable, c.sentUnreadable = w.m.UnreadableAny(decoded), w.m.UnreadableAny(w.v)
	if w.by == update {
		c.keepUnknownMembers()
	}
	return c, nil
}

// newFaults returns the errors of es that are not among known. List indexes are
// ignored, because elements may have moved.
func newFaults(es, known mlmd.InvalidErrors) mlmd.InvalidErrors {
	type fault struct{ field, value, why string }
	of := func(e *mlmd.InvalidError) fault {
		return fault{listIndex.ReplaceAllString(e.Field, "[]"), e.Value, e.Why}
	}
	have := make(map[fault]bool, len(known))
	for _, e := range known {
		have[of(e)] = true
	}
	return slices.DeleteFunc(es, func(e *mlmd.InvalidError) bool { return have[of(e)] })
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// keepOnly removes from the wanted node what is not at one of the paths in diff.
func (c *change[N]) keepOnly(diff []string) {
	for name := range c.wanted.props {
		if path := "properties." + name; !slices.Contains(diff, path) || slices.Contains(c.clear, path) {
			delete(c.wanted.props, name)
		}
	}
	for name := range c.wanted.custom {
		if !slices.Contains(diff, customProperties+"."+name) {
			delete(c.wanted.custom, name)
		}
	}
	if !slices.Contains(diff, "uri") {
		c.wanted.uri = nil
	}
}

// checkImmutable returns an error if diff changes an immutable field that has a
// value. A value that cannot be decoded may be replaced.
func (c *change[N]) checkImmutable(diff []string) error {
	for _, f := range c.m.fields {
		if !f.Immutable || f.Path == "" || !slices.Contains(diff, f.Path) {
			continue
		}
		if c.stored.has(f.Path) && !c.unreadable.Has(f.Name) {
			return c.fieldError(ErrInvalidArgument, f.Name, "",
				"cannot change: the field is immutable once the "+c.m.entity+" is stored")
		}
	}
	return nil
}

// updateByID updates the node with the ID of the value.
func (w *write[N]) updateByID(ctx context.Context) (Result, error) {
	id, err := parseID(w.ident.ID)
	if err != nil {
		return Result{}, w.fieldError(ErrInvalidArgument, "id", w.ident.ID, err.Error())
	}
	n, err := w.nodes.byID(ctx, id)
	if err != nil {
		return Result{}, w.rpcError(ctx, err)
	}
	if n == nil && len(w.faults) > 0 {
		return Result{}, w.mappingError(w.faults)
	}
	if n == nil {
		return Result{}, w.fieldError(ErrNotFound, "id", w.ident.ID, "does not exist: no such "+w.m.entity)
	}
	if v := w.nodes.view(n); v.typeName != w.m.typeName {
		return Result{}, w.fieldError(ErrNotFound, "id", w.ident.ID, fmt.Sprintf(
			"is the ID of %s, not of %s", withArticle(w.client.entityName(v.typeName)), withArticle(w.m.entity)))
	}
	return w.update(ctx, n)
}

// storedType returns the type of the entity as the store has it.
func (w *write[N]) storedType(ctx context.Context) (*storedType, error) {
	t, err := w.client.typeOf(ctx, w.typ, w.m.PropTypes())
	if err == nil && t.isLegacy(w.m.fields) && t.isStale() {
		return w.client.refreshType(ctx, w.typ, t)
	}
	return t, err
}

// undeclaredZeros returns the paths of required numbers and booleans that are zero in
// wanted and whose properties the type lacks. They look like fields that are not
// set, but without them the entity could not be read back.
func (w *write[N]) undeclaredZeros(t *storedType, wanted nodeView) []string {
	var out []string
	var lacking value.Unreadable // of an entity without properties
	for i := range w.m.fields {
		f := &w.m.fields[i]
		name, ok := f.Property()
		v := wanted.props[name]
		if !ok || f.Derived || v == nil || t.declares(t.propertyName(f, v)) {
			continue
		}
		switch v.GetValue().(type) {
		case *mlmdpb.Value_IntValue, *mlmdpb.Value_DoubleValue, *mlmdpb.Value_BoolValue:
		default:
			continue
		}
		if lacking == nil {
			var none N
			empty, err := w.m.decode(any(none).(proto.Message).ProtoReflect().New().Interface().(N))
			if err != nil {
				return nil
			}
			lacking = w.m.UnreadableAny(empty)
		}
		if lacking.Has(f.Name) {
			out = append(out, f.Path)
		}
	}
	return out
}

// resolveProperties returns how to write the given paths of wanted, which v was
// encoded to, to a node of type t that is stored as was. It returns the type too,
// which it extends by the properties that are missing.
func (w *write[N]) resolveProperties(
	ctx context.Context, t *storedType, was, wanted nodeView, paths []string, v any,
) (propertyUpdate, *storedType, error) {
	for {
		s, err := w.resolve(t, was, wanted, paths, v)
		if err != nil || len(s.missing) == 0 {
			return s, t, err
		}
		extended, err := w.client.extendType(ctx, w.typ, s.missing)
		if err != nil {
			return s, t, w.rpcError(ctx, err)
		}
		t = extended
	}
}

// resolve is resolveProperties except that it does not extend the type: what is
// missing there is in the result.
func (w *write[N]) resolve(t *storedType, was, wanted nodeView, paths []string, v any) (propertyUpdate, error) {
	set := slices.Concat(w.m.SetPathsAny(v), w.set)
	if w.m.parent != nil && w.m.parent.UnprefixedName { // only a derived field names the parent
		set = w.m.Paths()
	}
	if w.by == create || w.by == replace {
		set = append(set, w.undeclaredZeros(t, wanted)...)
	}
	s, bad := t.resolve(w.m.fields, was, wanted, paths, set)
	if bad != nil {
		return s, w.fieldError(ErrConflict, w.jsonName(bad.path), "", fmt.Sprintf(
			"cannot be written: this store declares the property %s of %s as %s",
			bad.property, w.m.typeName, bad.declared))
	}
	w.foreign = w.foreign || s.foreign
	return s, nil
}

// checkIdentity returns an error if the name or the parent of the value, where
// set, is not the stored one. It reports whether the link to the parent is missing.
func (w *write[N]) checkIdentity(ctx context.Context, was nodeView, stored mlmd.Ident) (unlinked bool, _ error) {
	if w.ident.Name != "" && w.ident.Name != stored.Name {
		return false, w.fieldError(ErrInvalidArgument, "name", w.ident.Name, fmt.Sprintf(
			"cannot replace the name of %s %d, which is %q: names are immutable", w.m.entity, was.id, stored.Name))
	}
	if w.parent == nil {
		return false, nil
	}
	if stored.ParentID == w.ident.ParentID {
		return w.lacksLink(ctx, was.id)
	}
	if stored.ParentID == "" { // not in the stored name, so the links decide
		above, err := w.nodes.parents(ctx, was.id)
		if err != nil {
			return false, w.rpcError(ctx, err)
		}
		if containsID(above, w.parent.id) {
			return false, nil
		}
		if len(above) == 0 && w.m.parent.UnprefixedName { // an earlier call failed before the link
			return true, nil
		}
		return false, w.fieldError(ErrInvalidArgument, w.m.parent.Field, w.ident.ParentID, fmt.Sprintf(
			"is not the parent of %s %d: parents are immutable", w.m.entity, was.id))
	}
	return false, w.fieldError(ErrInvalidArgument, w.m.parent.Field, w.ident.ParentID, fmt.Sprintf(
		"cannot replace the parent of %s %d, which is %s: parents are immutable", w.m.entity, was.id, stored.ParentID))
}
