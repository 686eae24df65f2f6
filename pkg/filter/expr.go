// Package filter builds typed conditions on stored entities.
//
// Conditions start from generated symbols, those of package generated/field or
// of your own schema: field.ModelVersion.Author.Eq("ada"). Queries of package
// registry take them and send them in the filter language of MLMD.
//
// The store answers conditions on columns and properties. Some conditions the
// filter language cannot express: that a property is not set, the name of a child
// without its parent's ID, members of objects and elements of lists. A query with
// such a condition reads the entities that the other conditions select, and tests
// them one by one.
//
// The type parameter T is what a collection's Get returns, such as
// *model.ModelVersion. A condition on one entity does not compile in a query for
// another.
package filter

import "github.com/mlmd-go/sdk/internal/filtertext"

// An Expr is a condition on entities of type T. It is immutable. The zero Expr
// selects everything.
//
// And, Or and Not follow SQL, where a field that is not set is NULL: a comparison
// with it is neither true nor false, and neither is its negation.
type Expr[T any] filtertext.Expr

// And returns a condition that holds if e and all others hold.
//
//go:noinline
func (e Expr[T]) And(others ...Expr[T]) Expr[T] { return combine(filtertext.OpAnd, e, others) }

// Or returns a condition that holds if e or any of the others holds.
//
//go:noinline
func (e Expr[T]) Or(others ...Expr[T]) Expr[T] { return combine(filtertext.OpOr, e, others) }

// Not returns a condition that holds if e is false. It does not hold if e is
// neither true nor false because a field in it is not set.
func Not[T any](e Expr[T]) Expr[T] {
	root := filtertext.Expr(e).Root()
	if root == nil {
		return Expr[T](filtertext.New(&filtertext.Node{Op: filtertext.OpNever}))
	}
	return Expr[T](negate(filtertext.Expr(e)))
}

//go:noinline
func combine[T any](op filtertext.Op, e Expr[T], others []Expr[T]) Expr[T] {
	kids := make([]*filtertext.Node, 0, 1+len(others))
	for _, x := range append([]Expr[T]{e}, others...) {
		root := filtertext.Expr(x).Root()
		if root == nil {
			if op == filtertext.OpOr { // x selects everything
				return Expr[T]{}
			}
			continue
		}
		kids = append(kids, root)
	}
	switch len(kids) {
	case 0:
		return Expr[T]{}
	case 1:
		return Expr[T](filtertext.New(kids[0]))
	}
	return Expr[T](filtertext.New(&filtertext.Node{Op: op, Kids: kids}))
}
