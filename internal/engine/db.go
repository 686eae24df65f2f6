package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// A querier runs statements; reads take it, so that they work inside a
// transaction and outside.
//
// Statements have ? for parameters, and ?$ for a string that is compared with a
// column. The engine's own are few and are kept prepared, see query; those that
// clients shape are not.
type querier interface {
	// query reads rows with a statement that is kept. The rows must be closed
	// before the next statement: see [each].
	query(ctx context.Context, stmt string, args ...any) (driver.Rows, error)
	// queryOnce is query for a statement that is not worth keeping.
	queryOnce(ctx context.Context, stmt string, args ...any) (driver.Rows, error)
	// dialect is that of the database.
	dialect() *Dialect
	// types are those that are known, and learn adds one that was read.
	types() *typeCache
	learn(learnedType)
	// damaged reports a stored row that cannot be read, see [damageLog].
	damaged(ctx context.Context, table string, id int64, what string, err error)
	// remembered is what was answered about types, see [typeMemo].
	remembered(ctx context.Context, s selection) (types []*typeInfo, keep func([]*typeInfo), err error)
}

// A Conn is one database connection with the statements that are kept on
// it. It is used by one goroutine at a time, inside of [pool.use].
//
// It calls the driver itself: what database/sql adds to each statement and each
// row costs more than a small statement in this process does.
type Conn struct {
	sqlConn *sql.Conn // holds the driver's connection, and takes care of its life
	driver  driverConn
	d       *Dialect
	cache   *typeCache
	memo    typeMemo
	damage  *damageLog
	kept    map[string]*kept
	uses    int // of kept statements, so far

	openedAt, usedAt time.Time
	generation       int  // of the pool, when it was opened
	committing       bool // a COMMIT was sent last
	abandoned        bool // a statement may still run in the server
}

// An abandoner is a driver's connection that leaves the statement that runs in
// the server when its context ends. Abandon ends that statement.
type abandoner interface{ Abandon() }

// A driverConn is what the engine needs of a driver's connection.
type driverConn interface {
	driver.ConnPrepareContext
	driver.QueryerContext
	driver.ExecerContext
}

// A kept statement is spelled for its database and, where that pays, prepared.
type kept struct {
	text string
	stmt driverStmt
	used int // the session's uses, when it was used last
}

type driverStmt interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

// A driverError is what a driver answered. Everything else is the engine's own.
type driverError struct{ err error }

func (e *driverError) Error() string { return e.err.Error() }
func (e *driverError) Unwrap() error { return e.err }

// ofDriver marks an error as one of the driver's.
func ofDriver(err error) error {
	if err == nil {
		return nil
	}
	return &driverError{err}
}

func (s *Conn) dialect() *Dialect { return s.d }

func (s *Conn) types() *typeCache { return s.cache }

// keep finds a statement among the kept ones, or prepares it. Where there are
// too many, the one that was used longest ago gives way.
func (s *Conn) keep(ctx context.Context, stmt string) (*kept, error) {
	s.uses++
	if k, ok := s.kept[stmt]; ok {
		k.used = s.uses
		return k, nil
	}
	k := &kept{text: s.d.spell(stmt), used: s.uses}
	if s.d.Prepare {
		var err error
		k.stmt, err = s.prepare(ctx, k.text)
		if err != nil && s.d.class(err) != NoStatements {
			return nil, err
		}
	}
	if len(s.kept) >= s.d.keepAtMost() {
		s.dropOldest()
	}
	s.kept[stmt] = k
	return k, nil
}

func (s *Conn) dropOldest() {
	var oldest string
	at := s.uses + 1
	for stmt, k := range s.kept {
		if k.used < at {
			oldest, at = stmt, k.used
		}
	}
	if k := s.kept[oldest]; k.stmt != nil {
		k.stmt.Close()
	}
	delete(s.kept, oldest)
}

func (s *Conn) prepare(ctx context.Context, text string) (driverStmt, error) {
	stmt, err := s.driver.PrepareContext(ctx, text)
	if err != nil {
		return nil, ofDriver(err)
	}
	whole, ok := stmt.(driverStmt)
	if !ok {
		stmt.Close()
		return nil, fmt.Errorf("the driver's statements are %T, which do not take a context", stmt)
	}
	return whole, nil
}

func (s *Conn) query(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	ctx, err := s.d.statementContext(ctx)
	if err != nil {
		return nil, err
	}
	k, err := s.keep(ctx, stmt)
	if err != nil {
		return nil, err
	}
	observed(ctx, k.text, args)
	if k.stmt == nil {
		return s.queryText(ctx, k.text, args)
	}
	values, err := s.values(args)
	if err != nil {
		return nil, err
	}
	rows, err := k.stmt.QueryContext(ctx, values)
	return rows, ofDriver(err)
}

// statementContext is what one of the engine's own statements runs under.
func (d *Dialect) statementContext(ctx context.Context) (context.Context, error) {
	if !d.Short {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (s *Conn) queryOnce(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	text := s.d.spell(stmt)
	observed(ctx, text, args)
	return s.queryText(ctx, text, args)
}

// queryText runs a statement that is not prepared. A driver may be unable to,
// if there are parameters.
func (s *Conn) queryText(ctx context.Context, text string, args []any) (driver.Rows, error) {
	values, err := s.values(args)
	if err != nil {
		return nil, err
	}
	rows, err := s.driver.QueryContext(ctx, text, values)
	if !errors.Is(err, driver.ErrSkip) {
		return rows, ofDriver(err)
	}
	stmt, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if rows, err = stmt.QueryContext(ctx, values); err != nil {
		stmt.Close()
		return nil, ofDriver(err)
	}
	return &rowsOnce{rows, stmt}, nil
}

// rowsOnce are rows whose statement ends with them.
type rowsOnce struct {
	driver.Rows
	stmt driver.Stmt
}

func (r *rowsOnce) Close() error { return errors.Join(r.Rows.Close(), r.stmt.Close()) }

func (s *Conn) exec(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	ctx, err := s.d.statementContext(ctx)
	if err != nil {
		return nil, err
	}
	return s.execWaiting(ctx, stmt, args...)
}

// execWaiting is exec for a statement that may have to wait for others, as
// long as ctx allows.
func (s *Conn) execWaiting(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	k, err := s.keep(ctx, stmt)
	if err != nil {
		return nil, err
	}
	values, err := s.values(args)
	if err != nil {
		return nil, err
	}
	if k.stmt != nil {
		result, err := k.stmt.ExecContext(ctx, values)
		return result, ofDriver(err)
	}
	result, err := s.driver.ExecContext(ctx, k.text, values)
	if !errors.Is(err, driver.ErrSkip) {
		return result, ofDriver(err)
	}
	once, err := s.prepare(ctx, k.text)
	if err != nil {
		return nil, err
	}
	defer once.Close()
	result, err = once.ExecContext(ctx, values)
	return result, ofDriver(err)
}

// values makes arguments what the driver takes.
func (s *Conn) values(args []any) ([]driver.NamedValue, error) {
	if len(args) == 0 {
		return nil, nil
	}
	checker, checks := s.driver.(driver.NamedValueChecker)
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		v := driver.NamedValue{Ordinal: i + 1, Value: arg}
		var err error
		switch n := arg.(type) {
		case int64, string, bool, float64, []byte, nil:
		case int:
			v.Value = int64(n)
		default:
			if checks {
				err = checker.CheckNamedValue(&v)
			} else {
				v.Value, err = driver.DefaultParameterConverter.ConvertValue(arg)
			}
		}
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

// rollBack ends the transaction that may be open, also for a caller that has
// given up, and says whether the session can be used on. One that can is never
// thrown away: in memory, the connection is the database.
func (s *Conn) rollBack(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	if _, err := s.exec(ctx, "ROLLBACK"); err == nil {
		return true
	}
	// SQLite calls it an error when there is no transaction, which an interrupt
	// may have ended. Then another can begin.
	if _, err := s.exec(ctx, "BEGIN"); err != nil {
		return false
	}
	_, err := s.exec(ctx, "ROLLBACK")
	return err == nil
}

// close takes the session's connection out of use, for good where it is broken.
//
// The statements go first: SQLite keeps a connection that has any, with the locks
// of its transaction.
func (s *Conn) close(broken bool) {
	_ = s.sqlConn.Raw(func(conn any) error {
		for _, k := range s.kept {
			if k.stmt != nil {
				k.stmt.Close()
			}
		}
		if a, ok := conn.(abandoner); ok && s.abandoned {
			a.Abandon()
		}
		if s.d.Short && !broken && s.driver != nil {
			// An interrupt that comes after its statement waits for the next one.
			// Without this, that is the last checkpoint, and the log stays.
			_, _ = s.driver.ExecContext(context.Background(), "SELECT 1", nil)
		}
		return nil
	})
	if broken {
		discard(s.sqlConn)
	}
	s.sqlConn.Close()
}

// closedByDriver says whether the driver has closed its connection, as some do when a
// context ends. In this process, what ends a statement leaves its connection.
func (s *Conn) closedByDriver(conn any) bool {
	v, ok := conn.(driver.Validator)
	return ok && !s.d.Short && !v.IsValid()
}
