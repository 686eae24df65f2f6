package filtertext

import (
	"cmp"
	"math"
)

// isNumber reports whether f is a number that may be stored as an integer or as
// a double.
func (f Field) isNumber() bool {
	return f.AnyNumber && (f.Column == IntColumn || f.Column == DoubleColumn)
}

// number prints the test of n, or its negation, on a number of either kind: one
// test per value column, of which one must hold. The column that the number does
// not use is NULL, and a test of NULL holds neither as written nor negated.
// Therefore each test is negated separately, and OR joins them in both cases.
func (p *printer) number(n *Node, negated bool) (texts, rows []string, err error) {
	for _, part := range []*Node{n, n.otherKind()} {
		var left string
		if left, rows, err = p.field(part.Field); err != nil {
			return nil, nil, err
		}
		not := negated
		switch {
		case n.Op == OpIsSet:
		case part.Op == OpNever && negated: // true for every number of this kind
			part, not = isSetNode(part.Field), false
		case part.Op == OpNever, part.Op == OpIsSet && negated: // true for none
			continue
		}
		text, err := p.test(left, part, not)
		if err != nil {
			return nil, nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows, nil
}

// otherKind returns the test of n for numbers stored in the other column. It is
// OpNever if no number of that kind passes, and OpIsSet if all do. It never
// compares an integer with a double, because some servers cannot and others
// round.
func (n *Node) otherKind() *Node {
	if n.Field.Column == DoubleColumn {
		other := &Node{Op: n.Op, Field: n.Field.in(IntColumn)}
		if n.Op != OpIsSet {
			var v int64
			other.Op, v = testOfInts(n.Op, n.Args[0].(float64))
			other.Args = []any{v}
		}
		return other
	}
	other := &Node{Op: n.Op, Field: n.Field.in(DoubleColumn)}
	switch n.Op {
	case OpIsSet:
	case OpIn:
		for _, arg := range n.Args {
			if o, v := testOfDoubles(OpEq, arg.(int64)); o == OpEq {
				other.Args = append(other.Args, v)
			}
		}
		if len(other.Args) == 0 {
			other.Op = OpNever
		}
	default:
		var v float64
		other.Op, v = testOfDoubles(n.Op, n.Args[0].(int64))
		other.Args = []any{v}
	}
	return other
}

// testOfInts returns a comparison of integers with an integer that is equivalent
// to their comparison with x: OpNever if it holds for none, OpIsSet if it holds
// for all.
func testOfInts(o Op, x float64) (Op, int64) {
	floor := math.Floor(x)
	switch {
	case x >= 1<<63:
		return constantIf(o == OpLt || o == OpLe || o == OpNe), 0
	case x < -1<<63:
		return constantIf(o == OpGt || o == OpGe || o == OpNe), 0
	case floor == x:
		return o, int64(floor)
	case o == OpLt || o == OpLe:
		return OpLe, int64(floor)
	case o == OpGt || o == OpGe:
		return OpGt, int64(floor)
	default:
		return constantIf(o == OpNe), 0
	}
}

// testOfDoubles returns a comparison of doubles with a double that is equivalent
// to their comparison with n: OpNever if it holds for none, OpIsSet if it holds
// for all. If n is not a double, the nearest one takes its place, because no
// double lies between the two.
func testOfDoubles(o Op, n int64) (Op, float64) {
	near := float64(n)
	side := 1 // the sign of near - n
	if near < 1<<63 {
		side = cmp.Compare(int64(near), n)
	}
	switch {
	case side == 0:
		return o, near
	case o == OpEq || o == OpNe:
		return constantIf(o == OpNe), 0
	case (o == OpLt || o == OpLe) && side > 0:
		return OpLt, near
	case o == OpLt || o == OpLe:
		return OpLe, near
	case side > 0:
		return OpGe, near
	default:
		return OpGt, near
	}
}

// constantIf returns the test that every number passes if all is set, and
// otherwise the test that none passes.
func constantIf(all bool) Op {
	if all {
		return OpIsSet
	}
	return OpNever
}
