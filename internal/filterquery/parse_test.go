package filterquery

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/internal/typekind"
)

func TestPrint_RoundTrip(t *testing.T) {
	for text, want := range map[string]string{
		"id=1":                                "id = 1",
		"id = 1 or id = 2 and id = 3":         "id = 1 OR id = 2 AND id = 3",
		"(id = 1 or id = 2) and id = 3":       "(id = 1 OR id = 2) AND id = 3",
		"((id)) = ((1)) + (1 + 1)":            "(id) = (1) + (1 + 1)",
		"not id = 1":                          "NOT id = 1",
		"NOT (a AND b)":                       "NOT (a AND b)",
		"(NOT a) AND b":                       "NOT a AND b",
		"a AND (b AND c)":                     "a AND (b AND c)",
		"(a = b) = c":                         "(a = b) = c",
		"a = (b = c)":                         "a = (b = c)",
		"(a IS NULL) IS NOT TRUE":             "(a IS NULL) IS NOT TRUE",
		"1 - (2 - 3)":                         "1 - (2 - 3)",
		"1 - 2 - 3":                           "1 - 2 - 3",
		"1 + 2 * 3":                           "1 + 2 * 3",
		"(1 + 2) * 3":                         "(1 + 2) * 3",
		"1 | 2 ^ 3 & 4 << 5 + 6 || 7":         "1 | 2 ^ 3 & 4 << 5 + 6 || 7",
		"((1 | 2) ^ 3) & 4":                   "((1 | 2) ^ 3) & 4",
		"- 5":                                 "-5",
		"-(5)":                                "-(5)",
		"- -0":                                "- -0",
		"- -5":                                "- -5",
		"-x":                                  "-x",
		"- - x":                               "-(-x)",
		"-~+x":                                "-~+x",
		"a - -1":                              "a - -1",
		"-9223372036854775808":                "-9223372036854775808",
		"0x1F + 1e3 + .5 + 2.":                "31 + 1000.0 + 0.5 + 2.0",
		"1e300":                               "1e+300",
		"'it\\'s' = \"it's\"":                 `'it\'s' = 'it\'s'`,
		`'a\tb\x01\u00e9'`:                    `'a\tb\x01é'`,
		`r'\d' = '''a'b'''`:                   `'\\d' = 'a\'b'`,
		"x in (1,2) and y not in ('a')":       "x IN (1, 2) AND y NOT IN ('a')",
		"x not like 'a%'":                     "x NOT LIKE 'a%'",
		"x between 1 and 2 and y":             "x BETWEEN 1 AND 2 AND y",
		"x is not unknown":                    "x IS NOT UNKNOWN",
		"properties.`a b`.int_value":          "properties.`a b`.int_value",
		"properties.0x.int_value":             "properties.0x.int_value",
		"properties.select.int_value":         "properties.select.int_value",
		"contexts_a. id":                      "contexts_a. id",
		"contexts_a .id":                      "contexts_a .id",
		"lower(x)":                            "lower(x)",
		"concat(x, 'a', y)":                   "concat(x, 'a', y)",
		"f()":                                 "f()",
		"case when a then b end":              "CASE WHEN a THEN b END",
		"case a when 1 then 2 else 3 end + 1": "CASE a WHEN 1 THEN 2 ELSE 3 END + 1",
		"cast(a or b as bool)":                "CAST(a OR b AS BOOL)",
		"if(a, b, c)":                         "if(a, b, c)",
		"a -- b\n = /* c */ 1 # d":            "a = 1",
		"state = NEW":                         "state = NEW",
	} {
		tree := mustParse(t, text)
		printed := Print(tree)
		if printed != want {
			t.Errorf("%s is printed as %s; want %s", text, printed, want)
		}
		if again := mustParse(t, printed); !sameTree(tree, again) {
			t.Errorf("%s becomes another tree when it is printed as %s", text, printed)
		}
	}
}

func mustParse(t *testing.T, text string) Expr {
	t.Helper()
	x, err := Parse(text)
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return x
}

// sameTree compares trees without their positions.
func sameTree(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) || !reflect.DeepEqual(bare(a), bare(b)) {
		return false
	}
	ka, kb := a.children(), b.children()
	if len(ka) != len(kb) {
		return false
	}
	for i := range ka {
		if !sameTree(ka[i], kb[i]) {
			return false
		}
	}
	return true
}

// bare returns the content of a node without position and children.
func bare(x Expr) any {
	switch x := x.(type) {
	case *Bool:
		return x.Value
	case *Int:
		return x.Value
	case *Float:
		return x.Value
	case *Text:
		return x.Value
	case *Path:
		return bareParts(x)
	case *Call:
		return bareParts(x.Func)
	case *Unary:
		return x.Op
	case *Binary:
		return x.Op
	case *Chain:
		return x.Op
	case *In:
		return x.Not
	case *Like:
		return x.Not
	case *Between:
		return x.Not
	case *Is:
		return [2]any{x.Not, x.What}
	case *Case:
		return [3]any{x.Operand == nil, len(x.Whens), x.Else == nil}
	case *Cast:
		return x.Type
	}
	return nil
}

func bareParts(x *Path) []Part {
	parts := make([]Part, len(x.Parts))
	for i, p := range x.Parts {
		p.At = 0
		parts[i] = p
	}
	return parts
}

func TestParse_Errors(t *testing.T) {
	for text, want := range map[string]string{
		"":               "Syntax error: Unexpected end of expression; expected a name or a value [at 1:1]",
		" \n ":           "Syntax error: Unexpected end of expression; expected a name or a value [at 2:2]",
		"invalid syntax": `Syntax error: Expected end of input but got identifier "syntax" [at 1:9]`,
		"id IN (1,)":     `Syntax error: Unexpected ")"; expected a name or a value [at 1:10]`,
		"id IN (1":       `Syntax error: Expected ")" or "," but got end of expression [at 1:9]`,
		"id = ":          "Syntax error: Unexpected end of expression; expected a name or a value [at 1:6]",
		"id = 1 = 2": `Syntax error: Unexpected "="; comparisons do not chain: the expression to the ` +
			`left of = must be parenthesized [at 1:8]`,
		"name = 'é' foo": `Syntax error: Expected end of input but got identifier "foo" [at 1:12]`,
		"\tid id":        `Syntax error: Expected end of input but got identifier "id" [at 1:12]`,
		"a\r\nb":         `Syntax error: Expected end of input but got identifier "b" [at 2:1]`,
		"id = $1":        `Syntax error: Illegal input character "$" [at 1:6]`,
		"id = \x00":      `Syntax error: Illegal input character "\x00" [at 1:6]`,
		"id = \xff":      `Syntax error: Illegal input character "\xff"; the text is not valid UTF-8 [at 1:6]`,
		"name = '\xff'":  "Syntax error: Literal is not valid UTF-8 [at 1:9]",
		"name = 'a\x00'": `Syntax error: Illegal input character "\x00" in a literal [at 1:10]`,
		"name = 'a\nb'":  "Syntax error: Unclosed string literal; expected ' [at 1:8]",
		"name = '''a":    "Syntax error: Unclosed triple-quoted string literal; expected ''' [at 1:8]",
		"name = r'a":     "Syntax error: Unclosed raw string literal; expected ' [at 1:8]",
		"properties.`a":  "Syntax error: Unclosed identifier literal; expected ` [at 1:12]",
		"/* a":           "Syntax error: Unclosed comment; expected */ [at 1:1]",
		`name = 'a\q'`:   `Syntax error: Illegal escape sequence: \q [at 1:10]`,
		`name = '\u12'`: `Syntax error: Illegal escape sequence: \u must be followed by 4 hex digits but ` +
			`saw: "\\u12" [at 1:9]`,
		`name = '\ud800'`:           `Syntax error: Illegal escape sequence: Unicode value \ud800 is invalid [at 1:9]`,
		"id = 99999999999999999999": "Invalid integer literal: 99999999999999999999; integers have 64 bits [at 1:6]",
		"id = 1e999":                "Invalid floating point literal: 1e999; it is beyond the range of a DOUBLE [at 1:6]",
		"id = 1x":                   `Syntax error: Missing whitespace between literal and alias "x" [at 1:7]`,
		"id IS 5": `Syntax error: Expected keyword FALSE or keyword NULL or keyword TRUE or keyword ` +
			`UNKNOWN but got integer literal "5" [at 1:7]`,
		"(id, 1) = 2":      "Tuples are not supported; compare one value at a time [at 1:1]",
		"id IN (SELECT 1)": "Syntax error: Unexpected keyword SELECT; expected a name or a value [at 1:8]",
		"id = (SELECT 1)":  "Subqueries are not supported [at 1:7]",
		"name LIKE 'a' ESCAPE 'b'": "Syntax error: Expected end of input but got keyword ESCAPE; patterns have no " +
			"escape [at 1:15]",
	} {
		_, err := Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
		var at *Error
		if err != nil && (!errors.As(err, &at) || at.Offset < 0 || at.Offset > len(text)) {
			t.Errorf("%q: the error is at byte %+v", text, at)
		}
	}
}

func TestParse_Limits(t *testing.T) {
	start := time.Now()
	for name, c := range map[string]struct{ text, want string }{
		"length":      {strings.Repeat("(", 10<<20), "The filter is 10485760 bytes long; at most 1048576 are allowed"},
		"parentheses": {strings.Repeat("(", MaxLength), "The filter nests deeper than 100 levels"},
		"calls":       {strings.Repeat("f(", MaxLength/2), "The filter nests deeper than 100 levels"},
		"NOT":         {strings.Repeat("NOT ", MaxLength/4), "The filter nests deeper than 100 levels"},
		"minus":       {strings.Repeat("- ", MaxLength/2), "The filter nests deeper than 100 levels"},
		"sums":        {"1" + strings.Repeat("+1", 200), "The filter nests deeper than 100 levels"},
		"cases":       {strings.Repeat("CASE WHEN ", MaxLength/10), "The filter nests deeper than 100 levels"},
		"dots":        {"a" + strings.Repeat(".a", MaxLength/2-1), "The filter nests deeper than 100 levels"},
		"list": {
			"id IN (1" + strings.Repeat(",1", 100_000) + ")",
			"The filter has more than 20000 names, values and operators",
		},
		"chain": {
			"a" + strings.Repeat(" OR a", 100_000), "The filter has more than 20000 names, values and operators",
		},
		"unclosed string":  {"name = '" + strings.Repeat("a", MaxLength-8), "Unclosed string literal"},
		"unclosed comment": {"/*" + strings.Repeat("*", MaxLength-2), "Unclosed comment"},
		"comments":         {strings.Repeat("/**/", MaxLength/4), "Unexpected end of expression"},
		"a long name":      {strings.Repeat("a", MaxLength), "Unrecognized name: "},
		"a long integer":   {"id = " + strings.Repeat("9", MaxLength-5), "Invalid integer literal: 99"},
		"a long pattern": {
			"name LIKE '" + strings.Repeat("%", MaxPattern+1) + "'",
			"The LIKE pattern is 50001 bytes long; at most 50000 are allowed",
		},
	} {
		_, err := Compile(c.text, typekind.Artifact)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.200v; want %s", name, err, c.want)
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("%s: the message has %d bytes", name, len(err.Error()))
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestParse_LongChains(t *testing.T) {
	text := "id = 0" + strings.Repeat(" OR id = 1", 4000)
	f, err := Compile(text, typekind.Artifact)
	if err != nil {
		t.Fatal(err)
	}
	q, err := f.SQL(SQLite, Shape{})
	if err != nil {
		t.Fatal(err)
	}
	depth, deepest := 0, 0
	for _, c := range q.Where {
		switch c {
		case '(':
			depth++
			deepest = max(deepest, depth)
		case ')':
			depth--
		}
	}
	if depth != 0 || deepest > 20 {
		t.Errorf("parentheses end at %d and nest %d deep", depth, deepest)
	}
}
