package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/internal/connection"
	"github.com/mlmd-go/sdk/internal/precondition"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A verb is one of the ways to write an entity.
type verb uint8

const (
	upsert  verb = iota // creates or patches
	replace             // creates or makes what is stored equal to the value
	create              // creates only
	update              // makes what is stored equal to a value that was read from it
)

// String returns the verb as it appears in errors.
func (v verb) String() string { return [...]string{"upsert", "replace", "create", "update"}[v] }

// whole reports whether a field that is not set in the value is removed.
func (v verb) whole() bool { return v == replace || v == update }

// maxAttempts limits how often createOrUpdate tries to create a node that
// conflicts with one that is gone when it is looked up.
const maxAttempts = 3

// A write is one call of a verb under way.
type write[N mlmd.Node] struct {
	*core[N]
	operation
	writeOptions
	by      verb
	v       any
	created any // v as it is created if it is new, see [OnCreate]
	ident   mlmd.Ident
	faults  mlmd.InvalidErrors // found in v alone
	parent  *parent            // nil if v has none, or if it does not matter
	// parentErr is the error that the parent of a value with an ID does not exist.
	// It counts only if the stored entity has another parent.
	parentErr error
	// since is the update time, in milliseconds since the epoch, that the stored
	// node must have; nil if any will do.
	since *int64
	// foreign reports that a property is of another kind than its type declares.
	foreign bool
	done    *nodeWrite[N] // for the hooks of OnWrite; nil without hooks, or if nothing was stored
}

// newWrite returns the write of v by the verb.
func (c *core[N]) newWrite(by verb, v any, o writeOptions) *write[N] {
	w := &write[N]{core: c, by: by, v: v, created: v, ident: c.m.IdentAny(v), writeOptions: o}
	if w.ident.ID == "" {
		w.created = o.forCreate(v)
	}
	w.operation = c.operation(by.String(), displayName(w.ident))
	return w
}

// begin returns the write of v by the verb after it has checked v and looked up
// its parent.
func (c *core[N]) begin(ctx context.Context, by verb, v any, o writeOptions) (*write[N], error) {
	if c.m.IsNilAny(v) {
		return nil, c.operation(by.String(), "").newError(ErrInvalidArgument, "the value is nil")
	}
	w := c.newWrite(by, v, o)
	if err := w.validate(); err != nil {
		return nil, err
	}
	if err := c.client.checkSpec(ctx, w.operation, c.m.spec); err != nil {
		return nil, err
	}
	if w.ident.ParentID != "" && c.m.parent != nil {
		p, err := c.client.parent(ctx, w.operation, c.m.parent, w.ident.ParentID)
		switch {
		case err == nil:
			w.parent = p
		case w.ident.ID != "" && errors.Is(err, ErrNotFound):
			w.parentErr = err
		default:
			return nil, err
		}
	}
	return w, nil
}

// write stores v by the verb, and sets its ID.
func (c *core[N]) write(ctx context.Context, by verb, v any, o writeOptions) (_ Result, err error) {
	ctx, observed := c.client.observe(ctx, by.String(), c.m.entity)
	defer func() { observed.end(err) }()
	w, err := c.begin(ctx, by, v, o)
	if err != nil {
		return Result{}, err
	}
	var r Result
	if w.ident.ID != "" {
		r, err = w.updateByID(ctx)
	} else {
		r, err = w.createOrUpdate(ctx)
	}
	if err != nil {
		return Result{}, err
	}
	w.setID(r.ID)
	return r, w.afterWrite(ctx).beside(nil)
}

// setID sets the ID of the value.
func (w *write[N]) setID(id string) {
	if old := w.ident.ID; old != id {
		w.client.undoable(func() { w.m.SetIDAny(w.v, old) })
		w.m.SetIDAny(w.v, id)
	}
}

// result returns the result of a write to the node with the given ID, of which
// the fields at the update_mask paths changed.
func (w *write[N]) result(id int64, o Outcome, paths []string) Result {
	r := Result{ID: strconv.FormatInt(id, 10), Outcome: o}
	for _, path := range paths {
		name := w.jsonName(path)
		if key, ok := strings.CutPrefix(path, customProperties+"."); ok {
			name = "customProperties." + key
		}
		r.Changed = append(r.Changed, name)
	}
	return r
}

// errChanged is the cause of an [ErrConflict] with another writer.
var errChanged = errors.New("the entity changed since it was read")

// isChanged reports whether a write failed because of [errChanged], and not
// because a hook returned such an error of its own.
func isChanged(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Err == errChanged
}

// checkUnchanged returns [ErrConflict] if the stored node is not the one on which
// the write depends.
func (w *write[N]) checkUnchanged(stored nodeView) error {
	if w.since == nil || *w.since == stored.updated {
		return nil
	}
	e := w.newError(ErrConflict, "another writer changed it since it was read: read it again and repeat the change")
	e.Err = errChanged
	return e
}

// A Result reports what a write did.
type Result struct {
	ID      string // of the entity; also written into the value
	Outcome Outcome
	// Changed holds the names of the fields that an update changed, in the order
	// of the spec: "description", "customProperties.auc". It is nil unless Outcome
	// is [Updated]. A property that the mapping derives from another field is
	// named by its path in MLMD, such as "properties.model_name".
	Changed []string
}

// An Outcome is the effect of a write.
type Outcome uint8

// The effects of a write. A failed write has none of them.
const (
	Created   Outcome = iota + 1 // the entity is new; not known if a reply was lost and the call repeated
	Updated                      // at least one field, or the link to the parent, was written
	Unchanged                    // what is stored was already as wanted; nothing was written
)

// String returns the name of the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case Created:
		return "created"
	case Updated:
		return "updated"
	case Unchanged:
		return "unchanged"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// withPrecondition returns a context whose put fails unless the update times in
// the request are the stored ones. Repeating it after it took effect would fail.
func withPrecondition(ctx context.Context) context.Context {
	return connection.Once(precondition.With(ctx))
}

// putContext returns the context of the request that creates the node. A create
// must not be repeated: it would find its own name taken.
func (w *write[N]) putContext(ctx context.Context) context.Context {
	ctx = w.kindContext(ctx)
	if w.by == create {
		return connection.Once(ctx)
	}
	return ctx
}

// kindContext returns the context of a put, which may be of properties of another
// kind than their type declares.
func (w *write[N]) kindContext(ctx context.Context) context.Context {
	if w.foreign {
		return precondition.WithAnyKind(ctx)
	}
	return ctx
}
