package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const maxColumns = 120

// denied maps a phrase to what to write instead.
var denied = []struct {
	phrase  *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(tells|says) whether\b`), `"reports whether"`},
	{
		regexp.MustCompile(`(?i)(\bthere )?\bis no\b( longer| more| better| worse| later| earlier)?`),
		`"is not a", "has no"`,
	},
	{regexp.MustCompile(`(?i)\bis none\b`), `"is not", "is empty", "does not exist"`},
	{regexp.MustCompile(`(?i)\bis nothing\b`), `"is empty", "is not set"`},
	{regexp.MustCompile(`(?i)\bnobody\b`), `"no caller", "no client"`},
	{regexp.MustCompile(`(?i)\bwithout a word\b`), `"silently"`},
	{regexp.MustCompile(`(?i)\bgoes along\b`), `the standard term`},
	{regexp.MustCompile(`(?i)\bhangs below\b`), `"is a child of"`},
	{regexp.MustCompile(`(?i)\bof nothing\b`), `what does not exist`},
	{regexp.MustCompile(`(?i)\bfor people\b`), `"human-readable"`},
	{regexp.MustCompile(`(?i)\bthe original('s|s)?\b`), `"the reference implementation"`},
	{regexp.MustCompile(`(?i)\bpublished (core|server|store)\b`), `"the reference implementation"`},
	{regexp.MustCompile(`(^|[.;:] )[Ww]ho(ever)? [a-z]+s?\b`), `the subject's name: "a caller that", "a program that"`},
	{
		regexp.MustCompile(`\b([Cc]olour|[Bb]ehaviour|[Nn]eighbour|[Ff]avour|[Hh]onour|[Nn]ormalis|[Ss]erialis|` +
			`[Ii]nitialis[aei]|[Rr]ecognis|[Oo]rganis|[Cc]ancell(ed|ing)\b|[Ll]abell)`),
		`American spelling`,
	},
}

var comparatives = []string{"longer", "more", "better", "worse", "later", "earlier"}

// TestWording checks comments, string literals and documents for phrases that
// the project does not use.
func TestWording(t *testing.T) {
	for _, file := range files(t, ".go") {
		if strings.HasSuffix(file, "words_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, filepath.Join(root, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range f.Comments {
			checkWording(t, file, fset.Position(group.Pos()).Line, group.Text())
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				checkWording(t, file, fset.Position(lit.Pos()).Line, strings.Trim(lit.Value, "`\""))
			}
			return true
		})
	}
	for _, file := range files(t, ".md") {
		for i, line := range strings.Split(read(t, file), "\n") {
			checkWording(t, file, i+1, line)
		}
	}
}

func checkWording(t *testing.T, file string, line int, text string) {
	t.Helper()
	text = strings.Join(strings.Fields(text), " ")
	for _, d := range denied {
		for _, m := range d.phrase.FindAllString(text, -1) {
			words := strings.Fields(strings.ToLower(m))
			if words[0] == "there" || slices.Contains(comparatives, words[len(words)-1]) {
				continue // "there is no X" and "X is no longer Y" are standard
			}
			t.Errorf("%s:%d: %q: write %s", file, line, m, d.instead)
		}
	}
}

// TestLineLength checks that no line of Go code is longer than maxColumns
// runes. Generated code and lines with a URL are exempt.
func TestLineLength(t *testing.T) {
	for _, file := range files(t, ".go") {
		if strings.HasSuffix(file, ".gen.go") {
			continue
		}
		for i, line := range strings.Split(read(t, file), "\n") {
			if n := utf8.RuneCountInString(line); n > maxColumns && !strings.Contains(line, "://") {
				t.Errorf("%s:%d: %d columns, the limit is %d", file, i+1, n, maxColumns)
			}
		}
	}
}
