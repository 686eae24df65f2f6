package schema_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/testdb"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testdb.Stop()
	os.Exit(code)
}

// A database is one database system as the tests of the schema see it.
type database struct {
	name   string
	schema schema.Schema
	// fresh makes an empty database and returns how to connect to it.
	fresh func(testing.TB) (driver, dsn string)
	// oldest is the oldest version that migrations reach.
	oldest int64
}

var databases = []database{
	{"sqlite", schema.SQLite(), freshSQLite, 0},
	{"postgres", schema.Postgres(), serverDatabase("postgres", "pgx", testdb.Postgres), 6},
	{"mysql", schema.MySQL(mysqlNumber), serverDatabase("mysql", "mysql", testdb.MySQL), 0},
}

func mysqlNumber(err error) uint16 {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return refused.Number
	}
	return 0
}

func freshSQLite(tb testing.TB) (string, string) {
	return "sqlite", "file:" + filepath.Join(tb.TempDir(), "test.db") + "?_pragma=busy_timeout(20000)"
}

func serverDatabase(name, driver string, fresh func(testing.TB) (string, error)) func(testing.TB) (string, string) {
	return func(tb testing.TB) (string, string) {
		tb.Helper()
		dsn, err := fresh(tb)
		testdb.Check(tb, name, err)
		return driver, dsn
	}
}

// onEveryDatabase runs a test on a fresh, empty database of each kind.
func onEveryDatabase(t *testing.T, test func(t *testing.T, d database, db *sql.DB)) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			driver, dsn := d.fresh(t)
			test(t, d, connect(t, driver, dsn))
		})
	}
}

func connect(tb testing.TB, driver, dsn string) *sql.DB {
	tb.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	return db
}

// opened makes db a database of version 10.
func opened(t *testing.T, d database, db *sql.DB) {
	t.Helper()
	if err := d.schema.Open(t.Context(), db); err != nil {
		t.Fatalf("open: %v", err)
	}
}

func mustExec(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func describe(t *testing.T, d database, db *sql.DB) []string {
	t.Helper()
	lines, err := testdb.Describe(t.Context(), db, d.name)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func rowsOf(t *testing.T, db *sql.DB, table string, columns ...string) []string {
	t.Helper()
	rows, err := testdb.Rows(t.Context(), db, table, columns)
	if err != nil {
		t.Fatalf("read %s: %v", table, err)
	}
	return rows
}

// sameLines reports lines that only one of two lists has.
func sameLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s: missing: %s", what, line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: not expected: %s", what, line)
		}
	}
}

func golden(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// count runs a query that answers one number.
func count(t *testing.T, db *sql.DB, query string) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
