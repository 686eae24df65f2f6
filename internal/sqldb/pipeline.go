package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
)

// On a server each statement waits for a round trip. A transaction therefore keeps
// back what has no result of interest, see [Tx.Send]: its BEGIN, and rows that
// nothing reads before the COMMIT. They go out with the next statement.
//
// Callers explain the error of a statement by what they were doing. So if a statement
// fails that was kept back, or if the transaction fails while some are, it runs again
// and keeps back nothing.

// A PipelineFunc runs statements on a driver's connection in one round trip, in order,
// until one fails. If rows is set, the last one is a query. It returns driver.ErrSkip,
// and does nothing, if it cannot run them so.
type PipelineFunc func(ctx context.Context, conn any, statements []PipelineStmt, rows bool) (PipelineResult, error)

// A PipelineStmt is a statement in the database's syntax, with converted arguments.
type PipelineStmt struct {
	Text string
	Args []driver.NamedValue
}

// A PipelineResult is the result of a [PipelineFunc].
type PipelineResult struct {
	// Done is how many statements succeeded, if there is an error; -1 if that is not
	// known, and all may have been sent.
	Done   int
	Rows   driver.Rows   // of the last statement
	Result driver.Result // of the last statement
}

// keptBack is a statement that was not sent yet.
type keptBack struct {
	stmt    string
	args    []any
	control bool // begins a transaction or a part of it
}

// maxKeptBack limits the statements that a transaction keeps back.
const maxKeptBack = 32

// lateError reports that a statement failed that was kept back, or that others were
// kept back when the transaction failed. The transaction runs again, see [Tx.Send].
type lateError struct{ err error }

func (e *lateError) Error() string { return e.err.Error() }

// Send runs a statement that returns no rows and whose result is of no interest. On a
// server it may run later, but before the next statement of [Tx.Exec] or [Tx.Query]
// and before the COMMIT. So a nil error does not mean that it succeeded: if it fails
// later, the function of the transaction or savepoint runs again, and Send then runs
// each statement at once. args belong to the transaction from then on.
func (t *Tx) Send(ctx context.Context, stmt string, args ...any) error {
	if t.d.Pipeline == nil || t.oneByOne {
		_, err := t.Exec(ctx, stmt, args...)
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	if len(t.unsent) >= maxKeptBack {
		if err := t.flush(ctx); err != nil {
			return err
		}
	}
	t.unsent = append(t.unsent, keptBack{stmt: stmt, args: args})
	return nil
}

// SendAtOnce makes [Tx.Send] run statements at once, for a function that cannot run
// again.
func (t *Tx) SendAtOnce() { t.oneByOne = true }

// sendControl is Send for a statement that cannot fail by itself.
func (t *Tx) sendControl(ctx context.Context, stmt string) error {
	if t.d.Pipeline == nil {
		return t.control(ctx, stmt)
	}
	if t.failed != nil {
		return t.failed
	}
	t.unsent = append(t.unsent, keptBack{stmt: stmt, control: true})
	return nil
}

// flush runs the statements that were kept back.
func (t *Tx) flush(ctx context.Context) error {
	n := len(t.unsent)
	if n == 0 || t.failed != nil {
		return t.failed
	}
	last := t.unsent[n-1]
	t.unsent, t.begun = t.unsent[:n-1], true
	_, err := t.Exec(ctx, last.stmt, last.args...)
	if !last.control {
		err = t.late(err)
	}
	t.failed = err
	return err
}

// late returns the error to fail with after err, for which a statement may be to blame
// that was kept back.
func (t *Tx) late(err error) error {
	if err == nil || t.mustRunAgain(err) || errors.As(err, new(*lateError)) {
		return err
	}
	return &lateError{err}
}

// lateIfUnsent is [Tx.late] for the error of a function, if a statement that may fail
// was not sent yet.
func (t *Tx) lateIfUnsent(ctx context.Context, err error) error {
	if ctx.Err() != nil || !keepsData(t.unsent) {
		return err
	}
	return t.late(err)
}

// keepsData reports whether a statement that may fail was not sent yet.
func keepsData(unsent []keptBack) bool {
	for _, k := range unsent {
		if !k.control {
			return true
		}
	}
	return false
}

// controls removes the other statements.
func controls(unsent []keptBack) []keptBack {
	return slices.DeleteFunc(unsent, func(k keptBack) bool { return !k.control })
}

// pipeline runs a statement after those that were kept back.
func (t *Tx) pipeline(ctx context.Context, stmt string, args []any, rows bool) (PipelineResult, error) {
	unsent := t.unsent
	t.unsent, t.begun = nil, true
	all := append(unsent, keptBack{stmt: stmt, args: args})
	statements := make([]PipelineStmt, len(all))
	watched := make([]running, len(all))
	for i, k := range all {
		values, err := t.namedValues(k.args)
		if err != nil {
			return PipelineResult{}, t.lateUnless(i == len(unsent), unsent, err)
		}
		watched[i] = t.observe(ctx, k.stmt, k.args)
		text, err := t.pipelineText(ctx, k.stmt)
		if err != nil {
			return PipelineResult{}, err
		}
		statements[i] = PipelineStmt{text, values}
	}
	if rows {
		trace(ctx, statements[len(unsent)].Text, args)
	}
	result, err := t.d.Pipeline(ctx, t.driver, statements, rows)
	if errors.Is(err, driver.ErrSkip) {
		return t.oneAfterTheOther(ctx, all, rows)
	}
	t.counters.statements.Add(int64(len(all)))
	err = driverErr(err)
	last := len(unsent)
	for i := range unsent {
		if err == nil || i <= result.Done {
			watched[i].exec(driver.ResultNoRows, failedAt(err, result.Done, i))
		}
	}
	if rows {
		result.Rows, err = watched[last].query(result.Rows, err)
		result.Rows, err = charge(ctx, result.Rows, err)
	} else {
		result.Result, err = watched[last].exec(result.Result, err)
	}
	// If it is not known which statement failed, a COMMIT may have taken effect.
	own := result.Done == last || result.Done < 0 && stmt == commitStmt
	return result, t.lateUnless(own, unsent, err)
}

// pipelineText returns the text of a statement, without preparing it.
func (c *Conn) pipelineText(ctx context.Context, stmt string) (string, error) {
	if c.d.Prepare {
		c.counters.uncached.Add(1)
		return c.textOf(stmt), nil
	}
	k, err := c.prepare(ctx, stmt)
	if err != nil {
		return "", err
	}
	return k.text, nil
}

// failedAt returns err if statement i failed with it, after done statements succeeded.
func failedAt(err error, done, i int) error {
	if i == done {
		return err
	}
	return nil
}

// lateUnless returns err unchanged if the statement that was not kept back caused it,
// which own reports, or if nothing else could have.
func (t *Tx) lateUnless(own bool, unsent []keptBack, err error) error {
	if own || !keepsData(unsent) {
		return err
	}
	return t.late(err)
}

// oneAfterTheOther is pipeline for statements that cannot be sent together.
func (t *Tx) oneAfterTheOther(ctx context.Context, all []keptBack, rows bool) (result PipelineResult, err error) {
	last := len(all) - 1
	for i, k := range all[:last] {
		result.Done = i
		if _, err := t.Conn.exec(ctx, k.stmt, k.args...); err != nil {
			return result, t.lateUnless(k.control, all[:last], err)
		}
	}
	result.Done = last
	if rows {
		result.Rows, err = t.Conn.Query(ctx, all[last].stmt, all[last].args...)
	} else {
		result.Result, err = t.Conn.exec(ctx, all[last].stmt, all[last].args...)
	}
	return result, err
}
