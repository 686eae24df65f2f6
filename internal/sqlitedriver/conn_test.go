package sqlitedriver_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/sqlitedriver"
)

func open(tb testing.TB, uri string) *sql.DB {
	tb.Helper()
	db := sql.OpenDB(sqlitedriver.NewConnector(uri))
	db.SetMaxOpenConns(1)
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func do(tb testing.TB, db *sql.DB, statement string, args ...any) sql.Result {
	tb.Helper()
	result, err := db.ExecContext(tb.Context(), statement, args...)
	if err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
	return result
}

// values are those that a column can hold.
var values = []any{
	nil, int64(0), int64(math.MinInt64), int64(math.MaxInt64), 0.0, math.Copysign(0, -1), math.MaxFloat64, 5e-324,
	0.1, math.Inf(1), "", "a", "ä\x00b", "\xff", strings.Repeat("long ", 100_000),
	[]byte{},
	[]byte("a\x00"),
	make([]byte, 100_000), true, false,
}

// What is stored over one driver is read alike over the other.
func TestValues(t *testing.T) {
	file := filepath.Join(t.TempDir(), "values.db")
	ours := open(t, "file:"+file)
	theirs, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	do(t, ours, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
	for i, v := range values {
		writer, reader := ours, theirs
		if i%2 == 1 {
			writer, reader = theirs, ours
		}
		do(t, writer, "INSERT INTO t VALUES (?, ?)", i, v)
		var there, here any
		for db, to := range map[*sql.DB]*any{writer: &here, reader: &there} {
			if err := db.QueryRowContext(t.Context(), "SELECT v FROM t WHERE id = ?", i).Scan(to); err != nil {
				t.Fatal(err)
			}
			if b, ok := (*to).([]byte); ok && b == nil { // as the other driver returns it
				*to = []byte{}
			}
		}
		if !reflect.DeepEqual(here, there) {
			t.Errorf("%.20v is read as %.20v and %.20v", v, here, there)
		}
		want := v
		if b, ok := v.(bool); ok {
			want = map[bool]int64{true: 1}[b]
		}
		if !reflect.DeepEqual(here, want) {
			t.Errorf("%.20v is read as %.20v", v, here)
		}
	}
	rows, err := ours.QueryContext(t.Context(), "SELECT v AS name, id FROM t ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if names, err := rows.Columns(); err != nil || !reflect.DeepEqual(names, []string{"name", "id"}) {
		t.Errorf("columns %q, %v", names, err)
	}
}

// Rows hand out the same values as a cursor and by Next.
func TestCursor(t *testing.T) {
	db := open(t, ":memory:")
	do(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
	for i, v := range values {
		do(t, db, "INSERT INTO t VALUES (?, ?)", i, v)
	}
	raw(t, db, func(c conn) {
		query := func() driver.Rows {
			rows, err := c.QueryContext(t.Context(), "SELECT v FROM t ORDER BY id", nil)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		var all []driver.Value
		rows := query()
		for row := make([]driver.Value, 1); rows.Next(row) == nil; {
			all = append(all, row[0])
		}
		if err := rows.Next(make([]driver.Value, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("after the last row: %v", err)
		}
		if err := errors.Join(rows.Close(), rows.Close()); err != nil {
			t.Error(err)
		}
		rows = query()
		cursor := rows.(sqldb.Cursor)
		for i, want := range all {
			if more, err := cursor.Step(); !more || err != nil {
				t.Fatalf("row %d: %v, %v", i, more, err)
			}
			var got driver.Value
			switch cursor.Kind(0) {
			case sqldb.IntValue:
				got = cursor.Int(0)
			case sqldb.FloatValue:
				got = cursor.Float(0)
			case sqldb.TextValue:
				got = cursor.Text(0)
			case sqldb.BytesValue:
				got = cursor.Value(0)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("row %d: %.20v, want %.20v", i, got, want)
			}
		}
		if more, err := cursor.Step(); more || err != nil {
			t.Errorf("after the last row: %v, %v", more, err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	})
}

// conn is a connection of the driver.
type conn interface {
	driver.QueryerContext
	driver.ExecerContext
	driver.ConnPrepareContext
}

func raw(t *testing.T, db *sql.DB, f func(conn)) {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Raw(func(c any) error { f(c.(conn)); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestErrors(t *testing.T) {
	db := open(t, ":memory:")
	do(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v UNIQUE); INSERT INTO t VALUES (1, 'a') ;; ")
	for statement, code := range map[string]int{
		"INSERT INTO t VALUES (2, 'a')":               lib.SQLITE_CONSTRAINT_UNIQUE,
		"INSERT INTO t VALUES (1, 'b')":               lib.SQLITE_CONSTRAINT_PRIMARYKEY,
		"INSERT INTO t VALUES (2, 'a') RETURNING id":  lib.SQLITE_CONSTRAINT_UNIQUE,
		"SELECT nothing":                              lib.SQLITE_ERROR,
		"INSERT INTO t VALUES (3, 'c'); SELECT wrong": lib.SQLITE_ERROR,
	} {
		_, err := db.ExecContext(t.Context(), statement)
		var coded interface{ Code() int }
		if !errors.As(err, &coded) || coded.Code() != code {
			t.Errorf("%s: %v, want code %d", statement, err, code)
		}
	}
	if _, err := db.PrepareContext(t.Context(), "SELECT 1; SELECT 2"); err == nil {
		t.Error("two statements are prepared as one")
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO t VALUES (?, ?)", 4); err == nil {
		t.Error("a parameter without an argument is accepted")
	}
	raw(t, db, func(c conn) {
		for _, args := range [][]driver.NamedValue{{{Value: int64(4)}}, {{Value: int64(4)}, {Value: time.Now()}}} {
			if _, err := c.ExecContext(t.Context(), "INSERT INTO t VALUES (?, ?)", args); err == nil {
				t.Errorf("arguments %v are accepted", args)
			}
		}
	})
	result := do(t, db, "UPDATE t SET v = v || 'x'")
	if n, err := result.RowsAffected(); n != 2 || err != nil {
		t.Errorf("%d rows were changed, %v", n, err)
	}
	if _, err := sql.OpenDB(sqlitedriver.NewConnector("file:/no/such/dir/x.db")).Conn(t.Context()); err == nil {
		t.Error("a file in a directory that does not exist is opened")
	}
}

// Changes counts what a statement left, also if it failed.
func TestChanges(t *testing.T) {
	db := open(t, ":memory:")
	do(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE); INSERT INTO t (v) VALUES ('a')")
	raw(t, db, func(c conn) {
		for _, test := range []struct {
			statement string
			want      int
		}{
			{"INSERT OR FAIL INTO t (v) VALUES ('b')", 1},
			{"INSERT OR FAIL INTO t (v) VALUES ('a')", 0},
			{"INSERT OR FAIL INTO t (v) VALUES ('c'), ('d'), ('a'), ('e')", 2},
			{"INSERT INTO t (v) VALUES ('f'), ('a')", 0},
			{"UPDATE t SET v = 'a' || (id > 2)", 0},
			{"UPDATE t SET v = v || 'x'", 4},
		} {
			_, _ = c.ExecContext(t.Context(), test.statement, nil) // some fail
			if got := c.(*sqlitedriver.Conn).Changes(); got != test.want {
				t.Errorf("%s: %d rows, want %d", test.statement, got, test.want)
			}
		}
	})
}

// The end of a context interrupts a statement, and not the next one.
func TestInterrupt(t *testing.T) {
	db := open(t, ":memory:")
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
	for _, query := range []string{endless + "COUNT(*) FROM n", endless + "i FROM n"} {
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			raw(t, db, func(c conn) {
				rows, err := c.QueryContext(ctx, query, nil)
				for row := make([]driver.Value, 1); err == nil; {
					err = rows.Next(row)
				}
				if rows != nil {
					rows.Close()
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v", query, err)
				}
				cancel()
				if _, err := c.ExecContext(t.Context(), "SELECT 1", nil); err != nil {
					t.Errorf("the next statement: %v", err)
				}
			})
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	raw(t, db, func(c conn) {
		if _, err := c.ExecContext(ctx, "SELECT 1", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("with a canceled context: %v", err)
		}
	})
}

func TestTransaction(t *testing.T) {
	db := open(t, ":memory:")
	do(t, db, "CREATE TABLE t (id INTEGER)")
	for _, commit := range []bool{true, false} {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO t VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		end := tx.Rollback
		if commit {
			end = tx.Commit
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true}); err == nil {
		t.Error("options of a transaction are ignored")
	}
}
