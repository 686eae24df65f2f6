package filterquery

import (
	"fmt"
	"unicode/utf8"
)

// An Error says what is wrong with a filter and where.
type Error struct {
	Offset       int // in bytes from the start of the text
	Line, Column int // from 1; a column is a character, a tab goes to the next multiple of 8
	Message      string
}

// Error returns the message and the place: "Unrecognized name: foo [at 1:7]".
func (e *Error) Error() string {
	return fmt.Sprintf("%s [at %d:%d]", e.Message, e.Line, e.Column)
}

// Pos is a place in the text of a filter: bytes from its start.
type Pos int

// errorAt makes an Error of a place in text.
func errorAt(text string, at Pos, format string, args ...any) *Error {
	line, column := 1, 1
	before := text[:min(int(at), len(text))]
	for i := 0; i < len(before); {
		r, size := utf8.DecodeRuneInString(before[i:])
		i += size
		switch {
		case r == '\n', r == '\r' && !(i < len(text) && text[i] == '\n'):
			line, column = line+1, 1
		case r == '\t':
			column += 8 - (column-1)%8
		case r != '\r':
			column++
		}
	}
	return &Error{Offset: int(at), Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}
