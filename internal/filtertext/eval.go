package filtertext

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Row gives the values of one node to a [Test].
type Row interface {
	// Value returns what f reads: a string, an int64, a float64 or a bool, nil if
	// it is not set, or a [List] if f reads the elements of a list. Values that a
	// condition can only test for being set may have any other type.
	Value(f Field) any
}

// A List holds the values of a field that reads the elements of a list. A
// comparison holds for it if it holds for any element. A nil List is not set.
type List []any

// A Test is a part of a condition that the filter language cannot express: the
// caller must leave out the entities for which it does not hold.
type Test struct {
	node    *Node
	negated bool
}

// TestOf returns the test of a whole condition, for lists that no filter restricts.
// e must not be the zero Expr.
func TestOf(e Expr) Test { return Test{node: e.root} }

// Holds reports whether the test is true for the row, and neither false nor
// unknown.
func (t Test) Holds(row Row) bool {
	if t.negated {
		return t.node.eval(row) == isFalse
	}
	return t.node.eval(row) == isTrue
}

// ReadsEntity reports whether the test reads what only the decoded entity has:
// its name below the prefix, its parent, or a member of an object.
func (t Test) ReadsEntity() bool {
	return t.node.contains(func(n *Node) bool { return n.Field.readsEntity() })
}

func (f Field) readsEntity() bool {
	return f.OwnName || f.Member != "" || f.Neighbor != "" || f.Edge != nil
}

// Edges returns the fields in the test that are neighbors along an edge.
func (t Test) Edges() []Field {
	var out []Field
	t.node.contains(func(n *Node) bool {
		if n.Field.Edge != nil {
			out = append(out, n.Field)
		}
		return false
	})
	return out
}

// String returns the test as text that differs for different tests.
func (t Test) String() string {
	if t.negated {
		return "NOT " + t.node.String()
	}
	return t.node.String()
}

func (n *Node) String() string {
	if n.Op == OpNeighbor {
		return fmt.Sprintf("(any %v %v)", n.Edge, n.Kids)
	}
	return fmt.Sprintf("(%d %v %+v %q)", n.Op, n.Kids, n.Field, n.Args)
}

// contains reports whether f holds for n or a node below it.
func (n *Node) contains(f func(*Node) bool) bool {
	return f(n) || slices.ContainsFunc(n.Kids, func(kid *Node) bool { return kid.contains(f) })
}

// A truth is a value of SQL's three-valued logic. AND is the minimum, OR the
// maximum.
type truth int8

const (
	isFalse truth = iota
	unknown
	isTrue
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

func (n *Node) eval(row Row) truth {
	switch n.Op {
	case OpAnd:
		out := isTrue
		for _, kid := range n.Kids {
			out = min(out, kid.eval(row))
		}
		return out
	case OpOr:
		out := isFalse
		for _, kid := range n.Kids {
			out = max(out, kid.eval(row))
		}
		return out
	case OpNot:
		return isTrue - n.Kids[0].eval(row)
	case OpNever:
		return isFalse
	case OpIn:
		if len(n.Args) == 0 {
			return isFalse
		}
	}
	v := row.Value(n.Field)
	list, ok := v.(List)
	switch {
	case !ok:
		return n.compare(v)
	case list == nil:
		return n.compare(nil)
	}
	out := isFalse
	for _, v := range list {
		out = max(out, n.compare(v))
	}
	return out
}

// compare evaluates a comparison with v, which is nil if the field is not set.
func (n *Node) compare(v any) truth {
	switch {
	case n.Op == OpIsSet:
		return truthOf(v != nil)
	case v == nil:
		return unknown
	case n.Op == OpIn:
		return truthOf(slices.ContainsFunc(n.Args, func(arg any) bool { return isOrdered(v, arg) && order(v, arg) == 0 }))
	}
	arg := n.Args[0]
	if !isOrdered(v, arg) {
		return unknown
	}
	switch n.Op {
	case OpEq:
		return truthOf(order(v, arg) == 0)
	case OpNe:
		return truthOf(order(v, arg) != 0)
	case OpLt:
		return truthOf(order(v, arg) < 0)
	case OpLe:
		return truthOf(order(v, arg) <= 0)
	case OpGt:
		return truthOf(order(v, arg) > 0)
	case OpGe:
		return truthOf(order(v, arg) >= 0)
	}
	text, isText := v.(string)
	pattern, _ := arg.(string)
	if !isText {
		return unknown
	}
	switch n.Op {
	case OpPrefix:
		return truthOf(strings.HasPrefix(text, pattern))
	case OpContains:
		return truthOf(strings.Contains(text, pattern))
	default: // OpLike
		return truthOf(like(text, pattern))
	}
}

// isOrdered reports whether a and b are both text, both numbers or both booleans.
func isOrdered(a, b any) bool {
	switch a.(type) {
	case string:
		_, ok := b.(string)
		return ok
	case bool:
		_, ok := b.(bool)
		return ok
	case int64, float64:
		switch b.(type) {
		case int64, float64:
			return true
		}
	}
	return false
}

// order compares two values for which isOrdered holds. An integer and a double
// are compared exactly, without converting either.
func order(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case bool:
		if a == b.(bool) {
			return 0
		}
		return 1
	case int64:
		if b, ok := b.(float64); ok {
			return orderNumbers(a, b)
		}
		return cmp.Compare(a, b.(int64))
	default:
		if b, ok := b.(int64); ok {
			return -orderNumbers(b, a.(float64))
		}
		return cmp.Compare(a.(float64), b.(float64))
	}
}

func orderNumbers(n int64, x float64) int {
	switch {
	case x >= 1<<63:
		return -1
	case x < -1<<63:
		return 1
	}
	floor := math.Floor(x)
	if c := cmp.Compare(n, int64(floor)); c != 0 || floor == x {
		return c
	}
	return -1 // n is the floor of x
}

// like reports whether text matches a pattern of LIKE. It ignores the case of
// ASCII letters, as the stores of this module do.
func like(text, pattern string) bool {
	t, p := []rune(lower(text)), []rune(lower(pattern))
	back, from := -1, 0 // where the last % of the pattern is, and what it has matched to
	i, j := 0, 0
	for i < len(t) {
		switch {
		case j < len(p) && p[j] == '%':
			back, from = j, i
			j++
		case j < len(p) && (p[j] == '_' || p[j] == t[i]):
			i++
			j++
		case back >= 0:
			from++
			i, j = from, back+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == '%' {
		j++
	}
	return j == len(p)
}

// lower returns s with its ASCII letters in lower case.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
