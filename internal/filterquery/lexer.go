package filterquery

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A lexer splits the text of a filter into tokens.
type lexer struct {
	text string
	pos  int
	last token // previous token, which determines what may follow
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	from := l.pos
	if err := l.skipBlanks(); err != nil {
		return token{}, err
	}
	t, err := l.scan()
	if err != nil {
		return token{}, err
	}
	t.glued = int(t.at) == from && from > 0
	t.end = Pos(l.pos)
	l.last = t
	return t, nil
}

func (l *lexer) fail(at int, format string, args ...any) error {
	return errorAt(l.text, Pos(at), format, args...)
}

// blanks are the non-ASCII characters that are white space.
const blanks = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

// skipBlanks skips white space and comments.
func (l *lexer) skipBlanks() error {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case strings.ContainsRune(
			" \t\n\r\b\f\v", r,
		), r >= utf8.RuneSelf && r != utf8.RuneError && strings.ContainsRune(blanks, r):
			l.pos += size
		case r == '#', strings.HasPrefix(rest, "--"):
			end := strings.IndexAny(rest, "\n\r")
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return l.fail(l.pos, "Syntax error: Unclosed comment; expected */")
			}
			l.pos += 2 + end + 2
		default:
			return nil
		}
	}
	return nil
}

// operators are the operators and punctuation of the language, longest first.
var operators = []string{
	"<<", ">>", "<=", ">=", "<>", "!=", "||", "=>", "@@",
	"=", "<", ">", "+", "-", "*", "/", "|", "^", "&", "~", "(", ")", "[", "]", "{", "}", ",", ".", ";", "@", "?", ":",
}

func (l *lexer) scan() (token, error) {
	at, rest := l.pos, l.text[l.pos:]
	if rest == "" {
		return token{kind: tEnd, at: Pos(at)}, nil
	}
	c := rest[0]
	switch {
	case c == '`':
		return l.scanBackquoted()
	case c == '\'' || c == '"':
		return l.scanString("")
	case l.afterDot() && isWord(c):
		return l.take(tName, wordEnd(rest)), nil
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]) && !l.dotFollowsName():
		return l.scanNumber()
	case isWord(c):
		n := wordEnd(rest)
		if n < len(rest) && (rest[n] == '\'' || rest[n] == '"') {
			switch prefix := strings.ToLower(rest[:n]); prefix {
			case "r", "b", "rb", "br":
				l.pos += n
				return l.scanString(prefix)
			}
		}
		return l.take(tName, n), nil
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			return l.take(tOperate, len(op)), nil
		}
	}
	r, size := utf8.DecodeRuneInString(rest)
	if r == utf8.RuneError && size == 1 {
		return token{}, l.fail(at, `Syntax error: Illegal input character "\x%02x"; the text is not valid UTF-8`, c)
	}
	return token{}, l.fail(at, "Syntax error: Illegal input character %s", strconv.QuoteToASCII(string(r)))
}

// take returns a token of the next n bytes.
func (l *lexer) take(k kind, n int) token {
	t := token{kind: k, text: l.text[l.pos : l.pos+n], at: Pos(l.pos)}
	l.pos += n
	return t
}

// afterDot reports whether a dot that joins names directly precedes. A word after it
// may begin with a digit and is not a keyword.
func (l *lexer) afterDot() bool { return l.last.is(".") }

// dotFollowsName reports whether a dot joins names, instead of beginning a number.
func (l *lexer) dotFollowsName() bool {
	return (l.last.kind == tQuoted || l.last.kind == tName) && int(l.last.end) == l.pos
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

func wordEnd(s string) int {
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	return n
}

// scanNumber scans 1, 0x1f, 1.5, .5, 1. or 2e-3.
func (l *lexer) scanNumber() (token, error) {
	rest := l.text[l.pos:]
	n, k := digits(rest), tInt
	if n == 1 && rest[0] == '0' && len(rest) > 2 && (rest[1] == 'x' || rest[1] == 'X') && isHex(rest[2]) {
		n = 3
		for n < len(rest) && isHex(rest[n]) {
			n++
		}
	} else {
		if n < len(rest) && rest[n] == '.' {
			k = tFloat
			n += 1 + digits(rest[n+1:])
		}
		if n < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
			sign := n + 1
			if sign < len(rest) && (rest[sign] == '+' || rest[sign] == '-') {
				sign++
			}
			if d := digits(rest[sign:]); d > 0 {
				k, n = tFloat, sign+d
			}
		}
	}
	if n < len(rest) && isWord(rest[n]) && rest[n-1] != '.' {
		return token{}, l.fail(l.pos+n, "Syntax error: Missing whitespace between literal and alias %s",
			quoteShort(rest[n:n+wordEnd(rest[n:])]))
	}
	return l.take(k, n), nil
}

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// scanString scans a string or bytes literal after its prefix.
func (l *lexer) scanString(prefix string) (token, error) {
	at := l.pos - len(prefix)
	raw, what := strings.Contains(prefix, "r"), "string literal"
	if raw {
		what = "raw string literal"
	}
	quote := l.text[l.pos : l.pos+1]
	if strings.HasPrefix(l.text[l.pos:], strings.Repeat(quote, 3)) {
		quote, what = strings.Repeat(quote, 3), "triple-quoted "+what
	}
	body, ok := l.enclosed(quote)
	if !ok {
		return token{}, l.fail(at, "Syntax error: Unclosed %s; expected %s", what, quote)
	}
	start := l.pos + len(quote)
	l.pos = start + len(body) + len(quote)
	if strings.Contains(prefix, "b") {
		return token{kind: tBytes, text: body, at: Pos(at)}, nil
	}
	body, offset, problem := unescape(body, raw, len(quote) == 3)
	if problem != "" {
		return token{}, l.fail(start+offset, "Syntax error: %s", problem)
	}
	return token{kind: tText, text: body, at: Pos(at)}, nil
}

// scanBackquoted scans an identifier in backquotes.
func (l *lexer) scanBackquoted() (token, error) {
	at := l.pos
	body, ok := l.enclosed("`")
	if !ok {
		return token{}, l.fail(at, "Syntax error: Unclosed identifier literal; expected `")
	}
	if body == "" {
		return token{}, l.fail(at, "Syntax error: Invalid empty identifier")
	}
	l.pos += len(body) + 2
	name, offset, problem := unescape(body, false, false)
	if problem != "" {
		return token{}, l.fail(at+1+offset, "Syntax error: %s", problem)
	}
	return token{kind: tQuoted, text: name, at: Pos(at)}, nil
}

// enclosed returns the text between the quote at the current position and the next
// one that is not escaped. Only triple-quoted text contains line breaks.
func (l *lexer) enclosed(quote string) (string, bool) {
	rest := l.text[l.pos+len(quote):]
	for i := 0; i < len(rest); i++ {
		switch {
		case strings.HasPrefix(rest[i:], quote):
			return rest[:i], true
		case rest[i] == '\\':
			i++
		case (rest[i] == '\n' || rest[i] == '\r') && len(quote) == 1:
			return "", false
		}
	}
	return "", false
}
