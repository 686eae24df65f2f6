package sqldb

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/mlmd-go/sdk/internal/textutil"
)

// Row is a row of a result. Its values are int64, float64, bool, string, []byte
// or nil. It is valid until the next row is read.
//
// A column may hold another type than the schema says: SQLite lets any program
// store text in a column of numbers. The methods return zero for such a value
// and record an error, which [Each] returns unless [Row.TakeErr] was called.
type Row struct {
	values []driver.Value
	cursor Cursor // has the values instead; may be nil
	buffer []byte
	err    error
}

// Each calls use for each row of a result with n columns and closes the result.
func Each(rows driver.Rows, err error, n int, use func(*Row) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	r := &Row{}
	var isCursor bool
	if r.cursor, isCursor = rows.(Cursor); !isCursor {
		r.values = make([]driver.Value, n)
	}
	for {
		more, err := r.next(rows)
		if err != nil {
			if errors.As(err, new(*Error)) {
				return err
			}
			return driverErr(err)
		}
		if !more {
			return nil
		}
		if err := use(r); err != nil {
			return err
		}
		if err := r.TakeErr(); err != nil {
			return err
		}
	}
}

// next moves to the next row.
func (r *Row) next(rows driver.Rows) (bool, error) {
	if r.cursor != nil {
		return r.cursor.Step()
	}
	err := rows.Next(r.values)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// value returns the value of column i.
func (r *Row) value(i int) driver.Value {
	if r.cursor != nil {
		return r.cursor.Value(i)
	}
	return r.values[i]
}

// Err returns the error of the first value that could not be read since TakeErr
// was called last.
func (r *Row) Err() error { return r.err }

// TakeErr is like Err and clears the error.
func (r *Row) TakeErr() error {
	err := r.err
	r.err = nil
	return err
}

func (r *Row) fail(i int, what string) {
	if r.err == nil {
		v := r.value(i)
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		text := textutil.Truncate(fmt.Sprintf("%#v", v), 100)
		r.err = &Error{Damaged, fmt.Sprintf("a stored value cannot be read: %s is not %s", text, what)}
	}
}

// Null reports whether column i is NULL.
func (r *Row) Null(i int) bool {
	if r.cursor != nil {
		return r.cursor.Kind(i) == NullValue
	}
	return r.values[i] == nil
}

// Int returns column i as an integer, 0 for NULL.
func (r *Row) Int(i int) int64 {
	if r.cursor != nil && r.cursor.Kind(i) == IntValue {
		return r.cursor.Int(i)
	}
	var n int64
	var err error
	switch v := r.value(i).(type) {
	case nil:
		return 0
	case int64:
		return v
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		if v == math.Trunc(v) && -(1<<63) <= v && v < 1<<63 {
			return int64(v)
		}
		err = strconv.ErrRange
	case string:
		n, err = strconv.ParseInt(v, 10, 64)
	case []byte:
		n, err = strconv.ParseInt(string(v), 10, 64)
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		r.fail(i, "an integer")
		return 0
	}
	return n
}

// IntOK returns column i as [Row.Int] does, or false for NULL.
func (r *Row) IntOK(i int) (n int64, ok bool) {
	switch r.kind(i) {
	case NullValue:
		return 0, false
	case IntValue:
		return r.cursor.Int(i), true
	}
	return r.Int(i), true
}

// FloatOK returns column i as [Row.Float] does, or false for NULL.
func (r *Row) FloatOK(i int) (f float64, ok bool) {
	switch r.kind(i) {
	case NullValue:
		return 0, false
	case FloatValue:
		return r.cursor.Float(i), true
	}
	return r.Float(i), true
}

// TextOK returns column i as [Row.Text] does, or false for NULL.
func (r *Row) TextOK(i int) (text string, ok bool) {
	switch r.kind(i) {
	case NullValue:
		return "", false
	case TextValue:
		return r.cursor.Text(i), true
	}
	return r.Text(i), true
}

// kind returns the kind of a value if the row has a cursor. Without one, it only reports
// whether the value is NULL.
func (r *Row) kind(i int) ValueKind {
	switch {
	case r.cursor != nil:
		return r.cursor.Kind(i)
	case r.values[i] == nil:
		return NullValue
	}
	return otherValue
}

// Int32 is like Int for a number of 32 bits.
func (r *Row) Int32(i int) int32 {
	n := r.Int(i)
	if n != int64(int32(n)) {
		r.fail(i, "an integer of 32 bits")
		return 0
	}
	return int32(n)
}

// Bool returns column i as a boolean, false for NULL.
func (r *Row) Bool(i int) bool {
	n := r.Int(i)
	if n != 0 && n != 1 {
		r.fail(i, "a boolean")
	}
	return n != 0
}

// Float returns column i as a double, 0 for NULL.
func (r *Row) Float(i int) float64 {
	if r.cursor != nil && r.cursor.Kind(i) == FloatValue {
		return r.cursor.Float(i)
	}
	var f float64
	var err error
	switch v := r.value(i).(type) {
	case nil:
		return 0
	case float64:
		return v
	case int64:
		return float64(v)
	case string:
		f, err = strconv.ParseFloat(v, 64)
	case []byte:
		f, err = strconv.ParseFloat(string(v), 64)
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		r.fail(i, "a number")
		return 0
	}
	return f
}

// Text returns column i as a string, "" for NULL.
func (r *Row) Text(i int) string {
	if r.cursor != nil && r.cursor.Kind(i) == TextValue {
		return r.cursor.Text(i)
	}
	switch v := r.value(i).(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	r.fail(i, "text")
	return ""
}

// Shared is like Text for a text that many rows have: it returns the equal string of
// known if there is one. Otherwise it adds the text to known, which grows to 100 texts.
func (r *Row) Shared(i int, known map[string]string) string {
	const most = 100
	if r.cursor == nil || r.cursor.Kind(i) != TextValue {
		return r.Text(i)
	}
	r.buffer = r.cursor.AppendText(r.buffer[:0], i)
	text, ok := known[string(r.buffer)]
	if !ok {
		text = string(r.buffer)
		if len(known) < most {
			known[text] = text
		}
	}
	return text
}
