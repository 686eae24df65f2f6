package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// What a transaction runs, it runs through the methods below: after a statement
// that failed they run no other. A server may have ended the transaction with
// the error, as MySQL does for a deadlock; then the next statement would take
// effect outside of it, and stay.

func (t *Tx) Query(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	rows, err := t.Conn.Query(ctx, stmt, args...)
	t.failed = err
	return t.watch(rows), err
}

func (t *Tx) QueryUncached(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	rows, err := t.Conn.QueryUncached(ctx, stmt, args...)
	t.failed = err
	return t.watch(rows), err
}

func (t *Tx) Exec(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	result, err := t.Conn.exec(ctx, stmt, args...)
	t.failed = err
	return result, err
}

// watch are rows that tell the transaction of an error that comes between
// them, as that of a lock does.
func (t *Tx) watch(rows driver.Rows) driver.Rows {
	if rows == nil || t.d.InProcess {
		return rows
	}
	return &txRows{rows, t}
}

type txRows struct {
	driver.Rows
	t *Tx
}

func (r *txRows) Next(values []driver.Value) error {
	err := r.Rows.Next(values)
	if err != nil && !errors.Is(err, io.EOF) {
		r.t.failed = driverErr(err)
	}
	return err
}
