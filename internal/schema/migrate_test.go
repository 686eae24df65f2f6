package schema_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/internal/schema"
)

// versionTables lists tables and columns with the version that introduced them.
var versionTables = []struct {
	since   int64
	table   string
	columns map[string]int64
}{
	{0, "Type", map[string]int64{
		"id": 0, "name": 0, "input_type": 0, "output_type": 0, "type_kind": 2, "version": 6,
		"description": 6, "external_id": 9,
	}},
	{0, "TypeProperty", map[string]int64{"type_id": 0, "name": 0, "data_type": 0}},
	{0, "Artifact", map[string]int64{
		"id": 0, "type_id": 0, "uri": 0, "state": 5, "name": 5, "create_time_since_epoch": 5,
		"last_update_time_since_epoch": 5, "external_id": 9,
	}},
	{0, "Execution", map[string]int64{
		"id": 0, "type_id": 0, "last_known_state": 5, "name": 5,
		"create_time_since_epoch": 5, "last_update_time_since_epoch": 5, "external_id": 9,
	}},
	{0, "ArtifactProperty", propertyColumns("artifact_id", 0)},
	{0, "ExecutionProperty", propertyColumns("execution_id", 0)},
	{0, "Event", map[string]int64{"id": 0, "artifact_id": 0, "execution_id": 0, "type": 0, "milliseconds_since_epoch": 0}},
	{0, "EventPath", map[string]int64{"event_id": 0, "is_index_step": 0, "step_index": 0, "step_key": 0}},
	{3, "Context", map[string]int64{
		"id": 3, "type_id": 3, "name": 3, "create_time_since_epoch": 5,
		"last_update_time_since_epoch": 5, "external_id": 9,
	}},
	{3, "ContextProperty", propertyColumns("context_id", 3)},
	{4, "Association", map[string]int64{"id": 4, "context_id": 4, "execution_id": 4}},
	{4, "Attribution", map[string]int64{"id": 4, "context_id": 4, "artifact_id": 4}},
	{6, "ParentType", map[string]int64{"type_id": 6, "parent_type_id": 6}},
	{6, "ParentContext", map[string]int64{"context_id": 6, "parent_context_id": 6}},
}

func propertyColumns(owner string, since int64) map[string]int64 {
	return map[string]int64{
		owner: since, "name": since, "is_custom_property": since, "int_value": since, "double_value": since,
		"string_value": since,
		"proto_value":  10, "bool_value": 10,
	}
}

// fill inserts rows into all tables of a database of version 10.
func fill(t *testing.T, d database, db *sql.DB) {
	t.Helper()
	yes, no := "1", "0"
	if d.name == "postgres" {
		yes, no = "TRUE", "FALSE"
	}
	const now = "1764105000123"
	mustExec(t, db,
		"INSERT INTO Type (name, version, type_kind, description, input_type, external_id) VALUES"+
			" ('T', 'v1', 1, 'about', NULL, 'ext-T'), ('E', NULL, 0, NULL, '{\"any\":{}}', NULL), ('C', NULL, 2, NULL, NULL,"+
			" NULL)",
		"INSERT INTO TypeProperty (type_id, name, data_type) VALUES (10, 'p', 1), (11, 'q', 3), (12, 'r', 2)",
		"INSERT INTO ParentType (type_id, parent_type_id) VALUES (10, 1)",
		"INSERT INTO Artifact (type_id, uri, state, name, external_id, create_time_since_epoch,"+
			" last_update_time_since_epoch) VALUES"+
			" (10, 'u1', 2, 'a1', 'xa1', "+now+", "+now+"), (10, '', NULL, NULL, NULL, "+now+", "+
			now+"), (10, 'gone', 1, 'a3', NULL, 1, 2)",
		"DELETE FROM Artifact WHERE uri = 'gone'", // its ID must not be reused
		"INSERT INTO Execution (type_id, last_known_state, name, external_id, create_time_since_epoch,"+
			" last_update_time_since_epoch) VALUES"+
			" (11, 3, 'e1', 'xe1', "+now+", "+now+"), (11, NULL, NULL, NULL, "+now+", "+now+")",
		"INSERT INTO Context (type_id, name, external_id, create_time_since_epoch, last_update_time_since_epoch) VALUES"+
			" (12, 'c1', 'xc1', "+now+", "+now+"), (12, 'c2', NULL, "+now+", "+now+")",
		"INSERT INTO ParentContext (context_id, parent_context_id) VALUES (2, 1)",
		"INSERT INTO Event (artifact_id, execution_id, type, milliseconds_since_epoch) VALUES (1, 1, 3, "+
			now+"), (2, 1, 4, NULL)",
		"INSERT INTO EventPath (event_id, is_index_step, step_index, step_key) VALUES (1, "+yes+", 5, NULL), (1, "+
			no+", NULL, 'key')",
		"INSERT INTO Association (context_id, execution_id) VALUES (1, 1), (2, 2)",
		"INSERT INTO Attribution (context_id, artifact_id) VALUES (1, 1), (2, 2)",
	)
	for table, owner := range map[string]string{
		"ArtifactProperty": "artifact_id", "ExecutionProperty": "execution_id",
		"ContextProperty": "context_id",
	} {
		mustExec(t, db, fmt.Sprintf("INSERT INTO %s (%s, name, is_custom_property, int_value, double_value, string_value)"+
			" VALUES"+
			" (1, 'p', %s, 7, NULL, NULL), (1, 'd', %s, NULL, 0.25, NULL), (2, 's', %s, NULL, NULL,"+
			" 'text')", table, owner, no, yes, yes))
		mustExec(t, db, fmt.Sprintf("INSERT INTO %s (%s, name, is_custom_property, bool_value) VALUES (1, 'b', %s, %s)",
			table, owner, yes, yes))
	}
}

// content returns the rows of db, as far as the older version can store them.
func content(t *testing.T, db *sql.DB, older int64) []string {
	t.Helper()
	var all []string
	for _, v := range versionTables {
		if v.since > older {
			continue
		}
		var columns []string
		for c, since := range v.columns {
			if since <= older {
				columns = append(columns, c)
			}
		}
		slices.Sort(columns)
		for _, row := range rowsOf(t, db, v.table, columns...) {
			all = append(all, v.table+": "+row)
		}
	}
	return all
}

func TestMigrate_StepsKeepData(t *testing.T) {
	for _, d := range databases {
		for older := d.oldest; older < schema.Version; older++ {
			t.Run(fmt.Sprintf("%s between %d and %d", d.name, older, older+1), func(t *testing.T) {
				driver, dsn := d.fresh(t)
				db := connect(t, driver, dsn)
				opened(t, d, db)
				fill(t, d, db)
				newer := older + 1
				migrate(t, d, db, newer)
				shape := describe(t, d, db)
				before := content(t, db, older)
				if older == 9 {
					before = slices.DeleteFunc(before, func(row string) bool { return strings.Contains(row, "name=b") })
				}
				if older == 1 {
					before = slices.DeleteFunc(before, func(row string) bool {
						return strings.Contains(row, "name=C") ||
							strings.Contains(row, "name=r")
					})
				}

				migrate(t, d, db, older)
				sameLines(t, "rows after the step down", content(t, db, older), before)
				migrate(t, d, db, newer)
				sameLines(t, "schema after the step up", describe(t, d, db), shape)
				sameLines(t, "rows after the step up", content(t, db, older), before)
			})
		}
	}
}

func migrate(t *testing.T, d database, db *sql.DB, to int64) {
	t.Helper()
	if _, err := d.schema.Migrate(t.Context(), db, to); err != nil {
		t.Fatalf("to version %d: %v", to, err)
	}
}

func TestMigrate_UpgradedDatabaseEqualsNewOne(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		opened(t, d, db)
		fill(t, d, db)
		fresh := describe(t, d, db)
		for from := int64(9); from >= d.oldest; from-- {
			migrate(t, d, db, from)
			migrate(t, d, db, schema.Version)
			sameLines(t, fmt.Sprintf("schema from version %d", from), describe(t, d, db), fresh)
			opened(t, d, db)
		}
		mustExec(t, db, "INSERT INTO Artifact (type_id, name) VALUES (1, 'next')")
		if id := count(t, db, "SELECT id FROM Artifact WHERE name = 'next'"); id != 4 && d.name != "mysql" {
			t.Errorf("an id is used twice: the next is %d", id) // a rebuilt MySQL table forgets ids that no row has
		}
	})
}

func TestMigrate_KeepsLatestOfDuplicateEvents(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		opened(t, d, db)
		fill(t, d, db)
		migrate(t, d, db, 7)
		mustExec(t, db, "INSERT INTO Event (artifact_id, execution_id, type, milliseconds_since_epoch) VALUES (1, 1, 3, 99)")
		if n := count(t, db, "SELECT COUNT(*) FROM EventPath"); n != 2 {
			t.Fatalf("%d path steps before", n)
		}
		migrate(t, d, db, 8)
		if n := count(t, db, "SELECT milliseconds_since_epoch FROM Event WHERE artifact_id = 1 AND execution_id ="+
			" 1"); n != 99 {
			t.Errorf("the event of time %d stayed", n)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM EventPath"); n != 0 {
			t.Errorf("%d path steps of the removed event are there", n)
		}
	})
}

func TestPlan_ChangesNothing(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		opened(t, d, db)
		migrate(t, d, db, 8)
		before := describe(t, d, db)
		steps, err := d.schema.Plan(t.Context(), db, schema.Version)
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) != 2 || steps[0].From != 8 || steps[0].To != 9 || steps[1].To != 10 {
			t.Errorf("steps are %+v", steps)
		}
		for _, s := range steps {
			if s.Title == "" || len(s.Statements) < 2 {
				t.Errorf("step to %d says too little: %q, %d statements", s.To, s.Title, len(s.Statements))
			}
		}
		sameLines(t, "schema", describe(t, d, db), before)
		if steps, err := d.schema.Plan(t.Context(), db, 8); err != nil || len(steps) != 0 {
			t.Errorf("to the version that it has: %v, %v", steps, err)
		}
	})
}

func TestMigrate_Errors(t *testing.T) {
	for _, c := range []struct {
		name string
		make []string // nil: an empty database
		to   int64
		kind error
	}{
		{"an empty database", nil, 10, schema.ErrEmpty},
		{"an unknown version", []string{"SELECT 1"}, 11, schema.ErrNoMigration},
		{"a negative version", []string{"SELECT 1"}, -1, schema.ErrNoMigration},
		{"a newer database", []string{"UPDATE MLMDEnv SET schema_version = 11"}, 10, schema.ErrNewer},
		{"a database with two versions", []string{"INSERT INTO MLMDEnv VALUES (9)"}, 10, schema.ErrVersionDamaged},
		{"a database without a version", []string{"DELETE FROM MLMDEnv"}, 10, schema.ErrIncomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
				if c.make != nil {
					opened(t, d, db)
					mustExec(t, db, c.make...)
				}
				before := describe(t, d, db)
				if _, err := d.schema.Migrate(t.Context(), db, c.to); !errors.Is(err, c.kind) {
					t.Errorf("error is %v, want %v", err, c.kind)
				}
				sameLines(t, "schema", describe(t, d, db), before)
			})
		})
	}
}

func TestMigrate_PostgresEndsAtVersion6(t *testing.T) {
	d := databases[1]
	driver, dsn := d.fresh(t)
	db := connect(t, driver, dsn)
	opened(t, d, db)
	if _, err := d.schema.Migrate(t.Context(), db, 5); !errors.Is(err, schema.ErrNoMigration) {
		t.Errorf("error is %v", err)
	}
}

// A table with the name of a new one makes a step fail.
func TestMigrate_FailureChangesNothing(t *testing.T) {
	for _, d := range databases[:2] {
		t.Run(d.name, func(t *testing.T) {
			driver, dsn := d.fresh(t)
			db := connect(t, driver, dsn)
			opened(t, d, db)
			fill(t, d, db)
			migrate(t, d, db, 7)
			mustExec(t, db, "CREATE TABLE uniqueevent (n INT)", "CREATE TABLE Type_new (n INT)")
			before, rows := describe(t, d, db), content(t, db, 7)
			if _, err := d.schema.Migrate(t.Context(), db, schema.Version); err == nil {
				t.Fatal("no error")
			}
			sameLines(t, "schema", describe(t, d, db), before)
			sameLines(t, "rows", content(t, db, 7), rows)
		})
	}
}

// MySQL cannot undo DDL, so the steps that were completed must not run again.
func TestMigrate_FinishesInterruptedMigrationOnMySQL(t *testing.T) {
	d := databases[2]
	for older := d.oldest; older < schema.Version; older++ {
		t.Run(fmt.Sprintf("between %d and %d", older, older+1), func(t *testing.T) {
			driver, dsn := d.fresh(t)
			db := connect(t, driver, dsn)
			opened(t, d, db)
			fill(t, d, db)
			migrate(t, d, db, older+1)
			shape := describe(t, d, db)
			for _, to := range []int64{older, older + 1} {
				steps, err := d.schema.Plan(t.Context(), db, to)
				if err != nil {
					t.Fatal(err)
				}
				// All but the last statement, which sets the version.
				for _, s := range steps[0].Statements[:len(steps[0].Statements)-1] {
					mustExec(t, db, s)
				}
				migrate(t, d, db, to)
			}
			sameLines(t, "schema", describe(t, d, db), shape)
		})
	}
}

// If a column was added by hand, the keys and indexes that the same statement
// adds must not be skipped.
func TestMigrate_TableChangedByHand(t *testing.T) {
	d := databases[2]
	for older, changes := range map[int64][]string{
		4: {"ALTER TABLE Artifact ADD COLUMN name VARCHAR(255)", "ALTER TABLE Context ADD COLUMN create_time_since_epoch" +
			" BIGINT NOT NULL DEFAULT 0"},
		5: {"ALTER TABLE Artifact ADD INDEX idx_artifact_uri (uri(255))"},
		8: {"ALTER TABLE Artifact ADD COLUMN external_id VARCHAR(255) AFTER name"},
		9: {"ALTER TABLE ContextProperty ADD COLUMN bool_value BOOLEAN"},
	} {
		t.Run(fmt.Sprintf("from version %d", older), func(t *testing.T) {
			driver, dsn := d.fresh(t)
			db := connect(t, driver, dsn)
			opened(t, d, db)
			want := describe(t, d, db)
			migrate(t, d, db, older)
			mustExec(t, db, changes...)
			migrate(t, d, db, schema.Version)
			sameLines(t, "schema", describe(t, d, db), want)
			opened(t, d, db)
		})
	}
}

func TestMigrate_AddsHiddenKeysOnMySQL(t *testing.T) {
	d := databases[2]
	driver, dsn := d.fresh(t)
	db := connect(t, driver, dsn)
	opened(t, d, db)
	want := describe(t, d, db)
	fill(t, d, db)
	mustExec(t, db, "ALTER TABLE EventPath DROP COLUMN mlmd_row_id")
	opened(t, d, db)
	rows := content(t, db, schema.Version)
	steps, err := d.schema.Migrate(t.Context(), db, schema.Version)
	if err != nil || len(steps) != 1 || steps[0].From != schema.Version {
		t.Fatalf("the steps are %v, %v", steps, err)
	}
	sameLines(t, "schema", describe(t, d, db), want)
	sameLines(t, "rows", content(t, db, schema.Version), rows)
	// Statements of the reference implementation, and of a dump.
	mustExec(t, db, "INSERT INTO EventPath (event_id, is_index_step, step_index) VALUES (2, 1, 3)",
		"INSERT INTO EventPath VALUES (2, 0, NULL, 'k')")
	if got := rowsOf(t, db, "EventPath"); len(got) != 4 || strings.Contains(got[0], "mlmd_row_id") {
		t.Errorf("SELECT * answers %v", got)
	}
	if steps, err := d.schema.Migrate(t.Context(), db, schema.Version); err != nil || len(steps) != 0 {
		t.Errorf("once more: %v, %v", steps, err)
	}
}
