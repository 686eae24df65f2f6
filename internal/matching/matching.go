// Package matching makes texts that match regular expressions.
package matching

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// A Choice decides which of the texts that match an expression is made.
type Choice struct {
	// Count returns how often a part is repeated: low times or more, and at most
	// high times, unless high is negative.
	Count func(low, high int) int
	// Rune returns a member of a character class, which is a list of ranges.
	Rune func(ranges []rune) rune
	// Branch returns one of n alternatives.
	Branch func(n int) int
}

// Text returns a text that probably matches the expression: it ignores
// assertions such as ^ and \b. It does not repeat more than necessary once the
// text has most characters.
func Text(re *syntax.Regexp, c Choice, most int) string {
	w := &writer{Choice: c, most: most}
	w.write(re)
	return w.text.String()
}

type writer struct {
	Choice
	text strings.Builder
	most int
}

func (w *writer) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			w.text.WriteRune(r)
		}
	case syntax.OpCharClass:
		if len(re.Rune) > 0 {
			w.text.WriteRune(w.Rune(re.Rune))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		w.text.WriteRune(w.Rune([]rune{'a', 'z'}))
	case syntax.OpCapture:
		w.write(re.Sub[0])
	case syntax.OpStar:
		w.repeat(re.Sub[0], 0, -1)
	case syntax.OpPlus:
		w.repeat(re.Sub[0], 1, -1)
	case syntax.OpQuest:
		w.repeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		w.repeat(re.Sub[0], re.Min, re.Max)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			w.write(sub)
		}
	case syntax.OpAlternate:
		w.write(re.Sub[w.Branch(len(re.Sub))])
	}
}

func (w *writer) repeat(re *syntax.Regexp, low, high int) {
	count := w.Count(low, high)
	for i := range count {
		if i >= low && w.text.Len() >= w.most*utf8.UTFMax {
			return
		}
		w.write(re)
	}
}
