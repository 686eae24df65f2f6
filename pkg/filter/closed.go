package filter

import (
	"errors"
	"strings"
)

// Closed checks that text, written in the filter language, can be put between
// parentheses without changing what stands outside of them: every quote,
// comment and parenthesis that it opens is closed in it, and it closes no other.
//
// It must agree with the lexer of package filterquery on where literals and
// comments end: a fuzz test there compares the two.
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
			if n := strings.IndexAny(text[i:], "\r\n"); n >= 0 {
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

// quoted returns the length of the literal or name that begins text, or -1 if
// it does not end. Even in a raw literal, a backslash keeps the next quote from
// ending it. Only triple-quoted literals contain line breaks.
func quoted(text string) int {
	end := text[:1]
	if text[0] != '`' && strings.HasPrefix(text, strings.Repeat(end, 3)) {
		end = text[:3]
	}
	for i := len(end); i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], end):
			return i + len(end)
		case text[i] == '\\':
			i++
		case len(end) == 1 && (text[i] == '\n' || text[i] == '\r'):
			return -1
		}
	}
	return -1
}
