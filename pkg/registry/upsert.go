package registry

import (
	"context"
	"errors"
	"maps"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// An UpsertOption changes one Upsert of a T.
type UpsertOption[T any] func(*upsertOptions)

type upsertOptions struct {
	clear []string // update_mask paths
}

// Clear makes an upsert empty the given fields, which must not be set in the
// value. It takes the generated symbols of fields that can be empty:
//
//	registry.Clear(field.ModelVersion.Author)
func Clear[T any](fields ...filter.Clearable[*T]) UpsertOption[T] {
	return func(o *upsertOptions) {
		for _, f := range fields {
			if f != nil {
				o.clear = append(o.clear, filter.MaskPath(f))
			}
		}
	}
}

// Upsert stores v and returns its id, which it also writes into v; it changes
// nothing else in v. The value is the one that is stored already if it has its
// id, or else its name (within its parent), or else, where it has no name that
// tells it apart, its external id.
//
// What is new is created. What is stored is patched: a field that is not set
// in v stays, one that is set replaces what is stored, and custom properties,
// if there are any in v, replace all that are stored. [Clear] empties fields.
// Nothing is sent, and no time changes, where nothing differs.
//
// A call that was cut short is finished by calling again with the same value.
// The error is [ErrInvalidArgument] for what cannot be stored, for a new name that is
// blank or has control characters such as line breaks, and for a change of what
// is fixed, [ErrNotFound] for an id or a parent that does not exist, and
// [ErrAlreadyExists] for an external id that another entity has.
func (e *Collection[T, N]) Upsert(ctx context.Context, v *T, opts ...UpsertOption[T]) (string, error) {
	var o upsertOptions
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return e.write(ctx, "upsert", v, false, o.clear)
}

// Replace stores v as [Collection.Upsert] does, but makes what is stored exactly
// v: a field that is not set in v is emptied. Properties that the spec does
// not name stay.
func (e *Collection[T, N]) Replace(ctx context.Context, v *T) (string, error) {
	return e.write(ctx, "replace", v, true, nil)
}

// maxAttempts is how often a create is tried whose conflict nobody holds any
// more when it is looked up.
const maxAttempts = 3

// A write is one Upsert or Replace under way.
type write[T any, N mlmd.Node] struct {
	*Collection[T, N]
	operation
	v       *T
	ident   mlmd.Ident
	replace bool
	clear   []string
	faults  mlmd.InvalidErrors // in the value by itself
	parent  *parent            // nil: none, or not known yet
	// parentErr says that the parent of a value with an id is not there: an
	// error, unless the stored entity says the same.
	parentErr error
}

func (e *Collection[T, N]) write(ctx context.Context, op string, v *T, replace bool, clear []string) (string, error) {
	if v == nil {
		return "", e.operation(op, "").newError(ErrInvalidArgument, "there is no value: the pointer is nil")
	}
	w := &write[T, N]{Collection: e, v: v, ident: e.m.Ident(v), replace: replace, clear: clear}
	w.operation = e.operation(op, displayName(w.ident))
	if err := w.validate(); err != nil {
		return "", err
	}
	if w.ident.ParentID != "" && e.m.Parent != nil {
		p, err := e.c.parent(ctx, w.operation, e.m.Parent, w.ident.ParentID)
		switch {
		case err == nil:
			w.parent = p
		case w.ident.ID != "" && errors.Is(err, ErrNotFound):
			w.parentErr = err
		default:
			return "", err
		}
	}
	var id int64
	var err error
	if w.ident.ID != "" {
		id, err = w.updateByID(ctx)
	} else {
		id, err = w.createOrUpdate(ctx)
	}
	if err != nil {
		return "", err
	}
	text := strconv.FormatInt(id, 10)
	if w.ident.ID != text {
		e.m.SetID(v, text)
	}
	return text, nil
}

// displayName returns what people call the entity.
func displayName(i mlmd.Ident) string {
	for _, s := range []string{i.Name, i.ExternalID, i.ID} {
		if s != "" {
			return s
		}
	}
	return ""
}

// createOrUpdate stores what is new. A conflict on what identifies the value makes it
// an update.
func (w *write[T, N]) createOrUpdate(ctx context.Context) (int64, error) {
	for try := 1; ; try++ {
		n, err := w.encode(w.parent.mappingParent(w.m.Parent)) // before anything is sent: it may be refused
		if err != nil {
			return 0, err
		}
		if why := badNewName(w.ident.Name); why != "" {
			return w.updateNamed(ctx, w.nodes.view(n), why)
		}
		t, err := w.storedType(ctx)
		if err != nil {
			return 0, w.rpcError(ctx, err)
		}
		unplaced, err := w.existingUnprefixed(ctx, t)
		if err != nil {
			return 0, err
		}
		if unplaced != nil {
			return w.update(ctx, unplaced)
		}
		if t, err = w.fitToType(ctx, t, n); err != nil {
			return 0, err
		}
		sent := w.nodes.view(n)
		id, linked, err := w.nodes.create(ctx, w.nodes.withIDs(n, t.id, 0), w.parent)
		switch {
		case err == nil:
			w.cacheCreated(id, t.id, sent, linked)
			return id, w.linkNew(ctx, id, linked)
		case status.Code(err) == codes.AlreadyExists:
			stored, err2 := w.conflictingNode(ctx, sent)
			if err2 != nil {
				return 0, err2
			}
			if stored != nil {
				return w.update(ctx, stored)
			}
		case try == 1: // the store may not be what it was
			again, err2 := w.refreshStale(ctx, err)
			if err2 != nil {
				return 0, err2
			}
			if again {
				continue
			}
		}
		if try == maxAttempts || status.Code(err) != codes.AlreadyExists {
			return 0, w.rpcError(ctx, err)
		}
	}
}

// updateNamed updates what is stored under the name of the value, which is
// refused for new nodes because of why.
func (w *write[T, N]) updateNamed(ctx context.Context, sent nodeView, why string) (int64, error) {
	stored, err := w.conflictingNode(ctx, sent)
	if err == nil && stored == nil && w.parent != nil && !w.m.Parent.UnprefixedName {
		stored, err = w.findUnprefixedChild(ctx, w.operation, w.parent.id, w.ident.Name)
	}
	if err != nil {
		return 0, err
	}
	if stored == nil {
		return 0, w.fieldError(ErrInvalidArgument, "name", w.ident.Name, why)
	}
	return w.update(ctx, stored)
}

// fitToType gives the properties of a new node the names that its type has for them,
// and returns the type, which then declares all of them.
func (w *write[T, N]) fitToType(ctx context.Context, t *storedType, n N) (*storedType, error) {
	wanted := w.nodes.view(n)
	s, t, err := w.resolveProperties(ctx, t, nodeView{}, wanted, propertiesOf(w.m.Fields, wanted))
	if err != nil {
		return nil, err
	}
	clear(wanted.props) // the map of n
	maps.Copy(wanted.props, s.props)
	return t, nil
}

// propertiesOf returns the paths of the fields that n has in its properties.
func propertiesOf(fields mlmd.Fields, n nodeView) []string {
	var paths []string
	for i := range fields {
		if name, ok := fields[i].Property(); ok && n.props[name] != nil {
			paths = append(paths, fields[i].Path)
		}
	}
	return paths
}

// cacheCreated remembers a node that was created just now, linked to its parent or
// not yet.
func (w *write[T, N]) cacheCreated(id, typeID int64, sent nodeView, linked bool) {
	if w.typ.kind != mlmd.Context {
		if w.parent != nil && !linked { // the parent has another name now
			w.c.contexts.remove(w.parent.id)
		}
		return
	}
	w.c.contexts.add(id, parent{id, typeID, w.m.TypeName, sent.storedName()})
	w.c.prefixed.add(siblings{parent: id}, true)
}

// refreshStale finds out whether err may be due to what this client remembers:
// types or a parent that the store no longer has, or a parent that has another
// name now. If so, it forgets that, and the write is to be tried again.
func (w *write[T, N]) refreshStale(ctx context.Context, err error) (bool, error) {
	gone := status.Code(err) == codes.NotFound
	if !gone && !w.parentMayBeRenamed(err) {
		return false, nil
	}
	if gone {
		w.c.types.reset()
		w.c.contexts.reset()
		w.c.links.reset()
		w.c.prefixed.reset()
	} else {
		w.c.contexts.remove(w.parent.id)
	}
	if w.parent == nil {
		return gone, nil
	}
	p, err := w.c.parent(ctx, w.operation, w.m.Parent, w.ident.ParentID)
	if err != nil {
		return false, err
	}
	changed := *p != *w.parent
	w.parent = p
	return gone || changed, nil
}

// parentMayBeRenamed reports whether err may be due to a parent that has another
// name than this client remembers: artifacts are created below a name.
func (w *write[T, N]) parentMayBeRenamed(err error) bool {
	code := status.Code(err)
	return w.parent != nil && w.typ.kind == mlmd.Artifact && (code == codes.InvalidArgument || code == codes.Internal)
}
