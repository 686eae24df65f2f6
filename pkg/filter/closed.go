package filter

import (
	"errors"
	"strings"
)

// Closed checks that a text of the filter language can stand between
// parentheses: that all quotes and parentheses in it close, and none that was
// open before it.
func Closed(text string) error {
	depth := 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return errors.New("the filter text closes a parenthesis that it did not open")
			}
		case c == '\'' || c == '"' || c == '`':
			n := quoted(text[i:])
			if n < 0 {
				return errors.New("the filter text does not close a quote that it opened")
			}
			i += n
			continue
		case c == '#' || strings.HasPrefix(text[i:], "--"):
			if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(text)
			}
			continue
		case strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i+2:], "*/")
			if n < 0 {
				return errors.New("the filter text does not close a comment that it opened")
			}
			i += n + 4
			continue
		}
		i++
	}
	if depth != 0 {
		return errors.New("the filter text does not close a parenthesis that it opened")
	}
	return nil
}

// quoted returns the length of the literal or name that begins text, negative
// if it does not end. In a raw literal, too, a backslash keeps the next quote
// from ending it.
func quoted(text string) int {
	end := text[:1]
	if text[0] != '`' && strings.HasPrefix(text, strings.Repeat(end, 3)) {
		end = text[:3]
	}
	for i := len(end); i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], end):
			return i + len(end)
		}
	}
	return -1
}
