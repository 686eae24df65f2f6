package registry

import (
	"context"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A parent is a context that nodes may be put below.
type parent struct {
	id, typeID           int64
	typeName, storedName string
}

// An edge is a link between a node and a context above it.
type edge struct {
	kind          mlmd.Kind // of the child
	parent, child int64
}

// parent returns the context with the given id that an entity is to hang below
// by e. One that this client has not seen is read.
func (c *Client) parent(ctx context.Context, s operation, e *mlmd.Edge, idText string) (*parent, error) {
	id, err := parseID(idText)
	if err != nil {
		return nil, s.fieldError(ErrInvalidArgument, e.Field, idText, err.Error())
	}
	p, ok := c.contexts.get(id)
	if !ok {
		n, err := contexts{c.rpc}.byID(ctx, id)
		if err != nil {
			return nil, s.rpcError(ctx, err)
		}
		if n == nil {
			return nil, s.fieldError(ErrNotFound, e.Field, idText, "is the id of nothing: there is no such "+e.Entity)
		}
		p = c.cacheContext(contexts{}.view(n))
	}
	if want := c.typeName(e.TypeName); p.typeName != want {
		return nil, s.fieldError(ErrNotFound, e.Field, idText, "is the id of a "+c.entityName(p.typeName)+", not of a "+e.Entity)
	}
	return &p, nil
}

// mappingParent returns what the mapping of a child sees of p.
func (p *parent) mappingParent(e *mlmd.Edge) mlmd.Parent {
	if p == nil {
		return mlmd.Parent{}
	}
	name := p.storedName
	if e.ParentHasPrefix {
		if _, rest, ok := strings.Cut(name, ":"); ok {
			name = rest
		}
	}
	return mlmd.Parent{ID: p.id, Name: name}
}

// linkNew makes the link between the parent, if there is one, and a node that
// was created just now, unless that was done already.
func (w *write[T, N]) linkNew(ctx context.Context, id int64, done bool) error {
	if w.parent == nil {
		return nil
	}
	if !done {
		if err := w.nodes.link(ctx, w.parent.id, id); err != nil {
			return w.rpcError(ctx, err)
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
		return false, w.rpcError(ctx, err)
	}
	return containsID(above, w.parent.id), nil
}

// containsID tells whether one of cs has the id.
func containsID(cs []*mlmdpb.Context, id int64) bool {
	return slices.ContainsFunc(cs, func(c *mlmdpb.Context) bool { return c.GetId() == id })
}
