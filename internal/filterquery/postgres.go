package filterquery

import "strings"

// Postgres is the dialect of PostgreSQL, whose arithmetic fails on overflow and
// underflow. Therefore integers are computed as NUMERIC, and doubles are checked first.
// OFFSET 0 prevents the planner from duplicating operands.
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
	sorted:  `(%1 COLLATE "C")`, belowPrefix: "substr(%1, strpos(%1, ':') + 1)",
	substrFrom: "substr(%1, CAST(%2 AS INT))",
	substrLen:  "substr(%1, CAST(%2 AS INT), CAST(%3 AS INT))",
	ops: map[Op]string{
		OpToFloat: "CAST(%1 AS DOUBLE PRECISION)", OpToText: "CAST(%1 AS TEXT)", OpToInt: "CAST(CAST(%1 AS INT) AS BIGINT)",
		OpBitAnd: "(CAST(%1 AS BIGINT) & %2)", OpBitOr: "(CAST(%1 AS BIGINT) | %2)", OpBitNot: "(~CAST(%1 AS BIGINT))",
		OpLower: `lower(%1 COLLATE "C")`, OpUpper: `upper(%1 COLLATE "C")`, OpLength: "CAST(char_length(%1) AS BIGINT)",
		OpTrim: "btrim(%1)", OpTrimLeft: "ltrim(%1)", OpTrimRight: "rtrim(%1)",
		OpReplace: "replace(%1, %2, %3)", OpConcat: "(%1 || %2)",
		OpStartsWith: "(left(%1, char_length(%2)) = %2)", OpEndsWith: "(right(%1, char_length(%2)) = %2)",
	},
	ints: map[Op]string{
		OpAdd: cutPostgres("CAST(%1 AS NUMERIC) + CAST(%2 AS NUMERIC)"),
		OpSub: cutPostgres("CAST(%1 AS NUMERIC) - CAST(%2 AS NUMERIC)"),
		OpMul: cutPostgres("CAST(%1 AS NUMERIC) * CAST(%2 AS NUMERIC)"), OpNeg: cutPostgres("-CAST(%1 AS NUMERIC)"),
		OpAbs: cutPostgres("abs(CAST(%1 AS NUMERIC))"), OpSign: "CAST(sign(CAST(%1 AS NUMERIC)) AS BIGINT)",
	},
	floats: map[Op]string{
		OpAdd: letPostgres(sum), OpSub: letPostgres(difference),
		OpMul: letPostgres("CASE WHEN %1 = 0 OR %2 = 0 THEN %1 * 0 + %2 * 0" +
			" WHEN least(least(abs(%1), 1) * %4, least(abs(%2), 1) * %4, 1) *" +
			" greatest(least(abs(%1), 1) * %4, least(abs(%2), 1) * %4) <= 0.5 THEN 0" + product),
		OpDiv: letPostgres("CASE WHEN %2 = 0 THEN NULL" +
			" WHEN (least(abs(%1), 8e-16) * %4) * %4 <= greatest(abs(%2), 1) * 0.5 THEN 0" + quotient),
		OpNeg: "(-%1)", OpAbs: "abs(%1)", OpSign: "sign(%1)",
	},
}

func cutPostgres(expr string) string {
	return "(SELECT CAST(CASE WHEN v > 9223372036854775807 THEN 9223372036854775807" +
		" WHEN v < -9223372036854775808 THEN -9223372036854775808 ELSE v END AS BIGINT) FROM (SELECT " + expr +
		" AS v OFFSET 0) q)"
}

func letPostgres(expr string) string {
	named := strings.NewReplacer("%1", "x", "%2", "y", "%3", "m", "%4", "s").Replace(expr)
	return "(SELECT " + named + " FROM (SELECT %1 AS x, %2 AS y, %3 AS m, %4 AS s OFFSET 0) q)"
}
