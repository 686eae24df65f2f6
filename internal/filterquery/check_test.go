package filterquery

import (
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/internal/typekind"
)

func TestCompile(t *testing.T) {
	for _, c := range []struct {
		kind typekind.Kind
		text string
		want string // part of the error; empty: no error
	}{
		{typekind.Artifact, "ID = 1 AND Name = 'a' AND `uri` = 'b'", ""},
		{typekind.Artifact, "id IS TRUE", "No matching signature for operator IS TRUE for argument types: INT64"},
		{typekind.Artifact, "NOT id", "No matching signature for operator NOT"},
		{typekind.Artifact, "id AND TRUE", "No matching signature for operator AND"},
		{typekind.Artifact, "NULL AND TRUE", ""},
		{typekind.Artifact, "NOT NULL", "Operands of NOT cannot be literal NULL"},
		{typekind.Artifact, "id + NULL = 1", "Operands of + cannot be literal NULL"},
		{typekind.Artifact, "id = 1.5", ""},
		{typekind.Artifact, "id IN (1, 2.5, NULL)", ""},
		{typekind.Artifact, "NULL IN (1)", ""},
		{typekind.Artifact, "id BETWEEN NULL AND 3", ""},
		{typekind.Artifact, "id BETWEEN 'a' AND 3", "No matching signature for operator BETWEEN"},
		{typekind.Artifact, "name || 'a' = 'b'", ""},
		{typekind.Artifact, "name || 1 = 'b'", "No matching signature for operator ||"},
		{typekind.Artifact, "id & 1 = 1", ""},
		{typekind.Artifact, "id & 1.0 = 1", "No matching signature for operator &"},
		{typekind.Artifact, "id << 1 = 1", "Operator << is not supported"},
		{typekind.Artifact, "LOWER(id) = 'a'", "No matching signature for function LOWER"},
		{typekind.Artifact, "LOWER() = 'a'", "No matching signature for function LOWER"},
		{typekind.Artifact, "COALESCE(id, 'a') = 1", "No matching signature for function COALESCE"},
		{typekind.Artifact, "SUBSTR(name, 0) = 'a'", "SUBSTR wants integer literals"},
		{typekind.Artifact, "SUBSTR(name, id) = 'a'", "SUBSTR wants integer literals"},
		{typekind.Artifact, "ROUND(id) = 1", "Function not found: round; a filter may call ABS"},
		{typekind.Artifact, "CASE WHEN id THEN TRUE END", "all WHEN argument types must be BOOL"},
		{typekind.Artifact, "CASE WHEN TRUE THEN NULL END", "not a valid boolean expression"},
		{typekind.Artifact, "CASE id WHEN 'a' THEN TRUE END", "No matching signature for operator CASE"},
		{typekind.Artifact, "CAST(name AS INT64) = 1", "Invalid cast from STRING to INT64"},
		{typekind.Artifact, "CAST(id AS FOO) = 1", "Type not found: FOO"},
		{typekind.Artifact, "state = LIVE OR state = LIVE", ""},
		{typekind.Artifact, "state IN (LIVE, 2)", "Unsupported enum value specified in the query: 2"},
		{typekind.Artifact, "state IN (1, 2)", ""},
		{typekind.Artifact, "state IN (LIVE, NULL)", "Unsupported enum value specified in the query: NULL"},
		{typekind.Artifact, "state <> LIVE", "Unrecognized name: LIVE"},
		{typekind.Artifact, "STATE = LIVE", "Unrecognized name: LIVE"},
		{typekind.Artifact, "state = `LIVE`", "Unrecognized name: LIVE"},
		{typekind.Artifact, "state = 'LIVE'", "No matching signature for operator ="},
		{typekind.Artifact, "state > 1 AND state = -1 AND 2 = state", ""},
		{typekind.Execution, "last_known_state = NEW", ""},
		{
			typekind.Execution, "last_known_state = LIVE",
			"Unsupported enum value specified in the query: LIVE; expected one of UNKNOWN, NEW, RUNNING",
		},
		{typekind.Context, "executions_e.last_known_state != CACHED", ""},
		{typekind.Context, "child_contexts_a.create_time_since_epoch > 0", ""},
		{typekind.Context, "contexts_a.id = 1", "Unrecognized name: contexts_a; expected an attribute of a context"},
		{typekind.Artifact, "events_1.`type` = INPUT", "Unrecognized name: INPUT"},
		{typekind.Artifact, "contexts_a.ID = 1", ""},
		{typekind.Artifact, "Contexts_a.id = 1", "Unrecognized name: Contexts_a"},
		{typekind.Artifact, "contexts_.id = 1", "Unrecognized name: contexts_"},
		{typekind.Artifact, "contexts_a .id = 1", "Unrecognized name: contexts_a"},
		{typekind.Artifact, "properties . a.int_value = 1", "Unrecognized name: properties"},
		{typekind.Artifact, "properties.a.`int_value` = 1", "Unrecognized name: properties"},
		{typekind.Artifact, "properties.a = 1", "Unrecognized name: properties"},
		{typekind.Artifact, "properties.a.b.int_value = 1", "Unrecognized name: properties"},
		{typekind.Artifact, "properties.a.int_value.b = 1", "Cannot access field b on a value with type INT64"},
		{typekind.Artifact, "properties.A.int_value = 1 OR custom_properties.a.int_value = 1", ""},
		{
			typekind.Artifact, "properties.A.int_value = 1 OR properties.`a`.int_value = 1",
			"Duplicate expression column name properties_a",
		},
		{typekind.Artifact, "properties.a.int_value = 1 OR properties.`a`.string_value = 'x'", ""},
	} {
		_, err := Compile(c.text, c.kind)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.text, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v; want %s", c.text, err, c.want)
		}
	}
}

func TestCompile_MaxTables(t *testing.T) {
	for n, good := range map[int]bool{29: true, 30: false} {
		var terms []string
		for i := range n {
			terms = append(terms, "contexts_"+strings.Repeat("x", i+1)+".id > 0")
		}
		if _, err := Compile(strings.Join(terms, " AND "), typekind.Artifact); (err == nil) != good {
			t.Errorf("%d neighbors: %v", n, err)
		}
	}
}
