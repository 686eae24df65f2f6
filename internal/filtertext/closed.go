package filtertext

import (
	"errors"
	"strings"
)

// Closed returns an error unless text, written in the filter language, can stand
// between parentheses without changing the meaning of what surrounds them: it
// must close every quote, comment and parenthesis that it opens, and no other.
//
// It must agree with the lexer of package filterquery on where literals and
// comments end. A fuzz test there compares the two.
func Closed(text string) error {
	depth := 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return errors.New("the filter text has an unmatched closing parenthesis")
			}
		case c == '\'' || c == '"' || c == '`':
			n := quoted(text[i:])
			if n < 0 {
				return errors.New("the filter text has an unclosed quote")
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
				return errors.New("the filter text has an unclosed comment")
			}
			i += n + 4
			continue
		}
		i++
	}
	if depth != 0 {
		return errors.New("the filter text has an unclosed parenthesis")
	}
	return nil
}

// quoted returns the length of the literal or name that text begins with, or -1
// if it does not end. A quote after a backslash does not end it, even in a raw
// literal. Only triple-quoted literals contain line breaks.
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
