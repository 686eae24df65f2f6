package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
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

// A session is one database connection with the statements that are kept on
// it. It is used by one goroutine at a time, inside of [pool.use].
//
// It calls the driver itself: what database/sql adds to each statement and each
// row costs more than a small statement in this process does.
type session struct {
	conn   *sql.Conn // holds the driver's connection, and takes care of its life
	driver driverConn
	d      *Dialect
	cache  *typeCache
	memo   typeMemo
	damage *damageLog
	kept   map[string]kept
}

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
}

type driverStmt interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

// keepAtMost bounds the statements that a session keeps, should there ever be
// more than the engine has today. The others run unprepared.
const keepAtMost = 1000

func (s *session) dialect() *Dialect { return s.d }

func (s *session) types() *typeCache { return s.cache }

// keep finds a statement among the kept ones, or prepares it.
func (s *session) keep(ctx context.Context, stmt string) (kept, error) {
	if k, ok := s.kept[stmt]; ok {
		return k, nil
	}
	k := kept{text: s.d.spell(stmt)}
	if len(s.kept) >= keepAtMost {
		return k, nil
	}
	if s.d.Prepare {
		var err error
		if k.stmt, err = s.prepare(ctx, k.text); err != nil {
			return kept{}, err
		}
	}
	s.kept[stmt] = k
	return k, nil
}

func (s *session) prepare(ctx context.Context, text string) (driverStmt, error) {
	stmt, err := s.driver.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	whole, ok := stmt.(driverStmt)
	if !ok {
		stmt.Close()
		return nil, fmt.Errorf("the driver's statements are %T, which do not take a context", stmt)
	}
	return whole, nil
}

func (s *session) query(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
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
	return k.stmt.QueryContext(ctx, values)
}

// statementContext is what one of the engine's own statements runs under.
func (d *Dialect) statementContext(ctx context.Context) (context.Context, error) {
	if !d.Short {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (s *session) queryOnce(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	text := s.d.spell(stmt)
	observed(ctx, text, args)
	return s.queryText(ctx, text, args)
}

// queryText runs a statement that is not prepared. A driver may be unable to,
// if there are parameters.
func (s *session) queryText(ctx context.Context, text string, args []any) (driver.Rows, error) {
	values, err := s.values(args)
	if err != nil {
		return nil, err
	}
	rows, err := s.driver.QueryContext(ctx, text, values)
	if !errors.Is(err, driver.ErrSkip) {
		return rows, err
	}
	stmt, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if rows, err = stmt.QueryContext(ctx, values); err != nil {
		stmt.Close()
		return nil, err
	}
	return &rowsOnce{rows, stmt}, nil
}

// rowsOnce are rows whose statement ends with them.
type rowsOnce struct {
	driver.Rows
	stmt driver.Stmt
}

func (r *rowsOnce) Close() error { return errors.Join(r.Rows.Close(), r.stmt.Close()) }

func (s *session) exec(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	ctx, err := s.d.statementContext(ctx)
	if err != nil {
		return nil, err
	}
	return s.execWaiting(ctx, stmt, args...)
}

// execWaiting is exec for a statement that may have to wait for others, as
// long as ctx allows.
func (s *session) execWaiting(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	k, err := s.keep(ctx, stmt)
	if err != nil {
		return nil, err
	}
	values, err := s.values(args)
	if err != nil {
		return nil, err
	}
	if k.stmt != nil {
		return k.stmt.ExecContext(ctx, values)
	}
	result, err := s.driver.ExecContext(ctx, k.text, values)
	if !errors.Is(err, driver.ErrSkip) {
		return result, err
	}
	once, err := s.prepare(ctx, k.text)
	if err != nil {
		return nil, err
	}
	defer once.Close()
	return once.ExecContext(ctx, values)
}

// values makes arguments what the driver takes.
func (s *session) values(args []any) ([]driver.NamedValue, error) {
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
func (s *session) rollBack(ctx context.Context) bool {
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

// end takes the session's connection out of use, for good where it is broken.
//
// The statements go first: SQLite keeps a connection that has any, with the locks
// of its transaction.
func (s *session) end(broken bool) {
	_ = s.conn.Raw(func(any) error {
		for _, k := range s.kept {
			if k.stmt != nil {
				k.stmt.Close()
			}
		}
		return nil
	})
	if broken {
		discard(s.conn)
	}
	s.conn.Close()
}

// lost says whether the driver has closed its connection, as some do when a
// context ends. In this process, what ends a statement leaves its connection.
func (s *session) lost(conn any) bool {
	v, ok := conn.(driver.Validator)
	return ok && !s.d.Short && !v.IsValid()
}
