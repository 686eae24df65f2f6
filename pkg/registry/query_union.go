package registry

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/mlmd-go/sdk/internal/filtertext"
)

// The filter language drops an entity that lacks a property named in the filter,
// even in an OR. An Or over different properties is therefore sent as several
// filters, and a union merges their sorted lists, removing duplicates. What the
// language cannot express at all is tested on the entities that a filter selects.
//
// Each branch asks for what follows a position, not for the next page token. One
// position, that of the last row taken, is then enough to continue all branches,
// and it is what the page token of a union holds. The cost is one request a
// branch for each page.

// A union is the listing of several filters: the entities that any of them
// selects, in order, each once.
type union struct {
	preparedQuery
	branches []*branch
	after    *position // of the last row taken; nil at the start
}

// A branch is the list of one filter of a union.
type branch struct {
	filtertext.Branch
	rows  []row // fetched but not taken
	after *position
	ended bool
}

func newUnion(p preparedQuery, filters []filtertext.Branch, token string) (*union, error) {
	p.keepNodes = true
	m := &union{preparedQuery: p}
	for _, f := range filters {
		m.branches = append(m.branches, &branch{Branch: f})
		if slices.ContainsFunc(f.Tests, filtertext.Test.ReadsEntity) {
			m.countOnly = false
		}
	}
	if token == "" {
		return m, nil
	}
	after, err := m.decodeToken(token)
	if err != nil {
		return nil, err
	}
	m.after = after
	for _, b := range m.branches {
		b.after = after
	}
	return m, nil
}

func (m *union) rows(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		// An entity that is updated between two requests moves in a list by update
		// time or by a field and may come up again. In the other orders, entities do not
		// move.
		seen := make(map[int64]bool)
		for n := 0; m.limit == 0 || n < m.limit; {
			r, err := m.takeFirst(ctx, m.limit-n)
			if err != nil {
				yield(row{}, err)
				return
			}
			if r == nil {
				return
			}
			if m.order == OrderByUpdateTime || m.by != nil {
				if seen[r.ID] {
					continue
				}
				seen[r.ID] = true
			}
			if !yield(*r, nil) {
				return
			}
			n++
		}
	}
}

// nextToken returns the token of the current position, or "" if no row follows.
func (m *union) nextToken(ctx context.Context) (string, error) {
	at := m.after
	for {
		r, err := m.takeFirst(ctx, 1)
		if err != nil || r == nil || at == nil {
			return "", err
		}
		if r.Compare(*at, m.desc) > 0 {
			return m.encodeToken(*at), nil
		}
	}
}

// takeFirst removes and returns the first remaining row of all branches, or nil.
// wanted is how many more rows the caller needs; 0 or less means all.
func (m *union) takeFirst(ctx context.Context, wanted int) (*row, error) {
	var best *branch
	for _, s := range m.branches {
		if err := m.fill(ctx, s, wanted); err != nil {
			return nil, err
		}
		if len(s.rows) > 0 && (best == nil || s.rows[0].Compare(best.rows[0].position, m.desc) < 0) {
			best = s
		}
	}
	if best == nil {
		return nil, nil
	}
	r := best.rows[0]
	for _, s := range m.branches { // other branches may have the same entity
		if len(s.rows) > 0 && s.rows[0].position == r.position {
			s.rows = s.rows[1:]
		}
	}
	m.after = &r.position
	return &r, nil
}

// fill fetches rows for a branch that has none, unless it has ended.
func (m *union) fill(ctx context.Context, s *branch, wanted int) error {
	for len(s.rows) == 0 && !s.ended {
		if err := m.fetchBranch(ctx, s, wanted); err != nil {
			return err
		}
	}
	return nil
}

// fetchBranch fetches the next page of a branch. It drops rows that do not pass
// its tests, so the branch may still have no rows.
func (m *union) fetchBranch(ctx context.Context, s *branch, wanted int) error {
	size := pageSize
	if wanted > 0 && len(s.Tests) == 0 {
		size = min(size, wanted+1) // one more shows whether there is a next page
	}
	text, token := s.Text, ""
	switch {
	case s.after == nil:
	case m.by != nil:
		token = s.after.Token()
	default:
		if text = m.afterCondition(*s.after); s.Text != "" {
			text = "(" + s.Text + ") AND " + text
		}
	}
	rows, next, err := m.fetch(ctx, m.options(text, token, size))
	if err != nil {
		return err
	}
	for i := range rows {
		if s.after != nil && rows[i].Compare(*s.after, m.desc) <= 0 {
			return m.newError(ErrInternal, "the server returned an entity from before the requested position")
		}
		at := rows[i].position
		s.after = &at
	}
	s.ended = next == "" || len(rows) == 0
	if err := m.addNeighbors(ctx, rows, s.Tests); err != nil {
		return err
	}
	s.rows = slices.DeleteFunc(rows, func(r row) bool {
		v := tested{r, m.ident}
		return slices.ContainsFunc(s.Tests, func(t filtertext.Test) bool { return !t.Holds(v) })
	})
	return nil
}

// afterCondition returns the filter for what follows a position.
func (m *union) afterCondition(p position) string {
	sign := ">"
	if m.desc {
		sign = "<"
	}
	var column string
	switch m.order {
	case OrderByCreateTime:
		column = "create_time_since_epoch"
	case OrderByUpdateTime:
		column = "last_update_time_since_epoch"
	default:
		return fmt.Sprintf("id %s %d", sign, p.ID)
	}
	return fmt.Sprintf("(%[1]s %[2]s %[3]d OR %[1]s = %[3]d AND id %[2]s %[4]d)", column, sign, p.Int, p.ID)
}
