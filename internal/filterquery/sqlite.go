package filterquery

// SQLite is the dialect of SQLite. Its integers overflow to doubles and its doubles to
// infinities, so that limiting results is sufficient.
var SQLite = &Dialect{
	value:   params("?", "?", "?"),
	null:    map[Type]string{BoolType: "NULL", IntType: "NULL", FloatType: "NULL", TextType: "NULL"},
	like:    "%1 LIKE %2",
	likeAny: "CASE WHEN length(CAST(%2 AS BLOB)) <= 50000 THEN %1 LIKE %2 END",
	before:  "%1 %2 %3",
	tested:  "+%1",
	sorted:  "%1", belowPrefix: "substr(%1, instr(%1, ':') + 1)",
	substrFrom: "substr(%1, %2)",
	substrLen:  "substr(%1, %2, %3)",
	ops: map[Op]string{
		OpToFloat: "CAST(%1 AS REAL)", OpToText: "CAST(%1 AS TEXT)", OpToInt: "CAST(%1 AS INTEGER)",
		OpBitAnd: "(%1 & %2)", OpBitOr: "(%1 | %2)", OpBitNot: "(~%1)",
		OpLower: "lower(%1)", OpUpper: "upper(%1)", OpLength: "length(%1)",
		OpTrim: "trim(%1)", OpTrimLeft: "ltrim(%1)", OpTrimRight: "rtrim(%1)",
		OpReplace: "replace(%1, %2, %3)", OpConcat: "(%1 || %2)",
		OpStartsWith: "(substr(%1, 1, length(%2)) = %2)", OpEndsWith: "(substr(%1, length(%1) - length(%2) + 1) = %2)",
	},
	ints: map[Op]string{
		OpAdd: cutSQLite("%1 + %2"), OpSub: cutSQLite("%1 - %2"), OpMul: cutSQLite("%1 * %2"), OpNeg: cutSQLite("-%1"),
		OpAbs: "abs(max(%1, -9223372036854775807))", OpSign: "sign(%1)",
	},
	floats: map[Op]string{
		OpAdd: "min(max(%1 + %2, -%3), %3)", OpSub: "min(max(%1 - %2, -%3), %3)", OpMul: "min(max(%1 * %2, -%3), %3)",
		OpDiv: "min(max(%1 / %2, -%3), %3)", OpNeg: "(-%1)", OpAbs: "abs(%1)", OpSign: "CAST(sign(%1) AS REAL)",
	},
}

func cutSQLite(expr string) string {
	return "min(max(" + expr + ", -9223372036854775808), 9223372036854775807)"
}
