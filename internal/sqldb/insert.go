package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// InsertStmt is an INSERT into one table.
type InsertStmt struct {
	Table   string
	Columns []string
}

// insertSizes are the numbers of rows of one INSERT, besides all numbers up to
// the smallest. They are few because each makes a statement to cache.
var insertSizes = [...]int{128, 64, 32, 16}

// nextRows returns how many of n rows the next statement inserts.
func (i InsertStmt) nextRows(n, maxParams int) int {
	for _, size := range insertSizes {
		if n >= size && size*len(i.Columns) <= maxParams {
			return size
		}
	}
	return min(n, insertSizes[len(insertSizes)-1])
}

func (i InsertStmt) text(into string, rows int, after string) string {
	row := "(" + Placeholders("?", len(i.Columns)) + ")"
	var b strings.Builder
	b.Grow(100 + 20*len(i.Columns) + rows*(len(row)+2))
	b.WriteString(into + " " + i.Table)
	before := " ("
	for _, column := range i.Columns {
		b.WriteString(before)
		b.WriteString(column)
		before = ", "
	}
	before = ") VALUES "
	for range rows {
		b.WriteString(before)
		b.WriteString(row)
		before = ", "
	}
	b.WriteString(after)
	return b.String()
}

// Insert inserts rows, as [Tx.Send] does. args are their values, row by row; they belong
// to the transaction from then on.
func (t *Tx) Insert(ctx context.Context, i InsertStmt, args []any) error {
	return t.insertAs(ctx, i, t.d.insert(), "", args)
}

// InsertMissing is like Insert but skips rows that exist.
func (t *Tx) InsertMissing(ctx context.Context, i InsertStmt, args []any) error {
	return t.insertAs(ctx, i, t.d.InsertIgnore, t.d.OnConflictNothing, args)
}

func (t *Tx) insertAs(ctx context.Context, i InsertStmt, into, after string, args []any) error {
	width := len(i.Columns)
	for len(args) > 0 {
		n := i.nextRows(len(args)/width, t.d.MaxParams)
		if err := t.CheckTruncation(i.Columns, args[:n*width]...); err != nil {
			return err
		}
		if err := t.Send(ctx, i.text(into, n, after), args[:n*width]...); err != nil {
			return err
		}
		args = args[n*width:]
	}
	return nil
}

// InsertIDs inserts rows into a table that assigns IDs, and returns the IDs in
// the order of the rows.
func (t *Tx) InsertIDs(ctx context.Context, i InsertStmt, args []any) ([]int64, error) {
	width := len(i.Columns)
	ids := make([]int64, 0, len(args)/width)
	for len(args) > 0 {
		n := i.nextRows(len(args)/width, t.d.MaxParams)
		added, err := t.insertChunk(ctx, i, n, args[:n*width])
		if err != nil {
			return nil, err
		}
		ids = append(ids, added...)
		args = args[n*width:]
	}
	return ids, nil
}

// insertChunk runs one statement of InsertIDs.
func (t *Tx) insertChunk(ctx context.Context, i InsertStmt, n int, args []any) ([]int64, error) {
	if err := t.CheckTruncation(i.Columns, args...); err != nil {
		return nil, err
	}
	if t.d.InsertIDs == IDsReturned {
		ids := make([]int64, 0, n)
		rows, err := t.Query(ctx, i.text(t.d.insert(), n, " RETURNING id"), args...)
		err = Each(rows, err, 1, func(r *Row) error {
			ids = append(ids, r.Int(0))
			return nil
		})
		if err == nil && len(ids) != n {
			err = &Error{Unusable, fmt.Sprintf("inserted %d of %d rows into %s: a trigger or rule of the database drops rows",
				len(ids), n, i.Table)}
		}
		slices.Sort(ids)
		return ids, err
	}
	spread := t.d.InsertIDs == IDsStartAtLast && n > 1
	if spread {
		// In a cluster it is the number of nodes, so it may change at any time.
		if err := t.sendControl(ctx, "SET @mlmd_step = @@auto_increment_increment"); err != nil {
			return nil, err
		}
	}
	result, err := t.Exec(ctx, i.text(t.d.insert(), n, ""), args...)
	if err != nil {
		return nil, err
	}
	last, err := result.LastInsertId()
	if err != nil {
		return nil, err
	}
	if spread {
		return t.idsFromFirst(ctx, i.Table, last, n)
	}
	ids := make([]int64, n)
	for j := range ids {
		ids[j] = last - int64(n-1-j)
	}
	return ids, nil
}

// idsFromFirst returns the IDs of n rows of one INSERT, given the first. They are
// @mlmd_step apart, provided that the distance did not change since before the INSERT.
// If it did, or if the rows are not found, the cluster has just changed and the
// transaction must run again.
func (t *Tx) idsFromFirst(ctx context.Context, table string, first int64, n int) ([]int64, error) {
	var step, now, found int64
	rows, err := t.Query(ctx, "SELECT CAST(@mlmd_step AS SIGNED), CAST(@@auto_increment_increment AS SIGNED), COUNT(*)"+
		" FROM "+table+" WHERE id >= ? AND id <= ? + ? * @mlmd_step AND (id - ?) % @mlmd_step = 0",
		first, first, n-1, first)
	err = Each(rows, err, 3, func(r *Row) error {
		step, now, found = r.Int(0), r.Int(1), r.Int(2)
		return nil
	})
	if err == nil && (step != now || found != int64(n)) {
		err = errUnknownIDs
	}
	ids := make([]int64, n)
	for j := range ids {
		ids[j] = first + int64(j)*step
	}
	return ids, err
}

// CheckTruncation returns an error if the database would silently strip
// trailing spaces from one of values. values are those of the columns, row by
// row.
func (t *Tx) CheckTruncation(columns []string, values ...any) error {
	if t.d.TrimsTrailingSpaces == nil {
		return nil
	}
	for j, v := range values {
		text, ok := v.(string)
		if ok && strings.HasSuffix(text, " ") && t.d.TrimsTrailingSpaces(columns[j%len(columns)], text) {
			return errTrailingSpaces
		}
	}
	return nil
}
