package filterquery

import (
	"math"
)

// A Dialect holds the SQL that depends on the database. In each pattern, %1, %2 and so
// on stand for the operands.
type Dialect struct {
	// value and null are a parameter and a NULL of each type.
	value, null map[Type]string
	// exact converts a text column or parameter to the form in which all operators
	// compare byte for byte; empty if the column has that form.
	exact string
	// start is the prefix of a property's text that its index contains; empty if the
	// index contains the whole text.
	start string
	// before compares text byte for byte with the operator %2.
	before string
	// like ignores the case of ASCII letters and has no escape. likeAny is the same for
	// a pattern whose length is not known to be within the limit.
	like, likeAny string
	// tested prevents the planner from using the index of a condition with which it
	// would otherwise begin; empty if not needed.
	tested string
	// substrFrom is the text %1 from character %2 on, and substrLen at most %3
	// characters of it.
	substrFrom, substrLen string
	// sorted makes the text %1 sort byte for byte, and belowPrefix is what follows the
	// first colon of it.
	sorted, belowPrefix string
	// ops are the other operations that differ.
	ops map[Op]string
	// ints and floats are arithmetic that does not fail and keeps its type. For floats,
	// %3 is the largest double and %4 is scale.
	ints, floats map[Op]string
}

// params returns parameters whose type the statement does not determine.
func params(i, f, t string) map[Type]string {
	return map[Type]string{IntType: i, FloatType: f, TextType: t}
}

// Arithmetic on the doubles %1 and %2 that does not overflow: a result that is too
// large is replaced by %3, the largest double, with its sign. No branch may overflow
// either, because databases evaluate branches in any order. PostgreSQL also fails if a
// result underflows to zero, which scaling by %4, a power of two, detects beforehand.
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

// scale is %4 of the patterns above: smaller reciprocals underflow when squared.
var scale = math.Ldexp(1, 537)
