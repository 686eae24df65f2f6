package filterquery

import "maps"

// MySQL is the dialect of MySQL and MariaDB. Text is converted to bytes unless it is
// only compared with a parameter, because collations ignore differences. In character
// set tis620 only ASCII letters have case.
var MySQL = &Dialect{
	value: params("?", "(? + 0e0)", "?$"),
	null:  map[Type]string{BoolType: "NULL", IntType: "NULL", FloatType: "NULL", TextType: "NULL"},
	exact: exactMySQL("utf8mb4"),
	like: charsMySQL(lowerMySQL("%1")) + " COLLATE utf8mb4_bin LIKE " + charsMySQL(
		lowerMySQL("REPLACE(%2, '|', '||')"),
	) + " ESCAPE '|'",
	likeAny: charsMySQL(lowerMySQL("%1")) + " COLLATE utf8mb4_bin LIKE " + charsMySQL(
		lowerMySQL("REPLACE(%2, '|', '||')"),
	) + " ESCAPE '|'",
	before: "%1 %2 %3",
	sorted: "%1", belowPrefix: "substr(%1, locate(':', %1) + 1)",
	substrFrom: "CAST(substr(" + charsMySQL("%1") + ", %2) AS BINARY)",
	substrLen:  "CAST(substr(" + charsMySQL("%1") + ", %2, %3) AS BINARY)",
	ops: map[Op]string{
		OpToFloat: "(%1 + 0e0)", OpToText: "CAST(CONVERT(CAST(%1 AS CHAR) USING utf8mb4) AS BINARY)",
		OpToInt:  "CAST(%1 AS SIGNED)",
		OpBitAnd: "CAST(%1 & %2 AS SIGNED)", OpBitOr: "CAST(%1 | %2 AS SIGNED)", OpBitNot: "CAST(~%1 AS SIGNED)",
		OpLower: lowerMySQL("%1"), OpUpper: "CAST(UPPER(CONVERT(%1 USING tis620)) AS BINARY)",
		OpLength: "CHAR_LENGTH(" + charsMySQL("%1") + ")",
		OpTrim:   "TRIM(%1)", OpTrimLeft: "LTRIM(%1)", OpTrimRight: "RTRIM(%1)",
		OpReplace: "REPLACE(%1, %2, %3)", OpConcat: "CONCAT(%1, %2)",
		OpStartsWith: "(LEFT(%1, LENGTH(%2)) = %2)", OpEndsWith: "(RIGHT(%1, LENGTH(%2)) = %2)",
	},
	ints: map[Op]string{
		OpAdd: cutMySQL(decimal("%1") + " + " + decimal("%2")), OpSub: cutMySQL(decimal("%1") + " - " + decimal("%2")),
		OpMul: cutMySQL(decimal("%1") + " * " + decimal("%2")), OpNeg: cutMySQL("-" + decimal("%1")),
		OpAbs: cutMySQL("ABS(" + decimal("%1") + ")"), OpSign: "CAST(SIGN(%1) AS SIGNED)",
	},
	floats: map[Op]string{
		OpAdd: "(" + sum + ")", OpSub: "(" + difference + ")",
		OpMul: "(CASE" + product + ")", OpDiv: "(CASE WHEN %2 = 0 THEN NULL" + quotient + ")",
		OpNeg: "(-%1)", OpAbs: "ABS(%1)", OpSign: "(SIGN(%1) + 0e0)",
	},
}

// MySQLOver returns the dialect of MySQL for connections that declare another
// character set than utf8mb4, but send UTF-8.
func MySQLOver(charset string) *Dialect {
	d := *MySQL
	d.exact = exactMySQL(charset)
	return &d
}

// TiDB is the dialect of TiDB. It lacks tis620, and TRANSLATE replaces bytes instead. It
// compares utf8mb4 byte for byte unless told otherwise.
var TiDB = tidb()

func tidb() *Dialect {
	d := *MySQL
	d.like = charsMySQL(lowerTiDB("%1")) + " LIKE " + charsMySQL(lowerTiDB("REPLACE(%2, '|', '||')")) + " ESCAPE '|'"
	d.likeAny = d.like
	d.ops = maps.Clone(MySQL.ops)
	d.ops[OpLower], d.ops[OpUpper] = lowerTiDB("%1"), "TRANSLATE(%1, '"+lowercase+"', '"+uppercase+"')"
	return &d
}

const (
	lowercase = "abcdefghijklmnopqrstuvwxyz"
	uppercase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func lowerTiDB(bytes string) string {
	return "TRANSLATE(" + bytes + ", '" + uppercase + "', '" + lowercase + "')"
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
