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

// An UpsertOption configures one Upsert of a T.
type UpsertOption[T any] func(*upsertOptions)

type upsertOptions struct {
	clear []string // update_mask paths
}

// Clear makes an Upsert remove the stored values of the given fields. The error
// is [ErrInvalidArgument] if one of them is set in the upserted value. The
// fields are generated symbols; a field that cannot be empty does not compile:
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

// Upsert creates v or patches the stored entity, and returns its ID. It sets the
// ID in v and changes nothing else there: read the entity to see its times.
//
// The stored entity is the one with the ID of v. If v has no ID, it is the one
// with the name of v, within its parent. If v has no name that identifies it,
// it is the one with the external ID of v. A patch keeps the fields that are
// not set in v and replaces those that are; [Clear] removes them. Custom
// properties, if v has any, replace all stored ones.
//
// If nothing differs from what is stored, Upsert writes nothing and the update
// time stays. Upsert is not one transaction: if it fails halfway, call it again
// with the same value to complete it.
//
// The error is [ErrInvalidArgument] for a value that cannot be stored, a new
// name that is blank or has control characters, or a change to an immutable
// field; [ErrNotFound] if the ID or the parent does not exist; and
// [ErrAlreadyExists] if another entity has the external ID.
func (e *Collection[T, N]) Upsert(ctx context.Context, v *T, opts ...UpsertOption[T]) (string, error) {
	var o upsertOptions
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return e.write(ctx, "upsert", v, false, o.clear)
}

// Replace is [Collection.Upsert] except that it removes the fields that are not
// set in v. Stored properties that the spec does not declare stay.
func (e *Collection[T, N]) Replace(ctx context.Context, v *T) (string, error) {
	return e.write(ctx, "replace", v, true, nil)
}

// maxAttempts limits how often createOrUpdate tries to create a node that
// conflicts with one that is gone when it is looked up.
const maxAttempts = 3

// A write is one Upsert or Replace under way.
type write[T any, N mlmd.Node] struct {
	*Collection[T, N]
	operation
	v       *T
	ident   mlmd.Ident
	replace bool
	clear   []string           // update_mask paths
	faults  mlmd.InvalidErrors // found in v alone
	parent  *parent            // nil if v has none
	// parentErr is the error that the parent of a value with an ID does not exist.
	// It counts only if the stored entity has another parent.
	parentErr error
}

func (e *Collection[T, N]) write(ctx context.Context, op string, v *T, replace bool, clear []string) (string, error) {
	if v == nil {
		return "", e.operation(op, "").newError(ErrInvalidArgument, "the value is nil")
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

// displayName returns the entity's name, external ID or ID, whichever is set
// first, for error messages.
func displayName(i mlmd.Ident) string {
	for _, s := range []string{i.Name, i.ExternalID, i.ID} {
		if s != "" {
			return s
		}
	}
	return ""
}

// createOrUpdate creates the node and returns its ID. If the store refuses it
// because a node with the name or external ID exists, it updates that node.
func (w *write[T, N]) createOrUpdate(ctx context.Context) (int64, error) {
	for try := 1; ; try++ {
		n, err := w.encode(w.parent.mappingParent(w.m.Parent)) // may fail, so it comes before the first write
		if err != nil {
			return 0, err
		}
		if why := newNameProblem(w.ident.Name); why != "" {
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
		case try == 1: // the caches may be stale
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

// updateNamed updates the node with the name of the value. why is the reason
// that a new node cannot have the name.
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

// fitToType stores the properties of a new node under the names that its type
// declares. It returns the type, which it extends by those that are missing.
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

// propertiesOf returns the update_mask paths of the properties that n has.
func propertiesOf(fields mlmd.Fields, n nodeView) []string {
	var paths []string
	for i := range fields {
		if name, ok := fields[i].Property(); ok && n.props[name] != nil {
			paths = append(paths, fields[i].Path)
		}
	}
	return paths
}

// cacheCreated updates the caches after a node was created.
func (w *write[T, N]) cacheCreated(id, typeID int64, sent nodeView, linked bool) {
	if w.typ.kind != mlmd.Context {
		if w.parent != nil && !linked { // the parent was renamed
			w.c.contexts.remove(w.parent.id)
		}
		return
	}
	w.c.contexts.add(id, parent{id, typeID, w.m.TypeName, sent.storedName()})
	w.c.prefixed.add(siblings{parent: id}, true)
}

// refreshStale reports whether err may come from a stale cache: a type or a
// parent that the store no longer has, or a parent that was renamed. If so, it
// has dropped the stale entries, and the write should be tried again.
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

// parentMayBeRenamed reports whether err may come from a parent whose name is
// not the cached one. Only the create of an artifact passes the parent's name.
func (w *write[T, N]) parentMayBeRenamed(err error) bool {
	code := status.Code(err)
	return w.parent != nil && w.typ.kind == mlmd.Artifact && (code == codes.InvalidArgument || code == codes.Internal)
}
