package sqldb

import (
	"context"
	"errors"
	"strconv"
)

// Err returns the error that made the transaction unusable, or nil. A caller that
// handles errors of its statements must not commit if Err is not nil.
func (t *Tx) Err() error { return t.failed }

// Savepoint calls fn in a part of the transaction. If fn returns an error, what it
// did is undone, and the transaction goes on as if fn had not been called. If that
// is not possible, or if the error means that the transaction must run again,
// [Tx.Err] returns it from then on.
//
// fn may be called several times, like that of [DB.Update]. Nothing may be kept back by
// [Tx.Send] when Savepoint is called: it would be lost if fn fails.
func (t *Tx) Savepoint(ctx context.Context, fn func(context.Context, *Tx) error) error {
	rowByRow, oneByOne, written := t.rowByRow, t.oneByOne, t.written
	defer func() { t.rowByRow, t.oneByOne = rowByRow, oneByOne }()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.sendControl(ctx, "SAVEPOINT mlmd_part"); err != nil {
			return err
		}
		err := callRecover(ctx, t, fn)
		if err == nil {
			err = t.control(ctx, "RELEASE SAVEPOINT mlmd_part")
			if !errors.As(err, new(*lateError)) {
				return err
			}
		}
		if t.mustRunAgain(err) {
			t.failed = err
			return err
		}
		err = t.lateIfUnsent(ctx, err)
		t.failed, t.unsent = nil, controls(t.unsent)
		if !t.undoTo(ctx, "mlmd_part", err) {
			return err
		}
		t.written = written
		var b *batchError
		switch {
		case errors.As(err, new(*lateError)):
			t.oneByOne = true
		case errors.As(err, &b):
			t.rowByRow = append(t.rowByRow, b.rows)
		default:
			return err
		}
	}
}

// Nested calls fn, which changes the database by [Tx.Savepoint] and Nested only. If fn
// returns an error, what all of them did is undone, and the transaction goes on as if
// fn had not been called. If that is not possible, [Tx.Err] returns the error from
// then on.
func (t *Tx) Nested(ctx context.Context, fn func(context.Context) error) error {
	written := t.written
	t.nested++
	defer func() { t.nested-- }()
	name := "mlmd_nested_" + strconv.Itoa(t.nested)
	if err := t.sendControl(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	err := fn(ctx)
	switch {
	case t.failed != nil:
		return t.failed
	case err == nil:
		return t.control(ctx, "RELEASE SAVEPOINT "+name)
	}
	if t.undoTo(ctx, name, err) {
		t.written = written
	}
	return err
}

// undoTo undoes what followed a savepoint, because of err, and forgets it. It returns
// false, and the transaction is unusable, if that fails.
func (t *Tx) undoTo(ctx context.Context, savepoint string, err error) bool {
	failed := t.control(context.WithoutCancel(ctx), "ROLLBACK TO SAVEPOINT "+savepoint)
	if failed == nil { // a savepoint that is kept slows down all later statements
		failed = t.control(context.WithoutCancel(ctx), "RELEASE SAVEPOINT "+savepoint)
	}
	if failed != nil && t.d.Class(failed) == Other { // the database ended the transaction because of err
		t.failed = err
	}
	return failed == nil
}

// control runs a statement about a savepoint. If statements run in this process,
// the end of ctx does not fail it, because that would fail the whole transaction.
func (t *Tx) control(ctx context.Context, stmt string) error {
	if t.d.InProcess {
		ctx = context.WithoutCancel(ctx)
	}
	_, err := t.Exec(ctx, stmt)
	return err
}

// mustRunAgain reports whether err concerns the whole transaction.
func (t *Tx) mustRunAgain(err error) bool {
	if errors.As(err, new(*RaceError)) {
		return true
	}
	switch t.d.Class(err) {
	case TxConflict, NotReady, Starting, TooManyConns, ConnLost, FileMoved, ReadOnly, StmtLost, Unavailable:
		return true
	}
	return false
}
