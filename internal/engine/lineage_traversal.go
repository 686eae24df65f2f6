package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// A nodeSide is one of the two kinds of nodes that events tie.
type nodeSide int

const (
	onArtifacts nodeSide = iota
	onExecutions
)

func (s nodeSide) other() nodeSide { return 1 - s }

func (s nodeSide) kind() *nodeKind {
	if s == onArtifacts {
		return artifactKind
	}
	return executionKind
}

// endpoint is the node of one side that an event ties.
func (e storedEvent) endpoint(of nodeSide) int64 {
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

// A traversal goes breadth first along events, from artifacts to executions and back.
// Each hop takes one query for the events of all nodes that it starts from.
type traversal struct {
	q         querier
	direction direction
	// accept says which of the nodes that the walk reaches for the first time
	// are part of the graph and are walked through.
	accept func(ctx context.Context, on nodeSide, reached []int64) ([]int64, error)
	// newOnly leaves out the events between nodes that are both known already.
	newOnly bool

	visited [2]map[int64]bool
	stopped [2]map[int64]bool // where the walk stops; true: the node is part of the graph
	events  []storedEvent     // of the graph, in the order of the walk
}

func newTraversal(q querier, way direction) *traversal {
	w := &traversal{q: q, direction: way}
	for i := range w.visited {
		w.visited[i], w.stopped[i] = map[int64]bool{}, map[int64]bool{}
	}
	return w
}

// run walks from nodes of one side. It ends when it has made its hops or
// reaches nothing new, so a cycle ends it too.
func (w *traversal) run(ctx context.Context, on nodeSide, frontier []int64, hops int) error {
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
		fresh, err := w.accept(ctx, far, w.newEndpoints(far, events))
		if err != nil {
			return err
		}
		isFresh := make(map[int64]bool, len(fresh))
		for _, id := range fresh {
			isFresh[id] = true
		}
		for _, e := range events {
			if w.includes(far, e.endpoint(far), isFresh) {
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

// newEndpoints returns the far ends of events that the walk has not met before, each
// once.
func (w *traversal) newEndpoints(far nodeSide, events []storedEvent) []int64 {
	var ids []int64
	met := map[int64]bool{}
	for _, e := range events {
		id := e.endpoint(far)
		_, ended := w.stopped[far][id]
		if !met[id] && !ended && !w.visited[far][id] {
			met[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// includes says whether an event with this far end is part of the graph. Both
// ways, an event between known nodes was recorded from its other end.
func (w *traversal) includes(far nodeSide, id int64, fresh map[int64]bool) bool {
	if fresh[id] {
		return true
	}
	if included, ended := w.stopped[far][id]; ended {
		return included
	}
	return w.visited[far][id] && w.direction != bothWays && !w.newOnly
}

// eventsOf reads the events of nodes that go the way of the walk: of artifacts
// by artifact, execution and type, of executions by execution and id.
func (w *traversal) eventsOf(ctx context.Context, on nodeSide, ids []int64) ([]storedEvent, error) {
	types := w.typesFrom(on)
	var events []storedEvent
	err := sqldb.ForEachChunk(w.q.Dialect().ValidIDs(slices.Clone(ids)), func(part []int64) error {
		some, err := selectEvents(ctx, w.q, on.kind().propIDColumn, w.q.Dialect().InIDs(part))
		events = append(events, some...)
		return err
	})
	if types != nil {
		events = slices.DeleteFunc(events, func(e storedEvent) bool { return !slices.Contains(types, e.message.GetType()) })
	}
	slices.SortFunc(events, func(a, b storedEvent) int {
		byNode := cmp.Compare(a.endpoint(on), b.endpoint(on))
		if on == onArtifacts {
			return cmp.Or(byNode, cmp.Compare(a.endpoint(onExecutions), b.endpoint(onExecutions)), cmp.Compare(a.message.GetType(), b.message.GetType()))
		}
		return cmp.Or(byNode, cmp.Compare(a.id, b.id))
	})
	return events, err
}

// typesFrom are the types of events that a walk takes from nodes of one side;
// nil is all.
func (w *traversal) typesFrom(on nodeSide) []mlmdpb.Event_Type {
	switch {
	case w.direction == bothWays:
		return nil
	case (w.direction == upstream) == (on == onArtifacts):
		return outputs
	}
	return inputs
}

// nodeIDs are the ids of the nodes of one side that are part of the graph,
// ascending.
func (w *traversal) nodeIDs(on nodeSide) []int64 {
	ids := slices.Collect(maps.Keys(w.visited[on]))
	for id, included := range w.stopped[on] {
		if included {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// messages are the events of the graph.
func (w *traversal) messages() []*mlmdpb.Event {
	return mapSlice(w.events, func(e storedEvent) *mlmdpb.Event { return e.message })
}
