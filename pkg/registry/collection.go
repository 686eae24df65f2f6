package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A Collection stores and finds the entities of one mapping. The facades of this
// package ([RegisteredModels] and the others) are the same verbs with the words
// of each entity.
type Collection[T any, N mlmd.Node] struct {
	c     *Client
	m     mlmd.Mapping[T, N]
	nodes nodes[N]
	typ   typeKey
}

// NewCollection returns the verbs for the entity that m maps: one of this module's own,
// or one that was generated from your spec. Where the store does not have its
// type, the first write registers it. NewCollection sends nothing; keep what it returns.
func NewCollection[T any, N mlmd.Node](c *Client, m mlmd.Mapping[T, N]) *Collection[T, N] {
	m.TypeName = c.typeName(m.TypeName)
	if m.Parent != nil {
		p := *m.Parent
		p.TypeName = c.typeName(p.TypeName)
		m.Parent = &p
	}
	e := &Collection[T, N]{c: c, m: m, nodes: nodesOf[N](c.rpc)}
	e.typ = typeKey{e.nodes.kind(), m.TypeName}
	c.types.setEntity(m.TypeName, m.Entity)
	return e
}

// nodesOf returns the implementation for the kind of N.
func nodesOf[N mlmd.Node](rpc mlmdpb.MetadataStoreServiceClient) nodes[N] {
	for _, n := range []any{artifacts{rpc}, executions{rpc}, contexts{rpc}} {
		if n, ok := n.(nodes[N]); ok {
			return n
		}
	}
	panic("registry: a kind of node without an implementation")
}

func (e *Collection[T, N]) operation(op, key string) operation {
	return operation{op: op, entity: e.m.Entity, key: key}
}

// Get returns the entity with the given id. It is [ErrNotFound] if there is
// none, also where the id is that of another entity.
func (e *Collection[T, N]) Get(ctx context.Context, id string) (*T, error) {
	s := e.operation("get", id)
	i, err := parseID(id)
	if err != nil {
		return nil, s.fieldError(ErrInvalidArgument, "id", id, err.Error())
	}
	n, err := e.nodes.byID(ctx, i)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	return e.decodeFound(ctx, s, n, "id")
}

// FindByName returns the entity with the given name, letter for letter. It is
// for entities whose names are unique; see [Collection.FindByNameIn] for those that have
// their names within a parent.
func (e *Collection[T, N]) FindByName(ctx context.Context, name string) (*T, error) {
	s := e.operation("find", name)
	if e.m.Parent != nil && !e.m.Parent.UnprefixedName {
		return nil, s.newError(ErrInvalidArgument, fmt.Sprintf("%s has its name within its %s: give that too", withArticle(e.m.Entity), e.m.Parent.Entity))
	}
	return e.byStoredName(ctx, s, name)
}

// FindByNameIn returns the entity with the given name below the given parent, letter
// for letter.
func (e *Collection[T, N]) FindByNameIn(ctx context.Context, parentID, name string) (*T, error) {
	s := e.operation("find", name)
	if e.m.Parent == nil {
		return nil, s.newError(ErrInvalidArgument, fmt.Sprintf("%s has no parent: find it by its name", withArticle(e.m.Entity)))
	}
	id, err := parseID(parentID)
	if err != nil {
		return nil, s.fieldError(ErrInvalidArgument, e.m.Parent.Field, parentID, err.Error())
	}
	if name == "" {
		return nil, s.fieldError(ErrInvalidArgument, "name", "", "is missing")
	}
	if e.m.Parent.UnprefixedName {
		return e.findUnprefixed(ctx, s, id, name)
	}
	t, err := e.byStoredName(ctx, s, parentID+":"+name)
	if !errors.Is(err, ErrNotFound) {
		return t, err
	}
	n, err2 := e.findUnprefixedChild(ctx, s, id, name)
	if err2 != nil {
		return nil, err2
	}
	if n == nil {
		return nil, err
	}
	return e.decode(s, e.withParentPrefix(n, id), e.nodes.view(n))
}

// findUnprefixed is FindByNameIn for entities whose stored name does not say the
// parent. It takes one more read.
func (e *Collection[T, N]) findUnprefixed(ctx context.Context, s operation, parentID int64, name string) (*T, error) {
	t, err := e.byStoredName(ctx, s, name)
	if err != nil {
		return nil, err
	}
	id, err := parseID(e.m.Ident(t).ID)
	if err != nil {
		return nil, s.newError(ErrInternal, "the store answered an entity without an id")
	}
	above, err := e.nodes.parents(ctx, id)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	if !containsID(above, parentID) {
		return nil, s.newError(ErrNotFound, fmt.Sprintf("not found: %s %d hangs below another %s", e.m.Entity, id, e.m.Parent.Entity))
	}
	return t, nil
}

func (e *Collection[T, N]) byStoredName(ctx context.Context, s operation, stored string) (*T, error) {
	if stored == "" {
		return nil, s.fieldError(ErrInvalidArgument, "name", "", "is missing")
	}
	if why := badText(stored); why != "" {
		return nil, s.fieldError(ErrInvalidArgument, "name", s.key, why)
	}
	n, err := e.nodes.byName(ctx, e.m.TypeName, stored)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	if n != nil && e.nodes.view(n).storedName() != stored { // the database folds case
		n = nil
	}
	return e.decodeFound(ctx, s, n, "name")
}

// FindByExternalID returns the entity with the given external id, letter for
// letter. It is [ErrNotFound] also where another entity has it.
func (e *Collection[T, N]) FindByExternalID(ctx context.Context, externalID string) (*T, error) {
	s := e.operation("find", externalID)
	if externalID == "" {
		return nil, s.fieldError(ErrInvalidArgument, "externalId", "", "is missing")
	}
	if why := badText(externalID); why != "" {
		return nil, s.fieldError(ErrInvalidArgument, "externalId", externalID, why)
	}
	n, err := e.nodes.byExternalID(ctx, externalID)
	if err != nil {
		return nil, s.rpcError(ctx, err)
	}
	if n != nil {
		if x := e.nodes.view(n).externalID; x == nil || *x != externalID {
			n = nil
		}
	}
	return e.decodeFound(ctx, s, n, "externalId")
}

// decodeFound returns the entity that n holds. by is the field that it was asked
// for by.
func (e *Collection[T, N]) decodeFound(ctx context.Context, s operation, n N, by string) (*T, error) {
	if n == nil {
		return nil, s.newError(ErrNotFound, "")
	}
	v := e.nodes.view(n)
	if v.typeName != e.m.TypeName {
		err := s.newError(ErrNotFound, fmt.Sprintf("not found: this %s is that of %s %d", by, e.c.entityName(v.typeName), v.id))
		return nil, err
	}
	n, err := e.resolveParent(ctx, s, n, nil)
	if err != nil {
		return nil, err
	}
	return e.decode(s, n, v)
}

// decode returns the entity that n, seen as v, holds.
func (e *Collection[T, N]) decode(s operation, n N, v nodeView) (*T, error) {
	if e.typ.kind == mlmd.Context {
		e.c.cacheContext(v)
	}
	t, err := e.m.Decode(n)
	if err != nil {
		out := s.newError(ErrInternal, fmt.Sprintf("what is stored as id %d cannot be read: %v", v.id, err))
		out.Err = err
		return nil, out
	}
	return t, nil
}

// parseID returns the number that a caller's id stands for.
func parseID(id string) (int64, error) {
	if id == "" {
		return 0, errors.New("is missing")
	}
	return value.ParseID(id)
}
