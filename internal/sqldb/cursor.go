package sqldb

import "database/sql/driver"

// A Cursor is what the rows of a driver may implement, beside [driver.Rows], to hand out
// values without an interface for each. Columns can be read only after a call of
// Step that returned true. The results of Text and Value remain valid.
type Cursor interface {
	// Step moves to the next row, and reports whether there is one.
	Step() (bool, error)
	// Kind returns the kind of a value.
	Kind(column int) ValueKind
	// Int, Float and Text return a value of that kind.
	Int(column int) int64
	Float(column int) float64
	Text(column int) string
	// AppendText appends a text to a buffer.
	AppendText(to []byte, column int) []byte
	// Size returns the length of a text, or of bytes.
	Size(column int) int
	// Value returns a value of any kind.
	Value(column int) driver.Value
}

// ValueKind is the kind of a stored value.
type ValueKind uint8

// The kinds of values.
const (
	NullValue ValueKind = iota
	IntValue
	FloatValue
	TextValue
	BytesValue
	otherValue // see Row.kind
)
