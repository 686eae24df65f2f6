package sqldb

import (
	"math"
	"slices"
	"strings"
)

// MaxInList is how many ids or texts one statement looks for; longer lists take
// several.
const MaxInList = 1000

// A Predicate says which rows are meant: a text that follows the name of their
// id column, and its parameters.
type Predicate struct {
	Text string
	Args []any
}

// EqID selects one row.
func EqID(id int64) Predicate { return Predicate{"= ?", []any{id}} }

// InQuery selects the rows whose id a query answers.
func InQuery(query string, args ...any) Predicate {
	return Predicate{"IN (" + query + ")", args}
}

// InIDs selects the rows with these ids, of which there are at least one and
// at most [MaxInList].
func (d *Dialect) InIDs(ids []int64) Predicate {
	if len(ids) == 1 {
		return EqID(ids[0])
	}
	if d.ArrayArg != nil {
		return Predicate{d.ArrayPredicate, []any{d.ArrayArg(ids)}}
	}
	n := PaddedLen(len(ids))
	args := make([]any, n)
	for i := range args {
		args[i] = ids[min(i, len(ids)-1)]
	}
	return Predicate{"IN (" + Placeholders("?", n) + ")", args}
}

// InTexts is the text that follows a text column to find one of the texts, of
// which there are at least one and at most [MaxInList].
func InTexts(texts []string) Predicate {
	n := PaddedLen(len(texts))
	args := make([]any, n)
	for i := range args {
		args[i] = texts[min(i, len(texts)-1)]
	}
	if n == 1 {
		return Predicate{"= ?$", args}
	}
	return Predicate{"IN (" + Placeholders("?$", n) + ")", args}
}

// PaddedLen keeps the number of different statements small: a list is filled up
// with its last element.
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

// Placeholders are n parameters, or n rows of them, with commas between.
func Placeholders(one string, n int) string {
	if n == 1 {
		return one
	}
	return strings.Repeat(one+", ", n-1) + one
}

// ForEachChunk calls use for each part of list that one statement can take.
func ForEachChunk[E any](list []E, use func([]E) error) error {
	for part := range slices.Chunk(list, MaxInList) {
		if err := use(part); err != nil {
			return err
		}
	}
	return nil
}

// ValidIDs leaves out the ids that no row can have: a parameter for a column of
// 32 bits must not be larger. It sorts, and drops duplicates.
func (d *Dialect) ValidIDs(ids []int64) []int64 {
	if len(ids) == 1 && d.ValidID(ids[0]) {
		return ids
	}
	kept := make([]int64, 0, len(ids))
	for _, id := range ids {
		if d.ValidID(id) {
			kept = append(kept, id)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

func (d *Dialect) ValidID(id int64) bool {
	return id > 0 && (!d.Int32 || id <= math.MaxInt32)
}
