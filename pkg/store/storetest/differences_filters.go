package storetest

// The names of the differences in lists, filters and lineage.
const (
	ExactPropertyNames Capability = "exact property names"
	LiteralStrings     Capability = "literal strings"
	PlainEnums         Capability = "plain enums"
	WholeLanguage      Capability = "the whole language"
	FilterLimits       Capability = "filter limits"
	SteadyPages        Capability = "steady pages"
	PagesGoOn          Capability = "pages go on"
)

// listDifferences are the differences in lists, filters and lineage.
var listDifferences = []Difference{
	{
		ExactPropertyNames, "filters", "a property's name has capital letters",
		"the name is taken in lower case: on SQLite and PostgreSQL the property is never found",
		"the name is taken letter by letter; two spellings that differ in case only, in one filter, are INVALID_ARGUMENT on both",
		"a stored name must be findable",
	},
	{
		LiteralStrings, "filters", "a string literal has a backslash, a control character or both quotes, spells a column, or holds what looks like an enum comparison or a property; " +
			"a property's name has a character that means something in a regular expression",
		"the text is compared with its escaped spelling, with a column, or with a rewritten text, or the answer is INTERNAL or INVALID_ARGUMENT, depending on the database",
		"a literal is the text that it spells, and a name in backquotes may have any character; an escaped NUL is found where the database can hold one, and a LIKE pattern has none",
		"the text says what is meant, and no value becomes SQL",
	},
	{
		PlainEnums, "filters", "one enum value twice in a filter; != and NOT IN on the state of a neighbour; a value's name or a column in parentheses beside an enum; a list of numbers, " +
			"and a number at the begin of arithmetic; a name both plain and in backquotes; a blank behind the last dot of a property",
		"INVALID_ARGUMENT, for its rewriting fails; a list of numbers works or not by the length of its items. A comment between an enum and its operator hides both from it, " +
			"so that state = /* */ 2 works, and the parentheses that it adds make state != LIVE IS TRUE work",
		"works. state = /* */ 2 is INVALID_ARGUMENT as without the comment, and so are comparisons that chain",
		"the meaning is plain",
	},
	{
		WholeLanguage, "filters", "what the analyser of the original accepts and its database does not: times of parent and child contexts, external_id of neighbours, CONCAT, ||, IF; " +
			"on PostgreSQL and MySQL also / on integers, an integer against a double, NULL in lists; arithmetic that overflows or divides by zero",
		"INTERNAL with the database's text, or different results on different databases",
		"works, the same on all: what overflows is the largest number, x / 0 is NULL, LIKE ignores the case of ASCII letters, _ is one character, strings compare by bytes. " +
			"What databases cannot agree on is INVALID_ARGUMENT: subqueries, ROUND, <<, >>, ^, casts between text and numbers, SUBSTR with computed or negative positions, " +
			"TRIM with a set, FORMAT, dates, and integer and float literals beyond 64 bits",
		"one language, whatever the database",
	},
	{
		FilterLimits, "filters", "a filter longer than 1 MiB, nested deeper than 100 levels, of more than 20,000 names, values and operators, or reading more than 60 tables",
		"no limit of its own; the database's limits are INTERNAL",
		"INVALID_ARGUMENT that names the limit",
		"bounded time and memory",
	},
	{
		SteadyPages, "lists", "pages by create time where times do not ascend with ids; pages by update time with more equal times than two pages hold",
		"nodes are skipped; the list never ends",
		"every node once",
		"the token's shape is the same, so lists go on across servers",
	},
	{
		PagesGoOn, "lists", "max_result_size above 100",
		"at most 101 nodes and no token: the rest cannot be read",
		"at most 101 nodes and a token",
		"no silent loss",
	},
}
