package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

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
				_, err := t.Exec(ctx, "DELETE FROM "+links.table+" WHERE "+match.Text, match.Args...)
				return err
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
		if _, err := t.Exec(ctx, "DELETE FROM EventPath WHERE event_id "+in.Text, in.Args...); err != nil {
			return err
		}
		_, err := t.Exec(ctx, "DELETE FROM Event WHERE id "+in.Text, in.Args...)
		return err
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
