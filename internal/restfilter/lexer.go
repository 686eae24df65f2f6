package restfilter

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A kind is the kind of a token.
type kind uint8

const (
	end    kind = iota
	name        // an identifier, or a name between backquotes
	word        // an identifier that is a keyword
	text        // a quoted string
	number      // an integer or a decimal number
	symbol      // an operator or a punctuation mark
)

// A token is a word of the language. text is its source, but the content of a
// quoted string or name.
type token struct {
	kind kind
	text string
	at   int // the offset in bytes
}

// keywords are the words that are not names, in upper case. Their case does not
// matter.
var keywords = map[string]bool{
	"AND": true, "OR": true, "LIKE": true, "ILIKE": true, "IN": true, "TRUE": true, "FALSE": true,
}

// symbols are the operators and punctuation marks, longer ones first.
var symbols = []string{"<>", "!=", ">=", "<=", "=", ">", "<", "(", ")", ",", "."}

// A SyntaxError is a mistake in a filter.
type SyntaxError struct {
	Line, Column int // of the mistake, from 1; columns count characters
	Why          string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Why) }

// errorAt returns an error about the byte of source at the offset.
func errorAt(source string, at int, format string, args ...any) *SyntaxError {
	before := source[:at]
	return &SyntaxError{
		Line:   1 + strings.Count(before, "\n"),
		Column: 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]),
		Why:    fmt.Sprintf(format, args...),
	}
}

// next returns the token at or after the offset, and the offset behind it.
func next(source string, at int) (token, int, error) {
	at = skip(source, at)
	if at == len(source) {
		return token{end, "", at}, at, nil
	}
	rest := source[at:]
	switch c := rest[0]; {
	case c == '\'' || c == '"' || c == '`':
		content, n, ok := unquote(rest)
		if !ok {
			return token{}, at, errorAt(source, at, "the quote %c is not closed", c)
		}
		if c == '`' {
			return token{name, content, at}, at + n, nil
		}
		return token{text, content, at}, at + n, nil
	case isLetter(c):
		n := 1
		for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n])) {
			n++
		}
		if keywords[strings.ToUpper(rest[:n])] {
			return token{word, strings.ToUpper(rest[:n]), at}, at + n, nil
		}
		return token{name, rest[:n], at}, at + n, nil
	}
	if n := numberLen(rest); n > 0 {
		return token{number, rest[:n], at}, at + n, nil
	}
	for _, s := range symbols {
		if strings.HasPrefix(rest, s) {
			return token{symbol, s, at}, at + len(s), nil
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return token{}, at, errorAt(source, at, "unexpected character %q", r)
}

// skip returns the offset of what follows white space and comments.
func skip(source string, at int) int {
	for at < len(source) {
		switch {
		case strings.IndexByte(" \t\r\n", source[at]) >= 0:
			at++
		case strings.HasPrefix(source[at:], "--"):
			n := strings.IndexByte(source[at:], '\n')
			if n < 0 {
				return len(source)
			}
			at += n
		default:
			return at
		}
	}
	return at
}

// unquote returns the content of the quoted text that s begins with, and its
// length. A backslash keeps the next character from ending the text.
func unquote(s string) (content string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return b.String(), i + 1, true
		case s[i] == '\\' && s[0] != '`' && i+1 < len(s):
			i++
			b.WriteByte(unescape(s[i]))
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

// unescape returns the character that c stands for behind a backslash.
func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

// numberLen returns the length of the number that s begins with, or 0.
func numberLen(s string) int {
	i := 0
	if s[0] == '-' || s[0] == '+' {
		i++
	}
	digits := func() int {
		from := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		return i - from
	}
	n := digits()
	if i < len(s) && s[i] == '.' {
		i++
		n += digits()
	}
	if n == 0 {
		return 0
	}
	if mantissa := i; i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if i++; i < len(s) && (s[i] == '-' || s[i] == '+') {
			i++
		}
		if digits() == 0 {
			i = mantissa
		}
	}
	return i
}

// parseNumber returns the int64 or the float64 that s is.
func parseNumber(s string) (any, string) {
	if !strings.ContainsAny(s, ".eE") {
		i, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, "the integer " + s + " has more than 64 bits"
		}
		return i, ""
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, "the number " + s + " is too large"
	}
	return f, ""
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
