package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// A Queryer runs statements that read: a [Conn] or a [Tx].
//
// Statements have ? for parameters, and ?$ for a string that is compared with a
// column.
type Queryer interface {
	// Query runs a statement that is cached and, if the dialect says so, prepared.
	// The rows must be closed before the next statement: see [Each].
	Query(ctx context.Context, stmt string, args ...any) (driver.Rows, error)
	// QueryUncached is like Query, for a statement that is not worth caching.
	QueryUncached(ctx context.Context, stmt string, args ...any) (driver.Rows, error)
	// Dialect returns the dialect of the database.
	Dialect() *Dialect
}

// A Conn is one database connection with the statements that are kept on
// it. It is used by one goroutine at a time, inside of [DB.View].
//
// It calls the driver itself: what database/sql adds to each statement and each
// row costs more than a small statement in this process does.
type Conn struct {
	sqlConn *sql.Conn // holds the driver's connection, and takes care of its life
	driver  driverConn
	d       *Dialect
	stmts   map[string]*cachedStmt
	clock   int // of kept statements, so far

	// Local is the caller's, such as a cache of what only this connection can
	// tell to be current. It is nil in a new connection.
	Local any

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

type driverStmt interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

func (s *Conn) Dialect() *Dialect { return s.d }

func (s *Conn) prepareText(ctx context.Context, text string) (driverStmt, error) {
	stmt, err := s.driver.PrepareContext(ctx, text)
	if err != nil {
		return nil, driverErr(err)
	}
	whole, ok := stmt.(driverStmt)
	if !ok {
		stmt.Close()
		return nil, fmt.Errorf("the driver's statements are %T, which do not take a context", stmt)
	}
	return whole, nil
}

func (s *Conn) Query(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	ctx, err := s.d.stmtContext(ctx)
	if err != nil {
		return nil, err
	}
	k, err := s.prepare(ctx, stmt)
	if err != nil {
		return nil, err
	}
	trace(ctx, k.text, args)
	if k.stmt == nil {
		return s.queryText(ctx, k.text, args)
	}
	values, err := s.namedValues(args)
	if err != nil {
		return nil, err
	}
	rows, err := k.stmt.QueryContext(ctx, values)
	return rows, driverErr(err)
}

// stmtContext is what one of the engine's own statements runs under.
func (d *Dialect) stmtContext(ctx context.Context) (context.Context, error) {
	if !d.InProcess {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (s *Conn) QueryUncached(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	text := s.d.rebind(stmt)
	trace(ctx, text, args)
	return s.queryText(ctx, text, args)
}

// queryText runs a statement that is not prepared. A driver may be unable to,
// if there are parameters.
func (s *Conn) queryText(ctx context.Context, text string, args []any) (driver.Rows, error) {
	values, err := s.namedValues(args)
	if err != nil {
		return nil, err
	}
	rows, err := s.driver.QueryContext(ctx, text, values)
	if !errors.Is(err, driver.ErrSkip) {
		return rows, driverErr(err)
	}
	stmt, err := s.prepareText(ctx, text)
	if err != nil {
		return nil, err
	}
	if rows, err = stmt.QueryContext(ctx, values); err != nil {
		stmt.Close()
		return nil, driverErr(err)
	}
	return &rowsWithStmt{rows, stmt}, nil
}

// rowsWithStmt are rows whose statement ends with them.
type rowsWithStmt struct {
	driver.Rows
	stmt driver.Stmt
}

func (r *rowsWithStmt) Close() error { return errors.Join(r.Rows.Close(), r.stmt.Close()) }

func (s *Conn) exec(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	ctx, err := s.d.stmtContext(ctx)
	if err != nil {
		return nil, err
	}
	return s.execBlocking(ctx, stmt, args...)
}

// execBlocking is exec for a statement that may have to wait for others, as
// long as ctx allows.
func (s *Conn) execBlocking(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	k, err := s.prepare(ctx, stmt)
	if err != nil {
		return nil, err
	}
	values, err := s.namedValues(args)
	if err != nil {
		return nil, err
	}
	if k.stmt != nil {
		result, err := k.stmt.ExecContext(ctx, values)
		return result, driverErr(err)
	}
	result, err := s.driver.ExecContext(ctx, k.text, values)
	if !errors.Is(err, driver.ErrSkip) {
		return result, driverErr(err)
	}
	once, err := s.prepareText(ctx, k.text)
	if err != nil {
		return nil, err
	}
	defer once.Close()
	result, err = once.ExecContext(ctx, values)
	return result, driverErr(err)
}

// namedValues makes arguments what the driver takes.
func (s *Conn) namedValues(args []any) ([]driver.NamedValue, error) {
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

// DataVersion returns a number that changes when another connection has changed
// the database. If the database does not have one, ok is false.
func (s *Conn) DataVersion(ctx context.Context) (version int64, ok bool, err error) {
	switch {
	case s.d.SingleConn:
		return 0, true, nil
	case s.d.DataVersionQuery == "":
		return 0, false, nil
	}
	rows, err := s.Query(ctx, s.d.DataVersionQuery)
	err = Each(rows, err, 1, func(r *Row) error {
		version = r.Int(0)
		return nil
	})
	return version, true, err
}

// rollBack ends the transaction that may be open, also for a caller that has
// given up, and says whether the session can be used on. One that can is never
// thrown away: in memory, the connection is the database.
func (s *Conn) rollBack(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortGrace)
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
		for _, k := range s.stmts {
			if k.stmt != nil {
				k.stmt.Close()
			}
		}
		if a, ok := conn.(abandoner); ok && s.abandoned {
			a.Abandon()
		}
		if s.d.InProcess && !broken && s.driver != nil {
			// An interrupt that comes after its statement waits for the next one.
			// Without this, that is the last checkpoint, and the log stays.
			_, _ = s.driver.ExecContext(context.Background(), "SELECT 1", nil)
		}
		return nil
	})
	if broken {
		_ = s.sqlConn.Raw(func(any) error { return driver.ErrBadConn })
	}
	s.sqlConn.Close()
}

// closedByDriver says whether the driver has closed its connection, as some do when a
// context ends. In this process, what ends a statement leaves its connection.
func (s *Conn) closedByDriver(conn any) bool {
	v, ok := conn.(driver.Validator)
	return ok && !s.d.InProcess && !v.IsValid()
}
