// Package filterquery implements the filter language of MLMD's list requests.
// [Parse] returns the syntax tree of a filter_query, [Compile] checks its names and
// types for one kind of node, and [Filter.SQL] returns parts of an SQL statement in
// which every value of the text is a bound parameter.
//
// A filter selects a node if the condition is true, in SQL's three-valued logic, for
// some choice of one row of each neighbor that the text mentions. Therefore a filter
// does not select a node that has no such neighbor, even under OR.
//
// The results are the same on all databases: text is compared byte for byte, LIKE
// ignores the case of ASCII letters and has no escape, overflow yields the largest
// number, and division by zero is NULL. Package oracle implements the same semantics
// in Go, for tests of the SQL.
package filterquery

// The limits of a filter. They are checked before any SQL is built.
const (
	// MaxLength limits the length of the text in bytes.
	MaxLength = 1 << 20
	// MaxDepth limits the nesting of parentheses, operators and calls. The terms of
	// one AND or OR count as one level.
	MaxDepth = 100
	// MaxTerms limits the number of names, values and operators.
	MaxTerms = 20_000
	// MaxTables limits the tables that the statement reads: one for the node, one for
	// its type, one for each property and event, two for each context, artifact and
	// execution, and one more for the type of each.
	MaxTables = 60
	// MaxPattern limits the length of a LIKE pattern in bytes.
	MaxPattern = 50_000
	// maxSQL limits the length of the conditions' SQL. Only nested multiplications of
	// doubles on MySQL come near it.
	maxSQL = 4 << 20
	// maxParams limits the parameters. Every database allows more.
	maxParams = 32_000
)
