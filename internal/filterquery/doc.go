// Package filterquery is the filter language of MLMD's list requests: the text
// of filter_query becomes a syntax tree ([Parse]), a tree whose names and types
// are known for one kind of node ([Compile]), and then parts of an SQL
// statement in which every value of the text is a bound parameter
// ([Filter.SQL]).
//
// A filter selects a node if, for some choice of one row for each neighbour
// that the text mentions, the condition is true under SQL's three-valued logic.
// A neighbour without rows therefore leaves the node out, even under OR.
//
// The three databases give the same answer: text is compared byte for byte,
// LIKE ignores the case of ASCII letters and knows no escape, numbers that
// overflow become the largest there is, and division by zero is NULL.
// Package oracle below implements the language in plain Go, for tests of the SQL.
package filterquery

// What one filter may be. All of it is checked before any SQL is built.
const (
	// MaxLength is the length of a filter's text in bytes.
	MaxLength = 1 << 20
	// MaxDepth is how deep parentheses, operators and calls may nest. The terms
	// of one AND or OR count as one level.
	MaxDepth = 100
	// MaxTerms is how many names, values and operators a filter may have.
	MaxTerms = 20_000
	// MaxTables is how many tables the statement of a filter may read: one for
	// the node, one for its type, one for each property and each event, two for
	// each context, artifact and execution, and one more for the type of each.
	MaxTables = 60
	// MaxPattern is the length of a LIKE pattern in bytes.
	MaxPattern = 50_000
	// maxSQL is the length of the conditions' SQL. Only doubles that are
	// multiplied in nested parentheses, on MySQL, come near it.
	maxSQL = 4 << 20
	// maxParams is the number of its parameters, below what any database takes.
	maxParams = 32_000
)
