// Package spec reads OpenAPI documents as YAML nodes, so that everything in
// them, extensions beside a $ref included, is known with its line and column.
package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Pos is a place in a file. Lines and columns count from one.
type Pos struct {
	File      string
	Line, Col int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// A Problem is one error in a spec.
type Problem struct {
	Pos  Pos
	Path string // the subject, such as "ModelVersion.author"; may be empty
	Msg  string // what is wrong
	Fix  string // the remedy
	Line string // the text of the line at Pos
}

// Error returns one line: place, path, mistake and fix.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Pos.String() + ": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Msg)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

// Problems holds all errors in a spec.
type Problems []Problem

// Error lists the problems, each with its line and a caret below the column.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Error())
		if excerpt := excerpt(p.Line, p.Pos.Col); excerpt != "" {
			b.WriteString("\n" + excerpt)
		}
	}
	return b.String()
}

// Sorted returns ps in order of place, without duplicates.
func (ps Problems) Sorted() Problems {
	out := slices.Clone(ps)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Msg, b.Msg),
		)
	})
	return slices.CompactFunc(out, func(a, b Problem) bool { return a.Pos == b.Pos && a.Msg == b.Msg })
}

// excerpt shows a window of line around col, and a caret below it.
func excerpt(line string, col int) string {
	const before, most = 60, 100
	if line == "" {
		return ""
	}
	runes := []rune(printable(line))
	at := min(max(col-1, 0), len(runes))
	from := max(0, at-before)
	to := min(len(runes), from+most)
	return "    " + string(runes[from:to]) + "\n    " + strings.Repeat(" ", at-from) + "^"
}

// printable replaces control characters, which a terminal would interpret.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

// Quote returns s quoted and truncated for a message.
func Quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// OneOf returns a hint such as "want one of a, b, c".
func OneOf(names []string) string { return "want one of " + strings.Join(names, ", ") }

// Closest returns the member of names that is most similar to s, or "" if
// none is close.
func Closest(s string, names []string) string {
	best, at := "", 3
	for _, n := range names {
		if d := distance(strings.ToLower(s), strings.ToLower(n)); d < at {
			best, at = n, d
		}
	}
	return best
}

// distance returns the edit distance of a and b, or 3 if it is larger.
func distance(a, b string) int {
	const most = 3
	if len(a) > 60 || len(b) > 60 || len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return min(row[len(b)], most)
}
