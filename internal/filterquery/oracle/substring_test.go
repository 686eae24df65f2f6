package oracle

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/pkg/filter"
)

// FuzzSubstring compares the text of HasPrefix and Contains with package strings.
func FuzzSubstring(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""},
		{"a", ""},
		{"50% off", "50%"},
		{"50x off", "50%"},
		{"a_b", "_"},
		{"axb", "a_b"},
		{"日本語", "日本"},
		{"aaa", "aa"},
		{`a\b`, `\`},
		{"it's", "'"},
		{"state = LIVE", "state ="},
		{"a\nb", "\n"},
		{"Ab", "ab"},
		{"ab", "abc"},
		{"e\u0301", "e"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, s, sub string) {
		if !utf8.ValidString(s) || !utf8.ValidString(sub) || strings.Contains(sub, "\x00") {
			return
		}
		var e filter.CustomSymbols[*entity]
		p := e.Custom("x").AsString()
		stored := map[string]Row{"x": {"string_value": s}}
		for _, c := range []struct {
			name string
			expr filter.Expr[*entity]
			want bool
		}{
			{"prefix", p.HasPrefix(sub), strings.HasPrefix(s, sub)},
			{"substring", p.Contains(sub), strings.Contains(s, sub)},
		} {
			if got := selects(t, c.expr, stored); got != c.want {
				t.Errorf("%q, %s %q: got %v", s, c.name, sub, got)
			}
			if selects(t, c.expr, map[string]Row{"y": {"string_value": s}}) {
				t.Errorf("%s %q selects a node without the property", c.name, sub)
			}
			if got := selects(t, filter.Not(c.expr), stored); got == c.want {
				t.Errorf("%q, not %s %q: got %v", s, c.name, sub, got)
			}
		}
	})
}
