// Package textutil prepares text of callers and stores for messages.
package textutil

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Truncate returns s if it has at most n bytes, and otherwise its first n bytes
// and an ellipsis. It does not split a character: where the limit falls within
// one, the result ends before it.
func Truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := n
	for end > 0 && end > n-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// FirstLine returns the start of a server's message. The reference
// implementation appends whole requests and SQL statements.
func FirstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return Truncate(s, 300)
}

// List joins the first n texts by commas, and counts the rest.
func List(texts []string, n int) string {
	if len(texts) <= n {
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:n], ", "), len(texts)-n)
}
