package filterquery

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/internal/textutil"
)

// simpleEscapes maps the escapes of one character.
var simpleEscapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
	'\\': '\\', '?': '?', '"': '"', '\'': '\'', '`': '`',
}

// unescape returns the value of the content of a literal, or the position and reason
// of an error. Numbers in escapes are code points, including octal and two-digit
// escapes.
func unescape(body string, raw, triple bool) (value string, offset int, problem string) {
	if !utf8.ValidString(body) {
		for i, r := range body {
			if _, size := utf8.DecodeRuneInString(body[i:]); r == utf8.RuneError && size == 1 {
				return "", i, "Literal is not valid UTF-8"
			}
		}
	}
	if i := strings.IndexByte(body, 0); i >= 0 {
		return "", i, `Illegal input character "\x00" in a literal`
	}
	if triple && strings.Contains(body, "\r") {
		body = strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
	}
	if raw || !strings.Contains(body, `\`) {
		return body, 0, ""
	}
	var out strings.Builder
	for i := 0; i < len(body); {
		if body[i] != '\\' {
			out.WriteByte(body[i])
			i++
			continue
		}
		r, size, problem := escape(body[i:])
		if problem != "" {
			return "", i, problem
		}
		out.WriteRune(r)
		i += size
	}
	return out.String(), 0, ""
}

// escape returns the character and length of the escape that s begins with.
func escape(s string) (r rune, size int, problem string) {
	if len(s) < 2 {
		return 0, 0, `Illegal escape sequence: \ at the end`
	}
	c := s[1]
	if simple, ok := simpleEscapes[c]; ok {
		return rune(simple), 2, ""
	}
	switch {
	case c == '\n' || c == '\r':
		return 0, 0, "Illegal escaped newline"
	case '0' <= c && c <= '3':
		return number(s, 1, 3, 8, "Octal escape must be followed by 3 octal digits")
	case c == 'x' || c == 'X':
		return number(s, 2, 2, 16, "Hex escape must be followed by 2 hex digits")
	case c == 'u':
		return number(s, 2, 4, 16, `\u must be followed by 4 hex digits`)
	case c == 'U':
		return number(s, 2, 8, 16, `\U must be followed by 8 hex digits`)
	}
	bad, _ := utf8.DecodeRuneInString(s[1:])
	return 0, 0, fmt.Sprintf(`Illegal escape sequence: \%c`, bad)
}

// number returns the character of an escape with n digits from offset from.
func number(s string, from, n, base int, rule string) (rune, int, string) {
	got := s[:min(from+n, len(s))]
	v, err := strconv.ParseUint(got[min(from, len(got)):], base, 32)
	switch {
	case err != nil || len(got) < from+n:
		return 0, 0, fmt.Sprintf("Illegal escape sequence: %s but saw: %s", rule, strconv.QuoteToASCII(got))
	case !utf8.ValidRune(rune(v)):
		return 0, 0, fmt.Sprintf("Illegal escape sequence: Unicode value %s is invalid", got)
	}
	return rune(v), from + n, ""
}

// parseInt returns the value of an integer literal with an optional sign.
func parseInt(text string) (int64, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	base := 10
	if strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X") {
		digits, base = digits[2:], 16
	}
	if negative {
		digits = "-" + digits
	}
	v, err := strconv.ParseInt(digits, base, 64)
	return v, err == nil
}

// parseFloat returns the value of a floating-point literal, which must be finite.
func parseFloat(text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// QuoteText returns the string literal of s, which must be UTF-8, in a form that every
// parser of the language understands. It escapes NUL, which some databases cannot
// store.
func QuoteText(s string) string { return quote(s, '\'') }

// QuoteName returns s in backquotes.
func QuoteName(s string) string { return quote(s, '`') }

func quote(s string, mark rune) string {
	var out strings.Builder
	out.WriteRune(mark)
	for _, r := range s {
		switch {
		case r == mark || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\x%02x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteRune(mark)
	return out.String()
}

// formatFloat returns the literal of v in a form that differs from integers.
func formatFloat(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// quoteShort quotes a part of the text for a message.
func quoteShort(s string) string { return strconv.Quote(short(s)) }

// short truncates a part of the text for a message.
func short(s string) string { return textutil.Truncate(s, 60) }
