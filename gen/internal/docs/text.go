package docs

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/mlmd-go/sdk/gen/internal/emit"
)

// paragraphs returns a description as Markdown, one line for each paragraph.
// Code spans and addresses stay what they are; other Markdown and HTML is
// escaped, so that a reader sees the text of the spec.
func paragraphs(description string) []string {
	var out []string
	for _, words := range emit.Paragraphs(description) {
		out = append(out, prose(strings.Join(words, " ")))
	}
	return out
}

// span matches a code span of one backtick, or an address without what may
// end a sentence.
var span = regexp.MustCompile("`[^`]+`|https?://[^\\s<>|`\"]*[^\\s<>|`\".,;:!?)\\]'*_]")

// prose returns one line of text as Markdown.
func prose(line string) string {
	var b strings.Builder
	from := 0
	for _, at := range span.FindAllStringIndex(line, -1) {
		match := line[at[0]:at[1]]
		if match[0] == '`' && (at[0] > 0 && line[at[0]-1] == '`' || at[1] < len(line) && line[at[1]] == '`' ||
			strings.TrimSpace(strings.Trim(match, "`")) == "") {
			continue // part of a longer run of backticks, or without content
		}
		b.WriteString(escape(line[from:at[0]]))
		if match[0] == '`' {
			b.WriteString(code(match[1 : len(match)-1]))
		} else {
			b.WriteString("<" + match + ">")
		}
		from = at[1]
	}
	b.WriteString(escape(line[from:]))
	return blockStart.ReplaceAllString(b.String(), `$1\$2`)
}

// blockStart matches what would make a line the item of a list or the line below a heading.
var blockStart = regexp.MustCompile(`^(\d*)([-+=.)])`)

// entity matches the beginning of an HTML entity.
var entity = regexp.MustCompile(`^&#?[A-Za-z0-9]+;`)

// escape escapes what has a meaning in Markdown within a line, also within
// the cell of a table.
func escape(text string) string {
	var b strings.Builder
	runes := []rune(text)
	for i, r := range runes {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '|': // with a backslash, a table would take it for the end of a cell after another backslash
			b.WriteString("&#124;")
		case r == '&' && entity.MatchString(string(runes[i:])):
			b.WriteString("&amp;")
		case r == '_' && inWord(runes, i-1) && inWord(runes, i+1):
			b.WriteRune(r)
		case strings.ContainsRune("\\`*_[]~$#", r):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func inWord(runes []rune, i int) bool {
	return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
}

// code returns text as a code span, which may stand in the cell of a table.
func code(text string) string {
	text = oneLine(text)
	switch {
	case strings.TrimSpace(text) == "":
		return "`\"" + text + "\"`"
	case strings.Contains(text, "|"): // which ends a cell also within a code span
		return "<code>" + escape(text) + "</code>"
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// oneLine replaces control characters and the ends of lines with spaces.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}

// codes returns texts as code spans, separated by commas.
func codes(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = code(t)
	}
	return strings.Join(out, ", ")
}
