package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// Queryer runs statements that read. It is a [Conn] or a [Tx].
//
// A statement has ? for each parameter, and ?$ for a string that is compared
// with a column.
type Queryer interface {
	// Query runs a statement through the statement cache. The rows must be
	// closed before the next statement runs, as [Each] does.
	Query(ctx context.Context, stmt string, args ...any) (driver.Rows, error)
	// QueryUncached is like Query but does not cache the statement. It is for
	// statements whose text varies with the request.
	QueryUncached(ctx context.Context, stmt string, args ...any) (driver.Rows, error)
	// Dialect returns the dialect of the database.
	Dialect() *Dialect
}

// Conn is a database connection with its prepared statements. Only one
// goroutine uses it at a time, within [DB.View], [DB.Snapshot] or [DB.Update].
//
// It calls the driver directly, see the package comment.
type Conn struct {
	sqlConn  *sql.Conn // owns the driver's connection
	driver   driverConn
	d        *Dialect
	files    Files // nil for a server
	counters *counters
	observer *observer // nil for none
	stmts    map[string]*cachedStmt
	useCount int // counts the uses of stmts

	// Local is for the caller's use, for example as a cache that is valid for
	// this connection only. It is nil on a new connection.
	Local any

	// seen is the last result of DataVersion and the state of the files just before
	// it. The result holds until the state differs.
	seen struct {
		state   FileState
		version int64
	}

	openedAt, usedAt time.Time
	generation       int  // the pool's generation when the connection was opened
	committing       bool // a COMMIT was sent and not answered yet
	snapshot         bool // a snapshot has begun
	abandoned        bool // a statement may still run in the server
}

// abandoner is implemented by a driver's connection that leaves its statement
// running in the server when the context ends. Abandon ends that statement.
type abandoner interface{ Abandon() }

// driverConn is the part of a driver's connection that this package needs.
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

// Dialect returns the dialect of the database.
func (c *Conn) Dialect() *Dialect { return c.d }

func (c *Conn) prepareText(ctx context.Context, text string) (driverStmt, error) {
	stmt, err := c.driver.PrepareContext(ctx, text)
	if err != nil {
		return nil, driverErr(err)
	}
	whole, ok := stmt.(driverStmt)
	if !ok {
		stmt.Close()
		return nil, fmt.Errorf("unusable driver: its statements, of type %T, do not take a context", stmt)
	}
	return whole, nil
}

func (c *Conn) Query(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	inner, err := c.d.stmtContext(ctx)
	if err != nil {
		return nil, err
	}
	r := c.observe(ctx, stmt, args)
	k, err := c.prepare(inner, stmt)
	if err != nil {
		return r.query(nil, err)
	}
	trace(ctx, k.text, args)
	rows, err := r.query(c.query(inner, k, args))
	return charge(ctx, rows, err)
}

func (c *Conn) query(ctx context.Context, k *cachedStmt, args []any) (driver.Rows, error) {
	c.counters.statements.Add(1)
	if k.stmt == nil {
		return c.queryText(ctx, k.text, args)
	}
	values, err := c.namedValues(args)
	if err != nil {
		return nil, err
	}
	rows, err := k.stmt.QueryContext(ctx, values)
	return rows, driverErr(err)
}

// stmtContext returns the context that the driver runs a statement with. If
// statements run in this process, ctx is checked now and does not interrupt the
// statement.
func (d *Dialect) stmtContext(ctx context.Context) (context.Context, error) {
	if !d.InProcess {
		return ctx, nil
	}
	return context.Background(), ctx.Err()
}

func (c *Conn) QueryUncached(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	text := c.d.rebind(stmt)
	trace(ctx, text, args)
	c.counters.statements.Add(1)
	c.counters.uncached.Add(1)
	r := c.observe(ctx, stmt, args)
	rows, err := r.query(c.queryText(ctx, text, args))
	return charge(ctx, rows, err)
}

// queryText runs a statement that is not prepared. A driver that cannot do so
// with parameters returns driver.ErrSkip; then the statement is prepared for
// this one use.
func (c *Conn) queryText(ctx context.Context, text string, args []any) (driver.Rows, error) {
	values, err := c.namedValues(args)
	if err != nil {
		return nil, err
	}
	rows, err := c.driver.QueryContext(ctx, text, values)
	if !errors.Is(err, driver.ErrSkip) {
		return rows, driverErr(err)
	}
	stmt, err := c.prepareText(ctx, text)
	if err != nil {
		return nil, err
	}
	if rows, err = stmt.QueryContext(ctx, values); err != nil {
		stmt.Close()
		return nil, driverErr(err)
	}
	return &rowsWithStmt{rows, stmt}, nil
}

// rowsWithStmt closes the statement together with its rows.
type rowsWithStmt struct {
	driver.Rows
	stmt driver.Stmt
}

func (r *rowsWithStmt) Close() error { return errors.Join(r.Rows.Close(), r.stmt.Close()) }

func (c *Conn) exec(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	inner, err := c.d.stmtContext(ctx)
	if err != nil {
		return nil, err
	}
	r := c.observe(ctx, stmt, args)
	return r.exec(c.run(inner, stmt, args))
}

// execBlocking is like exec for a statement that may have to wait for other
// transactions. ctx limits the wait.
func (c *Conn) execBlocking(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	r := c.observe(ctx, stmt, args)
	return r.exec(c.run(ctx, stmt, args))
}

// run is execBlocking without telling the observer.
func (c *Conn) run(ctx context.Context, stmt string, args []any) (driver.Result, error) {
	k, err := c.prepare(ctx, stmt)
	if err != nil {
		return nil, err
	}
	values, err := c.namedValues(args)
	if err != nil {
		return nil, err
	}
	c.counters.statements.Add(1)
	if k.stmt != nil {
		result, err := k.stmt.ExecContext(ctx, values)
		return result, driverErr(err)
	}
	result, err := c.driver.ExecContext(ctx, k.text, values)
	if !errors.Is(err, driver.ErrSkip) {
		return result, driverErr(err)
	}
	once, err := c.prepareText(ctx, k.text)
	if err != nil {
		return nil, err
	}
	defer once.Close()
	result, err = once.ExecContext(ctx, values)
	return result, driverErr(err)
}

// namedValues converts args as database/sql does.
func (c *Conn) namedValues(args []any) ([]driver.NamedValue, error) {
	if len(args) == 0 {
		return nil, nil
	}
	checker, checks := c.driver.(driver.NamedValueChecker)
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		v := &values[i]
		*v = driver.NamedValue{Ordinal: i + 1, Value: arg}
		var err error
		switch n := arg.(type) {
		case int64, string, bool, float64, []byte, nil:
		case int:
			v.Value = int64(n)
		default:
			if checks {
				err = checker.CheckNamedValue(v)
			} else {
				v.Value, err = driver.DefaultParameterConverter.ConvertValue(arg)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

// DataVersion returns a number that changes when another connection changes the
// database. It returns ok == false if the database does not provide such a
// number.
func (c *Conn) DataVersion(ctx context.Context) (version int64, ok bool, err error) {
	switch {
	case c.d.SingleConn:
		return 0, true, nil
	case c.d.DataVersionQuery == "":
		return 0, false, nil
	}
	state, known := FileState{}, false
	if c.files != nil && !c.snapshot { // a snapshot may be older, and begins with a statement
		state, known = c.files.State()
	}
	if known && state == c.seen.state {
		return c.seen.version, true, nil
	}
	rows, err := c.Query(ctx, c.d.DataVersionQuery)
	err = Each(rows, err, 1, func(r *Row) error {
		version = r.Int(0)
		return nil
	})
	if err == nil && known {
		c.seen.state, c.seen.version = state, version
	}
	return version, true, err
}

// rollBack ends a transaction that may be open, even if ctx is done, and
// reports whether the connection is usable. A usable connection is never
// discarded, because a database in memory exists only as long as its
// connection.
func (c *Conn) rollBack(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortGrace)
	defer cancel()
	c.snapshot = false
	if _, err := c.exec(ctx, "ROLLBACK"); err == nil {
		return true
	}
	// SQLite reports an error if no transaction is open, which an interrupt may
	// have ended. Then another one can begin.
	if _, err := c.exec(ctx, "BEGIN"); err != nil {
		return false
	}
	_, err := c.exec(ctx, "ROLLBACK")
	return err == nil
}

// close closes the connection. If discard is set, database/sql does not keep it
// either.
//
// The prepared statements are closed first: SQLite keeps a connection with open
// statements, and the locks of its transaction, alive.
func (c *Conn) close(discard bool) {
	_ = c.sqlConn.Raw(func(conn any) error {
		for _, k := range c.stmts {
			if k.stmt != nil {
				k.stmt.Close()
			}
		}
		if a, ok := conn.(abandoner); ok && c.abandoned {
			a.Abandon()
		}
		if c.d.InProcess && !discard && c.driver != nil {
			// An interrupt that arrives after its statement hits the next one. Without
			// this statement, it would hit the last checkpoint and the log would stay.
			_, _ = c.driver.ExecContext(context.Background(), "SELECT 1", nil)
		}
		return nil
	})
	if discard {
		_ = c.sqlConn.Raw(func(any) error { return driver.ErrBadConn })
	}
	c.sqlConn.Close()
}

// closedByDriver reports whether the driver has closed its connection, as some
// drivers do when a context ends. A driver that works in this process does not.
func (c *Conn) closedByDriver(conn any) bool {
	v, ok := conn.(driver.Validator)
	return ok && !c.d.InProcess && !v.IsValid()
}
