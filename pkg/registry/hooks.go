package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// BeforeWrite makes a client call f before it writes an entity of m, such as
// mapping.ModelVersion. If f returns an error, the write is refused: nothing is
// written, the caller's value stays as it was, and the call returns an error that
// matches both [ErrRefused] and the error of f.
//
//	reg := registry.New(rpc, registry.BeforeWrite(mapping.ModelVersion,
//		func(ctx context.Context, c registry.Change[model.ModelVersion]) error { … }))
//
// f runs for each write that would change the store, whichever method makes it:
// [Collection.Upsert], Create, Update, Replace, UpsertAll and CreateAll, Archive
// and Restore of their facades, and [Client.Register]. It does not run for a write
// that changes nothing, for calls of [Client.RPC], nor for [MigrateAll].
//
// f runs once more each time that the write is tried again, because another
// writer changed or created the entity in the meantime or because a transaction
// is repeated. It should therefore have no effects of its own, which belong into
// [OnWrite]. Several hooks of one entity run in the order of the options; the
// first error ends them.
//
// To know whether an Upsert or a Replace without an ID creates its entity, the
// client reads first: one more request for an entity that is new, one less for
// one that is stored. UpsertAll makes such a request for each of its values.
// Other writes make no more requests than without hooks.
//
// f may read and write through [Change.Client], which within a transaction is the
// client of that transaction. The client that the hook was given to would wait
// for the transaction on SQLite. f must not change the entity itself. Writes of f
// call hooks too.
func BeforeWrite[T any, N mlmd.Node](m mlmd.Mapping[T, N], f func(ctx context.Context, c Change[T]) error) Option {
	return hookOption(m, f, func(h *hooks[N], f hook[N]) { h.before = append(h.before, f) })
}

// OnWrite makes a client call f after it wrote an entity of m: once for each write
// that a hook of [BeforeWrite] could have refused, and that succeeded.
//
// An error of f does not undo the write, and does not keep other hooks and the
// other entities of the same call from being written. The call returns it, as an
// error that matches both [ErrAfterWrite] and the error of f, beside the Result.
//
// In a transaction, which [Client.Tx], Register and UpsertAll make on an embedded
// store, f runs after the commit: once, also if the transaction was repeated, and
// not if it was rolled back. Its context then has the values of the write's
// context and ends with that of the transaction. If the process ends between the
// commit and f, f does not run.
//
// OnWrite makes no requests. f may write through [Change.Client], also the same
// entity; f must then end the recursion, because its writes call hooks too.
func OnWrite[T any, N mlmd.Node](m mlmd.Mapping[T, N], f func(ctx context.Context, c Change[T]) error) Option {
	return hookOption(m, f, func(h *hooks[N], f hook[N]) { h.after = append(h.after, f) })
}

// A Change describes one write of an entity to the hooks of [BeforeWrite] and
// [OnWrite].
type Change[T any] struct {
	// Op is the method that writes, as in [Error]: "create", "upsert", "replace",
	// or "update", which Archive and Restore are too.
	Op string
	// Actor is who writes, see [WithActor]; empty if the context does not say.
	Actor string
	// Old is the entity as it was stored; nil if it is created. It was read by the
	// write itself.
	Old *T
	// New is the entity as a Get would read it after the write, without its update
	// time. If the entity is created, it has no create time either and, before the
	// write, no ID. Old and New are copies for this call of the hook: changing them
	// has no effect.
	New *T
	// Result is that of the write. Before it, the ID of a new entity is empty.
	Result Result
	// Client is the client to read and write with: the one that writes, or, after
	// the commit of a transaction, the one that began the transaction.
	Client *Client
}

// WithActor returns a context whose writes are made by the actor, such as the name
// of a user or a job. Hooks see it as [Change.Actor]. It is not stored and not
// sent to a server.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// Actor returns the actor of [WithActor], or "".
func Actor(ctx context.Context) string {
	actor, _ := ctx.Value(actorKey{}).(string)
	return actor
}

type actorKey struct{}

// hooks holds the hooks of the writes of one type.
type hooks[N mlmd.Node] struct{ before, after []hook[N] }

// A hook is a hook of any entity that is stored as a node.
type hook[N mlmd.Node] func(ctx context.Context, w *nodeWrite[N]) error

// A nodeWrite is a [Change] of which the hooks decode their copies.
type nodeWrite[N mlmd.Node] struct {
	client   *Client
	op       string
	old, new N // old is nil if the node is created
	result   Result
}

// hookOption returns the option that adds f to the hooks of the type of m. The
// hooks apply to all collections of the type, also to those of another mapping.
func hookOption[T any, N mlmd.Node](
	m mlmd.Mapping[T, N], f func(context.Context, Change[T]) error, add func(*hooks[N], hook[N]),
) Option {
	return clientOption(func(o *clientConfig) {
		if f == nil {
			return
		}
		k := typeKey{nodesOf[N](nil).kind(), m.TypeName}
		h, _ := o.hooks[k].(*hooks[N])
		if h == nil {
			if o.hooks == nil {
				o.hooks = make(map[typeKey]any)
			}
			h = new(hooks[N])
			o.hooks[k] = h
		}
		add(h, func(ctx context.Context, w *nodeWrite[N]) error {
			c := Change[T]{Op: w.op, Actor: Actor(ctx), Result: w.result, Client: w.client}
			c.Result.Changed = append([]string(nil), w.result.Changed...)
			var err error
			if c.New, err = m.Decode(w.new); err != nil {
				return err
			}
			if w.old != nil {
				if c.Old, err = m.Decode(w.old); err != nil {
					return err
				}
			}
			return f(ctx, c)
		})
	})
}

// hooksOf returns the hooks of the type, or nil.
func hooksOf[N mlmd.Node](c *Client, k typeKey) *hooks[N] {
	for spec, h := range c.config.hooks {
		if spec.kind == k.kind && c.TypeName(spec.name) == k.name {
			return h.(*hooks[N])
		}
	}
	return nil
}

// hasBefore reports whether the write has hooks of [BeforeWrite].
func (w *write[N]) hasBefore() bool { return w.hooks != nil && len(w.hooks.before) > 0 }

// beforeCreate calls the hooks before n is created.
func (w *write[N]) beforeCreate(ctx context.Context, n N) error {
	if !w.hasBefore() {
		return nil
	}
	return w.before(ctx, &nodeWrite[N]{new: n, result: Result{Outcome: Created}})
}

// before calls the hooks before the store is changed.
func (w *write[N]) before(ctx context.Context, c *nodeWrite[N]) error {
	c.client, c.op = w.client, w.op
	ctx = context.WithValue(ctx, inHookKey{}, true)
	for _, f := range w.hooks.before {
		err := f(ctx, c)
		if err == nil {
			continue
		}
		e := w.newError(ErrRefused, "a hook refused it: "+err.Error())
		e.Err = err
		if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
			e.Kind = ended
		}
		return e
	}
	return nil
}

// inHookKey is the key of the contexts that hooks of [BeforeWrite] get.
type inHookKey struct{}

// inHook reports whether the context is that of a hook that runs within a write.
// Such a hook must not wait for another write, which may wait for this one.
func (c *Client) inHook(ctx context.Context) bool {
	return c.config.hooks != nil && ctx.Value(inHookKey{}) != nil
}

// recordCreated records for the hooks of [OnWrite] that n was created.
func (w *write[N]) recordCreated(n N, r Result) {
	if w.hooks == nil {
		return
	}
	id, _ := parseID(r.ID)
	v := w.nodes.view(n)
	created := w.nodes.withIDs(w.nodes.withName(n, v.name), v.typeID, id)
	w.done = &nodeWrite[N]{client: w.client, op: w.op, new: created, result: r}
}

// afterWrite calls the hooks after a write that changed the store, or leaves that
// to the end of the transaction. It makes the record of the spec, if the store has
// none.
func (w *write[N]) afterWrite(ctx context.Context) hookErrors {
	w.client.recordSpec(ctx, w.m.spec)
	if w.done == nil || len(w.hooks.after) == 0 {
		return nil
	}
	tx := w.client.tx
	if tx == nil {
		return w.after(ctx)
	}
	values := context.WithoutCancel(ctx)
	tx.afterCommit(func(ctx context.Context, c *Client) hookErrors {
		w.done.client = c
		return w.after(lateContext{ctx, values})
	})
	return nil
}

func (w *write[N]) after(ctx context.Context) (failed hookErrors) {
	for _, f := range w.hooks.after {
		if err := f(ctx, w.done); err != nil {
			e := w.newError(ErrAfterWrite, fmt.Sprintf("it is %s, but a hook failed: %v", w.done.result.Outcome, err))
			e.Err = err
			failed = append(failed, e)
		}
	}
	return failed
}

// A lateContext is the context of a hook after a commit.
type lateContext struct {
	context.Context                 // of the transaction
	values          context.Context // of the write
}

func (c lateContext) Value(key any) any { return c.values.Value(key) }

// hookErrors collects errors of hooks that ran after writes. They do not end a
// call that writes several entities.
type hookErrors []*Error

// keep adds err and returns nil if it reports that only hooks failed. Otherwise it
// returns err.
func (h *hookErrors) keep(err error) error {
	if !tookEffect(err) {
		return err
	}
	e := err.(*Error)
	if several, ok := e.Err.(hookErrors); ok {
		*h = append(*h, several...)
	} else {
		*h = append(*h, e)
	}
	return nil
}

// tookEffect reports whether err is that of hooks after a write, and not an error
// that wraps one.
func tookEffect(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Kind == ErrAfterWrite
}

// beside returns err together with the collected errors.
func (h hookErrors) beside(err error) error {
	switch {
	case len(h) == 0:
		return err
	case err != nil:
		return fmt.Errorf("%w; and before that: %w", err, h.beside(nil))
	case len(h) == 1:
		return h[0]
	}
	out := *h[0]
	out.Err, out.why = h, h.Error()
	return &out
}

// Error returns the reason of the first error and the number of the others.
func (h hookErrors) Error() string {
	return fmt.Sprintf("%s (and %s of hooks)", h[0].reason(), plural(len(h)-1, "more error", "more errors"))
}

// Unwrap returns the errors, for [errors.Is] and [errors.As].
func (h hookErrors) Unwrap() []error {
	out := make([]error, len(h))
	for i, e := range h {
		out[i] = e
	}
	return out
}

// planned returns the change for the hooks. It writes the paths in diff and has the
// result r.
func (c *change[N]) planned(diff []string, r Result) *nodeWrite[N] {
	n := proto.Clone(any(c.resolved).(proto.Message)).ProtoReflect()
	wanted := any(c.node).(proto.Message).ProtoReflect()
	fields := n.Descriptor().Fields()
	n.Clear(fields.ByName("last_update_time_since_epoch"))
	for _, path := range diff {
		name, key, isKey := strings.Cut(path, ".")
		field := fields.ByName(protoreflect.Name(name))
		if !isKey {
			if wanted.Has(field) {
				n.Set(field, wanted.Get(field))
			} else {
				n.Clear(field)
			}
			continue
		}
		m, k := n.Mutable(field).Map(), protoreflect.ValueOfString(key).MapKey()
		if f := c.fieldAt(path); f != nil {
			for _, old := range fieldNames(f) {
				m.Clear(protoreflect.ValueOfString(old).MapKey())
			}
		}
		if v := wanted.Get(field).Map().Get(k); v.IsValid() {
			m.Set(k, v)
		} else {
			m.Clear(k)
		}
	}
	return &nodeWrite[N]{old: c.resolved, new: n.Interface().(any).(N), result: r}
}
