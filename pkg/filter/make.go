package filter

import (
	"fmt"

	"github.com/mlmd-go/sdk/pkg/value"
)

// The functions below make the conditions of symbols. The symbols' own methods
// only give them a type: they are compiled again for each entity, and a spec
// may have hundreds.

// The value columns of properties.
const (
	stringColumn = "string_value"
	intColumn    = "int_value"
	doubleColumn = "double_value"
	boolColumn   = "bool_value"
)

// in returns a copy of r; where it is a property, with its value column.
func (r *Ref) in(column string) Ref {
	out := *r
	if out.Property != "" {
		out.Column = column
	}
	return out
}

//go:noinline
func textNode(r *Ref, o op, v string) *node {
	return &node{op: o, ref: r.in(stringColumn), args: []any{v}}
}

//go:noinline
func textsNode[S ~string](r *Ref, vs []S) *node {
	args := make([]any, len(vs))
	for i, v := range vs {
		args[i] = string(v)
	}
	return &node{op: opIn, ref: r.in(stringColumn), args: args}
}

//go:noinline
func intNode(r *Ref, o op, v int64) *node {
	return &node{op: o, ref: r.in(intColumn), args: []any{v}}
}

//go:noinline
func intsNode(r *Ref, vs []int64) *node {
	args := make([]any, len(vs))
	for i, v := range vs {
		args[i] = v
	}
	return &node{op: opIn, ref: r.in(intColumn), args: args}
}

//go:noinline
func doubleNode(r *Ref, o op, v float64) *node {
	return &node{op: o, ref: r.in(doubleColumn), args: []any{v}}
}

//go:noinline
func boolNode(r *Ref, v bool) *node {
	return &node{op: opEq, ref: r.in(boolColumn), args: []any{v}}
}

//go:noinline
func setNode(r *Ref, column string) *node { return &node{op: opIsSet, ref: r.in(column)} }

// customSetNode asks for a custom property of any kind; a struct is kept as text.
//
//go:noinline
func customSetNode(r *Ref) *node {
	return &node{op: opOr, kids: []*node{setNode(r, stringColumn), setNode(r, intColumn), setNode(r, boolColumn)}}
}

// idsNode compares with ids; one that is none becomes an error, with which
// printing the condition ends.
//
//go:noinline
func idsNode(r *Ref, o op, ids ...string) *node {
	args := make([]any, len(ids))
	for i, id := range ids {
		n, err := value.ParseID(id)
		args[i] = n
		if err != nil {
			args[i] = fmt.Errorf("%q %w", id, err)
		}
	}
	return &node{op: o, ref: r.in(intColumn), args: args}
}

// statesNode compares with the numbers that names has for states.
//
//go:noinline
func statesNode[E ~string](r *Ref, names []string, states ...E) *node {
	var args []any
	for _, s := range states {
		for n, name := range names {
			if name == string(s) {
				args = append(args, int64(n))
			}
		}
	}
	return &node{op: opIn, ref: *r, args: args}
}

func conjunction(a, b *node) *node { return &node{op: opAnd, kids: []*node{a, b}} }
