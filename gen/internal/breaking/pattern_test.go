package breaking

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		was, now string
		stricter bool
	}{
		{"", "^a", true},
		{"", "", false},
		{"", ".*", false},
		{"^a", "^a", false},
		{"^a$", "^[ab]$", false},
		{"^[ab]$", "^a$", true},
		{"^[a-z]+$", "^[a-z0-9]+$", false},
		{"^[a-z0-9]+$", "^[a-z]+$", true},
		{"^[a-z]{1,10}$", "^[a-z]{1,20}$", false},
		{"^[a-z]{1,20}$", "^[a-z]{1,10}$", true},
		{"^v[0-9]+$", "^v[0-9]+(\\.[0-9]+)?$", false},
		{"^v[0-9]+\\.[0-9]+$", "^v[0-9]+$", true},
		{"a", "a|b", false},
		{"a|b", "a", true},
		{"^a$", "a", false},
		{"a", "^a$", true},
		{"(?i)^abc$", "^[aA][bB][cC]$", false},
		{"^abc$", "(?i)^ABC$", false},
		{"(?i)^k$", "^[kK]$", true}, // the Kelvin sign is a K too
		{"\\bword\\b", "word", false},
		{"word", "\\bword\\b", true},
		{"(?m)^a$", "a", false},
		{"^.*$", "(?s)^.*$", false},
		{"(?s)^.*$", "^.*$", true},
		{"^\\p{Lu}+$", "^\\p{L}+$", false},
		{"^\\p{L}+$", "^\\p{Lu}+$", true},
	} {
		text, found, known := refused(c.was, c.now)
		if !known || found != c.stricter {
			t.Errorf("%q to %q: got %q, %v, %v", c.was, c.now, text, found, known)
		}
	}
}

func FuzzRefused(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := rand.New(rand.NewPCG(seed, 1))
		parts := strings.Fields(`a b [ab] [^a] . \b \B ^ $ (?m:^) (?m:$) (?i:a) A - \w \d (?s:.) a{2} (?:ab|ba)`)
		pattern := func() string {
			var b strings.Builder
			for range g.IntN(5) {
				b.WriteString(parts[g.IntN(len(parts))])
				b.WriteString([]string{"", "", "*", "+", "?", "|"}[g.IntN(6)])
			}
			return b.String()
		}
		was, now := pattern(), pattern()
		a, errA := regexp.Compile(was)
		b, errB := regexp.Compile(now)
		if errA != nil || errB != nil {
			return
		}
		text, found, known := refused(was, now)
		if found && (!a.MatchString(text) || b.MatchString(text)) {
			t.Errorf("%q to %q: %q is not an example", was, now, text)
		}
		if found || !known {
			return
		}
		for range 200 {
			var s strings.Builder
			for range g.IntN(7) {
				s.WriteRune([]rune("abAB-1\n _é")[g.IntN(10)])
			}
			if a.MatchString(s.String()) && !b.MatchString(s.String()) {
				t.Errorf("%q to %q refuses %q", was, now, s.String())
			}
		}
	})
}
