package fakesupport

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/internal/matching"
)

// usual is the length of a text that the rules do not limit.
const usual = 24

// Name returns words and a number, so that two seeds rarely have one name. The
// text has low to high characters; a negative high does not limit it.
func (s *Source) Name(low, high int) string {
	name := s.word() + "-" + s.word() + "-" + strconv.Itoa(int(s.Int(1e6, 1e9)))
	return s.fit(name, low, high)
}

// Text returns words of low to high characters; a negative high does not limit it.
func (s *Source) Text(low, high int) string {
	if high < 0 {
		high = max(low, usual)
	}
	n := int(s.Int(int64(low), int64(max(low, min(high, low+usual)))))
	words := []string{s.word()}
	for size := len(words[0]); size < n; size += 1 + len(words[len(words)-1]) {
		words = append(words, s.word())
	}
	text := strings.TrimRight(strings.Join(words, " ")[:max(n, min(1, high))], " ")
	return s.fit(text, low, high)
}

// fit makes a text of ASCII longer or shorter.
func (s *Source) fit(text string, low, high int) string {
	if high >= 0 && len(text) > high {
		text = text[len(text)-high:] // the end of a name has the number
	}
	for len(text) < low {
		text += string(rune('a' + s.IntN(26)))
	}
	return text
}

// URI returns the address of an object in a bucket, of low to high characters; a
// negative high does not limit it.
func (s *Source) URI(low, high int) string {
	return s.fit("s3://"+s.word()+"/"+s.Name(0, -1), low, high)
}

// Matching returns a text that matches the regular expression, of low to high
// characters; a negative high does not limit it. It panics if it finds none: the
// generator looks for one, so that this does not happen in generated code.
func (s *Source) Matching(pattern string, low, high int) string {
	text, err := s.Find(pattern, low, high)
	if err != nil {
		panic("fakesupport: " + err.Error())
	}
	return text
}

// Find is like Matching, but returns an error if it finds no text.
func (s *Source) Find(pattern string, low, high int) (string, error) {
	p, err := parse(pattern)
	if err != nil {
		return "", err
	}
	if high < 0 {
		high = max(2*low, 4*usual)
	}
	for try := range 400 {
		text := matching.Text(p.syntax, s.choice(try, high), high)
		if pad := low - utf8.RuneCountInString(text); pad > 0 {
			fill := strings.Repeat(string(rune('a'+s.IntN(26))), pad)
			if try%2 == 0 {
				text += fill // of an expression without an end
			} else {
				text = fill + text
			}
		}
		n := utf8.RuneCountInString(text)
		if low <= n && n <= high && n > 0 && utf8.ValidString(text) && !strings.Contains(text, "\x00") &&
			p.regexp.MatchString(text) {
			return text, nil
		}
	}
	return "", fmt.Errorf("no text of %d to %d characters found that matches %q", low, high, pattern)
}

// choice returns random choices. What has no limit is repeated a few times in the
// first tries, and in later ones as often as a long text needs, or not at all.
func (s *Source) choice(try, high int) matching.Choice {
	extra := 1 << (try % 8)
	if try%16 == 15 {
		extra = high
	}
	exact := try%4 == 3 // the same number of times everywhere
	count := s.IntN(min(extra, high) + 1)
	return matching.Choice{
		Count: func(low, most int) int {
			n := count
			if !exact {
				n = s.IntN(min(extra, high) + 1)
			}
			if most >= 0 {
				return low + min(n, most-low)
			}
			return low + n
		},
		Rune:   s.member,
		Branch: s.IntN,
	}
}

// member returns a random member of a character class: a letter or a digit if it
// has any, or else another printable character of ASCII, or else any.
func (s *Source) member(ranges []rune) rune {
	for _, like := range [][]rune{{'0', '9', 'A', 'Z', 'a', 'z'}, {' ', '~'}, {0xa1, 0xd7ff}} {
		if in := intersection(ranges, like); len(in) > 0 {
			return s.among(in)
		}
	}
	return s.among(ranges)
}

// among returns a random member of ranges.
func (s *Source) among(ranges []rune) rune {
	total := int64(0)
	for i := 0; i < len(ranges); i += 2 {
		total += int64(ranges[i+1]-ranges[i]) + 1
	}
	n := s.Int64N(total)
	for i := 0; ; i += 2 {
		if size := int64(ranges[i+1]-ranges[i]) + 1; n < size {
			return ranges[i] + rune(n)
		} else {
			n -= size
		}
	}
}

// intersection returns the ranges of the runes that are in both.
func intersection(a, b []rune) (out []rune) {
	for i := 0; i < len(a); i += 2 {
		for j := 0; j < len(b); j += 2 {
			if low, high := max(a[i], b[j]), min(a[i+1], b[j+1]); low <= high {
				out = append(out, low, high)
			}
		}
	}
	return out
}

// A parsed is a regular expression.
type parsed struct {
	syntax *syntax.Regexp
	regexp *regexp.Regexp
}

var patterns sync.Map // of parsed, by the text of the expression

func parse(pattern string) (parsed, error) {
	if p, ok := patterns.Load(pattern); ok {
		return p.(parsed), nil
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return parsed{}, err
	}
	p := parsed{tree, nil}
	if p.regexp, err = regexp.Compile(pattern); err != nil {
		return parsed{}, err
	}
	patterns.Store(pattern, p)
	return p, nil
}
