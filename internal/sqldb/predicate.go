package sqldb

import (
	"math"
	"slices"
	"strings"
)

// MaxInList is the maximum number of IDs or texts in one predicate.
const MaxInList = 1000

// Predicate is a condition on a column: Text follows the column's name and has
// the parameters Args. From is a table to join, with its alias, or empty.
type Predicate struct {
	Text string
	Args []any
	From string
}

// EqID selects one ID.
func EqID(id int64) Predicate { return Predicate{Text: "= ?", Args: []any{id}} }

// ColumnOf selects the values of a column of a table, in which no value occurs twice
// among the rows for which a condition holds. The condition calls the table s.
func ColumnOf(table, column, where string, args ...any) Predicate {
	return Predicate{From: table + " s", Text: "= s." + column + " AND " + where, Args: args}
}

// Join returns what precedes the table of the column after FROM.
func (p Predicate) Join() string {
	if p.From == "" {
		return ""
	}
	return p.From + " CROSS JOIN "
}

// InIDs selects ids, of which there must be between 1 and MaxInList.
func (d *Dialect) InIDs(ids []int64) Predicate {
	if len(ids) == 1 {
		return EqID(ids[0])
	}
	if d.ArrayArg != nil {
		return Predicate{Text: d.ArrayPredicate, Args: []any{d.ArrayArg(ids)}}
	}
	if isRange(ids) { // such as a page of what was stored together: one search instead of one for each
		return Predicate{Text: "BETWEEN ? AND ?", Args: []any{ids[0], ids[len(ids)-1]}}
	}
	n := PaddedLen(len(ids))
	args := make([]any, n)
	for i := range args {
		args[i] = ids[min(i, len(ids)-1)]
	}
	return Predicate{Text: "IN (" + Placeholders("?", n) + ")", Args: args}
}

// isRange reports whether each ID is the one after the ID before it.
func isRange(ids []int64) bool {
	for i, id := range ids {
		if id != ids[0]+int64(i) {
			return false
		}
	}
	return true
}

// InTexts selects texts, of which there must be between 1 and MaxInList.
func InTexts(texts []string) Predicate {
	n := PaddedLen(len(texts))
	args := make([]any, n)
	for i := range args {
		args[i] = texts[min(i, len(texts)-1)]
	}
	if n == 1 {
		return Predicate{Text: "= ?$", Args: args}
	}
	return Predicate{Text: "IN (" + Placeholders("?$", n) + ")", Args: args}
}

// PaddedLen returns the length to which a list of n parameters is padded, by
// repeating its last element. It keeps the number of different statements
// small.
func PaddedLen(n int) int {
	if n <= 4 {
		return n
	}
	size := 8
	for size < n {
		size *= 2
	}
	return size
}

// Placeholders returns n copies of one, separated by commas.
func Placeholders(one string, n int) string {
	if n == 1 {
		return one
	}
	return strings.Repeat(one+", ", n-1) + one
}

// ForEachChunk calls use with parts of list that have at most MaxInList
// elements.
func ForEachChunk[E any](list []E, use func([]E) error) error {
	for part := range slices.Chunk(list, MaxInList) {
		if err := use(part); err != nil {
			return err
		}
	}
	return nil
}

// ValidIDs returns ids sorted and deduplicated, without those that cannot
// exist: below 1, or too large for the dialect's ID column.
func (d *Dialect) ValidIDs(ids []int64) []int64 {
	if len(ids) == 1 && d.ValidID(ids[0]) {
		return ids
	}
	valid := make([]int64, 0, len(ids))
	for _, id := range ids {
		if d.ValidID(id) {
			valid = append(valid, id)
		}
	}
	slices.Sort(valid)
	return slices.Compact(valid)
}

// ValidID reports whether id can exist.
func (d *Dialect) ValidID(id int64) bool {
	return id > 0 && (!d.Int32 || id <= math.MaxInt32)
}
