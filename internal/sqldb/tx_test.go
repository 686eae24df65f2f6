package sqldb

import (
	"database/sql/driver"
	"errors"
	"io"
	"testing"
)

// script returns a number of rows, and then err.
type script struct {
	rows int
	err  error
}

func (*script) Columns() []string { return []string{"id"} }
func (*script) Close() error      { return nil }

func (s *script) Next(values []driver.Value) error {
	if s.rows == 0 {
		return s.err
	}
	s.rows--
	values[0] = int64(s.rows)
	return nil
}

func TestTx_RunsNothingAfterError(t *testing.T) {
	for name, fail := range map[string]func(*Tx){
		"of a statement": func(x *Tx) { x.failed = errLost },
		"between the rows": func(x *Tx) {
			err := Each(x.watch(&script{rows: 1, err: errLost}), nil, 1, func(*Row) error { return nil })
			if !errors.Is(err, errLost) {
				t.Fatalf("the rows end with %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := &Tx{Conn: &Conn{counters: new(counters), d: &Dialect{}}} // without a connection: a statement would panic
			fail(x)
			if _, err := x.Exec(t.Context(), "INSERT"); !errors.Is(err, errLost) {
				t.Errorf("exec: %v", err)
			}
			if _, err := x.Query(t.Context(), "SELECT"); !errors.Is(err, errLost) {
				t.Errorf("query: %v", err)
			}
			if _, err := x.QueryUncached(t.Context(), "SELECT"); !errors.Is(err, errLost) {
				t.Errorf("queryOnce: %v", err)
			}
			if err := x.commit(t.Context()); !errors.Is(err, errLost) {
				t.Errorf("commit: %v", err)
			}
		})
	}
}

func TestTx_EndOfRowsIsNotAnError(t *testing.T) {
	x := &Tx{Conn: &Conn{counters: new(counters), d: &Dialect{}}}
	err := Each(x.watch(&script{rows: 2, err: io.EOF}), nil, 1, func(*Row) error { return nil })
	if err != nil || x.failed != nil {
		t.Errorf("the rows end with %v, the transaction with %v", err, x.failed)
	}
}
