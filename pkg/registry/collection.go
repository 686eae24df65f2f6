package registry

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A Collection stores and finds the entities of one mapping. It is safe for
// concurrent use. [RegisteredModels] and its siblings are collections whose
// methods name the parent of each entity.
type Collection[T any, N mlmd.Node] struct{ core core[N] }

// NewCollection returns the collection of the entities that m maps, such as a
// mapping generated from your own spec. It makes no RPC; the first write
// registers the type if the store does not have it. Make each collection once
// and keep it: NewCollection copies the mapping.
func NewCollection[T any, N mlmd.Node](c *Client, m mlmd.Mapping[T, N]) *Collection[T, N] {
	return &Collection[T, N]{newCore[N](c, &m)}
}

// A core is a [Collection] whose entities have any Go type. Its values are pointers
// to that type. Collection and [Query] only add the type, so that the compiler
// generates the rest once and not for each entity.
type core[N mlmd.Node] struct {
	client *Client
	m      untyped[N]
	nodes  nodes[N]
	typ    typeKey
	hooks  *hooks[N] // nil if there are none
}

// newCore returns the core of the entities that m maps to nodes of type N.
func newCore[N mlmd.Node](c *Client, m mlmd.AnyMapping) core[N] {
	e := core[N]{client: c, m: untype[N](c, m)}
	e.nodes = nodesOf[N](rpcFor(c, m, e.m.typeName, e.m.parent))
	e.typ = typeKey{e.nodes.kind(), e.m.typeName}
	e.hooks = hooksOf[N](c, e.typ)
	c.types.setEntity(e.m.typeName, e.m.entity)
	return e
}

// An untyped is an [mlmd.AnyMapping] for a core. Its type names are those that the
// client uses.
type untyped[N mlmd.Node] struct {
	mlmd.AnyMapping
	entity, typeName string
	parent           *mlmd.Edge
	fields           mlmd.Fields
	spec             *mlmd.Spec // may be nil
}

// untype returns the mapping for a core of the client.
func untype[N mlmd.Node](c *Client, m mlmd.AnyMapping) untyped[N] {
	t := m.Type()
	out := untyped[N]{AnyMapping: m, entity: t.Entity, typeName: c.TypeName(t.TypeName), fields: t.Fields, spec: t.Spec}
	if t.Parent != nil {
		p := *t.Parent
		p.TypeName = c.TypeName(p.TypeName)
		out.parent = &p
	}
	return out
}

// encode returns the node of v. Beside an error it may be nil.
func (m *untyped[N]) encode(v any, parent mlmd.Parent) (N, error) {
	n, err := m.EncodeAny(v, parent)
	node, _ := n.(N)
	return node, err
}

func (m *untyped[N]) decode(n N) (any, error) { return m.DecodeAny(any(n).(proto.Message)) }

// typed returns what a core returned with the type that it has.
func typed[T any](v any, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return v.(*T), nil
}

// nodesOf returns the implementation of nodes for the kind of N.
func nodesOf[N mlmd.Node](rpc mlmdpb.MetadataStoreServiceClient) nodes[N] {
	for _, n := range []any{artifacts{rpc}, executions{rpc}, contexts{rpc}} {
		if n, ok := n.(nodes[N]); ok {
			return n
		}
	}
	panic("registry: no implementation for this kind of node")
}

func (c *core[N]) operation(op, key string) operation {
	return operation{op: op, entity: c.m.entity, key: key}
}

// Get returns the entity with the given ID. The error is [ErrNotFound] if no
// node has the ID or if the node is another entity.
func (c *Collection[T, N]) Get(ctx context.Context, id string, opts ...ReadOption[T]) (*T, error) {
	return typed[T](c.core.get(ctx, id, collectReadOptions(opts)))
}

func (c *core[N]) get(ctx context.Context, id string, o readOptions) (_ any, err error) {
	ctx, observed := c.client.observe(ctx, "get", c.m.entity)
	defer func() { observed.end(err) }()
	s := c.operation("get", id)
	i, err := parseID(id)
	if err != nil {
		return nil, s.fieldError(ErrInvalidArgument, "id", id, err.Error())
	}
	n, err := c.nodes.byID(ctx, i)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	return c.decodeFound(ctx, s, n, "id", o)
}

// FindByName returns the entity with the given name. Case matters, whatever the
// collation of the database. The error is [ErrNotFound] if there is no such
// entity. It is [ErrInvalidArgument] if names are unique only within a parent:
// use [Collection.FindByNameIn] for such entities.
func (c *Collection[T, N]) FindByName(ctx context.Context, name string, opts ...ReadOption[T]) (*T, error) {
	return typed[T](c.core.findByName(ctx, name, collectReadOptions(opts)))
}

func (c *core[N]) findByName(ctx context.Context, name string, o readOptions) (any, error) {
	s := c.operation("find", name)
	if c.m.parent != nil && !c.m.parent.UnprefixedName {
		return nil, s.newError(ErrInvalidArgument, fmt.Sprintf(
			"the name of %s is unique only within its %s: use FindByNameIn", withArticle(c.m.entity), c.m.parent.Entity))
	}
	return c.byStoredName(ctx, s, name, o)
}

// FindByNameIn returns the child of the given parent that has the given name.
// Case matters, whatever the collation of the database. The error is
// [ErrNotFound] if there is no such child, and [ErrInvalidArgument] if entities
// of this collection have no parent.
func (c *Collection[T, N]) FindByNameIn(
	ctx context.Context, parentID, name string, opts ...ReadOption[T],
) (*T, error) {
	return typed[T](c.core.findByNameIn(ctx, parentID, name, collectReadOptions(opts)))
}

func (c *core[N]) findByNameIn(ctx context.Context, parentID, name string, o readOptions) (any, error) {
	s := c.operation("find", name)
	if c.m.parent == nil {
		return nil, s.newError(ErrInvalidArgument, fmt.Sprintf(
			"%s has no parent: use FindByName", withArticle(c.m.entity)))
	}
	id, err := parseID(parentID)
	if err != nil {
		return nil, s.fieldError(ErrInvalidArgument, c.m.parent.Field, parentID, err.Error())
	}
	if name == "" {
		return nil, s.fieldError(ErrInvalidArgument, "name", "", "is missing")
	}
	if c.m.parent.UnprefixedName {
		return c.findUnprefixed(ctx, s, id, name, o)
	}
	t, err := c.byStoredName(ctx, s, parentID+":"+name, o)
	if !errors.Is(err, ErrNotFound) {
		return t, err
	}
	n, err2 := c.findUnprefixedChild(ctx, s, id, name)
	if err2 != nil {
		return nil, err2
	}
	if n == nil {
		return nil, err
	}
	return c.decodeWith(ctx, s, c.withParentPrefix(n, id), c.nodes.view(n), o)
}

// findUnprefixed is FindByNameIn for entities whose stored names do not begin
// with the ID of their parent. It reads the parents too.
func (c *core[N]) findUnprefixed(
	ctx context.Context, s operation, parentID int64, name string, o readOptions,
) (any, error) {
	t, err := c.byStoredName(ctx, s, name, o)
	if err != nil {
		return nil, err
	}
	id, err := parseID(c.m.IdentAny(t).ID)
	if err != nil {
		return nil, s.newError(ErrInternal, "the store returned an entity without an ID")
	}
	above, err := c.nodes.parents(ctx, id)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	if !containsID(above, parentID) {
		return nil, s.newError(ErrNotFound, fmt.Sprintf(
			"not found: %s %d is a child of another %s", c.m.entity, id, c.m.parent.Entity))
	}
	return t, nil
}

func (c *core[N]) byStoredName(ctx context.Context, s operation, stored string, o readOptions) (_ any, err error) {
	ctx, observed := c.client.observe(ctx, "find", c.m.entity)
	defer func() { observed.end(err) }()
	if stored == "" {
		return nil, s.fieldError(ErrInvalidArgument, "name", "", "is missing")
	}
	if why := nameProblem(stored); why != "" {
		return nil, s.fieldError(ErrInvalidArgument, "name", s.key, why)
	}
	n, err := c.nodes.byName(ctx, c.m.typeName, stored)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	if n != nil && c.nodes.view(n).storedName() != stored { // the database ignores case
		n = nil
	}
	return c.decodeFound(ctx, s, n, "name", o)
}

// FindByExternalID returns the entity with the given external ID. Case matters.
// The error is [ErrNotFound] if no node has the external ID or if the node is
// another entity.
func (c *Collection[T, N]) FindByExternalID(
	ctx context.Context, externalID string, opts ...ReadOption[T],
) (*T, error) {
	return typed[T](c.core.findByExternalID(ctx, externalID, collectReadOptions(opts)))
}

func (c *core[N]) findByExternalID(ctx context.Context, externalID string, o readOptions) (_ any, err error) {
	ctx, observed := c.client.observe(ctx, "find", c.m.entity)
	defer func() { observed.end(err) }()
	s := c.operation("find", externalID)
	if externalID == "" {
		return nil, s.fieldError(ErrInvalidArgument, "externalId", "", "is missing")
	}
	if why := nameProblem(externalID); why != "" {
		return nil, s.fieldError(ErrInvalidArgument, "externalId", externalID, why)
	}
	n, err := c.nodes.byExternalID(ctx, externalID)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	if n != nil {
		if x := c.nodes.view(n).externalID; x == nil || *x != externalID {
			n = nil
		}
	}
	return c.decodeFound(ctx, s, n, "externalId", o)
}

// decodeFound returns the entity in n, which was looked up by the given field.
func (c *core[N]) decodeFound(ctx context.Context, s operation, n N, by string, o readOptions) (any, error) {
	if n == nil {
		return nil, s.newError(ErrNotFound, "")
	}
	v := c.nodes.view(n)
	if v.typeName != c.m.typeName {
		return nil, s.newError(ErrNotFound, fmt.Sprintf(
			"not found: this %s belongs to %s %d", by, c.client.entityName(v.typeName), v.id))
	}
	n, err := c.resolveParent(ctx, s, n, nil)
	if err != nil {
		return nil, err
	}
	return c.decodeWith(ctx, s, n, v, o)
}

// decodeWith is decode with the neighbors that the options ask for.
func (c *core[N]) decodeWith(ctx context.Context, s operation, n N, v nodeView, o readOptions) (any, error) {
	t, err := c.decode(s, n, v)
	if err != nil || len(o.loads) == 0 {
		return t, err
	}
	return t, c.client.load(ctx, s, c.m.IdentAny, []any{t}, o.loads)
}

// decode returns the entity in n. v is the view of the node as it is stored; n
// may have a completed name.
func (c *core[N]) decode(s operation, n N, v nodeView) (any, error) {
	if c.typ.kind == mlmd.Context {
		c.client.cacheContext(v)
	}
	t, err := c.m.decode(n)
	if err != nil {
		out := s.newError(ErrInternal, fmt.Sprintf("the node with ID %d cannot be decoded: %v", v.id, err))
		out.Err = err
		return nil, out
	}
	return t, nil
}

// parseID parses an ID that the caller gave.
func parseID(id string) (int64, error) {
	if id == "" {
		return 0, errors.New("is missing")
	}
	return value.ParseID(id)
}
