package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"time"
)

// A Statement is a statement that has run.
type Statement struct {
	System    string // the name of the database system, see [Dialect]
	Operation string // SELECT, INSERT, UPDATE, DELETE, BEGIN, COMMIT, …
	Text      string // without the values of its parameters
	Start     time.Time
	Duration  time.Duration // until its last row was read
	Rows      int64         // that were read or changed
	Err       error         // nil if it succeeded
}

// An observer is told of each statement. A nil observer is told of none.
type observer struct {
	funcs []func(context.Context, Statement)
	slow  *slowLog // nil for none
}

// newObserver returns nil if c asks for nothing.
func newObserver(c Config, db *DB) *observer {
	if len(c.Observers) == 0 && c.SlowTime <= 0 {
		return nil
	}
	o := &observer{funcs: c.Observers}
	if c.SlowTime > 0 {
		o.slow = newSlowLog(db, c.SlowTime)
	}
	return o
}

// wait returns when all slow statements are logged.
func (o *observer) wait() {
	if o != nil && o.slow != nil {
		o.slow.pending.Wait()
	}
}

// A running is a statement that an observer will be told of. The zero value has no
// observer.
type running struct {
	*observer
	ctx  context.Context
	d    *Dialect
	text string
	args []any
	at   time.Time
}

// observe begins a statement. It is cheap without an observer.
func (c *Conn) observe(ctx context.Context, stmt string, args []any) running {
	if c.observer == nil {
		return running{}
	}
	return running{c.observer, ctx, c.d, c.textOf(stmt), args, time.Now()}
}

// textOf returns a statement in the database's syntax.
func (c *Conn) textOf(stmt string) string {
	if k, ok := c.stmts[stmt]; ok {
		return k.text
	}
	return c.d.rebind(stmt)
}

// done tells the observers that the statement has ended.
func (r *running) done(rows int64, err error) {
	s := Statement{
		System: r.d.System, Operation: operation(r.text), Text: r.text,
		Start: r.at, Duration: time.Since(r.at), Rows: rows, Err: err,
	}
	for _, f := range r.funcs {
		f(r.ctx, s)
	}
	if r.slow != nil && s.Duration >= r.slow.min {
		r.slow.report(r.ctx, s, r.args)
	}
}

// query returns what a query returned. The statement ends when the rows are
// closed.
func (r running) query(rows driver.Rows, err error) (driver.Rows, error) {
	switch {
	case r.observer == nil:
		return rows, err
	case err != nil:
		r.done(0, err)
		return nil, err
	}
	o := &observedRows{Rows: rows, running: r}
	if c, ok := rows.(Cursor); ok {
		return &observedCursor{o, c}, nil
	}
	return o, nil
}

// exec returns what a statement that changes the database returned.
func (r running) exec(result driver.Result, err error) (driver.Result, error) {
	if r.observer == nil {
		return result, err
	}
	n := int64(0)
	if err == nil && changesRows(operation(r.text)) {
		n, _ = result.RowsAffected() // a driver that does not know it returns an error
	}
	r.done(n, err)
	return result, err
}

// observedRows count themselves.
type observedRows struct {
	driver.Rows
	running running
	n       int64
	err     error
	closed  bool
}

func (r *observedRows) Next(values []driver.Value) error {
	err := r.Rows.Next(values)
	switch {
	case err == nil:
		r.n++
	case !errors.Is(err, io.EOF):
		r.err = err
	}
	return err
}

func (r *observedRows) Close() error {
	err := r.Rows.Close()
	if !r.closed {
		r.closed = true
		r.running.done(r.n, errors.Join(r.err, err))
	}
	return err
}

// observedCursor are rows like observedRows that are a cursor.
type observedCursor struct {
	*observedRows
	Cursor
}

func (r *observedCursor) Step() (bool, error) {
	more, err := r.Cursor.Step()
	if more {
		r.n++
	}
	if err != nil {
		r.err = err
	}
	return more, err
}

// operations are those of statements that begin with another word.
var operations = map[string]string{"WITH": "SELECT", "START": "BEGIN"}

// operation returns the kind of a statement: its first word, in upper case.
func operation(text string) string {
	text = strings.TrimLeft(text, " \t\r\n(")
	if i := strings.IndexAny(text, " \t\r\n("); i >= 0 {
		text = text[:i]
	}
	text = strings.ToUpper(text)
	if other, ok := operations[text]; ok {
		return other
	}
	return text
}

// changesRows reports whether statements of the kind change rows.
func changesRows(operation string) bool {
	switch operation {
	case "INSERT", "UPDATE", "DELETE":
		return true
	}
	return false
}
