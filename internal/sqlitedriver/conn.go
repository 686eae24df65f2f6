package sqlitedriver

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	lib "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"
)

func init() {
	lib.PatchIssue199() // the size of a page on Linux on arm64
}

// NewConnector returns a connector to a database. uri is a file name, a URI of SQLite or
// ":memory:". A missing file is created unless the URI has mode=ro or mode=rw.
// Connections do not wait for locks. Mistakes in uri are errors of Connect.
func NewConnector(uri string) driver.Connector { return connector{uri} }

type connector struct{ uri string }

// Connect opens a connection. It does not read the database.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(c.uri, sqlite.OpenReadWrite, sqlite.OpenCreate, sqlite.OpenURI)
	if err != nil {
		return nil, wrap(err)
	}
	conn.SetBusyTimeout(0)
	return &Conn{conn: conn}, nil
}

// Driver returns a driver that opens the database that its argument names.
func (c connector) Driver() driver.Driver { return opener{} }

type opener struct{}

func (opener) Open(uri string) (driver.Conn, error) {
	return connector{uri}.Connect(context.Background())
}

// An Error is an error of SQLite.
type Error struct{ err error }

func (e *Error) Error() string { return strings.TrimPrefix(e.err.Error(), "sqlite: ") }
func (e *Error) Unwrap() error { return e.err }

// Code returns SQLite's extended result code.
func (e *Error) Code() int { return int(sqlite.ErrCode(e.err)) }

// wrap returns err as an Error, or nil if err is nil.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	return &Error{err}
}

// A Conn is a connection. One goroutine uses it at a time.
type Conn struct{ conn *sqlite.Conn }

// Limit sets a limit of the connection, such as SQLITE_LIMIT_LENGTH.
func (c *Conn) Limit(id sqlite.Limit, value int32) { c.conn.Limit(id, value) }

// SetBusyTimeout sets how long statements wait for other connections. Without it, they
// do not wait.
func (c *Conn) SetBusyTimeout(d time.Duration) { c.conn.SetBusyTimeout(d) }

// Changes returns the number of rows that the last statement changed. If it failed
// because of a constraint, these are the rows that it left; after other errors the
// number is not reliable.
func (c *Conn) Changes() int { return c.conn.Changes() }

// InTransaction reports whether a transaction is open. SQLite ends it by itself after
// some errors, also of statements that read.
func (c *Conn) InTransaction() bool { return !c.conn.AutocommitEnabled() }

// CopyTo replaces the database that a URI names, whose file must exist, by a copy of
// this one. It copies the given number of pages at a time, and looks at ctx in between.
// After an error, which may be that another connection has a lock, the target is not
// usable.
func (c *Conn) CopyTo(ctx context.Context, uri string, pages int) (err error) {
	to, err := sqlite.OpenConn(uri, sqlite.OpenReadWrite, sqlite.OpenURI)
	if err != nil {
		return wrap(err)
	}
	defer func() { err = errors.Join(err, wrap(to.Close())) }()
	b, err := sqlite.NewBackup(to, "main", c.conn, "main")
	if err != nil {
		return wrap(err)
	}
	for more := true; more && err == nil; {
		if err = ctx.Err(); err == nil {
			more, err = b.Step(pages)
			err = wrap(err)
		}
	}
	return errors.Join(err, wrap(b.Close()))
}

// Close closes the connection.
func (c *Conn) Close() error { return wrap(c.conn.Close()) }

// Begin begins a transaction.
func (c *Conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx begins a transaction. It takes no options.
func (c *Conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options != (driver.TxOptions{}) {
		return nil, errors.New(
			"sqlite: begin: isolation levels and read-only transactions are not supported: pass no options")
	}
	_, err := c.ExecContext(ctx, "BEGIN", nil)
	return transaction{c}, err
}

type transaction struct{ c *Conn }

func (t transaction) Commit() error {
	_, err := t.c.ExecContext(context.Background(), "COMMIT", nil)
	return err
}

func (t transaction) Rollback() error {
	_, err := t.c.ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}

// Prepare prepares a statement.
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext prepares a statement. query has one statement.
func (c *Conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.prepare(ctx, query)
}

func (c *Conn) prepare(ctx context.Context, query string) (*stmt, error) {
	s, rest, err := c.prepareFirst(ctx, query)
	if err == nil && rest != "" {
		_ = s.Close()
		err = errors.New("sqlite: prepare: the text has several statements: prepare each by itself")
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// prepareFirst prepares the first statement of a text and returns the others.
func (c *Conn) prepareFirst(ctx context.Context, query string) (s *stmt, rest string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	inner, length, err := c.conn.PrepareTransient(query)
	if err != nil {
		return nil, "", wrap(err)
	}
	return &stmt{c: c, stmt: inner}, strings.Trim(query[len(query)-length:], "; \t\r\n"), nil
}

// ExecContext runs the statements of a text once. Several statements have no
// parameters.
func (c *Conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	for {
		s, rest, err := c.prepareFirst(ctx, query)
		if err != nil {
			return nil, err
		}
		result, err := s.ExecContext(ctx, args)
		_ = s.Close() // returns nil
		if err != nil || rest == "" {
			return result, err
		}
		query = rest
	}
}

// QueryContext runs a query once.
func (c *Conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	r, err := s.query(ctx, args)
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	r.once = true
	return r, nil
}

// interruptible makes the end of ctx interrupt the statements of the connection until
// stop is called. stop is nil if ctx cannot end.
func (c *Conn) interruptible(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return nil
	}
	c.conn.SetInterrupt(ctx.Done())
	return func() { c.conn.SetInterrupt(nil) }
}

// explain returns the error of a statement: that of ctx if its end interrupted the
// statement.
func explain(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt {
		return ctx.Err()
	}
	return wrap(err)
}

// bindError reports an argument that cannot be bound.
func bindError(i int, v any) error {
	return fmt.Errorf("sqlite: argument %d: unsupported type %T: want int64, float64, bool, string, []byte or nil", i, v)
}
