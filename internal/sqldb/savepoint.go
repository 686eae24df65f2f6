package sqldb

import (
	"context"
	"errors"
)

// Err returns the error that made the transaction unusable, or nil. A caller that
// handles errors of its statements must not commit if Err is not nil.
func (t *Tx) Err() error { return t.failed }

// Savepoint calls fn in a part of the transaction. If fn returns an error, what it
// did is undone, and the transaction goes on as if fn had not been called. If that
// is not possible, or if the error means that the transaction must run again,
// [Tx.Err] returns it from then on.
//
// fn may be called several times, like that of [DB.Update].
func (t *Tx) Savepoint(ctx context.Context, fn func(context.Context, *Tx) error) error {
	rowByRow, written := t.rowByRow, t.written
	defer func() { t.rowByRow = rowByRow }()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.control(ctx, "SAVEPOINT mlmd_part"); err != nil {
			return err
		}
		err := callRecover(ctx, t, fn)
		if err == nil {
			return t.control(ctx, "RELEASE SAVEPOINT mlmd_part")
		}
		if t.mustRunAgain(err) {
			t.failed = err
			return err
		}
		t.failed = nil
		failed := t.control(context.WithoutCancel(ctx), "ROLLBACK TO SAVEPOINT mlmd_part")
		if failed == nil { // a savepoint that is kept slows down all later statements
			failed = t.control(context.WithoutCancel(ctx), "RELEASE SAVEPOINT mlmd_part")
		}
		if failed != nil {
			if t.d.Class(failed) == Other { // the database ended the transaction because of err
				t.failed = err
			}
			return err
		}
		t.written = written
		var b *batchError
		if !errors.As(err, &b) {
			return err
		}
		t.rowByRow = append(t.rowByRow, b.rows)
	}
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
