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

// leaves are the contexts that a transaction has created and not made parents yet.
// Other transactions do not see them.
type leaves map[int64]bool

func (l *leaves) add(id int64) {
	if *l == nil {
		*l = leaves{}
	}
	(*l)[id] = true
}

// onlyLeaves reports whether all children are leaves, so that no other transaction
// can make them ancestors meanwhile.
func (t *tx) onlyLeaves(edges []*mlmdpb.ParentContext) bool {
	return !slices.ContainsFunc(edges, func(e *mlmdpb.ParentContext) bool { return !t.leaves[e.GetChildId()] })
}

func (t *tx) putParents(ctx context.Context, edges []*mlmdpb.ParentContext) error {
	if len(edges) == 0 {
		return nil
	}
	if t.d.ForUpdate != "" && !t.onlyLeaves(edges) { // concurrent transactions could each add half of a cycle
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
		delete(t.leaves, edge.GetParentId())
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
	g := &ancestry{
		exists: map[int64]bool{}, parents: map[int64][]int64{}, links: map[parentLink]bool{}, hasChildren: map[int64]bool{},
	}
	parents := map[int64]bool{}
	for part := range slices.Chunk(edges, edgesAtOnce) {
		var ids, children []int64
		for _, e := range part {
			ids, children = append(ids, e.GetChildId(), e.GetParentId()), append(children, e.GetChildId())
			parents[e.GetParentId()] = true
		}
		if err := g.loadEnds(ctx, t, ids, children); err != nil {
			return nil, err
		}
	}
	var above []int64
	for _, e := range edges {
		if g.hasChildren[e.GetChildId()] || parents[e.GetChildId()] {
			above = append(above, e.GetParentId())
		}
	}
	return g, g.loadAncestors(ctx, t, above)
}

// edgesAtOnce limits the edges whose ends one statement reads.
const edgesAtOnce = 256

// loadEnds finds out which of ids exist, which of the children have children
// themselves, and which parents the children have.
func (g *ancestry) loadEnds(ctx context.Context, t *tx, ids, children []int64) error {
	const exists, isParent, link = 0, 1, 2
	ids, children = t.d.ValidIDs(ids), t.d.ValidIDs(children)
	if len(children) == 0 { // no edge can be right
		return nil
	}
	all, some := t.d.InIDs(ids), t.d.InIDs(children)
	rows, err := t.Query(ctx, "SELECT 0, id, 0 FROM Context WHERE id "+all.Text+
		" UNION ALL SELECT DISTINCT 1, parent_context_id, 0 FROM ParentContext WHERE parent_context_id "+some.Text+
		" UNION ALL SELECT 2, context_id, parent_context_id FROM ParentContext WHERE context_id "+some.Text,
		slices.Concat(all.Args, some.Args, some.Args)...)
	return sqldb.Each(rows, err, 3, func(r *sqldb.Row) error {
		what, id, parent := r.Int(0), r.Int(1), r.Int(2)
		if err := r.TakeErr(); err != nil {
			t.reportDamage(ctx, "ParentContext", max(id, parent), "the other context", err)
			return nil
		}
		switch what {
		case exists:
			g.exists[id] = true
		case isParent:
			g.hasChildren[id] = true
		case link:
			g.addLink(parentLink{id, parent})
		}
		return nil
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
