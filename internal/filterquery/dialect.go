package filterquery

import (
	"math"
	"strings"
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
	// ops are the operators that are not spelled alike.
	ops map[op]string
	// ints and floats are arithmetic that never fails and never leaves its type.
	// For floats, %3 is the largest double and %4 is scale.
	ints, floats map[op]string
}

// params are parameters whose type the statement itself does not tell.
func params(i, f, t string) map[Type]string {
	return map[Type]string{IntType: i, FloatType: f, TextType: t}
}

// SQLite is the dialect of SQLite. Its integers overflow into doubles and its
// doubles into infinities, so it is enough to cut what comes out.
var SQLite = &Dialect{
	value:   params("?", "?", "?"),
	null:    map[Type]string{BoolType: "NULL", IntType: "NULL", FloatType: "NULL", TextType: "NULL"},
	like:    "%1 LIKE %2",
	likeAny: "CASE WHEN length(CAST(%2 AS BLOB)) <= 50000 THEN %1 LIKE %2 END",
	before:  "%1 %2 %3",
	tested:  "+%1",
	ops: map[op]string{
		opToFloat: "CAST(%1 AS REAL)", opToText: "CAST(%1 AS TEXT)", opToInt: "CAST(%1 AS INTEGER)",
		opBitAnd: "(%1 & %2)", opBitOr: "(%1 | %2)", opBitNot: "(~%1)",
		opLower: "lower(%1)", opUpper: "upper(%1)", opLength: "length(%1)",
		opTrim: "trim(%1)", opTrimLeft: "ltrim(%1)", opTrimRight: "rtrim(%1)",
		opReplace: "replace(%1, %2, %3)", opConcat: "(%1 || %2)",
		opStartsWith: "(substr(%1, 1, length(%2)) = %2)", opEndsWith: "(substr(%1, length(%1) - length(%2) + 1) = %2)",
	},
	ints: map[op]string{
		opAdd: cutSQLite("%1 + %2"), opSub: cutSQLite("%1 - %2"), opMul: cutSQLite("%1 * %2"), opNeg: cutSQLite("-%1"),
		opAbs: "abs(max(%1, -9223372036854775807))", opSign: "sign(%1)",
	},
	floats: map[op]string{
		opAdd: "min(max(%1 + %2, -%3), %3)", opSub: "min(max(%1 - %2, -%3), %3)", opMul: "min(max(%1 * %2, -%3), %3)",
		opDiv: "min(max(%1 / %2, -%3), %3)", opNeg: "(-%1)", opAbs: "abs(%1)", opSign: "CAST(sign(%1) AS REAL)",
	},
}

func cutSQLite(expr string) string {
	return "min(max(" + expr + ", -9223372036854775808), 9223372036854775807)"
}

// Postgres is the dialect of PostgreSQL. Its arithmetic fails on overflow and
// on underflow, so integers go by way of NUMERIC, and doubles are looked at
// first. OFFSET 0 keeps the planner from writing operands out twice.
var Postgres = &Dialect{
	value: params("CAST(? AS BIGINT)", "CAST(? AS DOUBLE PRECISION)", "CAST(? AS TEXT)"),
	null: map[Type]string{
		BoolType: "CAST(NULL AS BOOLEAN)", IntType: "CAST(NULL AS BIGINT)",
		FloatType: "CAST(NULL AS DOUBLE PRECISION)", TextType: "CAST(NULL AS TEXT)",
	},
	like:    `(%1 COLLATE "C") ILIKE %2 ESCAPE ''`,
	likeAny: `(%1 COLLATE "C") ILIKE %2 ESCAPE ''`,
	before:  `(%1 COLLATE "C") %2 %3`,
	start:   "left(%1, 255)",
	ops: map[op]string{
		opToFloat: "CAST(%1 AS DOUBLE PRECISION)", opToText: "CAST(%1 AS TEXT)", opToInt: "CAST(CAST(%1 AS INT) AS BIGINT)",
		opBitAnd: "(CAST(%1 AS BIGINT) & %2)", opBitOr: "(CAST(%1 AS BIGINT) | %2)", opBitNot: "(~CAST(%1 AS BIGINT))",
		opLower: `lower(%1 COLLATE "C")`, opUpper: `upper(%1 COLLATE "C")`, opLength: "CAST(char_length(%1) AS BIGINT)",
		opTrim: "btrim(%1)", opTrimLeft: "ltrim(%1)", opTrimRight: "rtrim(%1)",
		opReplace: "replace(%1, %2, %3)", opConcat: "(%1 || %2)",
		opStartsWith: "(left(%1, char_length(%2)) = %2)", opEndsWith: "(right(%1, char_length(%2)) = %2)",
	},
	ints: map[op]string{
		opAdd: cutPostgres("CAST(%1 AS NUMERIC) + CAST(%2 AS NUMERIC)"), opSub: cutPostgres("CAST(%1 AS NUMERIC) - CAST(%2 AS NUMERIC)"),
		opMul: cutPostgres("CAST(%1 AS NUMERIC) * CAST(%2 AS NUMERIC)"), opNeg: cutPostgres("-CAST(%1 AS NUMERIC)"),
		opAbs: cutPostgres("abs(CAST(%1 AS NUMERIC))"), opSign: "CAST(sign(CAST(%1 AS NUMERIC)) AS BIGINT)",
	},
	floats: map[op]string{
		opAdd: letPostgres(sum), opSub: letPostgres(difference),
		opMul: letPostgres("CASE WHEN %1 = 0 OR %2 = 0 THEN %1 * 0 + %2 * 0" +
			" WHEN least(least(abs(%1), 1) * %4, least(abs(%2), 1) * %4, 1) *" +
			" greatest(least(abs(%1), 1) * %4, least(abs(%2), 1) * %4) <= 0.5 THEN 0" + product),
		opDiv: letPostgres("CASE WHEN %2 = 0 THEN NULL" +
			" WHEN (least(abs(%1), 8e-16) * %4) * %4 <= greatest(abs(%2), 1) * 0.5 THEN 0" + quotient),
		opNeg: "(-%1)", opAbs: "abs(%1)", opSign: "sign(%1)",
	},
}

func cutPostgres(expr string) string {
	return "(SELECT CAST(CASE WHEN v > 9223372036854775807 THEN 9223372036854775807" +
		" WHEN v < -9223372036854775808 THEN -9223372036854775808 ELSE v END AS BIGINT) FROM (SELECT " + expr + " AS v OFFSET 0) q)"
}

func letPostgres(expr string) string {
	named := strings.NewReplacer("%1", "x", "%2", "y", "%3", "m", "%4", "s").Replace(expr)
	return "(SELECT " + named + " FROM (SELECT %1 AS x, %2 AS y, %3 AS m, %4 AS s OFFSET 0) q)"
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

// MySQL is the dialect of MySQL and MariaDB. Text becomes bytes where it is
// more than compared with a parameter: collations ignore too much. Character
// set tis620 has no letters but those of ASCII that have two cases.
var MySQL = &Dialect{
	value:   params("?", "(? + 0e0)", "?$"),
	null:    map[Type]string{BoolType: "NULL", IntType: "NULL", FloatType: "NULL", TextType: "NULL"},
	exact:   exactMySQL("utf8mb4"),
	like:    charsMySQL(lowerMySQL("%1")) + " COLLATE utf8mb4_bin LIKE " + charsMySQL(lowerMySQL("REPLACE(%2, '|', '||')")) + " ESCAPE '|'",
	likeAny: charsMySQL(lowerMySQL("%1")) + " COLLATE utf8mb4_bin LIKE " + charsMySQL(lowerMySQL("REPLACE(%2, '|', '||')")) + " ESCAPE '|'",
	before:  "%1 %2 %3",
	ops: map[op]string{
		opToFloat: "(%1 + 0e0)", opToText: "CAST(CONVERT(CAST(%1 AS CHAR) USING utf8mb4) AS BINARY)", opToInt: "CAST(%1 AS SIGNED)",
		opBitAnd: "CAST(%1 & %2 AS SIGNED)", opBitOr: "CAST(%1 | %2 AS SIGNED)", opBitNot: "CAST(~%1 AS SIGNED)",
		opLower: lowerMySQL("%1"), opUpper: "CAST(UPPER(CONVERT(%1 USING tis620)) AS BINARY)", opLength: "CHAR_LENGTH(" + charsMySQL("%1") + ")",
		opTrim: "TRIM(%1)", opTrimLeft: "LTRIM(%1)", opTrimRight: "RTRIM(%1)",
		opReplace: "REPLACE(%1, %2, %3)", opConcat: "CONCAT(%1, %2)",
		opStartsWith: "(LEFT(%1, LENGTH(%2)) = %2)", opEndsWith: "(RIGHT(%1, LENGTH(%2)) = %2)",
	},
	ints: map[op]string{
		opAdd: cutMySQL(decimal("%1") + " + " + decimal("%2")), opSub: cutMySQL(decimal("%1") + " - " + decimal("%2")),
		opMul: cutMySQL(decimal("%1") + " * " + decimal("%2")), opNeg: cutMySQL("-" + decimal("%1")),
		opAbs: cutMySQL("ABS(" + decimal("%1") + ")"), opSign: "CAST(SIGN(%1) AS SIGNED)",
	},
	floats: map[op]string{
		opAdd: "(" + sum + ")", opSub: "(" + difference + ")",
		opMul: "(CASE" + product + ")", opDiv: "(CASE WHEN %2 = 0 THEN NULL" + quotient + ")",
		opNeg: "(-%1)", opAbs: "ABS(%1)", opSign: "(SIGN(%1) + 0e0)",
	},
}

// MySQLOver is the dialect of MySQL where text comes and goes in another
// character set than utf8mb4, whose bytes are UTF-8 nevertheless.
func MySQLOver(charset string) *Dialect {
	d := *MySQL
	d.exact = exactMySQL(charset)
	return &d
}

func exactMySQL(charset string) string { return "CAST(CONVERT(%1 USING " + charset + ") AS BINARY)" }

func lowerMySQL(bytes string) string {
	return "CAST(LOWER(CONVERT(" + bytes + " USING tis620)) AS BINARY)"
}

func charsMySQL(bytes string) string { return "CONVERT(" + bytes + " USING utf8mb4)" }

func decimal(expr string) string { return "CAST(" + expr + " AS DECIMAL(20, 0))" }

func cutMySQL(expr string) string {
	return "CAST(LEAST(GREATEST(" + expr + ", -9223372036854775808), 9223372036854775807) AS SIGNED)"
}
