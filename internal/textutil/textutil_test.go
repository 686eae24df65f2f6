package textutil

import (
	"strings"
	"testing"
)

func TestTruncate_KeepsCharactersWhole(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "abc…"},
		{"aé", 2, "a…"}, // é has two bytes
		{"a\U0001F600b", 3, "a…"},
		{"a\U0001F600b", 5, "a\U0001F600…"},
		{"é", 1, "…"},
		{"abc", 0, "…"},
		{strings.Repeat("\x80", 10), 6, strings.Repeat("\x80", 2) + "…"}, // not UTF-8
	} {
		if got := Truncate(c.text, c.n); got != c.want {
			t.Errorf("Truncate(%q, %d) is %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	for want, texts := range map[string][]string{
		"": nil, "a": {"a"}, "a, b": {"a", "b"}, "a, b and 2 more": {"a", "b", "c", "d"},
	} {
		if got := List(texts, 2); got != want {
			t.Errorf("List(%q, 2) = %q, want %q", texts, got, want)
		}
	}
}
