package lineage

import (
	"cmp"
	"context"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// eventTypes are the types of MLMD's events by the kind of their edges.
var eventTypes = map[EdgeKind]mlmdpb.Event_Type{
	Input: mlmdpb.Event_INPUT, DeclaredInput: mlmdpb.Event_DECLARED_INPUT,
	InternalInput: mlmdpb.Event_INTERNAL_INPUT, Output: mlmdpb.Event_OUTPUT,
	DeclaredOutput: mlmdpb.Event_DECLARED_OUTPUT, InternalOutput: mlmdpb.Event_INTERNAL_OUTPUT,
	PendingOutput: mlmdpb.Event_PENDING_OUTPUT, UnknownEvent: mlmdpb.Event_UNKNOWN,
}

var eventKinds = func() map[mlmdpb.Event_Type]EdgeKind {
	out := make(map[mlmdpb.Event_Type]EdgeKind)
	for k, t := range eventTypes {
		out[t] = k
	}
	return out
}()

// kindOf returns the kind of the edge of an event. Types that this package does not
// know have no direction.
func kindOf(t mlmdpb.Event_Type) EdgeKind {
	if k, ok := eventKinds[t]; ok {
		return k
	}
	return UnknownEvent
}

func isInput(t mlmdpb.Event_Type) bool {
	return t == mlmdpb.Event_INPUT || t == mlmdpb.Event_DECLARED_INPUT || t == mlmdpb.Event_INTERNAL_INPUT
}

func isOutput(t mlmdpb.Event_Type) bool {
	return t == mlmdpb.Event_OUTPUT || t == mlmdpb.Event_DECLARED_OUTPUT ||
		t == mlmdpb.Event_INTERNAL_OUTPUT || t == mlmdpb.Event_PENDING_OUTPUT
}

// An eventEdge is the edge of an event.
type eventEdge struct {
	Edge
	artifact, execution int64
}

func edgeOf(e *mlmdpb.Event) eventEdge {
	a, x := e.GetArtifactId(), e.GetExecutionId()
	out := eventEdge{Edge{
		From: nodeID{mlmd.Artifact, a}.ref(), To: nodeID{mlmd.Execution, x}.ref(),
		Kind: kindOf(e.GetType()), Time: value.Millis(e.GetMillisecondsSinceEpoch()),
	}, a, x}
	if isOutput(e.GetType()) {
		out.From, out.To = out.To, out.From
	}
	for _, s := range e.GetPath().GetSteps() {
		switch v := s.GetValue().(type) {
		case *mlmdpb.Event_Path_Step_Index:
			out.Path = append(out.Path, Step{Index: v.Index, IsIndex: true})
		case *mlmdpb.Event_Path_Step_Key:
			out.Path = append(out.Path, Step{Key: v.Key})
		}
	}
	return out
}

// ends returns the node of an event that is of the given kind, and the other one.
func ends(e *mlmdpb.Event, kind mlmd.Kind) (near, far nodeID) {
	a, x := nodeID{mlmd.Artifact, e.GetArtifactId()}, nodeID{mlmd.Execution, e.GetExecutionId()}
	if kind == mlmd.Artifact {
		return a, x
	}
	return x, a
}

// follows reports whether the walk takes an event from its node of the given
// kind.
func (w *Walk) follows(e *mlmdpb.Event, from mlmd.Kind) bool {
	if w.kinds != nil && !slices.Contains(w.kinds, kindOf(e.GetType())) {
		return false
	}
	switch {
	case w.way == both:
		return true
	case (w.way == upstream) == (from == mlmd.Artifact):
		return isOutput(e.GetType())
	}
	return isInput(e.GetType())
}

// An eventSource has the events of a store.
type eventSource interface {
	// events returns the events of the first n nodes of ids, which are of one kind.
	// n is at least 1. If the node ids[0] alone has too many events, events returns
	// none, and large is true.
	events(ctx context.Context, kind mlmd.Kind, ids []int64) (events []*mlmdpb.Event, n int, large bool, err error)
	// selected returns which of the nodes the boundary of the walk selects. ids has
	// at most batch elements.
	selected(ctx context.Context, kind mlmd.Kind, ids []int64) (map[int64]bool, error)
}

// A traversal is a breadth-first search from the starts. Its result does not depend
// on the source of the events.
type traversal struct {
	*reader
	source             eventSource
	maxNodes, maxEdges int

	depth    map[nodeID]int // of the nodes in order
	order    []nodeID       // the nodes of the graph, as they were reached
	stopped  map[nodeID]bool
	excluded map[nodeID]bool
	expanded map[nodeID]bool
	edges    []*mlmdpb.Event
	full     bool // a limit was reached
}

func (r *reader) newTraversal(s eventSource, maxNodes int) *traversal {
	return &traversal{
		reader: r, source: s, maxNodes: maxNodes, maxEdges: max(edgesPerNode*r.limit, leastEdges),
		depth: make(map[nodeID]int), stopped: make(map[nodeID]bool), excluded: make(map[nodeID]bool),
		expanded: make(map[nodeID]bool),
	}
}

// run searches from the first nodes, which are sorted.
func (t *traversal) run(ctx context.Context, first []nodeID) error {
	left, err := t.admit(ctx, first, 0)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		t.cut = t.cut.add(TooManyNodes, refsOf(t.expandable(t.order))...)
		t.full = true
		return nil
	}
	frontier := t.order
	for depth := 1; depth <= t.Walk.depth && len(frontier) > 0; depth++ {
		reached := len(t.order)
		if err := t.hop(ctx, frontier, depth); err != nil {
			return err
		}
		if t.full { // nodes of the next hop were not expanded either
			if depth < t.Walk.depth {
				t.cut.At = append(t.cut.At, refsOf(t.expandable(t.order[reached:]))...)
			}
			return nil
		}
		frontier = t.order[reached:]
		slices.SortFunc(frontier, compareIDs)
	}
	return nil
}

// expandable returns the nodes at which the walk does not stop.
func (t *traversal) expandable(ns []nodeID) []nodeID {
	return slices.DeleteFunc(slices.Clone(ns), func(n nodeID) bool { return t.stopped[n] })
}

// hop expands the nodes of a frontier, which are sorted by kind.
func (t *traversal) hop(ctx context.Context, frontier []nodeID, depth int) error {
	frontier = t.expandable(frontier)
	for len(frontier) > 0 {
		if t.full {
			t.cut.At = append(t.cut.At, refsOf(frontier)...)
			return nil
		}
		kind := frontier[0].kind
		var ids []int64
		for _, n := range frontier {
			if n.kind == kind {
				ids = append(ids, n.id)
			}
		}
		events, n, large, err := t.source.events(ctx, kind, ids)
		if err != nil {
			return err
		}
		if large {
			t.cut = t.cut.add(LargeReply, frontier[0].ref())
		}
		if err := t.expand(ctx, frontier[:n], events, depth); err != nil {
			return err
		}
		frontier = frontier[n:]
	}
	return nil
}

// expand adds the events of nodes of one kind, and the nodes on their other ends.
func (t *traversal) expand(ctx context.Context, nodes []nodeID, events []*mlmdpb.Event, depth int) error {
	kind := nodes[0].kind
	byNode := make(map[nodeID][]*mlmdpb.Event, len(nodes))
	for _, e := range events {
		if near, far := ends(e, kind); t.follows(e, kind) && !(t.way == both && t.expanded[far]) {
			byNode[near] = append(byNode[near], e)
		}
	}
	var fresh []nodeID // the nodes that were not reached before, in the order in which they may be added
	met := make(map[nodeID]bool)
	for _, n := range nodes {
		slices.SortStableFunc(byNode[n], func(a, b *mlmdpb.Event) int {
			_, x := ends(a, kind)
			_, y := ends(b, kind)
			return cmp.Or(compareIDs(x, y), cmp.Compare(a.GetType(), b.GetType()))
		})
		for _, e := range byNode[n] {
			_, far := ends(e, kind)
			if _, reached := t.depth[far]; !reached && !met[far] && !t.excluded[far] {
				met[far] = true
				fresh = append(fresh, far)
			}
		}
	}
	if _, err := t.admit(ctx, fresh, depth); err != nil {
		return err
	}
	for i, n := range nodes {
		for _, e := range byNode[n] {
			_, far := ends(e, kind)
			_, reached := t.depth[far]
			switch {
			case t.excluded[far]:
			case !reached:
				t.end(TooManyNodes)
			case len(t.edges) >= t.maxEdges:
				t.end(TooManyEdges)
			default:
				t.edges = append(t.edges, e)
			}
		}
		t.expanded[n] = true
		if t.full {
			t.cut.At = append(t.cut.At, refsOf(nodes[i:])...)
			return nil
		}
	}
	return nil
}

// end records that a limit was reached.
func (t *traversal) end(why Reason) {
	t.full = true
	t.cut = t.cut.add(why)
}

// admit adds nodes to the graph, except those that the boundary excludes, until the
// graph has as many as it may. It returns the first node that it may not have and
// those after it.
func (t *traversal) admit(ctx context.Context, nodes []nodeID, depth int) ([]nodeID, error) {
	for len(nodes) > 0 {
		part := nodes[:min(batch, len(nodes))]
		selected := map[nodeID]bool{}
		for _, kind := range []mlmd.Kind{mlmd.Artifact, mlmd.Execution} {
			var ids []int64
			for _, n := range part {
				if n.kind == kind {
					ids = append(ids, n.id)
				}
			}
			if _, ok := t.Walk.ends[kind]; !ok || len(ids) == 0 {
				continue
			}
			some, err := t.source.selected(ctx, kind, ids)
			if err != nil {
				return nil, err
			}
			for id := range some {
				selected[nodeID{kind, id}] = true
			}
		}
		for i, n := range part {
			if selected[n] && !t.Walk.ends[n.kind].include {
				t.excluded[n] = true
				continue
			}
			if len(t.order) >= t.maxNodes {
				return nodes[i:], nil
			}
			t.depth[n] = depth
			t.order = append(t.order, n)
			t.stopped[n] = selected[n]
		}
		nodes = nodes[len(part):]
	}
	return nil, nil
}
