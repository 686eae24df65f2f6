package sqlitedriver

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// stmt is a prepared statement.
type stmt struct {
	c    *Conn
	stmt *sqlite.Stmt
}

// Close finalizes the statement.
func (s *stmt) Close() error {
	// Finalize repeats the error of the last run, which has been returned.
	_ = s.stmt.Finalize()
	return nil
}

// NumInput returns the number of parameters.
func (s *stmt) NumInput() int { return s.stmt.BindParamCount() }

// Exec runs the statement.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// Query runs the statement.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func named(args []driver.Value) []driver.NamedValue {
	list := make([]driver.NamedValue, len(args))
	for i, v := range args {
		list[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return list
}

// result is the result of a statement that changes the database.
type result struct{ lastID, changed int64 }

func (r result) LastInsertId() (int64, error) { return r.lastID, nil }
func (r result) RowsAffected() (int64, error) { return r.changed, nil }

// ExecContext runs the statement to its end.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if stop := s.c.interruptible(ctx); stop != nil {
		defer stop()
	}
	defer s.reset(args)
	if err := s.bind(args); err != nil {
		return nil, err
	}
	for more := true; more; {
		var err error
		if more, err = s.stmt.Step(); err != nil {
			return nil, explain(ctx, err)
		}
	}
	// Resetting reports an error of a statement that is not at its end only.
	return result{s.c.conn.LastInsertRowID(), int64(s.c.conn.Changes())}, nil
}

// maxKept is the length of a text or of bytes above which an argument is not kept until
// the next run, in bytes.
const maxKept = 4 << 10

// reset makes the statement ready for its next run and drops large arguments. To clear
// all of them would make SQLite prepare many statements again.
func (s *stmt) reset(args []driver.NamedValue) {
	_ = s.stmt.Reset()
	for i, arg := range args {
		switch v := arg.Value.(type) {
		case string:
			if len(v) > maxKept {
				s.stmt.BindNull(i + 1)
			}
		case []byte:
			if len(v) > maxKept {
				s.stmt.BindNull(i + 1)
			}
		}
	}
}

func (s *stmt) bind(args []driver.NamedValue) error {
	if want := s.stmt.BindParamCount(); len(args) != want {
		return fmt.Errorf("sqlite: %d arguments for %d parameters", len(args), want)
	}
	for i, arg := range args {
		switch v := arg.Value.(type) {
		case nil:
			s.stmt.BindNull(i + 1)
		case int64:
			s.stmt.BindInt64(i+1, v)
		case float64:
			s.stmt.BindFloat(i+1, v)
		case bool:
			s.stmt.BindBool(i+1, v)
		case string:
			s.stmt.BindText(i+1, v)
		case []byte:
			if v == nil {
				s.stmt.BindNull(i + 1)
			} else {
				s.stmt.BindBytes(i+1, v)
			}
		default:
			return bindError(i+1, v)
		}
	}
	return nil
}

// QueryContext runs the statement to its first row. Only one result of a statement is
// open at a time.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	r, err := s.query(ctx, args)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *stmt) query(ctx context.Context, args []driver.NamedValue) (*rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &rows{s: s, ctx: ctx, args: args, stop: s.c.interruptible(ctx)}
	err := s.bind(args)
	if err == nil {
		if r.more, err = s.stmt.Step(); err != nil {
			err = explain(ctx, err)
		}
	}
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	r.first = r.more
	return r, nil
}

// rows are the rows of a query. They implement [sqldb.Cursor], too.
type rows struct {
	s      *stmt
	ctx    context.Context
	stop   func() // ends the influence of ctx; nil for none
	args   []driver.NamedValue
	once   bool // Close closes the statement
	first  bool // the current row was not returned yet
	more   bool // there is a current row
	closed bool
}

// Columns returns the names of the columns.
func (r *rows) Columns() []string {
	names := make([]string, r.s.stmt.ColumnCount())
	for i := range names {
		names[i] = r.s.stmt.ColumnName(i)
	}
	return names
}

// Close resets the statement.
func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.s.reset(r.args)
	if r.stop != nil {
		r.stop()
	}
	if r.once {
		return r.s.Close()
	}
	return nil
}

// Step implements [sqldb.Cursor].
func (r *rows) Step() (bool, error) {
	if r.first || !r.more {
		r.first = false
		return r.more, nil
	}
	var err error
	if r.more, err = r.s.stmt.Step(); err != nil {
		r.more = false
		return false, explain(r.ctx, err)
	}
	return r.more, nil
}

// Next implements [driver.Rows].
func (r *rows) Next(values []driver.Value) error {
	more, err := r.Step()
	if err != nil {
		return err
	}
	if !more {
		return io.EOF
	}
	for i := range values {
		values[i] = r.Value(i)
	}
	return nil
}

// Kind implements [sqldb.Cursor].
func (r *rows) Kind(i int) sqldb.ValueKind {
	switch r.s.stmt.ColumnType(i) {
	case sqlite.TypeInteger:
		return sqldb.IntValue
	case sqlite.TypeText:
		return sqldb.TextValue
	case sqlite.TypeFloat:
		return sqldb.FloatValue
	case sqlite.TypeBlob:
		return sqldb.BytesValue
	}
	return sqldb.NullValue
}

// Int implements [sqldb.Cursor].
func (r *rows) Int(i int) int64 { return r.s.stmt.ColumnInt64(i) }

// Float implements [sqldb.Cursor].
func (r *rows) Float(i int) float64 { return r.s.stmt.ColumnFloat(i) }

// Text implements [sqldb.Cursor].
func (r *rows) Text(i int) string { return r.s.stmt.ColumnText(i) }

// AppendText implements [sqldb.Cursor].
func (r *rows) AppendText(to []byte, i int) []byte {
	n := r.Size(i)
	to = slices.Grow(to, n)[:len(to)+n]
	r.s.stmt.ColumnBytes(i, to[len(to)-n:])
	return to
}

// Size implements [sqldb.Cursor].
func (r *rows) Size(i int) int { return r.s.stmt.ColumnLen(i) }

// Value implements [sqldb.Cursor].
func (r *rows) Value(i int) driver.Value {
	switch r.Kind(i) {
	case sqldb.IntValue:
		return r.Int(i)
	case sqldb.TextValue:
		return r.Text(i)
	case sqldb.FloatValue:
		return r.Float(i)
	case sqldb.BytesValue:
		b := make([]byte, r.Size(i))
		r.s.stmt.ColumnBytes(i, b)
		return b
	}
	return nil
}
