package engine

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// listStatement reads cursors of the nodes of a scope in some order.
type listStatement struct {
	kind       *nodeKind
	scope      scope
	filter     *filterquery.Filter // may be nil
	time       string              // column of cursor.time; may be empty
	order      []string            // columns
	descending bool
	key        *sortKey // may be nil
	where      string   // further conditions
	args       []any
}

// and returns s with a further condition.
func (s listStatement) and(condition string, args ...any) listStatement {
	if s.where != "" {
		condition = s.where + " AND " + condition
	}
	s.where = condition
	s.args = slices.Concat(s.args, args)
	return s
}

// read reads the first cursors.
func (s listStatement) read(ctx context.Context, q querier, limit int) ([]cursor, error) {
	if q.Dialect().PlannerIgnoresLimit && s.filter != nil && s.filter.Searches() && s.scope.join == "" {
		return s.adaptiveList(ctx, q, limit)
	}
	return s.run(ctx, q, filterquery.Shape{}, s.sorted(" LIMIT ?"), limit)
}

// sorted returns ORDER BY and after.
func (s listStatement) sorted(after string) string {
	direction := ""
	if s.descending {
		direction = " DESC"
	}
	return " ORDER BY " + strings.Join(s.order, direction+", ") + direction + after
}

// run reads the cursors that a statement of this shape returns. end follows its
// conditions.
func (s listStatement) run(
	ctx context.Context, q querier, shape filterquery.Shape, end string, endArgs ...any,
) ([]cursor, error) {
	from, where := " FROM "+s.kind.table+" n"+s.scope.join, []string{}
	var args []any
	add := func(condition string, values []any) {
		if condition != "" {
			where = append(where, condition)
			args = append(args, values...)
		}
	}
	if s.scope.join != "" {
		args = append(args, s.scope.args...)
	}
	run := q.Query
	if s.key != nil {
		from += s.key.joins
		args = append(args, s.key.joinArgs...)
	}
	if s.filter != nil || s.key != nil {
		run = withQueryMode(q.QueryUncached, q.Dialect().QueryModeArg)
	}
	if s.filter != nil {
		f, err := s.filter.SQL(q.filterDialect(), shape)
		if err != nil {
			return nil, invalidFilter(err)
		}
		from += f.Joins
		args = append(args, f.JoinArgs...)
		add(f.Where, f.WhereArgs)
	}
	add(s.scope.where, s.scope.args)
	add(s.where, s.args)
	time := s.time
	if time == "" {
		time = "0"
	}
	text := "SELECT n.id, " + time + from
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	var places []cursor
	rows, err := run(ctx, text+end, append(args, endArgs...)...)
	err = sqldb.Each(rows, err, 2, func(r *sqldb.Row) error {
		places = append(places, cursor{time: r.Int(1), id: r.Int(0)})
		return nil
	})
	return places, err
}

// withQueryMode puts how before the parameters of a query, see
// [sqldb.Dialect.QueryModeArg].
func withQueryMode(run queryFunc, how any) queryFunc {
	if how == nil {
		return run
	}
	return func(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
		return run(ctx, stmt, append([]any{how}, args...)...)
	}
}

// queryFunc is a method of [querier] that runs a query.
type queryFunc = func(ctx context.Context, stmt string, args ...any) (driver.Rows, error)
