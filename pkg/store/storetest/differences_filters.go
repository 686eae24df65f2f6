package storetest

// The names of the differences in lists and filters.
const (
	CaseSensitivePropertyNames Capability = "case-sensitive property names"
	ExactStringLiterals        Capability = "exact string literals"
	EnumComparisons            Capability = "enum comparisons"
	PortableFilters            Capability = "portable filters"
	FilterLimits               Capability = "filter limits"
	CompletePages              Capability = "complete pages"
	PagesBeyond100             Capability = "pages beyond 100"
)

// listDifferences are the differences in lists and filters.
var listDifferences = []Difference{
	{
		CaseSensitivePropertyNames, "filters", "a property's name has capital letters",
		"the name is converted to lower case: on SQLite and PostgreSQL the property is never found",
		"the name is case-sensitive; two names in one filter that differ only in case are INVALID_ARGUMENT in both",
		"every stored name can be found",
	},
	{
		ExactStringLiterals, "filters", "a string literal contains a backslash, a control character or both quotes, " +
			"equals a column name, or contains " +
			"what looks like an enum comparison or a property; a property name contains a regular expression metacharacter",
		"compared in its escaped form, with a column, or after rewriting, or fails with INTERNAL or INVALID_ARGUMENT, " +
			"depending on the database",
		"a literal denotes its text, and a name in backquotes may contain any character; " +
			"an escaped NUL matches where the database can store one, but is not allowed in a LIKE pattern",
		"filters mean what they say, and no value becomes SQL",
	},
	{
		EnumComparisons, "filters", "one enum value twice in a filter; != and NOT IN on the state of a neighbor; the " +
			"name of a value or a column in " +
			"parentheses beside an enum; a list of numbers, and a number at the beginning of arithmetic; " +
			"a name both plain and in backquotes; a space after the last dot of a property",
		"INVALID_ARGUMENT, because its rewriting fails; whether a list of numbers works depends on the length of its " +
			"items. " +
			"A comment between an enum and its operator prevents the rewriting, so that state = /* */ 2 works, " +
			"and the parentheses that it adds make state != LIVE IS TRUE work",
		"works. state = /* */ 2 is INVALID_ARGUMENT as without the comment, and so are chained comparisons",
		"the meaning is clear",
	},
	{
		PortableFilters, "filters", "expressions that its analyzer accepts and its database does not: times of parent " +
			"and child contexts, " +
			"external_id of neighbors, CONCAT, ||, IF; on PostgreSQL and MySQL also / on integers, an integer compared with a " +
			"double, NULL in lists; arithmetic that overflows or divides by zero",
		"INTERNAL with the database's text, or different results on different databases",
		"works, with the same results on all databases: overflow yields the largest number, x / 0 is NULL, LIKE " +
			"ignores the " +
			"case of ASCII letters, _ is one character, strings compare by bytes. INVALID_ARGUMENT where databases differ: " +
			"subqueries, ROUND, <<, >>, ^, casts between text and numbers, SUBSTR with computed or negative positions, " +
			"TRIM with a set, FORMAT, dates, and integer and float literals beyond 64 bits",
		"one language for all databases",
	},
	{
		FilterLimits, "filters", "a filter longer than 1 MiB, nested deeper than 100 levels, with more than 20,000 " +
			"names, values and operators, " +
			"or reading more than 60 tables",
		"no own limit; the database's limits are INTERNAL",
		"INVALID_ARGUMENT with the limit",
		"bounded time and memory",
	},
	{
		CompletePages, "lists", "pages by create time if times do not ascend with IDs; pages by update time with more " +
			"equal times than fit two pages",
		"nodes are skipped; the list never ends",
		"every node once",
		"the token has the same form, so that a list can continue on the other server",
	},
	{
		PagesBeyond100, "lists", "max_result_size above 100",
		"at most 101 nodes and no token: the others cannot be read",
		"at most 101 nodes and a token",
		"no silent data loss",
	},
}
