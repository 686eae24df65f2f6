package sqldb

// batchSize is the maximum number of rows per batch.
const batchSize = 128

// rowRange is the range [first, last) of the rows that a transaction writes in
// batches.
type rowRange struct{ first, last int }

// rowRanges are the rows that a transaction writes one at a time, because a
// batch with them failed. Writing them singly finds the row that is at fault,
// whose error is returned. Rows before them go in batches again, so a failure
// costs one more run of the transaction, not one per row.
type rowRanges []rowRange

// batchError reports that a batch failed. The transaction runs again with these
// rows one at a time.
type batchError struct {
	rows rowRange
	err  error
}

func (b *batchError) Error() string { return b.err.Error() }

// NextBatch returns how many of the next n rows to write together.
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

// RetryRowByRow returns the error to fail with after a batch of n rows failed
// with err. If one of the rows may be at fault, the transaction runs again with
// these rows one at a time.
func (t *Tx) RetryRowByRow(n int, err error) error {
	switch t.d.Class(err) {
	case UniqueViolation, TooLong, OutOfRange, InvalidText, TooLarge:
		return &batchError{rows: rowRange{t.written, t.written + n}, err: err}
	}
	return err
}
