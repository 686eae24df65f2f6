package sqldb

// batchSize is how many rows are written by the same statements.
const batchSize = 128

// A rowRange is some of the rows that a request writes in batches: those from
// the first up to the last, counted from 0, without the last.
type rowRange struct{ first, last int }

// rowRanges are the rows that a request writes one at a time, since a batch with
// them has failed: that shows which row is at fault, and it alone decides the
// answer. As the rows before them go in batches again, a failure costs one more
// run of the transaction and not one for each row.
type rowRanges []rowRange

// A batchError says that a batch of several rows failed. The transaction is then
// run again with those rows one by one.
type batchError struct {
	rows rowRange
	err  error
}

func (b *batchError) Error() string { return b.err.Error() }

// NextBatch returns how many of the next n rows are to be written together.
func (t *Tx) NextBatch(n int) int {
	size := min(n, batchSize)
	for _, r := range t.rowByRow {
		switch {
		case t.written >= r.last:
		case t.written >= r.first:
			return 1
		default:
			size = min(size, r.first-t.written)
		}
	}
	return size
}

// RetryRowByRow makes err, which a batch of the next n rows had, the reason to look for
// the row that is at fault. Errors that say so already, or that come from
// elsewhere than the rows, stay as they are.
func (t *Tx) RetryRowByRow(n int, err error) error {
	switch t.d.Class(err) {
	case UniqueViolation, TooLong, OutOfRange, InvalidText, TooLarge:
		return &batchError{rows: rowRange{t.written, t.written + n}, err: err}
	}
	return err
}
