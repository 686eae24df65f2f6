package registry

import (
	"context"
	"errors"
	"strconv"

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
			o.clear = append(o.clear, f.ClearPath(nil))
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
		opt(&o)
	}
	return e.store(ctx, "upsert", v, false, o.clear)
}

// Replace stores v as [Collection.Upsert] does, but makes what is stored exactly
// v: a field that is not set in v is emptied. Properties that the spec does
// not name stay.
func (e *Collection[T, N]) Replace(ctx context.Context, v *T) (string, error) {
	return e.store(ctx, "replace", v, true, nil)
}

// A write is one Upsert or Replace under way.
type write[T any, N mlmd.Node] struct {
	*Collection[T, N]
	subject
	v       *T
	ident   mlmd.Ident
	replace bool
	clear   []string
	faults  mlmd.InvalidErrors // in the value by itself
	parent  *parent            // nil: none, or not known yet
	// noParent says that the parent of a value with an id is not there: an
	// error, unless the stored entity says the same.
	noParent error
}

func (e *Collection[T, N]) store(ctx context.Context, op string, v *T, replace bool, clear []string) (string, error) {
	if v == nil {
		return "", e.subject(op, "").fail(ErrInvalidArgument, "there is no value: the pointer is nil")
	}
	w := &write[T, N]{Collection: e, v: v, ident: e.m.Ident(v), replace: replace, clear: clear}
	w.subject = e.subject(op, called(w.ident))
	if err := w.validate(); err != nil {
		return "", err
	}
	if w.ident.ParentID != "" && e.m.Parent != nil {
		p, err := e.c.parent(ctx, w.subject, e.m.Parent, w.ident.ParentID)
		switch {
		case err == nil:
			w.parent = p
		case w.ident.ID != "" && errors.Is(err, ErrNotFound):
			w.noParent = err
		default:
			return "", err
		}
	}
	var id int64
	var err error
	if w.ident.ID != "" {
		id, err = w.update(ctx)
	} else {
		id, err = w.create(ctx)
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

// called returns what people call the entity.
func called(i mlmd.Ident) string {
	for _, s := range []string{i.Name, i.ExternalID, i.ID} {
		if s != "" {
			return s
		}
	}
	return ""
}
