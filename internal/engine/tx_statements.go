package engine

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

func (t *tx) query(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	rows, err := t.Conn.query(ctx, stmt, args...)
	t.failed = err
	return t.watched(rows), err
}

func (t *tx) queryOnce(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	rows, err := t.Conn.queryOnce(ctx, stmt, args...)
	t.failed = err
	return t.watched(rows), err
}

func (t *tx) exec(ctx context.Context, stmt string, args ...any) (driver.Result, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	result, err := t.Conn.exec(ctx, stmt, args...)
	t.failed = err
	return result, err
}

// watched are rows that tell the transaction of an error that comes between
// them, as that of a lock does.
func (t *tx) watched(rows driver.Rows) driver.Rows {
	if rows == nil || t.d.Short {
		return rows
	}
	return &watchedRows{rows, t}
}

type watchedRows struct {
	driver.Rows
	t *tx
}

func (r *watchedRows) Next(values []driver.Value) error {
	err := r.Rows.Next(values)
	if err != nil && !errors.Is(err, io.EOF) {
		r.t.failed = ofDriver(err)
	}
	return err
}
