package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// A side is one of the two kinds of nodes that events tie.
type side int

const (
	onArtifacts side = iota
	onExecutions
)

func (s side) other() side { return 1 - s }

func (s side) nodes() *nodeKind {
	if s == onArtifacts {
		return artifactKind
	}
	return executionKind
}

// end is the node of one side that an event ties.
func (e storedEvent) end(of side) int64 {
	if of == onArtifacts {
		return e.message.GetArtifactId()
	}
	return e.message.GetExecutionId()
}

// inputs are the types of events by which an execution reads an artifact;
// outputs those by which it makes one. The others go neither way.
var (
	inputs  = []mlmdpb.Event_Type{mlmdpb.Event_INPUT, mlmdpb.Event_DECLARED_INPUT, mlmdpb.Event_INTERNAL_INPUT}
	outputs = []mlmdpb.Event_Type{mlmdpb.Event_OUTPUT, mlmdpb.Event_DECLARED_OUTPUT, mlmdpb.Event_INTERNAL_OUTPUT, mlmdpb.Event_PENDING_OUTPUT}
)

// A walk goes breadth first along events, from artifacts to executions and back.
// Each hop takes one query for the events of all nodes that it starts from.
type walk struct {
	q   querier
	way direction
	// accept says which of the nodes that the walk reaches for the first time
	// are part of the graph and are walked through.
	accept func(ctx context.Context, on side, reached []int64) ([]int64, error)
	// newOnly leaves out the events between nodes that are both known already.
	newOnly bool

	visited [2]map[int64]bool
	ended   [2]map[int64]bool // where the walk stops; true: the node is part of the graph
	events  []storedEvent     // of the graph, in the order of the walk
}

func newWalk(q querier, way direction) *walk {
	w := &walk{q: q, way: way}
	for i := range w.visited {
		w.visited[i], w.ended[i] = map[int64]bool{}, map[int64]bool{}
	}
	return w
}

// run walks from nodes of one side. It ends when it has made its hops or
// reaches nothing new, so a cycle ends it too.
func (w *walk) run(ctx context.Context, on side, frontier []int64, hops int) error {
	for _, id := range frontier {
		w.visited[on][id] = true
	}
	for range hops {
		if len(frontier) == 0 {
			return nil
		}
		events, err := w.eventsOf(ctx, on, frontier)
		if err != nil {
			return err
		}
		far := on.other()
		fresh, err := w.accept(ctx, far, w.reached(far, events))
		if err != nil {
			return err
		}
		isFresh := make(map[int64]bool, len(fresh))
		for _, id := range fresh {
			isFresh[id] = true
		}
		for _, e := range events {
			if w.records(far, e.end(far), isFresh) {
				w.events = append(w.events, e)
			}
		}
		for id := range isFresh {
			w.visited[far][id] = true
		}
		on, frontier = far, fresh
	}
	return nil
}

// reached returns the far ends of events that the walk has not met before, each
// once.
func (w *walk) reached(far side, events []storedEvent) []int64 {
	var ids []int64
	met := map[int64]bool{}
	for _, e := range events {
		id := e.end(far)
		_, ended := w.ended[far][id]
		if !met[id] && !ended && !w.visited[far][id] {
			met[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// records says whether an event with this far end is part of the graph. Both
// ways, an event between known nodes was recorded from its other end.
func (w *walk) records(far side, id int64, fresh map[int64]bool) bool {
	if fresh[id] {
		return true
	}
	if included, ended := w.ended[far][id]; ended {
		return included
	}
	return w.visited[far][id] && w.way != bothWays && !w.newOnly
}

// eventsOf reads the events of nodes that go the way of the walk: of artifacts
// by artifact, execution and type, of executions by execution and id.
func (w *walk) eventsOf(ctx context.Context, on side, ids []int64) ([]storedEvent, error) {
	types := w.typesFrom(on)
	var events []storedEvent
	err := sqldb.ForEachChunk(w.q.Dialect().ValidIDs(slices.Clone(ids)), func(part []int64) error {
		some, err := selectEvents(ctx, w.q, on.nodes().propIDColumn, w.q.Dialect().InIDs(part))
		events = append(events, some...)
		return err
	})
	if types != nil {
		events = slices.DeleteFunc(events, func(e storedEvent) bool { return !slices.Contains(types, e.message.GetType()) })
	}
	slices.SortFunc(events, func(a, b storedEvent) int {
		byNode := cmp.Compare(a.end(on), b.end(on))
		if on == onArtifacts {
			return cmp.Or(byNode, cmp.Compare(a.end(onExecutions), b.end(onExecutions)), cmp.Compare(a.message.GetType(), b.message.GetType()))
		}
		return cmp.Or(byNode, cmp.Compare(a.id, b.id))
	})
	return events, err
}

// typesFrom are the types of events that a walk takes from nodes of one side;
// nil is all.
func (w *walk) typesFrom(on side) []mlmdpb.Event_Type {
	switch {
	case w.way == bothWays:
		return nil
	case (w.way == upstream) == (on == onArtifacts):
		return outputs
	}
	return inputs
}

// seen are the ids of the nodes of one side that are part of the graph,
// ascending.
func (w *walk) seen(on side) []int64 {
	ids := slices.Collect(maps.Keys(w.visited[on]))
	for id, included := range w.ended[on] {
		if included {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// messages are the events of the graph.
func (w *walk) messages() []*mlmdpb.Event {
	return mapSlice(w.events, func(e storedEvent) *mlmdpb.Event { return e.message })
}
