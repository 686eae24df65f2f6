package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// nodeSide is one of the two kinds of nodes of an event.
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

// endpoint returns the ID of the event's node on one side.
func (e storedEvent) endpoint(of nodeSide) int64 {
	if of == onArtifacts {
		return e.message.GetArtifactId()
	}
	return e.message.GetExecutionId()
}

// inputs are the types of events by which an execution reads an artifact, and
// outputs those by which it creates one. Other types have no direction.
var (
	inputs  = []mlmdpb.Event_Type{mlmdpb.Event_INPUT, mlmdpb.Event_DECLARED_INPUT, mlmdpb.Event_INTERNAL_INPUT}
	outputs = []mlmdpb.Event_Type{
		mlmdpb.Event_OUTPUT, mlmdpb.Event_DECLARED_OUTPUT, mlmdpb.Event_INTERNAL_OUTPUT,
		mlmdpb.Event_PENDING_OUTPUT,
	}
)

// traversal is a breadth-first traversal along events, from artifacts to
// executions and back. Each hop takes one query for the events of the nodes
// that it starts from.
type traversal struct {
	q         querier
	direction direction
	// accept returns those newly reached nodes that are part of the graph and
	// from which the traversal continues.
	accept func(ctx context.Context, on nodeSide, reached []int64) ([]int64, error)
	// newOnly omits events between nodes that were both reached before.
	newOnly bool

	visited [2]map[int64]bool
	stopped [2]map[int64]bool // where the traversal stopped; true if the node is part of the graph
	events  []storedEvent     // of the graph, in the order of the traversal
}

func newTraversal(q querier, way direction) *traversal {
	w := &traversal{q: q, direction: way}
	for i := range w.visited {
		w.visited[i], w.stopped[i] = map[int64]bool{}, map[int64]bool{}
	}
	return w
}

// run traverses from nodes of one side until it has made its hops or reaches no
// new nodes, so it ends in a cycle, too.
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

// newEndpoints returns the far nodes of events that were not reached before,
// without duplicates.
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

// includes reports whether an event with this far node is part of the graph. In
// a traversal in both directions, an event between known nodes was added from
// its other end.
func (w *traversal) includes(far nodeSide, id int64, fresh map[int64]bool) bool {
	if fresh[id] {
		return true
	}
	if included, ended := w.stopped[far][id]; ended {
		return included
	}
	return w.visited[far][id] && w.direction != bothWays && !w.newOnly
}

// eventsOf reads the events of nodes in the direction of the traversal. Those
// of artifacts are sorted by artifact, execution and type, those of executions
// by execution and ID.
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
			return cmp.Or(byNode, cmp.Compare(a.endpoint(onExecutions), b.endpoint(onExecutions)),
				cmp.Compare(a.message.GetType(), b.message.GetType()))
		}
		return cmp.Or(byNode, cmp.Compare(a.id, b.id))
	})
	return events, err
}

// typesFrom returns the types of events that are followed from one side, or nil
// for all.
func (w *traversal) typesFrom(on nodeSide) []mlmdpb.Event_Type {
	switch {
	case w.direction == bothWays:
		return nil
	case (w.direction == upstream) == (on == onArtifacts):
		return outputs
	}
	return inputs
}

// nodeIDs returns the IDs of the nodes of one side that are part of the graph,
// in ascending order.
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

// messages returns the events of the graph.
func (w *traversal) messages() []*mlmdpb.Event {
	return mapSlice(w.events, func(e storedEvent) *mlmdpb.Event { return e.message })
}
