package filter

import (
	"fmt"

	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/pkg/value"
)

// The functions below build the conditions of symbols. The symbols' methods only
// convert the result to their type, because the compiler instantiates them for
// each entity, and a schema may have hundreds.

// field returns what a condition reads: r, and the value column if r is a
// property.
func (r *Ref) field(column string) filtertext.Field {
	f := filtertext.Field{
		Attr: r.Attr, Neighbor: r.Neighbor, Property: r.Property, Custom: r.Custom,
		LegacyNames: r.LegacyNames, AnyNumber: r.anyNumber, OwnName: r.OwnName, Member: r.Member,
	}
	if r.Property != "" {
		f.Column = column
	}
	return f
}

func compare(r *Ref, column string, op filtertext.Op, args ...any) filtertext.Expr {
	return filtertext.New(&filtertext.Node{Op: op, Field: r.field(column), Args: args})
}

//go:noinline
func compareString(r *Ref, op filtertext.Op, v string) filtertext.Expr {
	return compare(r, filtertext.StringColumn, op, v)
}

//go:noinline
func inStrings[S ~string](r *Ref, vs []S) filtertext.Expr {
	args := make([]any, len(vs))
	for i, v := range vs {
		args[i] = string(v)
	}
	return compare(r, filtertext.StringColumn, filtertext.OpIn, args...)
}

//go:noinline
func compareInt(r *Ref, op filtertext.Op, v int64) filtertext.Expr {
	return compare(r, filtertext.IntColumn, op, v)
}

//go:noinline
func inInts(r *Ref, vs []int64) filtertext.Expr {
	args := make([]any, len(vs))
	for i, v := range vs {
		args[i] = v
	}
	return compare(r, filtertext.IntColumn, filtertext.OpIn, args...)
}

//go:noinline
func compareDouble(r *Ref, op filtertext.Op, v float64) filtertext.Expr {
	return compare(r, filtertext.DoubleColumn, op, v)
}

//go:noinline
func equalsBool(r *Ref, v bool) filtertext.Expr {
	return compare(r, filtertext.BoolColumn, filtertext.OpEq, v)
}

//go:noinline
func isSet(r *Ref, column string) filtertext.Expr {
	return compare(r, column, filtertext.OpIsSet)
}

//go:noinline
func isUnset(r *Ref, column string) filtertext.Expr { return negate(isSet(r, column)) }

func negate(e filtertext.Expr) filtertext.Expr {
	return filtertext.New(&filtertext.Node{Op: filtertext.OpNot, Kids: []*filtertext.Node{e.Root()}})
}

// isSetCustom reads a custom property of any kind. A struct is stored as text.
//
//go:noinline
func isSetCustom(r *Ref) filtertext.Expr {
	return filtertext.New(&filtertext.Node{Op: filtertext.OpOr, Kids: []*filtertext.Node{
		isSet(r, filtertext.StringColumn).Root(),
		isSet(r, filtertext.IntColumn).Root(),
		isSet(r, filtertext.BoolColumn).Root(),
	}})
}

// compareIDs compares with ids. For an invalid id, the operand is the error that
// printing the condition returns.
//
//go:noinline
func compareIDs(r *Ref, op filtertext.Op, ids ...string) filtertext.Expr {
	args := make([]any, len(ids))
	for i, id := range ids {
		n, err := value.ParseID(id)
		args[i] = n
		if err != nil {
			args[i] = fmt.Errorf("%q %w", id, err)
		}
	}
	return compare(r, filtertext.IntColumn, op, args...)
}

// inStates compares with the numbers of states, which are their indexes in names.
//
//go:noinline
func inStates[E ~string](r *Ref, names []string, states ...E) filtertext.Expr {
	var args []any
	for _, s := range states {
		for n, name := range names {
			if name == string(s) {
				args = append(args, int64(n))
			}
		}
	}
	return compare(r, "", filtertext.OpIn, args...)
}

func both(a, b filtertext.Expr) filtertext.Expr {
	return filtertext.New(&filtertext.Node{Op: filtertext.OpAnd, Kids: []*filtertext.Node{a.Root(), b.Root()}})
}
