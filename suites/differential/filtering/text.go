package filtering

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// A Writer writes random filters on one kind of node.
type Writer struct {
	*rand.Rand
	Kind typekind.Kind
}

// Filter writes a filter: mostly a good one, sometimes one with a slip, and
// sometimes words without sense.
func (w Writer) Filter() string {
	switch n := w.IntN(20); {
	case n < 14:
		return w.condition(3)
	case n < 18:
		return w.slip(w.condition(2))
	}
	return w.babble()
}

// Valid writes a filter that is well formed.
func (w Writer) Valid() string { return w.condition(3) }

func (w Writer) of(forms ...func() string) string { return forms[w.IntN(len(forms))]() }

func (w Writer) oneOf(words ...string) string { return pick(w.Rand, words) }

func (w Writer) condition(depth int) string {
	if depth == 0 {
		return w.test()
	}
	smaller := func() string { return w.condition(depth - 1) }
	return w.of(
		w.test, w.test, w.test,
		func() string { return smaller() + " AND " + smaller() },
		func() string { return smaller() + " or " + smaller() },
		func() string { return "(" + smaller() + " OR " + smaller() + ")" },
		func() string { return "NOT " + w.test() },
		func() string { return "NOT (" + smaller() + ")" },
		func() string {
			return "(" + smaller() + ") IS " + w.oneOf("", "NOT ") + w.oneOf("TRUE", "FALSE", "NULL", "UNKNOWN")
		},
		func() string { return "CASE WHEN " + smaller() + " THEN " + smaller() + " ELSE " + smaller() + " END" },
		func() string { return "(" + smaller() + ") = (" + smaller() + ")" },
	)
}

// test is one comparison.
func (w Writer) test() string {
	return w.of(
		func() string { return w.integer(2) + w.compare() + w.integer(1) },
		func() string { return w.integer(1) + w.compare() + w.integer(0) },
		func() string { return w.float(2) + w.compare() + w.float(1) },
		func() string { return w.integer(1) + w.compare() + w.float(0) },
		func() string { return w.text(1) + w.compare() + w.text(1) },
		func() string { return w.textColumn() + w.compare() + w.textLiteral() },
		func() string { return w.textColumn() + w.oneOf(" LIKE ", " NOT LIKE ") + w.pattern() },
		func() string {
			return w.textColumn() + w.not() + " IN (" + w.textLiteral() + ", " + w.textLiteral() + ")"
		},
		func() string { return w.integerColumn() + w.not() + " IN (1, " + w.number() + ", " + w.number() + ")" },
		func() string { return w.integerColumn() + w.not() + " BETWEEN " + w.number() + " AND " + w.number() },
		func() string { return w.textColumn() + " BETWEEN " + w.textLiteral() + " AND " + w.textLiteral() },
		func() string { return w.anyColumn() + " IS " + w.oneOf("", "NOT ") + "NULL" },
		func() string { return w.property() + ".bool_value" },
		func() string { return w.property() + ".bool_value" + w.oneOf(" = ", " != ") + w.oneOf("TRUE", "false") },
		w.state, w.state,
		func() string { return w.oneOf("STARTS_WITH(", "ENDS_WITH(") + w.text(0) + ", " + w.text(0) + ")" },
		func() string {
			return "IF(" + w.property() + ".bool_value, " + w.textColumn() + " = 'a', " + w.integerColumn() + " > 0)"
		},
		func() string { return w.oneOf("TRUE", "FALSE", "1 = 1", "NULL IS NULL", "'a' < 'b'") },
	)
}

func (w Writer) not() string { return w.oneOf("", "", " NOT") }

func (w Writer) compare() string {
	return w.oneOf(" = ", " = ", " != ", " <> ", " < ", " <= ", " > ", " >= ")
}

// state compares an enum.
func (w Writer) state() string {
	columns := map[typekind.Kind][]string{
		typekind.Artifact:  {"state", "state", "events_0.type"},
		typekind.Execution: {"last_known_state", "last_known_state", "events_0.type"},
		typekind.Context:   {"artifacts_0.state", "executions_0.last_known_state"},
	}[w.Kind]
	column := pick(w.Rand, columns)
	names := []string{"UNKNOWN", "LIVE", "PENDING", "DELETED"}
	switch {
	case strings.HasSuffix(column, "type"):
		names = []string{"INPUT", "OUTPUT", "DECLARED_INPUT"}
	case strings.HasSuffix(column, "last_known_state"):
		names = []string{"UNKNOWN", "NEW", "RUNNING", "COMPLETE", "CACHED"}
	}
	return w.of(
		func() string { return column + w.oneOf(" = ", "=", " != ") + pick(w.Rand, names) },
		func() string {
			return column + w.not() + " IN (" + pick(w.Rand, names) + ", " + pick(w.Rand, names) + ")"
		},
		func() string { return column + w.oneOf(" > ", " <= ", " <> ") + w.number() },
		func() string { return "(" + column + ")" + w.oneOf(" = ", " != ", "= ") + w.number() },
		func() string { return "(" + column + ")" + w.not() + " IN (" + w.number() + ", " + w.integer(0) + ")" },
		func() string { return column + w.oneOf(" = ", " != ") + "(" + w.number() + ")" },
		func() string {
			return column + " = " + pick(w.Rand, names) + w.oneOf(" + ", " - ", " * ") + w.integer(0)
		},
		func() string { return w.integer(0) + w.oneOf(" + ", " - ") + column + " = " + pick(w.Rand, names) },
		func() string {
			return w.oneOf("1 + ", "-") + column + " IN (" + pick(w.Rand, names) + ", " + pick(w.Rand, names) + ")"
		},
		func() string { return column + " IS " + w.oneOf("", "NOT ") + "NULL" },
	)
}

func (w Writer) property() string {
	name := pick(w.Rand, propertyNames)
	if columnName.MatchString("properties."+name+".") && w.IntN(4) > 0 {
		name = "p" // so that not too many filters are excused
	}
	if w.IntN(3) > 0 {
		name = strings.ToLower(name)
	}
	if strings.Contains(name, " ") || w.IntN(8) == 0 {
		name = "`" + name + "`"
	}
	return w.oneOf("properties.", "custom_properties.") + name
}

// neighbor returns an alias and a field of it.
func (w Writer) neighbor() string {
	switch w.Kind {
	case typekind.Artifact, typekind.Execution:
		return w.oneOf("contexts_a", "contexts_b", "contexts_a")
	}
	return w.oneOf("parent_contexts_p", "child_contexts_k", "artifacts_x", "executions_e")
}

func (w Writer) event() string {
	field := "events_" + w.oneOf("0", "1") + "."
	switch w.Kind {
	case typekind.Artifact:
		return field + w.oneOf("execution_id", "milliseconds_since_epoch", "type")
	case typekind.Execution:
		return field + w.oneOf("artifact_id", "milliseconds_since_epoch", "type")
	}
	return "artifacts_x.id"
}

func (w Writer) integerColumn() string {
	return w.of(
		func() string { return w.oneOf("id", "id", "type_id", "ID") },
		func() string { return w.property() + ".int_value" },
		func() string { return w.neighbor() + ".id" },
		w.event,
	)
}

func (w Writer) textColumn() string {
	return w.of(
		func() string { return w.oneOf("name", "name", "type", "external_id", "Name", "`name`") },
		func() string { return w.property() + ".string_value" },
		func() string { return w.neighbor() + w.oneOf(".name", ".type") },
		func() string {
			if w.Kind == typekind.Artifact {
				return "uri"
			}
			return "name"
		},
	)
}

func (w Writer) anyColumn() string {
	return w.of(w.integerColumn, w.textColumn, func() string {
		return w.property() + ".double_value"
	}, func() string { return w.property() + ".bool_value" })
}

func (w Writer) number() string {
	return w.of(
		func() string { return fmt.Sprint(w.IntN(9)) },
		func() string { return fmt.Sprint(pick(w.Rand, numbers)) },
		func() string { return w.oneOf("0x2", "+3", "- 1", "1000") },
	)
}

func (w Writer) integer(depth int) string {
	if depth == 0 {
		return w.of(w.number, w.integerColumn, w.integerColumn)
	}
	smaller := func() string { return w.integer(depth - 1) }
	return w.of(
		w.number, w.integerColumn, w.integerColumn,
		func() string { return smaller() + w.oneOf(" + ", " - ", " * ", " & ", " | ") + smaller() },
		func() string { return "(" + smaller() + w.oneOf(" + ", " - ", " * ") + smaller() + ")" },
		func() string { return w.oneOf("-", "~", "+") + "(" + smaller() + ")" },
		func() string { return w.oneOf("ABS", "SIGN") + "(" + smaller() + ")" },
		func() string { return "LENGTH(" + w.text(0) + ")" },
		func() string {
			return w.oneOf("COALESCE", "IFNULL", "NULLIF") + "(" + smaller() + ", " + w.number() + ")"
		},
		func() string {
			return "CASE WHEN " + w.condition(0) + " THEN " + smaller() + " ELSE " + w.number() + " END"
		},
		func() string {
			return "CASE " + smaller() + " WHEN 1 THEN 2 WHEN " + w.number() + " THEN 3 ELSE " + smaller() + " END"
		},
		func() string { return "CAST(" + w.condition(0) + " AS INT64)" },
	)
}

func (w Writer) float(depth int) string {
	if depth == 0 {
		return w.of(
			func() string { return w.oneOf("0.5", ".5", "1.0", "2.", "1e2", "-2.25", "1e15") },
			func() string { return w.property() + ".double_value" },
		)
	}
	smaller := func() string { return w.float(depth - 1) }
	return w.of(
		smaller,
		func() string { return smaller() + w.oneOf(" + ", " - ", " * ", " / ") + smaller() },
		func() string { return "(" + smaller() + w.oneOf(" + ", " * ", " / ") + w.integer(0) + ")" },
		func() string { return w.integer(0) + " / " + w.integer(0) },
		func() string { return w.oneOf("ABS(", "SIGN(", "-(", "COALESCE(1, ") + smaller() + ")" },
		func() string { return "CAST(" + w.integer(0) + " AS " + w.oneOf("FLOAT64", "DOUBLE") + ")" },
	)
}

func (w Writer) textLiteral() string {
	return w.of(
		func() string { return filterquery.QuoteText(pick(w.Rand, texts)) },
		func() string { return w.oneOf("'a'", `"A"`, "'ab'", "r'x'", `'''Ärger'''`, `'\x61'`, `'\u0041'`) },
	)
}

func (w Writer) pattern() string {
	return w.oneOf("'%'", "'a%'", "'_'", "'%B'", "'A_b'", "'%r%'", "'ÄRGER'", "''", "'1_'", "'a'", "'% %'")
}

func (w Writer) text(depth int) string {
	if depth == 0 {
		return w.of(w.textLiteral, w.textColumn, w.textColumn)
	}
	smaller := func() string { return w.text(depth - 1) }
	return w.of(
		w.textLiteral, w.textColumn, w.textColumn,
		func() string {
			return w.oneOf("LOWER", "UPPER", "TRIM", "LTRIM", "RTRIM", "upper") + "(" + smaller() + ")"
		},
		func() string {
			return "SUBSTR(" + smaller() + ", " + w.oneOf("1", "2", "3") + w.oneOf("", ", 0", ", 1", ", 2") + ")"
		},
		func() string { return "REPLACE(" + smaller() + ", " + w.textLiteral() + ", 'z')" },
		func() string {
			return w.oneOf("COALESCE", "IFNULL", "NULLIF") + "(" + smaller() + ", " + w.textLiteral() + ")"
		},
		func() string { return "CAST(" + w.integer(0) + " AS STRING)" },
		func() string {
			return "CASE WHEN " + w.condition(0) + " THEN " + smaller() + " ELSE " + smaller() + " END"
		},
	)
}
