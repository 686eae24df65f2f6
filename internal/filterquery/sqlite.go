package filterquery

// SQLite is the dialect of SQLite. Its integers overflow into doubles and its
// doubles into infinities, so it is enough to cut what comes out.
var SQLite = &Dialect{
	value:      params("?", "?", "?"),
	null:       map[Type]string{BoolType: "NULL", IntType: "NULL", FloatType: "NULL", TextType: "NULL"},
	like:       "%1 LIKE %2",
	likeAny:    "CASE WHEN length(CAST(%2 AS BLOB)) <= 50000 THEN %1 LIKE %2 END",
	before:     "%1 %2 %3",
	tested:     "+%1",
	substrFrom: "substr(%1, %2)",
	substrLen:  "substr(%1, %2, %3)",
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
