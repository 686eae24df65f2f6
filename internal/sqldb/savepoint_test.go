package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
)

// execer is a connection on which some statements fail.
type execer struct {
	driverConn
	refuse map[string]error // by the beginning of the statement
	ran    []string
}

func (e *execer) ExecContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Result, error) {
	for begin, err := range e.refuse {
		if strings.HasPrefix(text, begin) {
			return nil, err
		}
	}
	e.ran = append(e.ran, text)
	return driver.RowsAffected(0), nil
}

func TestSavepoint_KeepsNoneAfterError(t *testing.T) {
	failed := errors.New("failed")
	conn := &execer{}
	x := &Tx{Conn: &Conn{counters: new(counters), driver: conn, d: &Dialect{}, stmts: map[string]*cachedStmt{}}}
	for range 2 {
		if err := x.Savepoint(t.Context(), func(context.Context, *Tx) error { return failed }); !errors.Is(err, failed) {
			t.Error(err)
		}
	}
	open := 0
	for _, stmt := range conn.ran {
		switch {
		case strings.HasPrefix(stmt, "SAVEPOINT"):
			open++
		case strings.HasPrefix(stmt, "RELEASE"):
			open--
		}
	}
	if open != 0 {
		t.Errorf("%d savepoints are left after %q", open, conn.ran)
	}
}

func TestSavepoint_TransactionEndedByDatabase(t *testing.T) {
	full, gone := errors.New("disk full"), errors.New("no such savepoint")
	d := &Dialect{Classify: func(err error) ErrorClass {
		if errors.Is(err, full) {
			return DiskFull
		}
		return Other
	}}
	conn := &execer{refuse: map[string]error{"INSERT": full, "ROLLBACK TO": gone}}
	x := &Tx{Conn: &Conn{counters: new(counters), driver: conn, d: d, stmts: map[string]*cachedStmt{}}}
	err := x.Savepoint(t.Context(), func(ctx context.Context, x *Tx) error {
		_, err := x.Exec(ctx, "INSERT")
		return err
	})
	if !errors.Is(err, full) || !errors.Is(x.Err(), full) {
		t.Errorf("the savepoint failed with %v, the transaction with %v, want %v", err, x.Err(), full)
	}
}
