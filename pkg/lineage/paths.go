package lineage

import (
	"cmp"
	"slices"
)

// Paths returns up to limit paths along which data goes from one node to another. A
// path begins with from, ends with to, and has no node twice, so cycles do not
// matter. The first one is a shortest path. Other paths follow in an order that
// depends on the graph only. If from is to, the only path has one node.
//
// The time for a path is at most proportional to its length times the size of the
// graph.
func (g *Graph) Paths(from, to Ref, limit int) [][]Ref {
	g.index()
	if g.byRef[from] == nil || g.byRef[to] == nil {
		return nil
	}
	s := &pathSearch{g: g, to: to, limit: limit, on: make(map[Ref]bool)}
	s.extend(from)
	return s.found
}

type pathSearch struct {
	g     *Graph
	to    Ref
	limit int
	path  []Ref
	on    map[Ref]bool // the nodes of path
	found [][]Ref
}

// extend adds r to the path, and every way from there to the end.
func (s *pathSearch) extend(r Ref) {
	if len(s.found) >= s.limit {
		return
	}
	s.path, s.on[r] = append(s.path, r), true
	defer func() {
		s.path = s.path[:len(s.path)-1]
		delete(s.on, r)
	}()
	if r == s.to {
		s.found = append(s.found, slices.Clone(s.path))
		return
	}
	// Only nodes from which the rest of the path is possible are entered, so that
	// each of them yields a path.
	far := s.distances()
	next := slices.DeleteFunc(s.g.Downstream(r), func(n *Node) bool { _, ok := far[n.Ref]; return !ok })
	slices.SortStableFunc(next, func(a, b *Node) int { return cmp.Compare(far[a.Ref], far[b.Ref]) })
	for _, n := range next {
		s.extend(n.Ref)
	}
}

// distances returns the lengths of the shortest paths to the end that avoid the
// nodes of the path.
func (s *pathSearch) distances() map[Ref]int {
	far := map[Ref]int{s.to: 0}
	for queue := []Ref{s.to}; len(queue) > 0; queue = queue[1:] {
		for _, i := range s.g.incoming[queue[0]] {
			e := s.g.Edges[i]
			if _, seen := far[e.From]; seen || s.on[e.From] || !e.Kind.isFlow() {
				continue
			}
			far[e.From] = far[queue[0]] + 1
			queue = append(queue, e.From)
		}
	}
	return far
}
