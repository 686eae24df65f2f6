package engine

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// edgeTable is the table of the edges between contexts and nodes of one kind.
type edgeTable struct {
	table  string
	column string // of the node's ID
	kind   *nodeKind
	insert sqldb.InsertStmt
}

var (
	attributions = edgeTable{
		"Attribution", "artifact_id", artifactKind,
		sqldb.InsertStmt{Table: "Attribution", Columns: []string{"context_id", "artifact_id"}},
	}
	associations = edgeTable{
		"Association", "execution_id", executionKind,
		sqldb.InsertStmt{Table: "Association", Columns: []string{"context_id", "execution_id"}},
	}
)

// edge is an edge between a context and a node.
type edge struct{ context, node int64 }

// contextsOf reads the contexts of a node. It returns an error if the node has
// no context.
func (m edgeTable) contextsOf(ctx context.Context, q querier, id int64) ([]*node, error) {
	var nodes []*node
	var err error
	if q.Dialect().ValidID(id) {
		nodes, err = selectNodes(ctx, q, contextKind, sqldb.ColumnOf(m.table, "context_id", "s."+m.column+" = ?", id))
	}
	if err == nil && len(nodes) == 0 {
		return nil, errorf(codes.NotFound, "No contexts found for %s: %d", m.column, id)
	}
	return nodes, err
}

// insertEdges stores edges, except for those that exist.
func (t *tx) insertEdges(ctx context.Context, m edgeTable, edges []edge) error {
	stored, err := t.existingEdges(ctx, m, edges)
	if err != nil {
		return err
	}
	args := make([]any, 0, 2*len(edges))
	for _, e := range edges {
		if !stored[e] {
			args = append(args, e.context, e.node)
		}
	}
	return t.InsertMissing(ctx, m.insert, args)
}

// existingEdges returns the edges that exist if reading is cheaper than an
// INSERT that skips them. On SQLite it is, because such an INSERT writes
// nevertheless.
func (t *tx) existingEdges(ctx context.Context, m edgeTable, edges []edge) (map[edge]bool, error) {
	contexts := t.d.ValidIDs(mapSlice(edges, func(e edge) int64 { return e.context }))
	nodes := t.d.ValidIDs(mapSlice(edges, func(e edge) int64 { return e.node }))
	if !t.d.InProcess || len(contexts) == 0 || len(contexts) > sqldb.MaxInList {
		return nil, nil
	}
	in := t.d.InIDs(contexts)
	stored := map[edge]bool{}
	err := sqldb.ForEachChunk(nodes, func(part []int64) error {
		s := t.d.InIDs(part)
		rows, err := t.Query(ctx, "SELECT context_id, "+m.column+" FROM "+m.table+
			" WHERE context_id "+in.Text+" AND "+m.column+" "+s.Text, slices.Concat(in.Args, s.Args)...)
		return sqldb.Each(rows, err, 2, func(r *sqldb.Row) error {
			stored[edge{r.Int(0), r.Int(1)}] = true
			return nil
		})
	})
	return stored, err
}

// existingIDs returns the subset of ids that nodes of the kind have.
func existingIDs(ctx context.Context, q querier, k *nodeKind, ids []int64) (map[int64]bool, error) {
	found := make(map[int64]bool, len(ids))
	err := sqldb.ForEachChunk(q.Dialect().ValidIDs(slices.Clone(ids)), func(part []int64) error {
		s := q.Dialect().InIDs(part)
		rows, err := q.Query(ctx, "SELECT id FROM "+k.table+" WHERE id "+s.Text, s.Args...)
		return sqldb.Each(rows, err, 1, func(r *sqldb.Row) error {
			found[r.Int(0)] = true
			return nil
		})
	})
	return found, err
}

// existingEnds returns the subsets of ids that nodes of two kinds have. If the IDs are
// few, it reads both by one statement.
func existingEnds(
	ctx context.Context, q querier, k1 *nodeKind, ids1 []int64, k2 *nodeKind, ids2 []int64,
) (found1, found2 map[int64]bool, err error) {
	d := q.Dialect()
	ids1, ids2 = d.ValidIDs(ids1), d.ValidIDs(ids2)
	if n1, n2 := len(ids1), len(ids2); n1 == 0 || n2 == 0 || n1 > sqldb.MaxInList || n2 > sqldb.MaxInList {
		if found1, err = existingIDs(ctx, q, k1, ids1); err == nil {
			found2, err = existingIDs(ctx, q, k2, ids2)
		}
		return found1, found2, err
	}
	found1, found2 = make(map[int64]bool, len(ids1)), make(map[int64]bool, len(ids2))
	s1, s2 := d.InIDs(ids1), d.InIDs(ids2)
	rows, err := q.Query(ctx, "SELECT 1, id FROM "+k1.table+" WHERE id "+s1.Text+
		" UNION ALL SELECT 2, id FROM "+k2.table+" WHERE id "+s2.Text, append(s1.Args, s2.Args...)...)
	err = sqldb.Each(rows, err, 2, func(r *sqldb.Row) error {
		if r.Int(0) == 1 {
			found1[r.Int(1)] = true
		} else {
			found2[r.Int(1)] = true
		}
		return nil
	})
	return found1, found2, err
}

// PutAttributionsAndAssociations adds artifacts and executions to contexts.
// Existing edges stay as they are.
func (s *Service) PutAttributionsAndAssociations(
	ctx context.Context, req *mlmdpb.PutAttributionsAndAssociationsRequest,
) (*mlmdpb.PutAttributionsAndAssociationsResponse, error) {
	attributed := mapSlice(req.GetAttributions(),
		func(a *mlmdpb.Attribution) edge { return edge{a.GetContextId(), a.GetArtifactId()} })
	associated := mapSlice(req.GetAssociations(),
		func(a *mlmdpb.Association) edge { return edge{a.GetContextId(), a.GetExecutionId()} })
	resp := new(mlmdpb.PutAttributionsAndAssociationsResponse)
	err := s.update(ctx, func(ctx context.Context, t *tx) error {
		if err := t.putEdges(ctx, attributions, attributed, "Artifact id not found."); err != nil {
			return err
		}
		if err := t.putEdges(ctx, associations, associated, "Execution id not found."); err != nil {
			return err
		}
		return nil
	})
	return reply(resp, err)
}

// putEdges stores edges if both nodes of each exist. Otherwise it returns an
// error that begins with missing.
func (t *tx) putEdges(ctx context.Context, m edgeTable, edges []edge, missing string) error {
	if len(edges) == 0 {
		return nil
	}
	contexts, nodes, err := existingEnds(ctx, t,
		contextKind, mapSlice(edges, func(e edge) int64 { return e.context }),
		m.kind, mapSlice(edges, func(e edge) int64 { return e.node }))
	if err != nil {
		return err
	}
	for _, e := range edges {
		if !contexts[e.context] {
			return invalidArgf("Context id not found. There is no context %d", e.context)
		}
		if !nodes[e.node] {
			return invalidArgf("%s There is no %s %d", missing, m.kind.noun, e.node)
		}
	}
	return t.insertEdges(ctx, m, edges)
}

// Unlink removes the given links and ignores those that do not exist. An event is
// identified by its artifact, its execution and its type, and is removed with its
// path. MLMD has no RPC for this: only callers in the same process reach it.
func (s *Service) Unlink(
	ctx context.Context, events []*mlmdpb.Event, attributed []*mlmdpb.Attribution, associated []*mlmdpb.Association,
	parents []*mlmdpb.ParentContext,
) error {
	return s.update(ctx, func(ctx context.Context, t *tx) error {
		if err := t.deleteEvents(ctx, events); err != nil {
			return err
		}
		for _, links := range []struct {
			table, near, far string
			rows             [][]int64
		}{
			{attributions.table, "context_id", attributions.column, mapSlice(attributed,
				func(a *mlmdpb.Attribution) []int64 { return []int64{a.GetContextId(), a.GetArtifactId()} })},
			{associations.table, "context_id", associations.column, mapSlice(associated,
				func(a *mlmdpb.Association) []int64 { return []int64{a.GetContextId(), a.GetExecutionId()} })},
			{insertParent.Table, "context_id", "parent_context_id", mapSlice(parents,
				func(p *mlmdpb.ParentContext) []int64 { return []int64{p.GetChildId(), p.GetParentId()} })},
		} {
			err := t.forEachMatch(links.rows, []string{links.near, links.far}, func(match sqldb.Predicate) error {
				return t.Send(ctx, "DELETE FROM "+links.table+" WHERE "+match.Text, match.Args...)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// deleteEvents deletes events and their paths.
func (t *tx) deleteEvents(ctx context.Context, events []*mlmdpb.Event) error {
	triples := mapSlice(events, func(e *mlmdpb.Event) []int64 {
		return []int64{e.GetArtifactId(), e.GetExecutionId(), int64(e.GetType())}
	})
	var ids []int64
	columns := []string{"artifact_id", "execution_id", "type"}
	err := t.forEachMatch(triples, columns, func(match sqldb.Predicate) error {
		rows, err := t.Query(ctx, "SELECT id FROM Event WHERE "+match.Text, match.Args...)
		return sqldb.Each(rows, err, 1, func(r *sqldb.Row) error {
			ids = append(ids, r.Int(0))
			return nil
		})
	})
	if err != nil {
		return err
	}
	return sqldb.ForEachChunk(t.d.ValidIDs(ids), func(part []int64) error {
		in := t.d.InIDs(part)
		if err := t.Send(ctx, "DELETE FROM EventPath WHERE event_id "+in.Text, in.Args...); err != nil {
			return err
		}
		return t.Send(ctx, "DELETE FROM Event WHERE id "+in.Text, in.Args...)
	})
}

// forEachMatch calls use with conditions of limited size, each of which holds for
// some of the rows: their values are those of the columns. Rows with an ID that
// cannot exist are left out.
func (t *tx) forEachMatch(rows [][]int64, columns []string, use func(sqldb.Predicate) error) error {
	const atOnce = 32
	rows = slices.DeleteFunc(rows, func(row []int64) bool {
		return slices.ContainsFunc(row, func(n int64) bool { return !t.d.ValidID(n) })
	})
	one := "(" + strings.Join(columns, " = ? AND ") + " = ?)"
	for some := range slices.Chunk(rows, atOnce) {
		size := sqldb.PaddedLen(len(some))
		args := make([]any, 0, size*len(columns))
		for i := range size {
			for _, n := range some[min(i, len(some)-1)] {
				args = append(args, n)
			}
		}
		match := sqldb.Predicate{Text: strings.Repeat(one+" OR ", size-1) + one, Args: args}
		if err := use(match); err != nil {
			return err
		}
	}
	return nil
}
