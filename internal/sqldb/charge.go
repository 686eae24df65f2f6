package sqldb

import (
	"context"
	"database/sql/driver"

	"github.com/mlmd-go/sdk/internal/replymemory"
)

// columnCost is about how many bytes of memory one column of a row takes in a
// reply, beside its text. A node without properties takes 400 to 600 bytes.
const columnCost = 48

// charge makes the rows of a query count as memory of the request's reply, if ctx
// limits it. A text counts twice: in the message, and when that is encoded.
func charge(ctx context.Context, rows driver.Rows, err error) (driver.Rows, error) {
	if a := replymemory.FromContext(ctx); a != nil && err == nil {
		if c, ok := rows.(Cursor); ok {
			return &chargedCursor{rows, c, a, len(rows.Columns())}, nil
		}
		return &chargedRows{rows, a}, nil
	}
	return rows, err
}

type chargedRows struct {
	driver.Rows
	account *replymemory.Account
}

func (r *chargedRows) Next(values []driver.Value) error {
	if err := r.Rows.Next(values); err != nil {
		return err
	}
	n := columnCost * len(values)
	for _, v := range values {
		switch v := v.(type) {
		case string:
			n += 2 * len(v)
		case []byte:
			n += 2 * len(v)
		}
	}
	if err := r.account.Charge(int64(n)); err != nil {
		return &Error{OverMemory, err.Error()}
	}
	return nil
}

// chargedCursor are rows like chargedRows that are a cursor.
type chargedCursor struct {
	driver.Rows
	Cursor
	account *replymemory.Account
	columns int
}

func (r *chargedCursor) Step() (bool, error) {
	more, err := r.Cursor.Step()
	if err != nil || !more {
		return more, err
	}
	n := columnCost * r.columns
	for i := range r.columns {
		switch r.Kind(i) {
		case TextValue, BytesValue:
			n += 2 * r.Size(i)
		}
	}
	if err := r.account.Charge(int64(n)); err != nil {
		return false, &Error{OverMemory, err.Error()}
	}
	return true, nil
}
