package lineage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// A box is what a picture shows for one node, or for several that are folded.
type box struct {
	nodes []*Node // sorted
	start bool    // all nodes are starts, as far as starts are not folded with others
	cut   bool    // a node may have more neighbors than the graph
}

func (b *box) first() Ref      { return b.nodes[0].Ref }
func (b *box) kind() mlmd.Kind { return b.nodes[0].Kind }

// An arrow stands for all edges of one kind between the nodes of two boxes.
type arrow struct {
	from, to *box
	kind     EdgeKind
}

// A folding merges boxes until a picture is small enough to read. Boxes have numbers,
// in the order of their first nodes.
type folding struct {
	boxes  []*box // nil for those that were merged into another
	left   int    // how many are not nil
	arrows []numbered
	layers map[Ref]int
	last   int // the size of the last group that had to be merged for a similarity
}

// A numbered is an arrow between the boxes with two numbers.
type numbered struct {
	from, to int
	kind     EdgeKind
}

func compareNumbered(a, b numbered) int {
	return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.kind, b.kind))
}

// fold returns the boxes and arrows of a picture with about most boxes, or with one
// for each node if most is 0. Both are sorted.
func fold(g *Graph, most int, contexts bool) ([]*box, []arrow) {
	starts, cut := make(map[Ref]bool), make(map[Ref]bool)
	for _, r := range g.Starts {
		starts[r] = true
	}
	if g.Cut != nil {
		for _, r := range g.Cut.At {
			cut[r] = true
		}
	}
	f := &folding{}
	for _, n := range g.Nodes {
		if n.Kind != mlmd.Context || contexts {
			f.boxes = append(f.boxes, &box{nodes: []*Node{n}, start: starts[n.Ref], cut: cut[n.Ref]})
		}
	}
	f.left = len(f.boxes)
	slices.SortFunc(f.boxes, func(a, b *box) int { return compareRefs(a.first(), b.first()) })
	number := make(map[Ref]int, len(f.boxes))
	for i, b := range f.boxes {
		number[b.first()] = i
	}
	for _, e := range g.Edges {
		from, ok := number[e.From]
		to, ok2 := number[e.To]
		if ok && ok2 {
			f.arrows = append(f.arrows, numbered{from, to, e.Kind})
		}
	}
	f.renumber(nil)
	if most > 0 {
		f.layers = layersOf(g)
		for i, same := range similarities {
			f.last = 0
			for f.merge(most, same) {
				for i > 0 && f.merge(0, similarities[0]) { // the neighbors may be the same by now
				}
			}
		}
	}
	arrows := make([]arrow, len(f.arrows))
	for i, a := range f.arrows {
		arrows[i] = arrow{f.boxes[a.from], f.boxes[a.to], a.kind}
	}
	return slices.DeleteFunc(f.boxes, func(b *box) bool { return b == nil }), arrows
}

// renumber replaces the numbers of boxes that were merged, and sorts the arrows.
func (f *folding) renumber(into map[int]int) {
	for i, a := range f.arrows {
		if n, ok := into[a.from]; ok {
			f.arrows[i].from = n
		}
		if n, ok := into[a.to]; ok {
			f.arrows[i].to = n
		}
	}
	slices.SortFunc(f.arrows, compareNumbered)
	f.arrows = slices.Compact(f.arrows)
}

// arrowsPerBox limits the arrows of a picture in terms of its boxes.
const arrowsPerBox = 6

// A similarity says which properties boxes of one type must have in common to be
// merged.
type similarity struct {
	in, out, contexts, layer, name bool
}

// similarities are tried one after the other.
var similarities = []similarity{
	{in: true, out: true, contexts: true},
	{in: true, out: true}, // for contexts: the contexts above
	{in: true, layer: true},
	{out: true, layer: true},
	{layer: true, name: true},
	{layer: true},
	{},
}

// keys returns a text for each box, which is the same for similar ones.
func (f *folding) keys(same similarity) [][]byte {
	ins, outs := make([][]byte, len(f.boxes)), make([][]byte, len(f.boxes))
	for _, a := range f.arrows {
		member := a.kind.IsMembership()
		above := member && f.boxes[a.from].kind() == mlmd.Context
		if above || member && same.contexts || !member && same.out {
			outs[a.from] = fmt.Appendf(outs[a.from], "\x00>%s%d", a.kind, a.to)
		}
		if member && same.contexts || !member && same.in {
			ins[a.to] = fmt.Appendf(ins[a.to], "\x00<%s%d", a.kind, a.from)
		}
	}
	for i, b := range f.boxes {
		if b == nil {
			continue
		}
		n := b.nodes[0]
		key := fmt.Appendf(nil, "%d%v%q", n.Kind, b.start, n.TypeName)
		if same.layer {
			key = fmt.Appendf(key, "%d", f.layers[n.Ref])
		}
		if same.name {
			key = fmt.Appendf(key, "%q", n.Name)
		}
		ins[i] = slices.Concat(key, ins[i], outs[i])
	}
	return ins
}

// merge merges similar boxes, beginning with the largest group, until there are at
// most most boxes and not too many arrows. It also merges groups of about the size of
// those that had to be, so that what is alike looks alike. It reports whether it
// merged any.
func (f *folding) merge(most int, same similarity) bool {
	crowded := len(f.arrows) > arrowsPerBox*max(most, 1)
	if f.left <= most && !crowded && f.last == 0 {
		return false
	}
	keys := f.keys(same)
	groups := make(map[string][]int)
	for i, b := range f.boxes {
		if b != nil {
			groups[string(keys[i])] = append(groups[string(keys[i])], i)
		}
	}
	ordered := slices.SortedFunc(maps.Values(groups), func(a, b []int) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	merged := make(map[int]int)
	for _, group := range ordered {
		needed := f.left > most || crowded && len(merged) == 0
		if len(group) < 2 || !needed && (f.last == 0 || 2*len(group) < f.last) {
			break
		}
		if needed && most > 0 {
			f.last = len(group)
		}
		into := f.boxes[group[0]]
		for _, i := range group[1:] {
			into.nodes = append(into.nodes, f.boxes[i].nodes...)
			into.cut = into.cut || f.boxes[i].cut
			merged[i] = group[0]
			f.boxes[i] = nil
			f.left--
		}
		slices.SortFunc(into.nodes, func(a, b *Node) int { return compareRefs(a.Ref, b.Ref) })
	}
	f.renumber(merged)
	return len(merged) > 0
}

// layersOf returns how many hops downstream of the starts a node is, or upstream as a
// negative number. Nodes that are neither have the distance from the starts in any
// direction, plus a large number.
func layersOf(g *Graph) map[Ref]int {
	g.index()
	var starts []Ref
	for _, r := range g.Starts {
		starts = append(starts, r)
		for queue := []Ref{r}; len(queue) > 0 && r.Kind == mlmd.Context; queue = queue[1:] {
			for _, m := range g.Members(queue[0]) {
				if m.Kind == mlmd.Context && len(starts) <= len(g.Nodes) {
					queue = append(queue, m.Ref)
				}
				starts = append(starts, m.Ref)
			}
		}
	}
	const beside = 1_000_000
	out := make(map[Ref]int, len(g.Nodes))
	search := func(base, step int, next func(Ref) []Ref) {
		seen := make(map[Ref]bool)
		level := starts
		for depth := 0; len(level) > 0; depth++ {
			var after []Ref
			for _, r := range level {
				if seen[r] {
					continue
				}
				seen[r] = true
				if _, known := out[r]; !known {
					out[r] = base + step*depth
				}
				after = append(after, next(r)...)
			}
			level = after
		}
	}
	far := func(r Ref, down, up bool) []Ref {
		var out []Ref
		for _, i := range g.outgoing[r] {
			if down && g.Edges[i].Kind.isEvent() {
				out = append(out, g.Edges[i].To)
			}
		}
		for _, i := range g.incoming[r] {
			if up && g.Edges[i].Kind.isEvent() {
				out = append(out, g.Edges[i].From)
			}
		}
		return out
	}
	search(0, 1, func(r Ref) []Ref { return far(r, true, false) })
	search(0, -1, func(r Ref) []Ref { return far(r, false, true) })
	search(beside, 1, func(r Ref) []Ref { return far(r, true, true) })
	return out
}
