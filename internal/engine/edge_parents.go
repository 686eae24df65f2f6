package engine

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

var insertParent = sqldb.InsertStmt{Table: "ParentContext", Columns: []string{"context_id", "parent_context_id"}}

// parentLink is an edge from a context to a parent.
type parentLink struct{ child, parent int64 }

// PutParentContexts links contexts with parents. It returns an error if a link
// exists or would make a context its own ancestor.
func (s *Service) PutParentContexts(
	ctx context.Context, req *mlmdpb.PutParentContextsRequest,
) (*mlmdpb.PutParentContextsResponse, error) {
	resp := new(mlmdpb.PutParentContextsResponse)
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		return t.putParents(ctx, req.GetParentContexts())
	})
	return reply(resp, err)
}

func (t *tx) putParents(ctx context.Context, edges []*mlmdpb.ParentContext) error {
	if len(edges) == 0 {
		return nil
	}
	if t.d.ForUpdate != "" { // concurrent transactions could each add half of a cycle
		for _, statement := range t.d.SerializeStatements {
			if _, err := t.Exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	g, err := t.loadAncestry(ctx, edges)
	if err != nil {
		return err
	}
	args := make([]any, 0, 2*len(edges))
	for _, edge := range edges {
		if err := g.checkAndAdd(ctx, edge); err != nil {
			return err
		}
		args = append(args, edge.GetChildId(), edge.GetParentId())
	}
	return t.Insert(ctx, insertParent, args)
}

// ancestry is the part of the parent links that a request needs.
type ancestry struct {
	exists  map[int64]bool
	parents map[int64][]int64
	links   map[parentLink]bool
	// hasChildren is the set of contexts that are parents. Others cannot be
	// ancestors.
	hasChildren map[int64]bool
}

// loadAncestry reads what is needed to check edges: which contexts exist, which
// links their children have, and for children that are parents themselves, all
// links above their new parent. Only such a child can close a cycle.
func (t *tx) loadAncestry(ctx context.Context, edges []*mlmdpb.ParentContext) (*ancestry, error) {
	g := &ancestry{parents: map[int64][]int64{}, links: map[parentLink]bool{}, hasChildren: map[int64]bool{}}
	var ids, children []int64
	parents := map[int64]bool{}
	for _, e := range edges {
		ids, children = append(ids, e.GetChildId(), e.GetParentId()), append(children, e.GetChildId())
		parents[e.GetParentId()] = true
	}
	var err error
	if g.exists, err = existingIDs(ctx, t, contextKind, ids); err != nil {
		return nil, err
	}
	if err := g.loadHasChildren(ctx, t, children); err != nil {
		return nil, err
	}
	var above []int64
	for _, e := range edges {
		if g.hasChildren[e.GetChildId()] || parents[e.GetChildId()] {
			above = append(above, e.GetParentId())
		}
	}
	if err := parentLinks(ctx, t, "context_id", children, g.addLink); err != nil {
		return nil, err
	}
	return g, g.loadAncestors(ctx, t, above)
}

// loadHasChildren finds out which of ids have children.
func (g *ancestry) loadHasChildren(ctx context.Context, q querier, ids []int64) error {
	return sqldb.ForEachChunk(q.Dialect().ValidIDs(slices.Clone(ids)), func(part []int64) error {
		in := q.Dialect().InIDs(part)
		rows, err := q.Query(ctx, "SELECT DISTINCT parent_context_id FROM ParentContext WHERE parent_context_id "+in.Text,
			in.Args...)
		return sqldb.Each(rows, err, 1, func(r *sqldb.Row) error {
			g.hasChildren[r.Int(0)] = true
			return nil
		})
	})
}

// loadAncestors reads all links above ids.
func (g *ancestry) loadAncestors(ctx context.Context, q querier, ids []int64) error {
	seen := map[int64]bool{}
	for len(ids) > 0 {
		var next []int64
		err := parentLinks(ctx, q, "context_id", ids, func(l parentLink) {
			g.addLink(l)
			if !seen[l.parent] {
				seen[l.parent] = true
				next = append(next, l.parent)
			}
		})
		if err != nil {
			return err
		}
		ids = next
	}
	return nil
}

// parentLinks calls use for the links whose column is one of ids.
func parentLinks(ctx context.Context, q querier, column string, ids []int64, use func(parentLink)) error {
	return sqldb.ForEachChunk(q.Dialect().ValidIDs(slices.Clone(ids)), func(part []int64) error {
		in := q.Dialect().InIDs(part)
		rows, err := q.Query(ctx, "SELECT context_id, parent_context_id FROM ParentContext WHERE "+column+" "+in.Text,
			in.Args...)
		return sqldb.Each(rows, err, 2, func(r *sqldb.Row) error {
			l := parentLink{r.Int(0), r.Int(1)}
			if err := r.TakeErr(); err != nil {
				q.reportDamage(ctx, "ParentContext", max(l.child, l.parent), "the other context", err)
				return nil
			}
			use(l)
			return nil
		})
	})
}

func (g *ancestry) addLink(l parentLink) {
	if !g.links[l] {
		g.links[l] = true
		g.hasChildren[l.parent] = true
		g.parents[l.child] = append(g.parents[l.child], l.parent)
	}
}

// checkAndAdd checks a new link and adds it.
func (g *ancestry) checkAndAdd(ctx context.Context, e *mlmdpb.ParentContext) error {
	if e == nil || e.ChildId == nil || e.ParentId == nil {
		return invalidArgf("Missing parent / child id in the parent_context")
	}
	l := parentLink{*e.ChildId, *e.ParentId}
	if !g.exists[l.child] || !g.exists[l.parent] || l.child == l.parent {
		return invalidArgf("Given parent / child id in the parent_context cannot be found: child %d, parent %d", l.child,
			l.parent)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.hasChildren[l.child] && g.isAncestor(l.child, l.parent) {
		return invalidArgf("There is a cycle detected of the given relationship. Context %d is an ancestor of context %d",
			l.child, l.parent)
	}
	if g.links[l] {
		return errorf(codes.AlreadyExists, "Given parent_context already exists: child %d, parent %d", l.child, l.parent)
	}
	g.addLink(l)
	return nil
}

// isAncestor reports whether above is an ancestor of id.
func (g *ancestry) isAncestor(above, id int64) bool {
	seen := map[int64]bool{id: true}
	for stack := []int64{id}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, p := range g.parents[at] {
			if p == above {
				return true
			}
			if !seen[p] {
				seen[p] = true
				stack = append(stack, p)
			}
		}
	}
	return false
}
