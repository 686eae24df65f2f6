package filterquery

import (
	"math"
)

// A Dialect is how one database spells what the databases do not spell alike.
// In each pattern %1, %2 and so on stand for the operands.
type Dialect struct {
	// value is a parameter of each type, null a NULL of each.
	value, null map[Type]string
	// exact is a text column or parameter in the form in which all operators
	// compare it byte for byte; empty where the column itself is that.
	exact string
	// start is the part of a property's text that its index has; empty where it
	// has all of it.
	start string
	// before is "less than" on text, byte for byte: %2 is the operator.
	before string
	// like compares ASCII letters without case and has no escape; likeAny is it
	// for a pattern that no one has looked at yet.
	like, likeAny string
	// tested is a condition that rows are tested for, and not looked up by in an
	// index, where the planner would begin with it; empty elsewhere.
	tested string
	// substrFrom is the text %1 from the character %2 on, and substrLen at most %3
	// characters of it.
	substrFrom, substrLen string
	// ops are the operators that are not spelled alike.
	ops map[Op]string
	// ints and floats are arithmetic that never fails and never leaves its type.
	// For floats, %3 is the largest double and %4 is scale.
	ints, floats map[Op]string
}

// params are parameters whose type the statement itself does not tell.
func params(i, f, t string) map[Type]string {
	return map[Type]string{IntType: i, FloatType: f, TextType: t}
}

// Arithmetic on the doubles %1 and %2 that never overflows: what would be too
// large is %3, the largest double, with its sign. No branch computes anything
// that overflows either, for databases evaluate them in the order they like.
// PostgreSQL also fails where a result would be rounded to zero: two doubles
// that are scaled by %4, a power of two, show that beforehand.
const (
	sum = "CASE WHEN %1 > 0 AND %2 > 0 AND %1 >= %3 - greatest(%2, 0) THEN %3" +
		" WHEN %1 < 0 AND %2 < 0 AND %1 <= -%3 - least(%2, 0) THEN -%3 ELSE %1 + %2 END"
	difference = "CASE WHEN %1 > 0 AND %2 < 0 AND %1 >= %3 + least(%2, 0) THEN %3" +
		" WHEN %1 < 0 AND %2 > 0 AND %1 <= -%3 + greatest(%2, 0) THEN -%3 ELSE %1 - %2 END"
	product = " WHEN abs(%2) <= 1 OR abs(%1) < %3 / greatest(abs(%2), 1) THEN %1 * %2" +
		" ELSE sign(%1) * sign(%2) * %3 END"
	quotient = " WHEN abs(%2) >= 1 OR abs(%1) < %3 * least(abs(%2), 1) THEN %1 / %2" +
		" ELSE sign(%1) * sign(%2) * %3 END"
)

// scale is %4 of these: below it, squared, doubles round to zero.
var scale = math.Ldexp(1, 537)
