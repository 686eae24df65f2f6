package registry

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A change is a write to a node that is stored already.
type change[T any, N mlmd.Node] struct {
	*write[T, N]
	comparison
	node           N          // what is wanted
	ident          mlmd.Ident // of what is stored
	unreadable     value.Unreadable
	sentUnreadable value.Unreadable // what the caller's value says of unread
}

// update makes a stored node what the value says, if it is not that already,
// and finishes an earlier try that was cut short before its link.
func (w *write[T, N]) update(ctx context.Context, stored N) (int64, error) {
	c, err := w.compare(ctx, stored)
	if err != nil {
		return 0, err
	}
	id := c.stored.id
	if err := w.checkIdentity(ctx, c.stored, c.ident); err != nil {
		return 0, err
	}
	diff, err := c.paths()
	if err != nil {
		return 0, w.rpcError(ctx, err)
	}
	if len(diff) == 0 {
		return id, nil
	}
	if err := c.checkImmutable(diff); err != nil {
		return 0, err
	}
	c.keepOnly(diff)
	if err := w.storable(c.wanted); err != nil {
		return 0, err
	}
	was := w.nodes.view(stored)
	t, err := w.storedType(ctx)
	if err == nil && t.isOutdated(w.m.Fields, was, diff) {
		t, err = w.c.refreshType(ctx, w.typ, t)
	}
	if err != nil {
		return 0, w.rpcError(ctx, err)
	}
	s, _, err := w.resolveProperties(ctx, t, was, c.wanted, diff)
	if err != nil || len(s.paths) == 0 {
		return id, err
	}
	clear(c.wanted.props) // the map of the node
	maps.Copy(c.wanted.props, s.props)
	if err := w.put(ctx, w.nodes.withIDs(w.nodes.withName(c.node, was.name), 0, id), s.paths); err != nil {
		return 0, w.putError(ctx, err, was, c.wanted, diff)
	}
	return id, nil
}

// put changes the fields of n that paths name. The published server mixes up a
// property and a custom property of one name where one request changes both:
// there the custom property goes first.
func (e *Collection[T, N]) put(ctx context.Context, n N, paths []string) error {
	moved := func(path string) bool {
		name, ok := strings.CutPrefix(path, customProperties+".")
		return ok && slices.Contains(paths, "properties."+name)
	}
	if slices.ContainsFunc(paths, moved) {
		s, err := e.c.detectServer(ctx)
		if err != nil {
			return err
		}
		if s.isReference {
			first := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !moved(path) })
			if err := e.nodes.put(ctx, n, first); err != nil {
				return err
			}
			paths = slices.DeleteFunc(slices.Clone(paths), moved)
		}
	}
	return e.nodes.put(ctx, n, paths)
}

// compare reads what is stored, and judges what the value says otherwise: what
// was stored already is not refused, whatever is wrong with it.
func (w *write[T, N]) compare(ctx context.Context, stored N) (*change[T, N], error) {
	was := w.nodes.view(stored)
	placed := stored
	if w.parent != nil || w.replace { // else the parent does not matter
		var err error
		if placed, err = w.resolveParent(ctx, w.operation, stored, w.parent); err != nil {
			return nil, err
		}
	}
	decoded, err := w.decode(w.operation, placed, was)
	if err != nil {
		return nil, err
	}
	c := &change[T, N]{write: w, ident: w.m.Ident(decoded)}
	if w.parentErr != nil && w.ident.ParentID != c.ident.ParentID {
		return nil, w.parentErr
	}
	outer := w.parent.mappingParent(w.m.Parent)
	if outer.ID == 0 {
		outer.ID, _ = parseID(c.ident.ParentID) // 0 where it has none
	}
	node, err := w.m.Encode(w.v, outer)
	faults := slices.Concat(w.faults, mlmd.Invalid(err))
	same, err := w.m.Encode(decoded, outer)
	if len(faults) > 0 {
		faults = newFaults(faults, slices.Concat(w.check(decoded), mlmd.Invalid(err)))
	}
	if len(faults) > 0 {
		return nil, w.mappingError(faults)
	}
	if node == nil || same == nil {
		return nil, w.newError(ErrInternal, "the mapping made no node")
	}
	c.node = node
	c.comparison = comparison{stored: was.withPresentNames(w.m.Fields), read: w.nodes.view(same), wanted: w.nodes.view(node), rounds: w.c.roundsDoubles(ctx)}
	if w.m.Unreadable != nil {
		c.unreadable, c.sentUnreadable = w.m.Unreadable(decoded), w.m.Unreadable(w.v)
	}
	return c, nil
}

// newFaults returns the mistakes of es that are not among known. Elements of a
// list may have moved.
func newFaults(es, known mlmd.InvalidErrors) mlmd.InvalidErrors {
	type mistake struct{ field, value, why string }
	of := func(e *mlmd.InvalidError) mistake {
		return mistake{listIndex.ReplaceAllString(e.Field, "[]"), e.Value, e.Why}
	}
	have := make(map[mistake]bool, len(known))
	for _, e := range known {
		have[of(e)] = true
	}
	return slices.DeleteFunc(es, func(e *mlmd.InvalidError) bool { return have[of(e)] })
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// keepOnly takes out of the wanted node the properties that do not change.
func (c *change[T, N]) keepOnly(diff []string) {
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

// checkImmutable checks that no field is fixed that would change. One that cannot
// be read may be mended.
func (c *change[T, N]) checkImmutable(diff []string) error {
	for _, f := range c.m.Fields {
		if f.Immutable && f.Path != "" && slices.Contains(diff, f.Path) && c.stored.has(f.Path) && !c.unreadable.Has(f.Name) {
			return c.fieldError(ErrInvalidArgument, f.Name, "", fmt.Sprintf("cannot change: it is fixed once %s is stored", withArticle(c.m.Entity)))
		}
	}
	return nil
}

// updateByID changes the node whose id the value has.
func (w *write[T, N]) updateByID(ctx context.Context) (int64, error) {
	id, err := parseID(w.ident.ID)
	if err != nil {
		return 0, w.fieldError(ErrInvalidArgument, "id", w.ident.ID, err.Error())
	}
	n, err := w.nodes.byID(ctx, id)
	if err != nil {
		return 0, w.rpcError(ctx, err)
	}
	if n == nil && len(w.faults) > 0 {
		return 0, w.mappingError(w.faults)
	}
	if n == nil {
		return 0, w.fieldError(ErrNotFound, "id", w.ident.ID, fmt.Sprintf("is the id of nothing: there is no such %s", w.m.Entity))
	}
	if v := w.nodes.view(n); v.typeName != w.m.TypeName {
		return 0, w.fieldError(ErrNotFound, "id", w.ident.ID, fmt.Sprintf("is the id of %s, not of %s", withArticle(w.c.entityName(v.typeName)), withArticle(w.m.Entity)))
	}
	return w.update(ctx, n)
}

// storedType returns the type of the entity in the store.
func (w *write[T, N]) storedType(ctx context.Context) (*storedType, error) {
	t, err := w.c.typeOf(ctx, w.typ, w.m.PropTypes())
	if err == nil && t.isLegacy(w.m.Fields) && t.isStale() {
		return w.c.refreshType(ctx, w.typ, t)
	}
	return t, err
}

// resolveProperties returns how to write the given paths of wanted to a node of type t that
// is stored as was, and the type, which it widens by what is missing for that.
func (w *write[T, N]) resolveProperties(ctx context.Context, t *storedType, was, wanted nodeView, paths []string) (propertyUpdate, *storedType, error) {
	set := w.m.SetPaths(w.v)
	if w.m.Parent != nil && w.m.Parent.UnprefixedName { // only a copy says the parent
		set = w.m.Paths()
	}
	for {
		s, bad := t.resolve(w.m.Fields, was, wanted, paths, set)
		if bad != nil {
			return s, t, w.fieldError(ErrConflict, w.jsonName(bad.path), "", fmt.Sprintf("cannot be written: this store declares the property %s of %s as %s", bad.property, w.m.TypeName, bad.declared))
		}
		if len(s.missing) == 0 {
			return s, t, nil
		}
		wider, err := w.c.widen(ctx, w.typ, s.missing)
		if err != nil {
			return s, t, w.rpcError(ctx, err)
		}
		t = wider
	}
}

// checkIdentity checks that the value has the stored name and parent, as far as it
// has them, and makes the link to the parent if it is not there.
func (w *write[T, N]) checkIdentity(ctx context.Context, was nodeView, stored mlmd.Ident) error {
	if w.ident.Name != "" && w.ident.Name != stored.Name {
		return w.fieldError(ErrInvalidArgument, "name", w.ident.Name, fmt.Sprintf("cannot be the name of %s %d, which is stored as %q: a name is fixed", w.m.Entity, was.id, stored.Name))
	}
	if w.parent == nil {
		return nil
	}
	if stored.ParentID == w.ident.ParentID {
		return w.link(ctx, was.id)
	}
	if stored.ParentID == "" { // its name does not say: then its links do
		above, err := w.nodes.parents(ctx, was.id)
		if err != nil {
			return w.rpcError(ctx, err)
		}
		if containsID(above, w.parent.id) {
			return nil
		}
		if len(above) == 0 && w.m.Parent.UnprefixedName { // a try that was cut short
			return w.linkNew(ctx, was.id, false)
		}
		stored.ParentID = "none, or another"
	}
	return w.fieldError(ErrInvalidArgument, w.m.Parent.Field, w.ident.ParentID, fmt.Sprintf("cannot be the parent of %s %d, which was stored below %s: a parent is fixed", w.m.Entity, was.id, stored.ParentID))
}
