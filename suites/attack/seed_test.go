package attack

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// The IDs of the types of a seeded store.
var contextType, artifactType, executionType int64 = 100, 101, 102

// content is what a seeded store has. The IDs of nodes begin with 1.
type content struct {
	artifacts, contexts int
	graph               int // as many artifacts have an event with each of as many executions
}

// String returns the numbers.
func (c content) String() string {
	return fmt.Sprintf("%d artifacts, %d contexts, %d events", c.artifacts, c.contexts, c.graph*c.graph)
}

// largeArtifact returns the ID of an artifact with a property of 3 MiB.
func (c content) largeArtifact() int64 { return int64(c.artifacts) + 1 }

// seed makes a store in a file. Calls would take minutes for millions of events.
func (c content) seed(t *testing.T, file string) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=synchronous(off)&_pragma=cache_size(-200000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
	for _, s := range []struct {
		text string
		args []any
	}{
		{"INSERT INTO Type (id, name, type_kind) VALUES (?, 'attack.Context', 2), (?, 'attack.Artifact', 1)," +
			" (?, 'attack.Execution', 0)", []any{contextType, artifactType, executionType}},
		{numbers + "INSERT INTO Context (id, type_id, name, create_time_since_epoch, last_update_time_since_epoch)" +
			" SELECT i, ?, i - 1, 1, 1 FROM n", []any{c.contexts, contextType}},
		{numbers + "INSERT INTO Artifact (id, type_id, name, create_time_since_epoch, last_update_time_since_epoch)" +
			" SELECT i, ?, 'artifact ' || i, 1, 1 FROM n", []any{c.largeArtifact(), artifactType}},
		{
			"INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, string_value) VALUES (?, 'large', 1, ?)",
			[]any{c.largeArtifact(), strings.Repeat("x", 3<<20)},
		},
		{numbers + "INSERT INTO Execution (id, type_id, name, create_time_since_epoch, last_update_time_since_epoch)" +
			" SELECT i, ?, i, 1, 1 FROM n", []any{max(c.graph, 1), executionType}},
		{
			numbers + "INSERT INTO Event (artifact_id, execution_id, type, milliseconds_since_epoch)" +
				" SELECT a.i, e.i, ?, 1 FROM n a, n e WHERE a.i <= ? AND e.i <= ?",
			[]any{max(c.graph, 1), mlmdpb.Event_INPUT, c.graph, c.graph},
		},
	} {
		if _, err := db.ExecContext(t.Context(), s.text, s.args...); err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
	}
}
