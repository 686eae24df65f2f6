package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// mostTries is how often a create is tried whose conflict nobody holds any
// more when it is looked up.
const mostTries = 3

// create stores what is new. A conflict on what identifies the value makes it
// an update.
func (w *write[T, N]) create(ctx context.Context) (int64, error) {
	for try := 1; ; try++ {
		n, err := w.encode(w.parent.outer(w.m.Parent)) // before anything is sent: it may be refused
		if err != nil {
			return 0, err
		}
		if why := badNewName(w.ident.Name); why != "" {
			return w.changeNamed(ctx, w.nodes.view(n), why)
		}
		t, err := w.storedType(ctx)
		if err != nil {
			return 0, w.rpc(ctx, err)
		}
		unplaced, err := w.linkedAlready(ctx, t)
		if err != nil {
			return 0, err
		}
		if unplaced != nil {
			return w.change(ctx, unplaced)
		}
		if t, err = w.fit(ctx, t, n); err != nil {
			return 0, err
		}
		sent := w.nodes.view(n)
		id, linked, err := w.nodes.create(ctx, w.nodes.stamp(n, t.id, 0), w.parent)
		switch {
		case err == nil:
			w.created(id, t.id, sent, linked)
			return id, w.linkNew(ctx, id, linked)
		case status.Code(err) == codes.AlreadyExists:
			stored, err2 := w.existing(ctx, sent)
			if err2 != nil {
				return 0, err2
			}
			if stored != nil {
				return w.change(ctx, stored)
			}
		case try == 1: // the store may not be what it was
			again, err2 := w.lookAgain(ctx, err)
			if err2 != nil {
				return 0, err2
			}
			if again {
				continue
			}
		}
		if try == mostTries || status.Code(err) != codes.AlreadyExists {
			return 0, w.rpc(ctx, err)
		}
	}
}

// changeNamed updates what is stored under the name of the value, which is
// refused for new nodes because of why.
func (w *write[T, N]) changeNamed(ctx context.Context, sent view, why string) (int64, error) {
	stored, err := w.existing(ctx, sent)
	if err == nil && stored == nil && w.parent != nil && !w.m.Parent.PlainName {
		stored, err = w.unplacedChild(ctx, w.subject, w.parent.id, w.ident.Name)
	}
	if err != nil {
		return 0, err
	}
	if stored == nil {
		return 0, w.field(ErrInvalidArgument, "name", w.ident.Name, why)
	}
	return w.change(ctx, stored)
}

// fit gives the properties of a new node the names that its type has for them,
// and returns the type, which then declares all of them.
func (w *write[T, N]) fit(ctx context.Context, t *storedType, n N) (*storedType, error) {
	wanted := w.nodes.view(n)
	s, t, err := w.spell(ctx, t, view{}, wanted, propertiesOf(w.m.Fields, wanted))
	if err != nil {
		return nil, err
	}
	clear(wanted.props) // the map of n
	maps.Copy(wanted.props, s.props)
	return t, nil
}

// propertiesOf returns the paths of the fields that n has in its properties.
func propertiesOf(fields mlmd.Fields, n view) []string {
	var paths []string
	for i := range fields {
		if name, ok := fields[i].Property(); ok && n.props[name] != nil {
			paths = append(paths, fields[i].Path)
		}
	}
	return paths
}

// created remembers a node that was created just now, linked to its parent or
// not yet.
func (w *write[T, N]) created(id, typeID int64, sent view, linked bool) {
	if w.typ.kind != mlmd.Context {
		if w.parent != nil && !linked { // the parent has another name now
			w.c.seen.drop(w.parent.id)
		}
		return
	}
	w.c.seen.add(id, parent{id, typeID, w.m.TypeName, sent.storedName()})
	w.c.named.add(family{parent: id}, true)
}

// lookAgain finds out whether err may be due to what this client remembers:
// types or a parent that the store no longer has, or a parent that has another
// name now. If so, it forgets that, and the write is to be tried again.
func (w *write[T, N]) lookAgain(ctx context.Context, err error) (bool, error) {
	gone := status.Code(err) == codes.NotFound
	if !gone && !w.parentMayBeGone(err) {
		return false, nil
	}
	if gone {
		w.c.types.forget()
		w.c.seen.forget()
		w.c.links.forget()
		w.c.named.forget()
	} else {
		w.c.seen.drop(w.parent.id)
	}
	if w.parent == nil {
		return gone, nil
	}
	p, err := w.c.parent(ctx, w.subject, w.m.Parent, w.ident.ParentID)
	if err != nil {
		return false, err
	}
	changed := *p != *w.parent
	w.parent = p
	return gone || changed, nil
}

// parentMayBeGone reports whether err may be due to a parent that has another
// name than this client remembers: artifacts are created below a name.
func (w *write[T, N]) parentMayBeGone(err error) bool {
	code := status.Code(err)
	return w.parent != nil && w.typ.kind == mlmd.Artifact && (code == codes.InvalidArgument || code == codes.Internal)
}

// existing returns the stored node that the value is, after a conflict, or nil
// if there is none any more. It is an error if the conflict is with another
// node.
func (w *write[T, N]) existing(ctx context.Context, sent view) (N, error) {
	byName := w.ident.Name != "" && (w.m.Parent == nil || w.parent != nil || w.m.Parent.PlainName)
	if byName {
		n, err := w.nodes.byName(ctx, w.m.TypeName, sent.storedName())
		if err != nil {
			return nil, w.rpc(ctx, err)
		}
		if n != nil {
			if v := w.nodes.view(n); v.storedName() != sent.storedName() {
				return nil, w.taken("name", w.ident.Name, v, "this store does not tell the two names apart")
			}
			return n, nil
		}
	}
	owner, err := w.owner(ctx, sent)
	if err != nil || owner == nil {
		return nil, err
	}
	if v := w.nodes.view(owner); byName || v.typeName != w.m.TypeName {
		return nil, w.externalIDTaken(v)
	}
	return owner, nil
}

// owner returns the node that has the external id of the value, if any.
func (w *write[T, N]) owner(ctx context.Context, sent view) (N, error) {
	if text(sent.externalID) == "" {
		return nil, nil
	}
	n, err := w.nodes.byExternalID(ctx, *sent.externalID)
	if err != nil {
		return nil, w.rpc(ctx, err)
	}
	return n, nil
}

func (w *write[T, N]) externalIDTaken(by view) error {
	return w.taken("externalId", w.ident.ExternalID, by, fmt.Sprintf("external ids are unique among %ss", w.typ.kind))
}

func (w *write[T, N]) taken(field, value string, by view, rule string) error {
	e := w.field(ErrAlreadyExists, field, value, fmt.Sprintf("is already used by %s %d: %s", w.c.entityOf(by.typeName), by.id, rule))
	e.ExistingID = fmt.Sprint(by.id)
	return e
}

// update changes the node whose id the value has.
func (w *write[T, N]) update(ctx context.Context) (int64, error) {
	id, err := parseID(w.ident.ID)
	if err != nil {
		return 0, w.field(ErrInvalidArgument, "id", w.ident.ID, err.Error())
	}
	n, err := w.nodes.byID(ctx, id)
	if err != nil {
		return 0, w.rpc(ctx, err)
	}
	if n == nil && len(w.faults) > 0 {
		return 0, w.invalid(w.faults)
	}
	if n == nil {
		return 0, w.field(ErrNotFound, "id", w.ident.ID, fmt.Sprintf("is the id of nothing: there is no such %s", w.m.Entity))
	}
	if v := w.nodes.view(n); v.typeName != w.m.TypeName {
		return 0, w.field(ErrNotFound, "id", w.ident.ID, fmt.Sprintf("is the id of %s, not of %s", withArticle(w.c.entityOf(v.typeName)), withArticle(w.m.Entity)))
	}
	return w.change(ctx, n)
}

// storedType returns the type of the entity in the store.
func (w *write[T, N]) storedType(ctx context.Context) (*storedType, error) {
	t, err := w.c.typeOf(ctx, w.typ, w.m.PropTypes())
	if err == nil && t.isOlder(w.m.Fields) && t.stale() {
		return w.c.reread(ctx, w.typ, t)
	}
	return t, err
}

// spell returns how to write the given paths of wanted to a node of type t that
// is stored as was, and the type, which it widens by what is missing for that.
func (w *write[T, N]) spell(ctx context.Context, t *storedType, was, wanted view, paths []string) (spelling, *storedType, error) {
	set := w.m.SetPaths(w.v)
	if w.m.Parent != nil && w.m.Parent.PlainName { // only a copy says the parent
		set = w.m.Paths()
	}
	for {
		s, bad := t.spell(w.m.Fields, was, wanted, paths, set)
		if bad != nil {
			return s, t, w.field(ErrConflict, w.jsonName(bad.path), "", fmt.Sprintf("cannot be written: this store declares the property %s of %s as %s", bad.property, w.m.TypeName, bad.declared))
		}
		if len(s.missing) == 0 {
			return s, t, nil
		}
		wider, err := w.c.widen(ctx, w.typ, s.missing)
		if err != nil {
			return s, t, w.rpc(ctx, err)
		}
		t = wider
	}
}

// refused returns the error of a put that failed. A taken external id has a
// different code on every server, so it is looked up.
func (w *write[T, N]) refused(ctx context.Context, err error, was, wanted view, diff []string) error {
	if slices.Contains(diff, "external_id") && ctx.Err() == nil {
		if owner, err := w.owner(ctx, wanted); err == nil && owner != nil {
			if by := w.nodes.view(owner); by.id != was.id {
				return w.externalIDTaken(by)
			}
		}
	}
	return w.rpc(ctx, err)
}

// settle checks that the value has the stored name and parent, as far as it
// has them, and makes the link to the parent if it is not there.
func (w *write[T, N]) settle(ctx context.Context, was view, stored mlmd.Ident) error {
	if w.ident.Name != "" && w.ident.Name != stored.Name {
		return w.field(ErrInvalidArgument, "name", w.ident.Name, fmt.Sprintf("cannot be the name of %s %d, which is stored as %q: a name is fixed", w.m.Entity, was.id, stored.Name))
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
			return w.rpc(ctx, err)
		}
		if contains(above, w.parent.id) {
			return nil
		}
		if len(above) == 0 && w.m.Parent.PlainName { // a try that was cut short
			return w.linkNew(ctx, was.id, false)
		}
		stored.ParentID = "none, or another"
	}
	return w.field(ErrInvalidArgument, w.m.Parent.Field, w.ident.ParentID, fmt.Sprintf("cannot be the parent of %s %d, which was stored below %s: a parent is fixed", w.m.Entity, was.id, stored.ParentID))
}

// linkNew makes the link between the parent, if there is one, and a node that
// was created just now, unless that was done already.
func (w *write[T, N]) linkNew(ctx context.Context, id int64, done bool) error {
	if w.parent == nil {
		return nil
	}
	if !done {
		if err := w.nodes.link(ctx, w.parent.id, id); err != nil {
			return w.rpc(ctx, err)
		}
	}
	w.c.links.add(edge{w.typ.kind, w.parent.id, id}, struct{}{})
	return nil
}

// link makes the link between the parent and a stored node, unless it exists.
func (w *write[T, N]) link(ctx context.Context, id int64) error {
	if _, known := w.c.links.get(edge{w.typ.kind, w.parent.id, id}); known {
		return nil
	}
	linked, err := w.linked(ctx, id)
	if err != nil {
		return err
	}
	return w.linkNew(ctx, id, linked)
}

// linked tells whether the parent is above the node with the given id.
func (w *write[T, N]) linked(ctx context.Context, id int64) (bool, error) {
	above, err := w.nodes.parents(ctx, id)
	if err != nil {
		return false, w.rpc(ctx, err)
	}
	return contains(above, w.parent.id), nil
}

// contains tells whether one of cs has the id.
func contains(cs []*mlmdpb.Context, id int64) bool {
	return slices.ContainsFunc(cs, func(c *mlmdpb.Context) bool { return c.GetId() == id })
}
