package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A parent is a context that an entity is a child of.
type parent struct {
	id, typeID           int64
	typeName, storedName string
}

// An edge links a node to its parent context.
type edge struct {
	kind          mlmd.Kind // of the child
	parent, child int64
}

// parent returns the context with the given ID, which an entity is to be a child
// of by e. It reads the context if it is not cached.
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
			return nil, s.fieldError(ErrNotFound, e.Field, idText, "does not exist: no such "+e.Entity)
		}
		p = c.cacheContext(contexts{}.view(n))
	}
	if want := c.typeName(e.TypeName); p.typeName != want {
		return nil, s.fieldError(ErrNotFound, e.Field, idText,
			fmt.Sprintf("is the ID of %s, not of %s", withArticle(c.entityName(p.typeName)), withArticle(e.Entity)))
	}
	return &p, nil
}

// mappingParent returns p as the mapping of a child takes it.
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

// linkNew links a new node to its parent, if it has one. linked reports that the
// link exists already.
func (w *write[T, N]) linkNew(ctx context.Context, id int64, linked bool) error {
	if w.parent == nil {
		return nil
	}
	if !linked {
		if err := w.nodes.link(ctx, w.parent.id, id); err != nil {
			return w.rpcError(ctx, err)
		}
	}
	w.client.links.add(edge{w.typ.kind, w.parent.id, id}, struct{}{})
	return nil
}

// link links a stored node to its parent unless the link exists, and reports
// whether it made the link.
func (w *write[T, N]) link(ctx context.Context, id int64) (bool, error) {
	if _, known := w.client.links.get(edge{w.typ.kind, w.parent.id, id}); known {
		return false, nil
	}
	linked, err := w.linked(ctx, id)
	if err != nil {
		return false, err
	}
	return !linked, w.linkNew(ctx, id, linked)
}

// linked reports whether the node with the given ID is linked to the parent.
func (w *write[T, N]) linked(ctx context.Context, id int64) (bool, error) {
	above, err := w.nodes.parents(ctx, id)
	if err != nil {
		return false, w.rpcError(ctx, err)
	}
	return containsID(above, w.parent.id), nil
}

// containsID reports whether one of cs has the ID.
func containsID(cs []*mlmdpb.Context, id int64) bool {
	return slices.ContainsFunc(cs, func(c *mlmdpb.Context) bool { return c.GetId() == id })
}
