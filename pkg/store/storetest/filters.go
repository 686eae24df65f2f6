package storetest

import (
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func filterCases() []Case {
	return slices.Concat(filterExampleCases(), filterErrorCases(), filterDifferenceCases())
}

// filterErrors are invalid filters, with a part of the message.
var filterErrors = []struct {
	of               listed
	filter, fragment string
}{
	{anArtifact, " ", "Syntax error: Unexpected end of expression"},
	{anArtifact, "invalid syntax", "Syntax error"},
	{anArtifact, "a == 'a'", "Syntax error"},
	{anArtifact, "name = 'open", "Syntax error: Unclosed string literal"},
	{anArtifact, "name = 'it''s'", "Syntax error"},
	{
		anArtifact, "(id = 1",
		"Syntax error: Parenthesized expression cannot be parsed as an expression, struct constructor, or subquery",
	},
	{anArtifact, "id = 1;", "Syntax error: Expected end of input"},
	{anArtifact, "foo = 1", "Unrecognized name: foo"},
	{anArtifact, "foo", "Unrecognized name: foo"},
	{anArtifact, "name = bareword", "Unrecognized name: bareword"},
	{anExecution, "uri = 'x'", "Unrecognized name: uri"},
	{aContextNode, "uri = 'x'", "Unrecognized name: uri"},
	{anExecution, "state = LIVE", "Unrecognized name: state"},
	{aContextNode, "state = LIVE", "Unrecognized name: state"},
	{aContextNode, "contexts_0.id = 1", "Unrecognized name: contexts_0"},
	{anArtifact, "artifacts_0.id = 1", "Unrecognized name: artifacts_0"},
	{anExecution, "artifacts_0.id = 1", "Unrecognized name: artifacts_0"},
	{aContextNode, "events_0.type = INPUT", "Unrecognized name: events_0"},
	{anArtifact, "contexts_0.foo = 1", "Field name foo does not exist"},
	{anArtifact, "events_0.artifact_id = 1", "Field name artifact_id does not exist"},
	{anArtifact, "contexts_0.id.bar", "Cannot access field bar"},
	{anArtifact, "contexts_0.id.", "Unexpected end of expression"},
	{anArtifact, "id = 'a'", "No matching signature for operator = for argument types"},
	{anArtifact, "name = 1", "No matching signature for operator = for argument types"},
	{anArtifact, "type = 1", "No matching signature for operator = for argument types"},
	{anArtifact, "id LIKE '1%'", "No matching signature for operator LIKE"},
	{anArtifact, "id IN (1, 'a')", "No matching signature for operator IN"},
	{anArtifact, "uri = NULL", "Operands of = cannot be literal NULL"},
	{anArtifact, "'a'", "not a valid boolean expression"},
	{anArtifact, "type_id", "not a valid boolean expression"},
	{anArtifact, "1", "not a valid boolean expression"},
	{anArtifact, "NULL", "not a valid boolean expression"},
	{anArtifact, "state = ABANDONED", "Unsupported enum value specified in the query: ABANDONED"},
	{anArtifact, "state = 1", "Unsupported enum value specified in the query: 1"},
	{anExecution, "last_known_state IN RUNNING", "Expected a list of enum values enclosed in parentheses but got RUNNING"},
	{
		anArtifact, "properties.foo.int_value = 1 AND properties.Foo.int_value = 1",
		"Duplicate expression column name properties_foo",
	},
	{anArtifact, "contexts_a.id = 1 AND contexts_A.id = 1", "Duplicate expression column name contexts_a"},
	{anArtifact, "COUNT(id) > 1", "Aggregate function COUNT not allowed"},
	{anArtifact, "nosuch(id) = 1", "Function not found: nosuch"},
	{anArtifact, "id = 18446744073709551616", "Invalid integer literal: 18446744073709551616"},
	{anArtifact, "id = 1 \x00", "Syntax error: Illegal input character"},
	{anArtifact, "properties.``.int_value = 1", "Syntax error: Invalid empty identifier"},
	{anArtifact, "properties.rows.INT_VALUE = 1", "Unrecognized name: properties"},
	{anArtifact, "properties.rows.int = 1", "Field name int does not exist"},
	{anArtifact, "PROPERTIES.rows.int_value = 1", "Unrecognized name: PROPERTIES"},
	{anArtifact, "`contexts_a`.id = 1", "Unrecognized name: contexts_a"},
	{anArtifact, "name = 'a\\q'", "Illegal escape sequence"},
	{anArtifact, "id < 3 < 4", "Syntax error"},
	{anArtifact, "id IN (1,)", "Syntax error: Unexpected \")\""},
}

func filterErrorCases() []Case {
	return []Case{{Name: "an invalid filter is rejected with the reason", Run: on(func(s *scene) {
		for _, e := range filterErrors {
			_, _, err := s.page(e.of, &mlmdpb.ListOperationOptions{FilterQuery: &e.filter})
			s.refused(err, codes.InvalidArgument, "Invalid `filter_query`: ")
			s.refused(err, codes.InvalidArgument, e.fragment)
		}
	})}}
}

// filterDifferenceCases returns the cases about differences from the reference
// implementation, which rewrites the text of filters, and passes expressions to the
// database that it does not support.
func filterDifferenceCases() []Case {
	return []Case{
		{
			Name: "filter example 57: property names are case-sensitive", Requires: []Capability{
				CaseSensitivePropertyNames,
			},
			Run: on(func(s *scene) {
				g := newGallery(s)
				g.selects(anArtifact, "custom_properties.Owner.string_value = 'cleo'", 3)
				g.selects(anArtifact, "custom_properties.`Owner`.string_value = 'cleo'", 3)
			}),
			WithoutCapability: on(func(s *scene) {
				newGallery(s).selects(anArtifact, "custom_properties.Owner.string_value = 'cleo'")
			}),
		},
		{
			Name: "filter example 64: a string that equals a column name is a string", Requires: []Capability{
				ExactStringLiterals,
			},
			Run: on(func(s *scene) {
				g := newGallery(s)
				g.selects(anArtifact, "custom_properties.name.string_value = 'blue'")
				g.selects(anArtifact, "name = 'name'")
				g.selects(anArtifact, "name = 'uri' OR name = 'NAME'")
			}),
			WithoutCapability: on(columnsForStrings),
		},
		{
			Name: "a string literal denotes its text", Requires: []Capability{ExactStringLiterals},
			Run: on(hostileLiterals), WithoutCapability: on(rewrittenLiterals),
		},
		{
			Name: "a state in parentheses, or in arithmetic, is a number",
			Run: on(func(s *scene) {
				g := newGallery(s)
				for filter, want := range map[string][]int{
					"(state) = 2": {1}, "state = (2)": {1}, "(state) != 2": {2, 4, 5}, "state != (2)": {2, 4, 5},
					"(state) IN (0, 4, NULL)": {4, 5}, "(state) = state": {1, 2, 4, 5}, "state IN ((type_id))": {},
					"state = LIVE + 2": {4}, "state = LIVE - 1": {2}, "1 + state = LIVE": {2}, "1 + state IN (LIVE, PENDING)": {2, 5},
				} {
					g.selects(anArtifact, filter, want...)
				}
			}),
		},
		{
			Name: "an enum value can occur twice in a filter", Requires: []Capability{EnumComparisons},
			Run: on(func(s *scene) {
				g := newGallery(s)
				g.selects(anArtifact, "state = LIVE OR state = LIVE", 1)
				g.selects(anArtifact, "events_0.type = INPUT AND events_1.type = INPUT", 1, 2, 3)
				g.selects(aContextNode, "artifacts_x.state != LIVE", 1, 2)
				g.selects(aContextNode, "artifacts_x.state NOT IN (PENDING, DELETED)", 1)
			}),
			WithoutCapability: on(func(s *scene) {
				_, _, err := s.page(anArtifact, &mlmdpb.ListOperationOptions{FilterQuery: new("state = LIVE OR state = LIVE")})
				s.refused(err, codes.InvalidArgument, "Query cannot be rewritten successfully for matched enum predicate")
			}),
		},
		{
			Name: "every attribute of the language can be used", Requires: []Capability{PortableFilters},
			Run: on(func(s *scene) {
				g := newGallery(s)
				g.selects(aContextNode, "parent_contexts_p.create_time_since_epoch > 0", 1, 2)
				g.selects(aContextNode, "artifacts_x.external_id = 'ext-1.@x'", 1)
				g.selects(aContextNode, "executions_x.external_id IS NULL", 1, 2)
			}),
			WithoutCapability: on(func(s *scene) {
				_, _, err := s.page(aContextNode, &mlmdpb.ListOperationOptions{FilterQuery: new(
					"parent_contexts_p.create_time_since_epoch > 0",
				)})
				s.refused(err, codes.Internal, "")
			}),
		},
		{
			Name: "arithmetic does not fail", Requires: []Capability{PortableFilters},
			Run:               on(func(s *scene) { numbers(s, func(d float64) float64 { return d }) }),
			WithoutCapability: on(func(s *scene) { numbers(s, keptDecimals, "IF(") }),
		},
		{
			Name: "functions have the same results on every database", Requires: []Capability{PortableFilters},
			Run: on(func(s *scene) { functions(s) }),
			WithoutCapability: on(func(s *scene) {
				functions(s, "CHAR_LENGTH(", "CONCAT(", "||", "STARTS_WITH(", "ENDS_WITH(")
			}),
		},
		{
			Name: "a filter beyond the limits is rejected", Requires: []Capability{FilterLimits},
			Run: on(func(s *scene) {
				for what, filter := range map[string]string{
					"bytes long":                  strings.Repeat("(", 2<<20),
					"nests deeper":                strings.Repeat("(", 500) + "TRUE" + strings.Repeat(")", 500),
					"names, values and operators": "id IN (1" + strings.Repeat(",1", 100_000) + ")",
					"tables":                      manyNeighbors(40),
				} {
					_, _, err := s.page(anArtifact, &mlmdpb.ListOperationOptions{FilterQuery: &filter})
					s.refused(err, codes.InvalidArgument, what)
				}
			}),
			WithoutCapability: on(databaseLimits),
		},
	}
}

func manyNeighbors(n int) string {
	terms := make([]string, n)
	for i := range terms {
		terms[i] = "contexts_" + strings.Repeat("x", i+1) + ".id > 0"
	}
	return strings.Join(terms, " AND ")
}
