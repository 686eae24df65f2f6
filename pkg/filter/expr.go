// Package filter holds typed conditions on stored entities and their text in
// the filter language of MLMD.
//
// Conditions are built from generated symbols (package generated/field, or
// your own): field.ModelVersion.Author.Eq("ada"). The type parameter T is what
// Get returns for the entity, *model.ModelVersion say, so that a condition on
// one entity does not compile in a query for another.
package filter

// An Expr is a condition on entities of T. Exprs are immutable. The zero Expr
// is no condition: it selects everything.
//
// And, Or and Not mean what SQL means by them, a field that is not set being
// NULL: a comparison with it is neither true nor false, and so is its Not.
type Expr[T any] struct{ n *node }

// And returns the condition that holds where e and all of others hold.
//
//go:noinline
func (e Expr[T]) And(others ...Expr[T]) Expr[T] { return combine(opAnd, e, others) }

// Or returns the condition that holds where e or one of others holds.
//
//go:noinline
func (e Expr[T]) Or(others ...Expr[T]) Expr[T] { return combine(opOr, e, others) }

// Not returns the condition that holds where e is false. Where e is neither
// true nor false, because a field in it is not set, Not does not hold either.
func Not[T any](e Expr[T]) Expr[T] {
	if e.n == nil {
		return Expr[T]{&node{op: opNever}}
	}
	return Expr[T]{&node{op: opNot, kids: []*node{e.n}}}
}

//go:noinline
func combine[T any](o op, e Expr[T], others []Expr[T]) Expr[T] {
	kids := make([]*node, 0, 1+len(others))
	for _, x := range append([]Expr[T]{e}, others...) {
		if x.n == nil {
			if o == opOr { // everything, or something else: everything
				return Expr[T]{}
			}
			continue
		}
		kids = append(kids, x.n)
	}
	switch len(kids) {
	case 0:
		return Expr[T]{}
	case 1:
		return Expr[T]{kids[0]}
	}
	return Expr[T]{&node{op: o, kids: kids}}
}

// op says what a node of a condition does.
type op uint8

const (
	opAnd op = iota
	opOr
	opNot
	opNever   // selects nothing
	opEq      // ref = args[0]
	opNe      // ref != args[0]
	opLt      // ref < args[0]
	opLe      // ref <= args[0]
	opGt      // ref > args[0]
	opGe      // ref >= args[0]
	opIn      // ref IN args; no args: never
	opLike    // ref LIKE args[0]
	opIsSet   // ref IS NOT NULL
	opIsUnset // ref IS NULL; only for attributes
)

// A node is one vertex of a condition's syntax tree. It is never changed once
// it is made.
type node struct {
	op   op
	kids []*node // of And, Or and Not
	ref  Ref     // of a comparison
	args []any   // string, int64, float64 or bool
}
