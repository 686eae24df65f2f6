package filtertext

import (
	"fmt"
	"slices"
	"strings"
)

// MaxBranches limits the listings that one condition may need; see
// [Text.Branches].
const MaxBranches = 16

// A Text is a condition in the filter language.
type Text struct {
	// Branches are texts whose union is the condition, at most MaxBranches. An
	// empty text selects everything. No texts select nothing.
	Branches []string
	// Absent holds, for each branch, the properties that an entity selected by
	// it must not have, because their values would be read instead. The language
	// has no such condition: the caller must leave out these entities.
	Absent [][]string
	// Caveats are the parts of the condition that the reference implementation
	// answers differently than this module's stores.
	Caveats []Caveat
}

// A Caveat is a part of a condition that the reference implementation
// misunderstands.
type Caveat struct {
	Why string // human-readable
	// ExactOnMySQL reports whether the reference implementation understands it
	// if its database is MySQL.
	ExactOnMySQL bool
}

// Print returns e in the filter language. It fails if the language cannot
// express e: a property name with a character that it does not allow, a property
// that must be absent, a number that is not finite, text that is not UTF-8, or
// more than MaxBranches branches. Values are escaped.
//
// Of the legacy names of a field, the text mentions those that declared reports
// as declared by the stored type: no entity of the type has the others, and some
// servers refuse a text that mentions them. If declared is nil, the text mentions
// them all.
func Print(e Expr, declared func(legacyName string) bool) (Text, error) {
	if e.root == nil {
		return Text{Branches: []string{""}, Absent: [][]string{nil}}, nil
	}
	p := printer{declared: declared}
	bs, err := p.branches(e.root, false)
	if err != nil {
		return Text{}, err
	}
	t := Text{Branches: make([]string, len(bs)), Absent: make([][]string, len(bs)), Caveats: p.caveats}
	for i, b := range bs {
		t.Branches[i] = b.text(false)
		if t.Branches[i] == "" { // everything: the others add nothing
			t.Branches, t.Absent = []string{""}, [][]string{nil}
			break
		}
		for _, row := range b.lacks {
			t.Absent[i] = append(t.Absent[i], p.names[row])
		}
	}
	return t, nil
}

// A branch is a condition that one text can express: it is true only for nodes
// that have all the rows it mentions.
type branch struct {
	rows  []string // the properties and neighbors it mentions, sorted
	lacks []string // the properties that must be absent, sorted
	alts  []string // joined by OR; each binds as tightly as AND. Empty: TRUE
}

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
	caveats  []Caveat
	declared func(legacyName string) bool // nil: all are
	names    map[string]string            // row → name, of properties that may have to be absent
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
		return p.any(n.Kids, negated)
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

// any returns the union of kids.
func (p *printer) any(kids []*Node, negated bool) ([]branch, error) {
	var out []branch
	for _, kid := range kids {
		bs, err := p.branches(kid, negated)
		if err != nil {
			return nil, err
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
	out := branch{rows: union(a.rows, b.rows), lacks: union(a.lacks, b.lacks)}
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
			return slices.Equal(u.rows, b.rows) && slices.Equal(u.lacks, b.lacks)
		})
		switch {
		case i < 0:
			all = append(all, branch{b.rows, b.lacks, slices.Clone(b.alts)})
		case len(all[i].alts) == 0 || len(b.alts) == 0:
			all[i].alts = nil
		default:
			all[i].alts = append(all[i].alts, b.alts...)
		}
	}
	if len(all) > MaxBranches {
		return nil, fmt.Errorf("the condition needs more than %d listings: "+
			"split an Or over many properties, or over properties with legacy names, into several queries", MaxBranches)
	}
	return all, nil
}
