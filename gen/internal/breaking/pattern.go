package breaking

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// Patterns are compared by running both automata over all texts at once: a
// state is the pair of the sets of instructions that the two patterns can be
// at. A text that leads to a state where only the old pattern matches is one
// that the new pattern refuses. The number of states is bounded; where it is
// not enough, the answer is that the patterns may differ.

// maxStates limits the number of states that are explored.
const maxStates = 2000

// refused returns a string that matches the pattern was but not the pattern
// now. It returns known false if it cannot decide whether there is one.
func refused(was, now string) (text string, found, known bool) {
	a, errA := compile(was)
	b, errB := compile(now)
	if errA != nil || errB != nil {
		return "", false, false
	}
	letters := letters(a, b)
	start := state{a: a.start(nil), b: b.start(nil), last: -1}
	type node struct {
		state
		text string
	}
	queue, seen := []node{{state: start}}, map[string]bool{start.key(): true}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if at.a.ends(at.last) && !at.b.ends(at.last) {
			return at.text, true, true
		}
		for _, r := range letters {
			next := state{a: at.a.step(at.last, r), b: at.b.step(at.last, r), last: kind(r)}
			if next.b.done || len(next.a.at) == 0 && !next.a.done {
				continue // every longer text is allowed now, or was refused before
			}
			key := next.key()
			if seen[key] {
				continue
			}
			if len(seen) >= maxStates {
				return "", false, false
			}
			seen[key] = true
			queue = append(queue, node{next, at.text + string(r)})
		}
	}
	return "", false, true
}

// An automaton is a pattern that is searched for anywhere in a string.
type automaton struct{ prog *syntax.Prog }

func compile(pattern string) (automaton, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return automaton{}, err
	}
	prog, err := syntax.Compile(re.Simplify())
	return automaton{prog}, err
}

// A run is the set of instructions that an automaton can be at; done reports
// that it has matched.
type run struct {
	automaton
	at   []uint32
	done bool
}

// start returns the run at the begin of a match, beside those in at.
func (p automaton) start(at []uint32) run {
	return run{p, append(at, uint32(p.prog.Start)), false}
}

// closure follows what reads no letter, between the letters before and after.
func (r run) closure(before, after rune) (out []uint32, matched bool) {
	flags := syntax.EmptyOpContext(before, after)
	seen := map[uint32]bool{}
	var follow func(pc uint32)
	follow = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch i := &r.prog.Inst[pc]; i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			follow(i.Out)
			follow(i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			follow(i.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.Arg)&^flags == 0 {
				follow(i.Out)
			}
		case syntax.InstMatch:
			matched = true
		case syntax.InstFail:
		default:
			out = append(out, pc)
		}
	}
	for _, pc := range r.at {
		follow(pc)
	}
	return out, matched
}

// ends reports whether the text matches if it ends here.
func (r run) ends(last rune) bool {
	if r.done {
		return true
	}
	_, matched := r.closure(last, -1)
	return matched
}

// step returns the run after the letter c.
func (r run) step(last, c rune) run {
	if r.done {
		return r
	}
	at, matched := r.closure(last, c)
	if matched {
		return run{r.automaton, nil, true}
	}
	var next []uint32
	for _, pc := range at {
		if i := &r.prog.Inst[pc]; i.MatchRune(c) {
			next = append(next, i.Out)
		}
	}
	next = append(next, uint32(r.prog.Start)) // a match may begin at each letter
	slices.Sort(next)
	return run{r.automaton, slices.Compact(next), false}
}

// A state is where both automata can be after a letter of the kind last.
type state struct {
	a, b run
	last rune
}

func (s state) key() string {
	var b strings.Builder
	for _, r := range []run{s.a, s.b} {
		for _, pc := range r.at {
			b.WriteRune(rune(pc + 1))
		}
		b.WriteString(map[bool]string{true: "\x00!", false: "\x00"}[r.done])
	}
	b.WriteRune(s.last + 1)
	return b.String()
}

// kind stands for all letters that look the same to what reads no letter: \b,
// and ^ and $ of a line.
func kind(r rune) rune {
	switch {
	case r == '\n':
		return '\n'
	case syntax.IsWordChar(r):
		return 'a'
	default:
		return '-'
	}
}

// letters returns one letter for each set of letters that the patterns do not
// tell apart.
func letters(patterns ...automaton) []rune {
	cuts := map[rune]bool{0: true}
	for _, c := range []string{"\n\v", "0:", "A[", "_`", "a{"} {
		for _, r := range c {
			cuts[r] = true
		}
	}
	for _, p := range patterns {
		for _, i := range p.prog.Inst {
			if i.Op != syntax.InstRune && i.Op != syntax.InstRune1 && i.Op != syntax.InstRuneAny &&
				i.Op != syntax.InstRuneAnyNotNL {
				continue
			}
			for k, r := range i.Rune {
				cuts[r] = cuts[r] || k%2 == 0
				if k%2 == 1 || len(i.Rune) == 1 {
					cuts[r+1] = true
				}
				if len(i.Rune) > 1 {
					continue
				}
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) { // a letter that stands for its other cases
					cuts[f], cuts[f+1] = true, true
				}
			}
		}
	}
	var out []rune
	for r, ok := range cuts {
		if ok && r >= 0 && r <= unicode.MaxRune && (r < 0xd800 || r > 0xdfff) {
			out = append(out, r)
		}
	}
	if cuts[0xe000] = true; !slices.Contains(out, 0xe000) {
		out = append(out, 0xe000) // what follows the surrogates, which no text has
	}
	// Readable letters come first, so that the example is.
	slices.SortFunc(out, func(a, b rune) int { return int(rank(a)) - int(rank(b)) })
	return out
}

func rank(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return r - 'a'
	case r > ' ' && r < 0x7f:
		return r
	default:
		return r + 0x100
	}
}
