package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// Limits of the numbers of nodes that adaptiveList looks at.
const (
	firstLimit  = 100
	lastLimit   = 36_000
	limitGrowth = 6
	// perResult is how many nodes it looks at first for each one that it is to return.
	perResult = 4
)

// adaptiveList reads the first cursors of a filtered list if the database's
// planner ignores LIMIT.
//
// Either of two strategies may be fast, depending on how many nodes match: if
// few do, they are found by an index of the filter and sorted; if many do, a
// scan in the order of the list soon finds the first ones. The number is
// unknown in advance, so both strategies run alternately with growing limits.
// The total cost stays within a constant factor of the cheaper one.
func (s listStatement) adaptiveList(ctx context.Context, q querier, limit int) ([]cursor, error) {
	for most := max(firstLimit, perResult*limit); most <= lastLimit; most *= limitGrowth {
		for _, way := range []listStrategy{s.sortMatches, s.scanInOrder} {
			places, done, err := way(ctx, q, limit, most)
			if done || err != nil {
				return places, err
			}
		}
	}
	return s.run(ctx, q, filterquery.Shape{}, s.sorted(" LIMIT ?"), limit)
}

// listStrategy reads the first cursors of a list. It returns done == false if
// it would have to look at more than most nodes.
type listStrategy func(ctx context.Context, q querier, limit, most int) (places []cursor, done bool, err error)

// sortMatches reads all matches and sorts them, if there are at most most.
func (s listStatement) sortMatches(ctx context.Context, q querier, limit, most int) ([]cursor, bool, error) {
	shape, err := s.shape(ctx, q, most)
	if err != nil {
		return nil, false, err
	}
	places, err := s.run(ctx, q, shape, " LIMIT ?", most+1)
	if err != nil || len(places) > most {
		return nil, false, err
	}
	byTime := len(s.order) > 1
	slices.SortFunc(places, func(a, b cursor) int {
		if s.descending {
			a, b = b, a
		}
		if byTime && a.time != b.time {
			return cmp.Compare(a.time, b.time)
		}
		return cmp.Compare(a.id, b.id)
	})
	return places[:min(limit, len(places))], true, nil
}

// shape finds the neighbors that have too many rows for a lookup by index.
func (s listStatement) shape(ctx context.Context, q querier, most int) (filterquery.Shape, error) {
	f, err := s.filter.SQL(q.filterDialect(), filterquery.Shape{})
	if err != nil {
		return filterquery.Shape{}, invalidFilter(err)
	}
	var shape filterquery.Shape
	for _, n := range f.Neighbors {
		if n.SQL == "" {
			shape.Test = append(shape.Test, true)
			continue
		}
		found := int64(0)
		rows, err := q.QueryUncached(ctx, "SELECT count(*) FROM (SELECT 1 "+n.SQL+" LIMIT ?)",
			append(slices.Clone(n.Args), most+1)...)
		err = sqldb.Each(rows, err, 1, func(r *sqldb.Row) error {
			found = r.Int(0)
			return nil
		})
		if err != nil {
			return shape, err
		}
		shape.Test = append(shape.Test, found > int64(most))
	}
	return shape, nil
}

// scanInOrder tests the first most nodes in the order of the list.
func (s listStatement) scanInOrder(ctx context.Context, q querier, limit, most int) ([]cursor, bool, error) {
	all := s
	all.filter = nil
	end, err := all.run(ctx, q, filterquery.Shape{}, s.sorted(" LIMIT 1 OFFSET ?"), most-1)
	if err != nil {
		return nil, false, err
	}
	some := s
	if len(end) > 0 {
		until := " <= ?"
		if s.descending {
			until = " >= ?"
		}
		last := end[0].id
		if len(s.order) > 1 {
			last = end[0].time
		}
		some = s.and(s.order[0]+until, last)
	}
	places, err := some.run(ctx, q, filterquery.Shape{InOrder: true}, s.sorted(" LIMIT ?"), limit)
	return places, len(places) == limit || len(end) == 0, err
}
