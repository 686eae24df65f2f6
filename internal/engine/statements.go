package engine

import (
	"context"
	"math"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
)

// most is how many ids or texts one statement looks for; longer lists take
// several.
const most = 1000

// A selection says which rows are meant: a text that follows the name of their
// id column, and its parameters.
type selection struct {
	text string
	args []any
}

// oneID selects one row.
func oneID(id int64) selection { return selection{"= ?", []any{id}} }

// within selects the rows whose id a query answers.
func within(query string, args ...any) selection {
	return selection{"IN (" + query + ")", args}
}

// byIDs selects the rows with these ids, of which there are at least one and
// at most [most].
func (d *Dialect) byIDs(ids []int64) selection {
	if len(ids) == 1 {
		return oneID(ids[0])
	}
	if d.Array != nil {
		return selection{d.ArrayIn, []any{d.Array(ids)}}
	}
	n := roundUp(len(ids))
	args := make([]any, n)
	for i := range args {
		args[i] = ids[min(i, len(ids)-1)]
	}
	return selection{"IN (" + params("?", n) + ")", args}
}

// oneOf is the text that follows a text column to find one of the texts, of
// which there are at least one and at most [most].
func oneOf(texts []string) selection {
	n := roundUp(len(texts))
	args := make([]any, n)
	for i := range args {
		args[i] = texts[min(i, len(texts)-1)]
	}
	if n == 1 {
		return selection{"= ?$", args}
	}
	return selection{"IN (" + params("?$", n) + ")", args}
}

// roundUp keeps the number of different statements small: a list is filled up
// with its last element.
func roundUp(n int) int {
	if n <= 4 {
		return n
	}
	size := 8
	for size < n {
		size *= 2
	}
	return size
}

// params are n parameters, or n rows of them, with commas between.
func params(one string, n int) string {
	if n == 1 {
		return one
	}
	return strings.Repeat(one+", ", n-1) + one
}

// chunks calls use for each part of list that one statement can take.
func chunks[E any](list []E, use func([]E) error) error {
	for part := range slices.Chunk(list, most) {
		if err := use(part); err != nil {
			return err
		}
	}
	return nil
}

// possible leaves out the ids that no row can have: a parameter for a column of
// 32 bits must not be larger. It sorts, and drops duplicates.
func (d *Dialect) possible(ids []int64) []int64 {
	if len(ids) == 1 && d.couldBe(ids[0]) {
		return ids
	}
	kept := make([]int64, 0, len(ids))
	for _, id := range ids {
		if d.couldBe(id) {
			kept = append(kept, id)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

func (d *Dialect) couldBe(id int64) bool {
	return id > 0 && (!d.Int32 || id <= math.MaxInt32)
}

// An insertion is an INSERT of any number of rows into one table.
type insertion struct {
	table   string
	columns []string
}

// rowsAtOnce are the numbers of rows that one INSERT may have, apart from all
// up to the smallest: few, since each is a statement to be kept.
var rowsAtOnce = [...]int{128, 64, 32, 16}

// next is how many of n rows the next statement takes.
func (i insertion) next(n, maxParams int) int {
	for _, size := range rowsAtOnce {
		if n >= size && size*len(i.columns) <= maxParams {
			return size
		}
	}
	return min(n, rowsAtOnce[len(rowsAtOnce)-1])
}

func (i insertion) text(into string, rows int, after string) string {
	row := "(" + params("?", len(i.columns)) + ")"
	return into + " " + i.table + " (" + strings.Join(i.columns, ", ") + ") VALUES " + params(row, rows) + after
}

// insert adds rows, whose values follow one another in args.
func (t *tx) insert(ctx context.Context, i insertion, args []any) error {
	return t.insertAs(ctx, i, "INSERT INTO", "", args)
}

// insertMissing adds the rows that are not there yet.
func (t *tx) insertMissing(ctx context.Context, i insertion, args []any) error {
	return t.insertAs(ctx, i, t.d.InsertIgnore, t.d.OnConflictNothing, args)
}

func (t *tx) insertAs(ctx context.Context, i insertion, into, after string, args []any) error {
	width := len(i.columns)
	for len(args) > 0 {
		n := i.next(len(args)/width, t.d.MaxParams)
		if err := t.whole(i.columns, args[:n*width]...); err != nil {
			return err
		}
		if _, err := t.exec(ctx, i.text(into, n, after), args[:n*width]...); err != nil {
			return err
		}
		args = args[n*width:]
	}
	return nil
}

// insertIDs adds rows to a table that numbers them, and returns their ids in
// order.
func (t *tx) insertIDs(ctx context.Context, i insertion, args []any) ([]int64, error) {
	width := len(i.columns)
	ids := make([]int64, 0, len(args)/width)
	for len(args) > 0 {
		n := i.next(len(args)/width, t.d.MaxParams)
		added, err := t.insertSome(ctx, i, n, args[:n*width])
		if err != nil {
			return nil, err
		}
		ids = append(ids, added...)
		args = args[n*width:]
	}
	return ids, nil
}

// insertSome is one statement of insertIDs.
func (t *tx) insertSome(ctx context.Context, i insertion, n int, args []any) ([]int64, error) {
	if err := t.whole(i.columns, args...); err != nil {
		return nil, err
	}
	if t.d.IDs == IDsReturned {
		ids := make([]int64, 0, n)
		rows, err := t.query(ctx, i.text("INSERT INTO", n, " RETURNING id"), args...)
		err = each(rows, err, 1, func(r *row) error {
			ids = append(ids, r.int(0))
			return nil
		})
		if err == nil && len(ids) != n {
			err = fail(codes.FailedPrecondition, "the database inserted %d rows of %d into %s: it has a trigger or rule there that leaves rows out",
				len(ids), n, i.table)
		}
		slices.Sort(ids)
		return ids, err
	}
	spread := t.d.IDs == IDsStartAtLast && n > 1
	if spread && t.step == 0 {
		if err := t.readStep(ctx); err != nil {
			return nil, err
		}
	}
	result, err := t.exec(ctx, i.text("INSERT INTO", n, ""), args...)
	if err != nil {
		return nil, err
	}
	last, err := result.LastInsertId()
	if err != nil {
		return nil, err
	}
	if spread {
		return t.idsFrom(ctx, i.table, last, n)
	}
	ids := make([]int64, n)
	for j := range ids {
		ids[j] = last - int64(n-1-j)
	}
	return ids, nil
}

// readStep reads what the database puts between the ids of one INSERT. In a
// cluster it is the number of nodes, and changes with it between two statements.
func (t *tx) readStep(ctx context.Context) error {
	rows, err := t.query(ctx, "SELECT CAST(@@auto_increment_increment AS SIGNED)")
	return each(rows, err, 1, func(r *row) error {
		t.step = r.int(0)
		return nil
	})
}

// idsFrom are the ids of n rows that were inserted at once, of which the first
// is known: they follow in steps. The step is the one that was read before the
// INSERT, if it is the same now. If it is another, or if the rows are not there,
// then the cluster has just changed, and the transaction is run again.
func (t *tx) idsFrom(ctx context.Context, table string, first int64, n int) ([]int64, error) {
	ids := make([]int64, n)
	for j := range ids {
		ids[j] = first + int64(j)*t.step
	}
	var step, found int64
	rows, err := t.query(ctx, "SELECT CAST(@@auto_increment_increment AS SIGNED), COUNT(*) FROM "+table+
		" WHERE id >= ? AND id <= ? AND (id - ?) % ? = 0", first, ids[n-1], first, t.step)
	err = each(rows, err, 2, func(r *row) error {
		step, found = r.int(0), r.int(1)
		return nil
	})
	if err == nil && (step != t.step || found != int64(n)) {
		err = errIDsLost
	}
	return ids, err
}

// whole refuses text of which the database would store less than it is given.
// The values are those of the columns, any number of rows one after the other.
func (t *tx) whole(columns []string, values ...any) error {
	if t.d.Cuts == nil {
		return nil
	}
	for j, v := range values {
		text, ok := v.(string)
		if ok && strings.HasSuffix(text, " ") && t.d.Cuts(columns[j%len(columns)], text) {
			return errBlanksCut
		}
	}
	return nil
}
