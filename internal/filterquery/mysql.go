package filterquery

// MySQL is the dialect of MySQL and MariaDB. Text becomes bytes where it is
// more than compared with a parameter: collations ignore too much. Character
// set tis620 has no letters but those of ASCII that have two cases.
var MySQL = &Dialect{
	value:      params("?", "(? + 0e0)", "?$"),
	null:       map[Type]string{BoolType: "NULL", IntType: "NULL", FloatType: "NULL", TextType: "NULL"},
	exact:      exactMySQL("utf8mb4"),
	like:       charsMySQL(lowerMySQL("%1")) + " COLLATE utf8mb4_bin LIKE " + charsMySQL(lowerMySQL("REPLACE(%2, '|', '||')")) + " ESCAPE '|'",
	likeAny:    charsMySQL(lowerMySQL("%1")) + " COLLATE utf8mb4_bin LIKE " + charsMySQL(lowerMySQL("REPLACE(%2, '|', '||')")) + " ESCAPE '|'",
	before:     "%1 %2 %3",
	substrFrom: "CAST(substr(" + charsMySQL("%1") + ", %2) AS BINARY)",
	substrLen:  "CAST(substr(" + charsMySQL("%1") + ", %2, %3) AS BINARY)",
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
