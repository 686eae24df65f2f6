package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
		n, err := w.encode(w.parent.outer(w.m.Parent))
		if err != nil {
			return 0, err
		}
		sent := w.nodes.view(n)
		typeID, err := w.register(ctx, sent)
		if err != nil {
			return 0, err
		}
		id, linked, err := w.nodes.create(ctx, w.nodes.stamp(n, typeID, 0), w.parent)
		switch {
		case err == nil:
			if w.typ.kind == mlmd.Context {
				w.c.seen.add(id, parent{id, typeID, w.m.TypeName, sent.storedName()})
			}
			return id, w.linkNew(ctx, id, linked)
		case status.Code(err) == codes.AlreadyExists:
			stored, err2 := w.existing(ctx, sent)
			if err2 != nil {
				return 0, err2
			}
			if stored != nil {
				return w.change(ctx, stored)
			}
		case status.Code(err) == codes.NotFound && try == 1: // the type, or the parent: the store is not what it was
			if err := w.lookAgain(ctx); err != nil {
				return 0, err
			}
			continue
		}
		if try == mostTries || status.Code(err) != codes.AlreadyExists {
			return 0, w.rpc(ctx, err)
		}
	}
}

// lookAgain forgets all that is remembered of the store, which is not what it
// was.
func (w *write[T, N]) lookAgain(ctx context.Context) error {
	w.c.types.forget()
	w.c.seen.forget()
	w.c.links.forget()
	if w.parent == nil {
		return nil
	}
	p, err := w.c.parent(ctx, w.subject, w.m.Parent, w.ident.ParentID)
	w.parent = p
	return err
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
		return 0, w.field(ErrInvalid, "id", w.ident.ID, err.Error())
	}
	n, err := w.nodes.byID(ctx, id)
	if err != nil {
		return 0, w.rpc(ctx, err)
	}
	if n == nil {
		return 0, w.field(ErrNotFound, "id", w.ident.ID, fmt.Sprintf("is the id of nothing: there is no such %s", w.m.Entity))
	}
	if v := w.nodes.view(n); v.typeName != w.m.TypeName {
		return 0, w.field(ErrNotFound, "id", w.ident.ID, fmt.Sprintf("is the id of %s, not of %s", withArticle(w.c.entityOf(v.typeName)), withArticle(w.m.Entity)))
	}
	return w.change(ctx, n)
}

// change makes a stored node what the value says, if it is not that already,
// and finishes an earlier try that was cut short before its link.
func (w *write[T, N]) change(ctx context.Context, stored N) (int64, error) {
	was := w.nodes.view(stored)
	decoded, err := w.decode(w.subject, stored, was)
	if err != nil {
		return 0, err
	}
	outer := w.parent.outer(w.m.Parent)
	if outer.ID == 0 {
		outer.ID, _ = parseID(w.m.Ident(decoded).ParentID) // 0 where it has none
	}
	n, err := w.encode(outer)
	if err != nil {
		return 0, err
	}
	if err := w.settle(ctx, was, w.m.Ident(decoded)); err != nil {
		return 0, err
	}
	paths := w.m.Paths()
	if !w.replace {
		paths = append(w.m.SetPaths(w.v), w.clear...)
	}
	wanted := w.nodes.view(n)
	diff, err := comparison{was, wanted, w.c.rounding(ctx)}.differing(paths)
	if err != nil {
		return 0, w.rpc(ctx, err)
	}
	diff = append(diff, w.older(was, wanted, paths, diff)...)
	if len(diff) == 0 {
		return was.id, nil
	}
	if err := w.mayChange(was, diff); err != nil {
		return 0, err
	}
	if _, err := w.register(ctx, wanted); err != nil {
		return 0, err
	}
	if err := w.nodes.put(ctx, w.nodes.stamp(n, 0, was.id), diff); err != nil {
		return 0, w.refused(ctx, err, was, wanted, diff)
	}
	return was.id, nil
}

// older returns the paths of older names under which fields are stored that
// are to be changed or emptied: what is left there would be read instead.
func (w *write[T, N]) older(was, wanted view, paths, diff []string) []string {
	var out []string
	for _, f := range w.m.Fields {
		if !slices.Contains(diff, f.Path) && (!slices.Contains(paths, f.Path) || wanted.has(f.Path)) {
			continue
		}
		for _, name := range f.Was {
			if was.props[name] != nil {
				out = append(out, "properties."+name)
			}
		}
	}
	return out
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
		return w.field(ErrInvalid, "name", w.ident.Name, fmt.Sprintf("cannot be the name of %s %d, which is stored as %q: a name is fixed", w.m.Entity, was.id, stored.Name))
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
	return w.field(ErrInvalid, w.m.Parent.Field, w.ident.ParentID, fmt.Sprintf("cannot be the parent of %s %d, which was stored below %s: a parent is fixed", w.m.Entity, was.id, stored.ParentID))
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

// register returns the id of the type, which it registers if this client did
// not yet. It fails where the store declares a property of the node otherwise.
func (w *write[T, N]) register(ctx context.Context, n view) (int64, error) {
	id, err := w.c.typeID(ctx, w.typ)
	if err != nil {
		return 0, w.rpc(ctx, err)
	}
	if name, kind, ok := w.c.types.clash(w.typ, n.props); ok {
		return 0, w.field(ErrConflict, w.jsonName("properties."+name), "", fmt.Sprintf("cannot be written: this store declares the property %s of %s as %s", name, w.m.TypeName, kind))
	}
	return id, nil
}

// mayChange checks that no field is fixed that would change.
func (w *write[T, N]) mayChange(was view, diff []string) error {
	for _, f := range w.m.Fields {
		if f.Fixed && f.Path != "" && slices.Contains(diff, f.Path) && was.has(f.Path) {
			return w.field(ErrInvalid, f.Name, "", fmt.Sprintf("cannot change: it is fixed once %s is stored", withArticle(w.m.Entity)))
		}
	}
	return nil
}

// has tells whether the field at path has a value.
func (v view) has(path string) bool {
	switch path {
	case "external_id":
		return text(v.externalID) != ""
	case "uri":
		return text(v.uri) != ""
	case "state", "last_known_state":
		return v.state != nil
	}
	if name, ok := strings.CutPrefix(path, "properties."); ok {
		return v.props[name] != nil
	}
	if name, ok := strings.CutPrefix(path, "custom_properties."); ok {
		return v.custom[name] != nil
	}
	return false
}
