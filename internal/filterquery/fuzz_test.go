package filterquery

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/internal/typekind"
)

// seeds are the initial filters of the fuzz tests.
var seeds = []string{
	"id = 1 AND name LIKE 'a%' OR NOT state IN (LIVE, PENDING)", "properties.`a b`.double_value * -2.5e-3 >= 0x1F",
	"contexts_a.name = \"x\\u00e9\" AND events_0.type != INPUT", "CASE id WHEN 1 THEN TRUE ELSE FALSE END",
	"CAST(id AS STRING) || r'\\' = '''a\n'''",
	"IF(id IS NULL, name, uri) BETWEEN 'a' AND 'b'", "-- x\n# y\n/* z */ TRUE", "((((1 | 2 ^ 3 & 4))))",
	"custom_properties.0x.bool_value IS NOT UNKNOWN",
	"name = 'a\\q'", "id = 99999999999999999999", "`", "'",
	"properties.a.int_value = 1 AND properties.A.int_value = 1", "\xff", "state = NEW", "f(", "a.b.c.d",
	"COALESCE(NULL, 'x', name) = SUBSTR(name, 1, 2)", "- - ~ + 5 = -(5)", "1e400 = .5",
	"(state) = 2 AND 1 - state = LIVE + 1 * (id) OR NOT state IN ((LIVE), (NULL))", "- -2 = -(2)", "- -0",
	"x\u00a0=\u30001",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := Parse(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		printed := Print(tree)
		again, err := Parse(printed)
		if err != nil {
			var at *Error
			if len(printed) > MaxLength && errors.As(err, &at) {
				return // too long because of escapes
			}
			t.Fatalf("%q is printed as %q, which is wrong: %v", text, printed, err)
		}
		if !sameTree(tree, again) {
			t.Fatalf("%q is printed as %q, which is another tree", text, printed)
		}
	})
}

func FuzzCompile(f *testing.F) {
	for _, s := range seeds {
		for k := range 3 {
			f.Add(s, byte(k))
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind byte) {
		filter, err := Compile(text, typekind.Kind(kind%3))
		if err != nil {
			checkError(t, text, err)
			return
		}
		for name, d := range dialects {
			q, err := filter.SQL(d, Shape{InOrder: kind&4 > 0, Test: []bool{kind&8 > 0, kind&16 > 0}})
			if err != nil {
				continue
			}
			pieces := map[string][]any{q.Joins: q.JoinArgs, q.Where: q.WhereArgs}
			for _, n := range q.Neighbors {
				pieces[n.SQL] = n.Args
			}
			for sql, args := range pieces {
				if !allowed.MatchString(fixed.Replace(sql)) {
					t.Fatalf("%q on %s has foreign text in its SQL: %s", text, name, sql)
				}
				n := 0
				for _, c := range sql {
					if c == '?' {
						n++
					}
				}
				if n != len(args) {
					t.Fatalf("%q on %s has %d parameters and %d values", text, name, n, len(args))
				}
			}
		}
	})
}

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var at *Error
	if !errors.As(err, &at) {
		t.Fatalf("%q: the error %v has no place", text, err)
	}
	if at.Offset < 0 || at.Offset > len(text) || at.Line < 1 || at.Column < 1 {
		t.Fatalf("%q: the error is at %+v", text, at)
	}
	if !utf8.ValidString(at.Message) && utf8.ValidString(text) {
		t.Fatalf("%q: the message %q is not UTF-8", text, at.Message)
	}
}
