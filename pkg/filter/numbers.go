package filter

import (
	"cmp"
	"math"
)

// isNumber reports whether r is a number that may be stored as an integer or
// as a double.
func (r *Ref) isNumber() bool {
	return r.anyNumber && (r.Column == intColumn || r.Column == doubleColumn)
}

// number prints the test of n, or its negation, on a number of either kind: the
// test of each value column, one of which must hold. The other column is NULL,
// and a test of NULL holds neither as it is nor negated. So each test is negated
// by itself, and they are joined by OR in both cases.
func (p *printer) number(n *node, negated bool) (texts, rows []string, err error) {
	for _, part := range []*node{n, n.otherKind()} {
		var left string
		if left, rows, err = p.field(part.ref); err != nil {
			return nil, nil, err
		}
		not := negated
		switch {
		case n.op == opIsSet:
		case part.op == opNever && negated: // holds for every number of this kind
			part, not = setNode(&part.ref, part.ref.Column), false
		case part.op == opNever, part.op == opIsSet && negated: // holds for none
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

// otherKind returns the test of n for numbers that are stored in the other
// column. The test never compares an integer with a double: some servers cannot,
// and others round. It is opNever if no number of the other kind passes the test
// of n, and opIsSet if all of them do.
func (n *node) otherKind() *node {
	if n.ref.Column == doubleColumn {
		other := &node{op: n.op, ref: n.ref.in(intColumn)}
		if n.op != opIsSet {
			var v int64
			other.op, v = testOfInts(n.op, n.args[0].(float64))
			other.args = []any{v}
		}
		return other
	}
	other := &node{op: n.op, ref: n.ref.in(doubleColumn)}
	switch n.op {
	case opIsSet:
	case opIn:
		for _, arg := range n.args {
			if o, v := testOfDoubles(opEq, arg.(int64)); o == opEq {
				other.args = append(other.args, v)
			}
		}
		if len(other.args) == 0 {
			other.op = opNever
		}
	default:
		var v float64
		other.op, v = testOfDoubles(n.op, n.args[0].(int64))
		other.args = []any{v}
	}
	return other
}

// testOfInts returns the comparison of integers with an integer that means what
// their comparison with x means: opNever if it holds for none, opIsSet if it
// holds for all.
func testOfInts(o op, x float64) (op, int64) {
	floor := math.Floor(x)
	switch {
	case x >= 1<<63:
		return constantIf(o == opLt || o == opLe || o == opNe), 0
	case x < -1<<63:
		return constantIf(o == opGt || o == opGe || o == opNe), 0
	case floor == x:
		return o, int64(floor)
	case o == opLt || o == opLe:
		return opLe, int64(floor)
	case o == opGt || o == opGe:
		return opGt, int64(floor)
	default:
		return constantIf(o == opNe), 0
	}
}

// testOfDoubles returns the comparison of doubles with a double that means what
// their comparison with n means: opNever if it holds for none, opIsSet if it
// holds for all. Where n is no double, the nearest one takes its place: none lies
// between the two.
func testOfDoubles(o op, n int64) (op, float64) {
	near := float64(n)
	side := 1 // of n on which near lies
	if near < 1<<63 {
		side = cmp.Compare(int64(near), n)
	}
	switch {
	case side == 0:
		return o, near
	case o == opEq || o == opNe:
		return constantIf(o == opNe), 0
	case (o == opLt || o == opLe) && side > 0:
		return opLt, near
	case o == opLt || o == opLe:
		return opLe, near
	case side > 0:
		return opGe, near
	default:
		return opGt, near
	}
}

// constantIf returns the test that every number passes, or the one that none
// does.
func constantIf(all bool) op {
	if all {
		return opIsSet
	}
	return opNever
}
