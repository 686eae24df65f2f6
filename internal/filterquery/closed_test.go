package filterquery

import (
	"testing"

	"github.com/mlmd-go/sdk/internal/filtertext"
)

// TestClosed checks texts that end a comment or a literal in every possible way before
// a parenthesis.
func TestClosed(t *testing.T) {
	for _, text := range []string{
		"id > 0) OR (id > 0",
		"id > 0 #\r) OR (id > 0", "id > 0 --\r) OR (id > 0", "id > 0 #\r\n) OR (id > 0", "id > 0 #\n) OR (id > 0",
		"name = 'a\n') OR (name = 'a'", "name = 'a\r') OR (name = 'a'", "`a\n) OR (`b", "name = r'\\') OR (name = r'\\'",
		"name = '''a'b''') OR (id > 0", "id > 0 /* ' */) OR (id > 0", "`a) OR (id > 0", `name = "'") OR ("'" = name`,
	} {
		if filtertext.Closed(text) == nil {
			t.Errorf("Closed accepts %q", text)
		}
		insideParentheses(t, text)
	}
	for _, text := range []string{
		"", "id > 0 #\r", "id > 0 # ')\r AND id < 5", `name = r'\'' #'`, "name = '''a\n)'''", "name = '''a\r)'''",
		"id > 0 /* ) */", `name = ")" -- )`, "`)` = 1", `name = '\')'`,
	} {
		if err := filtertext.Closed(text); err != nil {
			t.Errorf("Closed refuses %q: %v", text, err)
		}
		insideParentheses(t, text)
	}
}

// FuzzClosed compares filtertext.Closed, which registry.WhereText relies on, with
// the parser.
func FuzzClosed(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Add("id > 0 #\r) OR (id > 0")
	f.Fuzz(insideParentheses)
}

// insideParentheses checks that a text that Closed accepts cannot select what
// the condition before it excludes, and that Closed accepts every valid filter.
func insideParentheses(t *testing.T, text string) {
	if err := filtertext.Closed(text); err != nil {
		if _, invalid := Parse(text); invalid == nil {
			t.Fatalf("%q is a filter, but Closed refuses it: %v", text, err)
		}
		return
	}
	const scope = "(id = 1 OR id = 2)"
	tree, err := Parse(scope + " AND (" + text + "\n)")
	if err != nil {
		return
	}
	first, err := Parse(scope)
	if err != nil {
		t.Fatal(err)
	}
	and, ok := tree.(*Chain)
	if !ok || and.Op != "AND" || len(and.Terms) != 2 || !sameTree(and.Terms[0], first) {
		t.Fatalf("%q leaves its parentheses: %s", text, Print(tree))
	}
}
