package filterquery

import (
	"fmt"
	"unicode/utf8"
)

// An Error is an error in the text of a filter.
type Error struct {
	Offset       int // in bytes from the start of the text
	Line, Column int // from 1; columns count characters, and a tab advances to the next multiple of 8
	Message      string
}

// Error returns the message and the position: "Unrecognized name: foo [at 1:7]".
func (e *Error) Error() string {
	return fmt.Sprintf("%s [at %d:%d]", e.Message, e.Line, e.Column)
}

// Pos is a byte offset in the text of a filter.
type Pos int

// errorAt returns an Error at an offset of text.
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
