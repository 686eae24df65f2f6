package filter

import (
	"fmt"
	"slices"
	"strings"
)

// MostBranches is the largest number of listings that one condition may need;
// see [Text.Branches].
const MostBranches = 16

// A Text is a condition in the filter language of MLMD.
//
// The language drops a node that lacks a property named anywhere in the text,
// also where the other side of an OR is true. So an Or over different
// properties cannot be one text: it becomes several, and their union is the
// condition.
type Text struct {
	// Branches are the texts whose union the condition is, at most
	// [MostBranches]. One that is empty selects everything; if there is none,
	// nothing is selected.
	Branches []string
	// Absent are, for each branch, the properties that an entity must not have
	// to be selected by it: their values would be read instead. The language
	// cannot say so; who lists the branch leaves out such entities.
	Absent [][]string
	// Caveats are what the published MLMD server would answer wrongly, and this
	// module's own store answers rightly.
	Caveats []Caveat
}

// A Caveat is a part of a condition that the published MLMD server does not
// understand as it is meant.
type Caveat struct {
	Why string // for people
	// ExactOnMySQL tells that the published server understands it when its
	// database is MySQL.
	ExactOnMySQL bool
}

// Print returns e in the filter language. It fails on what the language cannot
// say: a property name with a character that it does not allow, a property
// that is to be absent, a number that is not finite, text that is not UTF-8,
// and more than [MostBranches] branches. Values are escaped: whatever they
// contain is data.
func Print[T any](e Expr[T]) (Text, error) { return PrintFor(e, nil) }

// PrintFor is [Print] for one store: of the older names of fields it asks only
// for those that the function reports as declared by the stored type. No entity
// of that type can have the others, and some servers refuse to be asked for
// them. A nil function stands for one that reports true.
func PrintFor[T any](e Expr[T], declared func(older string) bool) (Text, error) {
	if e.n == nil {
		return Text{Branches: []string{""}, Absent: [][]string{nil}}, nil
	}
	p := printer{declared: declared}
	bs, err := p.branches(e.n, false)
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

// A branch is a condition that can be said in one text: it is true only for
// nodes that have all the rows it mentions.
type branch struct {
	rows  []string // the properties and neighbours it mentions, sorted
	lacks []string // the properties that must not be there, sorted
	alts  []string // any of these; each binds as AND does. None is TRUE
}

// text returns the branch in the language, in parentheses where it would not
// hold together beside an AND.
func (b branch) text(besideAnd bool) string {
	t := strings.Join(b.alts, " OR ")
	if besideAnd && len(b.alts) > 1 {
		return "(" + t + ")"
	}
	return t
}

// A printer turns the vertices of one condition into branches.
type printer struct {
	caveats  []Caveat
	declared func(older string) bool // nil: all are
	names    map[string]string       // of the properties that may be absent, by row
}

// branches returns what n, or its negation, means as a union. Negation moves
// down to the comparisons, where the language's NULL rules are SQL's; what is
// left above are AND and OR, which are true only where enough of their parts
// are true, so that unions and intersections of branches mean the same.
func (p *printer) branches(n *node, negated bool) ([]branch, error) {
	switch n.op {
	case opNot:
		return p.branches(n.kids[0], !negated)
	case opNever:
		return constant(negated), nil
	case opAnd, opOr:
		if (n.op == opAnd) != negated {
			return p.all(n.kids, negated)
		}
		return p.any(n.kids, negated)
	case opIn:
		if len(n.args) == 0 {
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
func (p *printer) any(kids []*node, negated bool) ([]branch, error) {
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

// all returns the intersection of kids: a union of one intersection for every
// choice of a branch of each.
func (p *printer) all(kids []*node, negated bool) ([]branch, error) {
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

// both returns the intersection of two branches; false where a property would
// have to be there and not to be there.
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

// add adds branches to a union. Branches that mention the same rows are one
// text: for them the language's OR means what SQL means by it.
func add(all []branch, more ...branch) ([]branch, error) {
	for _, b := range more {
		i := slices.IndexFunc(all, func(u branch) bool { return slices.Equal(u.rows, b.rows) && slices.Equal(u.lacks, b.lacks) })
		switch {
		case i < 0:
			all = append(all, branch{b.rows, b.lacks, slices.Clone(b.alts)})
		case len(all[i].alts) == 0 || len(b.alts) == 0:
			all[i].alts = nil
		default:
			all[i].alts = append(all[i].alts, b.alts...)
		}
	}
	if len(all) > MostBranches {
		return nil, fmt.Errorf("the condition needs more than %d listings: it has an Or over too many different properties, or too many with older names; ask in parts", MostBranches)
	}
	return all, nil
}
