package registry

import (
	"context"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// Update reads the entity with the given ID, calls f with it, and stores what f
// changed. Zero values, and fields and custom properties that f removes, are
// stored as such. If f changes nothing, nothing is written, except with [Touch].
//
// Members of objects that the spec lacks, which programs of another version of it
// stored, stay. In a list they stay in the elements that f leaves alone, and in those
// that keep their member id or name. An object whose member kind or type changes is
// taken for another variant of a union: its unknown members are removed.
//
// If another writer stored the entity in between, Update reads it and calls f
// again, until the context ends. f should therefore have no other effects. If f
// returns an error, Update returns that error and writes nothing. f must not
// change the ID, the name or the parent, nor update the same entity by another
// call, which would wait for this one.
//
// No change of another writer is lost in the stores and the server of this
// module. The reference implementation compares update times with a resolution
// of one millisecond, and only those of artifacts: of other entities it loses a
// change that another client makes between the read and the write. Of 10,000
// increments of one property by 4 processes it loses two thirds.
//
// The error is [ErrNotFound] if no such entity exists, and [ErrInvalidArgument]
// if what f made of it cannot be stored. After [ErrUnavailable] the change may
// have been stored: read the entity before you repeat it.
func (c *Collection[T, N]) Update(
	ctx context.Context, id string, f func(v *T) error, opts ...WriteOption[T],
) (Result, error) {
	return c.core.update(ctx, id, untypedFunc(f), collectOptions[T](opts))
}

// untypedFunc returns f, which may be nil, for a core.
func untypedFunc[T any](f func(v *T) error) func(v any) error {
	if f == nil {
		return nil
	}
	return func(v any) error { return f(v.(*T)) }
}

func (c *core[N]) update(
	ctx context.Context, id string, f func(v any) error, o writeOptions,
) (_ Result, err error) {
	ctx, observed := c.client.observe(ctx, update.String(), c.m.entity)
	defer func() { observed.end(err) }()
	s := c.operation(update.String(), id)
	if f == nil {
		return Result{}, s.newError(ErrInvalidArgument, "the function is nil")
	}
	key, err := parseID(id)
	if err != nil {
		return Result{}, s.fieldError(ErrInvalidArgument, "id", id, err.Error())
	}
	w, r, err := c.readAndWrite(ctx, s, key, f, o)
	if err != nil {
		return Result{}, err
	}
	return r, w.afterWrite(ctx).beside(nil)
}

// readAndWrite is an Update without its hooks of [OnWrite].
func (c *core[N]) readAndWrite(
	ctx context.Context, s operation, key int64, f func(v any) error, o writeOptions,
) (*write[N], Result, error) {
	if err := c.client.checkSpec(ctx, s, c.m.spec); err != nil {
		return nil, Result{}, err
	}
	if !c.client.inHook(ctx) {
		release, err := c.client.updates.acquire(ctx, nodeKey{c.typ.kind, key})
		if err != nil {
			return nil, Result{}, s.rpcError(ctx, err)
		}
		defer release()
	}
	waits := newConflictWaits()
	for {
		n, err := c.nodes.byID(ctx, key)
		if err != nil {
			return nil, Result{}, s.rpcError(ctx, err)
		}
		v, err := c.decodeFound(ctx, s, n, "id", readOptions{})
		if err != nil {
			return nil, Result{}, err
		}
		before := c.m.IdentAny(v)
		if err := f(v); err != nil {
			return nil, Result{}, err
		}
		w := c.newWrite(update, v, o)
		w.operation.key = displayName(before)
		if err := w.checkSameIdent(before); err != nil {
			return nil, Result{}, err
		}
		if err := w.validate(); err != nil {
			return nil, Result{}, err
		}
		conditional := w.since != nil // on what the caller read
		if !conditional {
			w.since = new(c.nodes.view(n).updated)
		}
		r, err := w.update(ctx, n)
		if err == nil || conditional || !isChanged(err) {
			return w, r, err
		}
		if err := waits.next(ctx); err != nil {
			return nil, Result{}, s.rpcError(ctx, err)
		}
	}
}

// conflictWaits are the waits of a write that conflicts with other writers, before
// it reads and writes again.
type conflictWaits struct{ *backoff.ExponentialBackOff }

func newConflictWaits() conflictWaits {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = time.Millisecond, 25*time.Millisecond
	return conflictWaits{b}
}

// next waits for the next try. The error is that of the context.
func (w conflictWaits) next(ctx context.Context) error {
	select {
	case <-time.After(w.NextBackOff()):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkSameIdent returns an error if the function of an Update changed what
// identifies the entity.
func (w *write[N]) checkSameIdent(before mlmd.Ident) error {
	parent := ""
	if w.m.parent != nil {
		parent = w.m.parent.Field
	}
	for _, f := range []struct{ name, before, after string }{
		{"id", before.ID, w.ident.ID},
		{"name", before.Name, w.ident.Name},
		{parent, before.ParentID, w.ident.ParentID},
	} {
		if f.before != f.after {
			return w.fieldError(ErrInvalidArgument, f.name, f.after, "cannot be changed: it is immutable")
		}
	}
	return nil
}

// A nodeKey identifies a node within one store.
type nodeKey struct {
	kind mlmd.Kind
	id   int64
}

// updateQueue lets the Updates of one node in this process run one after the
// other, so that they do not conflict with each other. The zero value is ready
// to use.
type updateQueue struct {
	mu     sync.Mutex
	queues map[nodeKey]*queue
}

type queue struct {
	sem   chan struct{}
	users int // that hold sem or wait for it
}

// acquire waits for its turn and returns the function that ends it. The error is
// that of the context.
func (u *updateQueue) acquire(ctx context.Context, key nodeKey) (release func(), err error) {
	u.mu.Lock()
	q := u.queues[key]
	if q == nil {
		if u.queues == nil {
			u.queues = make(map[nodeKey]*queue)
		}
		q = &queue{sem: make(chan struct{}, 1)}
		u.queues[key] = q
	}
	q.users++
	u.mu.Unlock()
	leave := func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if q.users--; q.users == 0 {
			delete(u.queues, key)
		}
	}
	select {
	case q.sem <- struct{}{}:
		return func() { <-q.sem; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
