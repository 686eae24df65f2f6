package filtertext

import (
	"strings"
	"testing"
)

func FuzzPrint_Literal(f *testing.F) {
	for _, s := range []string{"", "'", `\`, `\'`, "a\nb", "state = LIVE", "日本", "`", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := Print(New(&Node{Op: OpEq, Field: Field{Attr: "name"}, Args: []any{s}}), Options{})
		if err != nil {
			return // s is not UTF-8
		}
		literal, ok := strings.CutPrefix(text.Branches[0].Text, "name = ")
		if !ok || quoted(literal) != len(literal) {
			t.Errorf("%q became %s", s, text.Branches[0])
		}
		if strings.ContainsAny(literal, "\n\r\x00") {
			t.Errorf("%q became %q, which has a line break or NUL", s, literal)
		}
	})
}
