package filtertext

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var errTooMany = fmt.Errorf("the condition needs more than %d listings: "+
	"split an Or over many properties, or over properties with legacy names, into several queries", MaxBranches)

// MaxBranches limits the listings that one condition may need; see
// [Text.Branches].
const MaxBranches = 16

// A Text is a condition in the filter language.
type Text struct {
	// Branches are conditions whose union is the condition, at most MaxBranches.
	// None selects nothing.
	Branches []Branch
	// Caveats are the parts of the condition that the reference implementation
	// answers differently than this module's stores.
	Caveats []Caveat
}

// A Branch selects the entities that Text selects and for which all Tests hold.
type Branch struct {
	Text  string // empty: everything
	Tests []Test
}

// A Caveat is a part of a condition that the reference implementation
// misunderstands.
type Caveat struct {
	Why string // human-readable
	// ExactOnMySQL reports whether the reference implementation understands it
	// if its database is MySQL.
	ExactOnMySQL bool
}

// Options are what [Print] needs to know about the store.
type Options struct {
	// Declared reports whether the stored type declares a legacy name of a field.
	// The text mentions only those: no entity of the type has the others, and some
	// servers refuse a text that mentions them. If Declared is nil, the text
	// mentions them all.
	Declared func(legacyName string) bool
	// Misread reports whether the server misunderstands a part of a condition,
	// which then becomes a [Test]. If Misread is nil, it understands all.
	Misread func(Caveat) bool
}

// Print returns e in the filter language. What the language cannot express
// becomes tests. An Or with such a part, and a condition that would need more
// than MaxBranches branches, is one test as a whole. Print fails for a value that
// no entity can have: an empty property name, a number that is not finite, text
// that is not UTF-8. Values are escaped.
func Print(e Expr, o Options) (Text, error) {
	if e.root == nil {
		return Text{Branches: []Branch{{}}}, nil
	}
	if err := e.root.check(); err != nil {
		return Text{}, err
	}
	p := printer{Options: o}
	bs, err := p.branches(e.root, false)
	if errors.Is(err, errTooMany) && !e.root.contains(readsNeighbor) {
		bs, err = []branch{{tests: []Test{{e.root, false}}}}, nil
	}
	if err != nil {
		return Text{}, err
	}
	t := Text{Branches: make([]Branch, len(bs)), Caveats: p.caveats}
	for i, b := range bs {
		t.Branches[i] = Branch{b.text(false), b.tests}
		for _, row := range b.lacks {
			has := &Node{Op: OpIsSet, Field: Field{Property: p.names[row]}}
			t.Branches[i].Tests = append(t.Branches[i].Tests, Test{has, true})
		}
		if t.Branches[i].Text == "" && len(t.Branches[i].Tests) == 0 { // everything: the others add nothing
			t.Branches = []Branch{{}}
			break
		}
	}
	return t, nil
}

// readsNeighbor reports whether n reads a linked node. A node may have several of
// them, of which an entity has only its parent; those along an edge can be read.
func readsNeighbor(n *Node) bool { return n.Field.Neighbor != "" && n.Field.Edge == nil }

// A branch is a condition that one text can express: it is true only for nodes
// that have all the rows it mentions.
type branch struct {
	rows  []string // the properties and neighbors it mentions, sorted
	lacks []string // the properties that must be absent, sorted
	alts  []string // joined by OR; each binds as tightly as AND. Empty: TRUE
	tests []Test   // must hold too
}

// isTest reports whether the branch consists of tests only.
func (b branch) isTest() bool { return len(b.alts) == 0 && len(b.tests) > 0 }

// text returns the branch in the language, in parentheses if it stands beside an
// AND and needs them.
func (b branch) text(besideAnd bool) string {
	t := strings.Join(b.alts, " OR ")
	if besideAnd && len(b.alts) > 1 {
		return "(" + t + ")"
	}
	return t
}

// A printer turns the syntax tree of one condition into branches.
type printer struct {
	Options
	caveats []Caveat
	misread bool              // the comparison being printed has a caveat that Misread reports
	names   map[string]string // row → name, of properties that may have to be absent
}

// branches returns n, or its negation, as a union. Negation moves down to the
// comparisons, where the language treats NULL as SQL does. The AND and OR that
// remain are monotone, so that unions and intersections of branches have the
// same meaning.
func (p *printer) branches(n *Node, negated bool) ([]branch, error) {
	switch n.Op {
	case OpNot:
		return p.branches(n.Kids[0], !negated)
	case OpNever:
		return constant(negated), nil
	case OpAnd, OpOr:
		if (n.Op == OpAnd) != negated {
			return p.all(n.Kids, negated)
		}
		return p.any(n, negated)
	case OpIn:
		if len(n.Args) == 0 {
			return constant(negated), nil
		}
	}
	return p.comparison(n, negated)
}

// constant returns the branches of TRUE and FALSE.
func constant(truth bool) []branch {
	if truth {
		return []branch{{}}
	}
	return nil
}

// any returns the union of the kids of n. If one of them is only tests,
// all entities must be read, so that n as a whole is one test.
func (p *printer) any(n *Node, negated bool) ([]branch, error) {
	var out []branch
	for _, kid := range n.Kids {
		bs, err := p.branches(kid, negated)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(bs, branch.isTest) && !n.contains(readsNeighbor) {
			return []branch{{tests: []Test{{n, negated}}}}, nil
		}
		if out, err = add(out, bs...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// all returns the intersection of kids: the union, over every choice of one
// branch per kid, of the intersection of the chosen branches.
func (p *printer) all(kids []*Node, negated bool) ([]branch, error) {
	out := []branch{{}}
	for _, kid := range kids {
		bs, err := p.branches(kid, negated)
		if err != nil {
			return nil, err
		}
		var next []branch
		for _, left := range out {
			for _, right := range bs {
				b, possible := both(left, right)
				if !possible {
					continue
				}
				if next, err = add(next, b); err != nil {
					return nil, err
				}
			}
		}
		out = next
	}
	return out, nil
}

// both returns the intersection of two branches, and false if it is empty
// because a property would have to be both present and absent.
func both(a, b branch) (branch, bool) {
	out := branch{
		rows: union(a.rows, b.rows), lacks: union(a.lacks, b.lacks), tests: slices.Concat(a.tests, b.tests),
	}
	if slices.ContainsFunc(out.lacks, func(row string) bool { return slices.Contains(out.rows, row) }) {
		return branch{}, false
	}
	switch {
	case len(a.alts) == 0:
		out.alts = b.alts
	case len(b.alts) == 0:
		out.alts = a.alts
	default:
		out.alts = []string{a.text(true) + " AND " + b.text(true)}
	}
	return out, true
}

// union returns what is in a or b, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// add adds branches to a union. Branches that mention the same rows are merged
// into one text, because for them the language's OR is SQL's.
func add(all []branch, more ...branch) ([]branch, error) {
	for _, b := range more {
		i := slices.IndexFunc(all, func(u branch) bool {
			return len(u.tests) == 0 && len(b.tests) == 0 &&
				slices.Equal(u.rows, b.rows) && slices.Equal(u.lacks, b.lacks)
		})
		switch {
		case i < 0:
			b.alts = slices.Clone(b.alts)
			all = append(all, b)
		case len(all[i].alts) == 0 || len(b.alts) == 0:
			all[i].alts = nil
		default:
			all[i].alts = append(all[i].alts, b.alts...)
		}
	}
	if len(all) > MaxBranches {
		return nil, errTooMany
	}
	return all, nil
}
