package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
)

// preparer counts the statements that are prepared on it.
type preparer struct {
	driverConn
	open, made int
	refuse     error
}

type preparedStmt struct {
	driverStmt
	on *preparer
}

func (p *preparer) PrepareContext(context.Context, string) (driver.Stmt, error) {
	if p.refuse != nil {
		return nil, p.refuse
	}
	p.open++
	p.made++
	return &preparedStmt{on: p}, nil
}

func (s *preparedStmt) Close() error { s.on.open--; return nil }

func TestConn_EvictsLeastRecentlyUsedStmt(t *testing.T) {
	conn := &preparer{}
	s := &Conn{
		counters: new(counters),
		driver:   conn, d: &Dialect{Prepare: true, MaxCachedStmts: 20}, stmts: map[string]*cachedStmt{},
	}
	keep := func(name string) {
		t.Helper()
		if k, err := s.prepare(t.Context(), name); err != nil || k.stmt == nil {
			t.Fatalf("%s is not prepared: %v", name, err)
		}
	}
	for i := range 500 {
		keep("always")
		keep(fmt.Sprint("statement ", i))
		if conn.open > 20 || len(s.stmts) != conn.open {
			t.Fatalf("%d statements are open and %d are kept, want at most 20", conn.open, len(s.stmts))
		}
	}
	if conn.made != 501 {
		t.Errorf("%d statements were prepared, want 501: a statement in constant use was closed", conn.made)
	}
}

func TestConn_RunsStmtUnprepared(t *testing.T) {
	for class, refused := range map[ErrorClass]error{
		TooManyStmts:  errors.New("max_prepared_stmt_count"),
		NotPreparable: errors.New("not supported in the prepared statement protocol yet"),
	} {
		d := &Dialect{Prepare: true, Classify: func(err error) ErrorClass {
			if errors.Is(err, refused) {
				return class
			}
			return Other
		}}
		s := &Conn{counters: new(counters), driver: &preparer{refuse: refused}, d: d, stmts: map[string]*cachedStmt{}}
		if k, err := s.prepare(t.Context(), "SELECT 1"); err != nil || k.stmt != nil || k.text != "SELECT 1" {
			t.Errorf("%v: got %+v, %v", refused, k, err)
		}
		s.driver = &preparer{refuse: errBroken}
		if _, err := s.prepare(t.Context(), "SELECT 2"); !errors.Is(err, errBroken) {
			t.Errorf("got %v", err)
		}
	}
}
