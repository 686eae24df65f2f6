package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A transactor is an RPC client that can run transactions. Those of embedded
// stores are.
type transactor interface {
	Transact(ctx context.Context, fn func(tx mlmdpb.MetadataStoreServiceClient) error) error
}

// Tx calls f with a client whose calls are one transaction of an embedded store:
// either all of their writes are stored or none. Calls of tx see the earlier
// writes of tx. A call that fails leaves nothing behind, and f may handle its
// error and go on. If f returns an error, Tx stores nothing and returns that
// error. If f panics, Tx stores nothing and panics.
//
// Tx calls f again if the transaction conflicts with another one, or if the
// context of a call ends while a database server executes it, so f should have no
// other effects. Pass the calls the context of Tx, or one that ends later. The
// IDs that calls of tx set in their values are reset before f is called again,
// and if Tx fails.
//
// Use only tx within f: c, or a collection made for c, would wait for the
// transaction on SQLite. [NewCollection] makes collections for tx. tx must not be
// used after f has returned, nor closed.
//
// The error is [ErrUnsupported] if c is not a client of an embedded store, since
// MLMD's protocol has no transactions of several calls, or if c is itself in a
// transaction. [ErrUnavailable] may mean that the transaction was stored
// although its confirmation was lost.
func (c *Client) Tx(ctx context.Context, f func(tx *Client) error) error {
	s := operation{op: "transaction"}
	if f == nil {
		return s.newError(ErrInvalidArgument, "the function is nil")
	}
	if c.tx != nil {
		return s.newError(ErrUnsupported, "transactions cannot be nested: use the client that the function was given")
	}
	store, ok := c.rpc.(transactor)
	if !ok {
		return s.newError(ErrUnsupported, "a server has no transactions of several calls: use an embedded store")
	}
	var failed *txError
	ids := &txIDs{}
	stored := false
	defer func() {
		if !stored { // f may have panicked
			ids.reset()
		}
	}()
	err := store.Transact(ctx, func(rpc mlmdpb.MetadataStoreServiceClient) error {
		ids.reset() // of a call that lost a conflict
		tx := newClient(rpc, clientConfig{prefix: c.prefix})
		tx.tx = ids
		if err := f(tx); err != nil {
			return &txError{err}
		}
		return nil
	})
	if err == nil {
		stored = true
		return nil
	}
	if errors.As(err, &failed) {
		return failed.error
	}
	return s.rpcError(ctx, err)
}

// A txError is an error that the function of a transaction returned, on its way
// through the store.
type txError struct{ error }

// txIDs holds what resets the IDs that a transaction set in values.
type txIDs struct {
	mu   sync.Mutex
	undo []func()
}

// undoable records how to undo a change to a value. f is called if c is in a
// transaction and the transaction is not stored.
func (c *Client) undoable(f func()) {
	if c.tx == nil {
		return
	}
	c.tx.mu.Lock()
	defer c.tx.mu.Unlock()
	c.tx.undo = append(c.tx.undo, f)
}

func (ids *txIDs) reset() {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	for _, f := range slices.Backward(ids.undo) {
		f()
	}
	ids.undo = nil
}

// Register upserts the given entities in order, parents before their children,
// and returns a result for each:
//
//	results, err := reg.Register(ctx, &m, &v, &a, &doc)
//
// An entity is a pointer to a value of a type in package model, or, for a mapping
// generated from your own spec, the result of [Collection.Entity]. A child with
// neither an ID nor the ID of its parent gets the ID of the last entity before it
// that is of its parent's type, if there is one.
//
// On an embedded store Register is one transaction: if an entity fails, nothing
// is stored, the IDs in the values are as they were, and there are no results.
// A server has no transactions of several calls: the entities before the one that
// fails stay, and their results are returned with the error. Register with the
// same entities completes the rest; entities that are stored already have the
// outcome [Unchanged]. The client of a [Client.Tx] behaves like a server here,
// within its transaction.
//
// The errors are those of [Collection.Upsert]. An argument that is not an entity
// is an [ErrInvalidArgument], and nothing is stored.
func (c *Client) Register(ctx context.Context, entities ...any) ([]Result, error) {
	all := make([]Entity, len(entities))
	for i, e := range entities {
		var err error
		if all[i], err = c.entity(i, e); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	return c.inBatch(ctx, func(c *Client) ([]Result, error) { return c.register(ctx, all) })
}

// entity returns argument i of Register as an Entity.
func (c *Client) entity(i int, arg any) (Entity, error) {
	var e Entity
	cs := &c.collections
	switch v := arg.(type) {
	case Entity:
		e = v
	case *model.RegisteredModel:
		e = cs.registeredModels.Entity(v)
	case *model.ModelVersion:
		e = cs.modelVersions.Entity(v)
	case *model.ModelArtifact:
		e = cs.modelArtifacts.Entity(v)
	case *model.DocArtifact:
		e = cs.docArtifacts.Entity(v)
	case *model.ServingEnvironment:
		e = cs.servingEnvironments.Entity(v)
	case *model.InferenceService:
		e = cs.inferenceServices.Entity(v)
	case *model.ServeModel:
		e = cs.serveModels.Entity(v)
	default:
		return nil, operation{op: "register"}.newError(ErrInvalidArgument, fmt.Sprintf(
			"argument %d is %s: pass a pointer to an entity in package model, or the result of Collection.Entity",
			i+1, goType(arg)))
	}
	if e.isNil() {
		return nil, operation{op: "register"}.newError(ErrInvalidArgument, fmt.Sprintf(
			"argument %d is a nil pointer to %s", i+1, withArticle(e.mapping().entity)))
	}
	return e, nil
}

// goType returns the type of v for messages.
func goType(v any) string {
	if v == nil {
		return "nil"
	}
	return fmt.Sprintf("of type %T", v)
}

// inBatch returns the results of f, which writes through the given client. On an
// embedded store it calls f in a transaction of its own.
func (c *Client) inBatch(ctx context.Context, f func(*Client) ([]Result, error)) ([]Result, error) {
	if _, ok := c.rpc.(transactor); !ok || c.tx != nil {
		return f(c)
	}
	var out []Result
	err := c.Tx(ctx, func(tx *Client) (err error) {
		out, err = f(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// register upserts the entities until one fails.
func (c *Client) register(ctx context.Context, all []Entity) ([]Result, error) {
	last := make(map[typeKey]string) // the IDs of the last entities, by type
	var out []Result
	for _, e := range all {
		if id, p := e.ident(), e.mapping().parent; p != nil && id.ID == "" && id.ParentID == "" {
			if parent := last[typeKey{mlmd.Context, p.TypeName}]; parent != "" {
				c.undoable(func() { e.setParentID("") })
				e.setParentID(parent)
			}
		}
		r, err := e.upsert(ctx, c)
		if err != nil {
			return out, err
		}
		last[e.mapping().typ] = r.ID
		out = append(out, r)
	}
	return out, nil
}

// An Entity is an argument of [Client.Register]. [Collection.Entity] makes it.
type Entity interface {
	mapping() entityMapping
	isNil() bool
	ident() mlmd.Ident
	setParentID(id string)
	// upsert stores the entity through the given client.
	upsert(ctx context.Context, c *Client) (Result, error)
}

// entityMapping is what Register needs of a mapping.
type entityMapping struct {
	entity string
	typ    typeKey
	parent *mlmd.Edge
}

// Entity returns v as an argument of [Client.Register], which writes v through
// its own client, also in a transaction:
//
//	results, err := reg.Register(ctx, tables.Entity(&table), reports.Entity(&report))
func (c *Collection[T, N]) Entity(v *T) Entity { return &entity[T, N]{c, v} }

type entity[T any, N mlmd.Node] struct {
	c *Collection[T, N]
	v *T
}

func (e *entity[T, N]) mapping() entityMapping {
	return entityMapping{entity: e.c.m.Entity, typ: e.c.typ, parent: e.c.m.Parent}
}
func (e *entity[T, N]) isNil() bool       { return e.v == nil }
func (e *entity[T, N]) ident() mlmd.Ident { return e.c.m.Ident(e.v) }

func (e *entity[T, N]) setParentID(id string) {
	if e.c.m.SetParentID != nil {
		e.c.m.SetParentID(e.v, id)
	}
}

func (e *entity[T, N]) upsert(ctx context.Context, c *Client) (Result, error) {
	return e.c.on(c).Upsert(ctx, e.v)
}

// on returns the collection of the same entities for another client.
func (c *Collection[T, N]) on(client *Client) *Collection[T, N] {
	if c.client == client {
		return c
	}
	other := *c
	other.client, other.nodes = client, nodesOf[N](client.rpc)
	client.types.setEntity(c.m.TypeName, c.m.Entity)
	return &other
}

// batchSize is the number of values that UpsertAll and CreateAll write in one
// transaction.
const batchSize = 500

// UpsertAll upserts the values in order and returns a result for each. It is much
// faster than calls of [Collection.Upsert]: one request creates up to 100 new
// contexts or artifacts if they have the same parent and follow each other.
//
// On an embedded store UpsertAll writes batches of 500 values, each of which is
// one transaction. If a value fails, nothing of its batch is stored, and the
// results are those of the batches before it. On a server, and in the transaction
// of a [Client.Tx], the values before the one that fails stay, and the results are
// theirs.
//
// If a value is nil, the error is [ErrInvalidArgument], and nothing is stored.
func (c *Collection[T, N]) UpsertAll(ctx context.Context, values []*T, opts ...UpsertOption[T]) ([]Result, error) {
	return c.writeAll(ctx, upsert, values, collectOptions[T](opts))
}

// CreateAll is [Collection.UpsertAll] except that it stores new entities, as
// [Collection.Create] does.
func (c *Collection[T, N]) CreateAll(ctx context.Context, values []*T) ([]Result, error) {
	return c.writeAll(ctx, create, values, writeOptions[T]{})
}

func (c *Collection[T, N]) writeAll(
	ctx context.Context, by verb, values []*T, o writeOptions[T],
) ([]Result, error) {
	if i := slices.Index(values, nil); i >= 0 {
		return nil, c.operation(by.String(), "").newError(ErrInvalidArgument, fmt.Sprintf("value %d is nil", i+1))
	}
	var out []Result
	for batch := range slices.Chunk(values, batchSize) {
		results, err := c.client.inBatch(ctx, func(client *Client) ([]Result, error) {
			return c.on(client).writeEach(ctx, by, batch, o)
		})
		out = append(out, results...)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// writeEach writes the values until one fails.
func (c *Collection[T, N]) writeEach(ctx context.Context, by verb, values []*T, o writeOptions[T]) ([]Result, error) {
	var out []Result
	alone := 0 // the number of values to write on their own
	for len(out) < len(values) {
		rest := values[len(out):]
		if alone == 0 {
			group := c.newNodes(ctx, by, rest, o)
			results, err := c.createNodes(ctx, group)
			if err != nil {
				return out, err
			}
			out = append(out, results...)
			if len(results) > 0 {
				continue
			}
			alone = max(len(group), 1)
		}
		r, err := c.write(ctx, by, rest[0], o)
		if err != nil {
			return out, err
		}
		out = append(out, r)
		alone--
	}
	return out, nil
}

// groupSize limits how many nodes one request creates, and so the size of the
// request.
const groupSize = 100

// A newNode is a value with the node to create for it.
type newNode[T any, N mlmd.Node] struct {
	*write[T, N]
	node   N
	typeID int64
}

// newNodes returns those of the first values that one request can create, if none
// of them is stored yet. They have the same parent. Once the caches have the type
// and the parent, it makes no RPC unless the type must be extended.
func (c *Collection[T, N]) newNodes(
	ctx context.Context, by verb, values []*T, o writeOptions[T],
) (group []newNode[T, N]) {
	if _, ok := c.nodes.(groupCreator[N]); !ok || o.read != nil {
		return nil
	}
	t := c.client.types.get(c.typ)
	if t == nil || t.isLegacy(c.m.Fields) {
		return nil
	}
	for _, v := range values[:min(len(values), groupSize)] {
		ident := c.m.Ident(v)
		if ident.ID != "" || newNameProblem(ident.Name) != "" ||
			len(group) > 0 && ident.ParentID != group[0].ident.ParentID {
			break
		}
		w, err := c.begin(ctx, by, v, o)
		if err != nil { // write will return it, after those before were written
			break
		}
		if w.parent != nil && ident.Name != "" && !c.m.Parent.UnprefixedName &&
			!c.client.allPrefixed(c.typ, w.parent.id) {
			break
		}
		n, err := w.encode(w.parent.mappingParent(c.m.Parent))
		if err != nil {
			break
		}
		if t, err = w.fitToType(ctx, t, n); err != nil {
			break
		}
		group = append(group, newNode[T, N]{w, c.nodes.withIDs(n, t.id, 0), t.id})
	}
	return group
}

// createNodes creates the nodes in one request. It returns no results if the store
// refuses them, so that nothing is stored: then one of them may be stored already.
func (c *Collection[T, N]) createNodes(ctx context.Context, group []newNode[T, N]) ([]Result, error) {
	if len(group) < 2 {
		return nil, nil
	}
	first := group[0]
	nodes := make([]N, len(group))
	for i, g := range group {
		nodes[i] = g.node
	}
	creator := c.nodes.(groupCreator[N])
	put := ctx
	if first.by == create {
		put = once(ctx)
	}
	ids, linked, err := creator.createGroup(put, nodes, first.parent)
	switch status.Code(err) {
	case codes.OK:
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Unknown, codes.Aborted:
		return nil, first.rpcError(ctx, err)
	default:
		return nil, nil
	}
	if first.parent != nil && !linked {
		if err := creator.linkGroup(ctx, first.parent.id, ids); err != nil {
			return nil, first.rpcError(ctx, err)
		}
	}
	out := make([]Result, len(group))
	for i, g := range group {
		g.cacheCreated(ids[i], g.typeID, c.nodes.view(g.node), linked)
		if g.parent != nil {
			c.client.links.add(edge{c.typ.kind, g.parent.id, ids[i]}, struct{}{})
		}
		out[i] = g.result(ids[i], Created, nil)
		g.setID(out[i].ID)
	}
	return out, nil
}

// A groupCreator is an implementation of [nodes] whose RPCs create several
// children of one parent. Each method makes one RPC.
type groupCreator[N mlmd.Node] interface {
	// createGroup is create for several nodes: all are stored or none.
	createGroup(ctx context.Context, ns []N, parent *parent) (ids []int64, linked bool, err error)
	// linkGroup is link for several children that have no link yet.
	linkGroup(ctx context.Context, parent int64, children []int64) error
}
