package schema_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlmd-go/sdk/internal/schema"
)

// wantSystemTypes are the rows of Type in a new database.
var wantSystemTypes = []string{
	"id=1 name=mlmd.Dataset type_kind=1",
	"id=2 name=mlmd.Model type_kind=1",
	"id=3 name=mlmd.Metrics type_kind=1",
	"id=4 name=mlmd.Statistics type_kind=1",
	"id=5 name=mlmd.Train type_kind=0",
	"id=6 name=mlmd.Transform type_kind=0",
	"id=7 name=mlmd.Process type_kind=0",
	"id=8 name=mlmd.Evaluate type_kind=0",
	"id=9 name=mlmd.Deploy type_kind=0",
}

// The files in testdata list what the reference implementation creates, and
// those called extra the indexes that only this package creates.
func TestOpen_CreatesReferenceSchema(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		opened(t, d, db)
		want := append(golden(t, d.name), golden(t, d.name+".extra")...)
		if d.name == "postgres" {
			want = withIndexesForLongText(want)
		}
		sameLines(t, "schema", describe(t, d, db), want)
		sameLines(t, "types", rowsOf(t, db, "Type", "id", "name", "type_kind"), wantSystemTypes)
		sameLines(t, "version", rowsOf(t, db, "MLMDEnv"), []string{"schema_version=10"})
	})
}

// withIndexesForLongText applies the one difference: PostgreSQL's b-tree rejects
// keys that are longer than a third of a page.
func withIndexesForLongText(lines []string) []string {
	lines = slices.Clone(lines)
	for i, line := range lines {
		if strings.Contains(line, "_property_string ") {
			line = strings.Replace(line, "btree (name, is_custom_property, string_value)",
				`btree (name, is_custom_property, "left"(string_value, 255))`, 1)
		}
		if strings.Contains(line, "idx_artifact_uri ") {
			line = strings.Replace(line, "btree", "spgist", 1)
		}
		lines[i] = line
	}
	return lines
}

func TestOpen_FirstUserTypeHasID10(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		opened(t, d, db)
		mustExec(t, db, "INSERT INTO Type (name, type_kind) VALUES ('mine', 2)")
		if id := count(t, db, "SELECT id FROM Type WHERE name = 'mine'"); id != 10 {
			t.Errorf("id is %d", id)
		}
	})
}

func TestOpen_AgainChangesNothing(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		opened(t, d, db)
		before := rowsOf(t, db, "Type")
		opened(t, d, db)
		sameLines(t, "types", rowsOf(t, db, "Type"), before)
	})
}

func TestOpen_AddsMissingSystemTypes(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		opened(t, d, db)
		mustExec(t, db, "DELETE FROM Type WHERE name IN ('mlmd.Train', 'mlmd.Deploy')")
		opened(t, d, db)
		if n := count(t, db, "SELECT COUNT(*) FROM Type"); n != len(wantSystemTypes) {
			t.Errorf("%d types, want %d", n, len(wantSystemTypes))
		}
	})
}

func TestOpen_ConcurrentlyAddsSystemTypesOnce(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			driver, dsn := d.fresh(t)
			db := connect(t, driver, dsn)
			opened(t, d, db)
			mustExec(t, db, "DELETE FROM Type")
			var all sync.WaitGroup
			errs := make([]error, 12)
			for i := range errs {
				db := connect(t, driver, dsn) // as another process would
				all.Go(func() { errs[i] = d.schema.Open(t.Context(), db) })
			}
			all.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db, "SELECT COUNT(*) FROM Type"); n != len(wantSystemTypes) {
				t.Errorf("%d types, want %d", n, len(wantSystemTypes))
			}
			if n := count(t, db, "SELECT COUNT(*) FROM ParentType"); n != 0 {
				t.Errorf("%d rows are left of what makes them take turns", n)
			}
		})
	}
}

func TestOpen_ConcurrentlyCreates(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			driver, dsn := d.fresh(t)
			var all sync.WaitGroup
			errs := make([]error, 12)
			for i := range errs {
				db := connect(t, driver, dsn) // as another process would
				all.Go(func() { errs[i] = d.schema.Open(t.Context(), db) })
			}
			all.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			db := connect(t, driver, dsn)
			sameLines(t, "types", rowsOf(t, db, "Type", "id", "name", "type_kind"), wantSystemTypes)
			sameLines(t, "version", rowsOf(t, db, "MLMDEnv"), []string{"schema_version=10"})
		})
	}
}

func TestOpen_RefusesOtherVersions(t *testing.T) {
	for _, c := range []struct {
		name string
		make []string // after an opening, if it starts with "+"
		kind error
		says string
	}{
		{
			"an older version",
			[]string{"+", "UPDATE MLMDEnv SET schema_version = 6"},
			schema.ErrOlder,
			"version 6, needed is 10; make a copy and upgrade it with ",
		},
		{"a newer version", []string{"+", "UPDATE MLMDEnv SET schema_version = 11"}, schema.ErrNewer, "version 11"},
		{
			"no version",
			[]string{"+", "DELETE FROM MLMDEnv", "INSERT INTO Artifact (type_id) VALUES (1)"},
			schema.ErrVersionDamaged, "exactly one row",
		},
		{"two versions", []string{"+", "INSERT INTO MLMDEnv VALUES (9)"}, schema.ErrVersionDamaged, "exactly one row"},
		{"a table less", []string{"+", "DROP TABLE EventPath"}, schema.ErrIncomplete, "missing are EventPath;"},
		{
			"a column less",
			[]string{"+", "ALTER TABLE ContextProperty DROP COLUMN proto_value"},
			schema.ErrIncomplete,
			"missing are ContextProperty.proto_value;",
		},
		{
			"another program's table",
			[]string{"CREATE TABLE Event (title VARCHAR(80))", "INSERT INTO Event VALUES ('x')"},
			schema.ErrIncomplete, "missing are Type, ",
		},
		{
			"the tables of the first releases",
			[]string{"CREATE TABLE Type (id INT, name VARCHAR(9), is_artifact_type INT)"},
			schema.ErrOlder, "version 0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
				statements := c.make
				if statements[0] == "+" {
					opened(t, d, db)
					statements = statements[1:]
				}
				mustExec(t, db, statements...)
				before := describe(t, d, db)
				err := d.schema.Open(t.Context(), db)
				var refusal *schema.Error
				if !errors.As(err, &refusal) || !errors.Is(err, c.kind) {
					t.Fatalf("error is %v, want %v", err, c.kind)
				}
				if !strings.Contains(err.Error(), c.says) {
					t.Errorf("%q does not say %q", err, c.says)
				}
				sameLines(t, "schema", describe(t, d, db), before)
			})
		})
	}
}

func TestOpen_KeepsForeignTables(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		if d.name == "sqlite" { // a file with tables belongs to another application
			opened(t, d, db)
		}
		mustExec(t, db, "CREATE TABLE mine (n INT)", "INSERT INTO mine VALUES (1)")
		opened(t, d, db)
		if n := count(t, db, "SELECT COUNT(*) FROM mine"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestOpen_NotADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	text := strings.Repeat("These are notes and no database. ", 100)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := schema.SQLite().Open(t.Context(), connect(t, "sqlite", "file:"+path))
	if !errors.Is(err, schema.ErrNotDatabase) {
		t.Errorf("error is %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != text {
		t.Error("the file was changed")
	}
}

func TestOpen_ReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := schema.SQLite()
	if err := s.Open(t.Context(), connect(t, "sqlite", "file:"+path)); err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context(), connect(t, "sqlite", "file:"+path+"?mode=ro")); err != nil {
		t.Error(err)
	}
}

// MySQL commits each CREATE TABLE, so an interrupted creation leaves some.
func TestOpen_FinishesInterruptedCreation(t *testing.T) {
	d := databases[2]
	for _, left := range []int{1, 7, 14, 15} {
		t.Run(fmt.Sprintf("after %d tables", left), func(t *testing.T) {
			driver, dsn := d.fresh(t)
			db := connect(t, driver, dsn)
			opened(t, d, db)
			want := describe(t, d, db)
			mustExec(t, db, "DELETE FROM MLMDEnv")
			order := []string{
				"Type", "TypeProperty", "ParentType", "Artifact", "ArtifactProperty", "Execution", "ExecutionProperty",
				"Event", "EventPath", "MLMDEnv", "Context", "ContextProperty", "ParentContext", "Association", "Attribution",
			}
			if left < len(order) { // the types come after all tables
				mustExec(t, db, "DELETE FROM Type", "ALTER TABLE Type AUTO_INCREMENT = 1",
					"DROP TABLE "+strings.Join(order[left:], ", "))
			}
			opened(t, d, db)
			sameLines(t, "schema", describe(t, d, db), want)
			sameLines(t, "types", rowsOf(t, db, "Type", "id", "name", "type_kind"), wantSystemTypes)
			sameLines(t, "version", rowsOf(t, db, "MLMDEnv"), []string{"schema_version=10"})
		})
	}
}

func TestOpen_TextComparesByteForByte(t *testing.T) {
	onEveryDatabase(t, func(t *testing.T, d database, db *sql.DB) {
		opened(t, d, db)
		for i, name := range []string{"a", "A", "a ", "ä", "Ä", "a\u0308", "🙂", "🙃"} {
			mustExec(t, db, fmt.Sprintf("INSERT INTO Context (type_id, name, external_id) VALUES (1, '%s', '%s')", name, name))
			if n := count(t, db, fmt.Sprintf("SELECT COUNT(*) FROM Context WHERE name = '%s'", name)); n != 1 {
				t.Errorf("%q (number %d) is found %d times", name, i, n)
			}
		}
	})
}
