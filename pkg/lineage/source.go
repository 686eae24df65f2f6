package lineage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/internal/replymemory"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

const (
	// batch is how many nodes a filter names, and how many a page of a list has. MLMD
	// starts from at most 101 nodes, and its pages have at most 100.
	batch = 100

	// largestBatch is how many nodes a request names by ID. A request for events first
	// names firstBatch nodes, and then so many that it aims at eventsPerReply.
	largestBatch   = 500
	firstBatch     = 50
	eventsPerReply = 10_000

	// The largest replies, in bytes: first of a whole subgraph, then of the events of
	// some nodes. An embedded store counts the memory of its reply instead, which is
	// a multiple of its size.
	maxSubgraph = 16 << 20
	maxEvents   = 4 << 20
	inMemory    = 4

	// mostEvents is how many events of subgraphs are kept in memory.
	mostEvents = 500_000
)

// bounded calls f with a context and an option that make an RPC fail with
// RESOURCE_EXHAUSTED if its reply is larger than size.
func bounded(ctx context.Context, size int, f func(context.Context, grpc.CallOption) error) error {
	ctx, account := replymemory.NewBudget(int64(inMemory * size)).Open(ctx)
	defer account.Close()
	return f(ctx, grpc.MaxCallRecvMsgSize(size))
}

// isTooLarge reports whether an RPC failed because its reply is too large. Servers
// that are overloaded answer alike.
func isTooLarge(err error) bool { return status.Code(err) == codes.ResourceExhausted }

// traverse finds the nodes and events of the graph, and the contexts of the nodes.
func (r *reader) traverse(ctx context.Context, first []nodeID, maxNodes int) (*traversal, error) {
	hops := &hops{reader: r, size: make(map[mlmd.Kind]int), maxNodes: maxNodes}
	if len(first) == 0 {
		return r.newTraversal(hops, maxNodes), nil
	}
	var source eventSource
	whole, err := r.subgraph(ctx, first, hops)
	if err != nil {
		return nil, err
	}
	if source = whole; whole == nil {
		source, r.links = hops, nil
	}
	t := r.newTraversal(source, maxNodes)
	if err := t.run(ctx, first); err != nil {
		return nil, err
	}
	if whole == nil && r.memberships {
		return t, r.readLinks(ctx, t.order)
	}
	return t, nil
}

// A subgraph is an eventSource with the replies of GetLineageSubgraph.
type subgraph struct {
	*hops
	events_ map[nodeID][]*mlmdpb.Event // by the nodes from which the walk follows them
	nodes   map[nodeID]bool            // nil unless the boundary excludes nodes
}

// subgraph reads the graph that is reached from the first nodes, and its memberships.
// It returns nil if the service does not have the RPC, or if the graph is too large.
func (r *reader) subgraph(ctx context.Context, first []nodeID, h *hops) (*subgraph, error) {
	s := &subgraph{hops: h, events_: make(map[nodeID][]*mlmdpb.Event)}
	mask := []string{"events"}
	if r.memberships {
		mask = append(mask, "attributions", "associations")
	}
	for _, b := range r.ends {
		if !b.include && s.nodes == nil {
			s.nodes = make(map[nodeID]bool)
			mask = append(mask, "artifacts", "executions")
		}
	}
	type eventKey struct {
		artifact, execution, millis int64
		typ                         mlmdpb.Event_Type
		path                        string
	}
	seen := make(map[eventKey]bool) // by an earlier reply
	count := 0
	for len(first) > 0 {
		kind := first[0].kind
		part := first[:min(batch, len(first))]
		if i := slices.IndexFunc(part, func(n nodeID) bool { return n.kind != kind }); i > 0 {
			part = part[:i]
		}
		g, err := r.getSubgraph(ctx, kind, idsOf(part), r.depth, mask)
		if code := status.Code(err); code == codes.Unimplemented || code == codes.ResourceExhausted {
			return nil, nil
		}
		if code := status.Code(err); err != nil && code != codes.NotFound { // the starts are checked later
			return nil, r.failed(ctx, err)
		}
		more := len(part) < len(first)
		for _, e := range g.GetEvents() {
			if more || len(seen) > 0 {
				k := eventKey{
					e.GetArtifactId(), e.GetExecutionId(), e.GetMillisecondsSinceEpoch(), e.GetType(), e.GetPath().String(),
				}
				if seen[k] {
					continue
				}
				seen[k] = true
			}
			count++
			for _, k := range []mlmd.Kind{mlmd.Artifact, mlmd.Execution} {
				if near, _ := ends(e, k); r.follows(e, k) {
					s.events_[near] = append(s.events_[near], e)
				}
			}
		}
		if count > mostEvents {
			return nil, nil
		}
		r.addLinks(g)
		if s.nodes != nil {
			for _, a := range g.GetArtifacts() {
				s.nodes[nodeID{mlmd.Artifact, a.GetId()}] = true
			}
			for _, x := range g.GetExecutions() {
				s.nodes[nodeID{mlmd.Execution, x.GetId()}] = true
			}
		}
		first = first[len(part):]
	}
	return s, nil
}

// getSubgraph calls GetLineageSubgraph from the nodes with the given IDs.
func (r *reader) getSubgraph(
	ctx context.Context, kind mlmd.Kind, ids []int64, depth int, mask []string,
) (g *mlmdpb.LineageGraph, err error) {
	o := &mlmdpb.LineageSubgraphQueryOptions{MaxNumHops: new(int64(depth)), Direction: r.way.Enum()}
	start := &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: new(filtertext.OneOf("id", ids))}
	if kind == mlmd.Artifact {
		o.StartingNodes = &mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts{StartingArtifacts: start}
	} else {
		o.StartingNodes = &mlmdpb.LineageSubgraphQueryOptions_StartingExecutions{StartingExecutions: start}
	}
	for kind, b := range r.ends {
		end := &mlmdpb.LineageSubgraphQueryOptions_EndingNodes{FilterQuery: &b.filter, IncludeEndingNodes: &b.include}
		if kind == mlmd.Artifact {
			o.EndingArtifacts = end
		} else {
			o.EndingExecutions = end
		}
	}
	err = bounded(ctx, maxSubgraph, func(ctx context.Context, opt grpc.CallOption) error {
		resp, err := r.rpc.GetLineageSubgraph(ctx, &mlmdpb.GetLineageSubgraphRequest{
			LineageSubgraphQueryOptions: o, ReadMask: fieldMask(mask),
		}, opt)
		g = resp.GetLineageSubgraph()
		return err
	})
	return g, err
}

// addLinks adds the memberships in a graph.
func (r *reader) addLinks(g *mlmdpb.LineageGraph) {
	for _, l := range g.GetAttributions() {
		r.links = append(r.links, link{nodeID{mlmd.Artifact, l.GetArtifactId()}, nodeID{mlmd.Context, l.GetContextId()}})
	}
	for _, l := range g.GetAssociations() {
		r.links = append(r.links, link{nodeID{mlmd.Execution, l.GetExecutionId()}, nodeID{mlmd.Context, l.GetContextId()}})
	}
}

func (s *subgraph) events(
	_ context.Context, kind mlmd.Kind, ids []int64,
) (events []*mlmdpb.Event, n int, large bool, err error) {
	for _, id := range ids {
		events = append(events, s.events_[nodeID{kind, id}]...)
	}
	return events, len(ids), false, nil
}

// selected returns the excluded nodes without a request: the service left them out.
// What is included must be asked for, because the walk must not go beyond it.
func (s *subgraph) selected(ctx context.Context, kind mlmd.Kind, ids []int64) (map[int64]bool, error) {
	if s.ends[kind].include {
		return s.hops.selected(ctx, kind, ids)
	}
	out := make(map[int64]bool)
	for _, id := range ids {
		if !s.nodes[nodeID{kind, id}] {
			out[id] = true
		}
	}
	return out, nil
}

// A hops is an eventSource that reads the events of some nodes at a time.
type hops struct {
	*reader
	size     map[mlmd.Kind]int // how many nodes of a kind the next request names; 0 for firstBatch
	maxNodes int
}

func (h *hops) events(
	ctx context.Context, kind mlmd.Kind, ids []int64,
) (events []*mlmdpb.Event, n int, large bool, err error) {
	for n = min(cmp.Or(h.size[kind], firstBatch), len(ids)); ; n = (n + 1) / 2 {
		events, err = h.eventsOf(ctx, kind, ids[:n])
		switch {
		case err == nil:
			h.size[kind] = max(1, min(largestBatch, eventsPerReply*n/max(1, len(events))))
			return events, n, false, nil
		case !isTooLarge(err):
			return nil, 0, false, h.failed(ctx, err)
		case n == 1:
			h.size[kind] = 1
			events, large, err = h.someEventsOf(ctx, kind, ids[0])
			return events, 1, large, err
		}
	}
}

// eventsOf reads the events of nodes of one kind.
func (h *hops) eventsOf(ctx context.Context, kind mlmd.Kind, ids []int64) (events []*mlmdpb.Event, err error) {
	err = bounded(ctx, maxEvents, func(ctx context.Context, opt grpc.CallOption) error {
		if kind == mlmd.Artifact {
			r, err := h.rpc.GetEventsByArtifactIDs(ctx, &mlmdpb.GetEventsByArtifactIDsRequest{ArtifactIds: ids}, opt)
			events = r.GetEvents()
			return err
		}
		r, err := h.rpc.GetEventsByExecutionIDs(ctx, &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: ids}, opt)
		events = r.GetEvents()
		return err
	})
	return events, err
}

// someEventsOf reads the events of a node that has too many for one reply: those of
// as many neighbors as the graph may have nodes, and of one more, by ID. It reports
// large if the events of a neighbor are too many, too, and leaves these out.
func (h *hops) someEventsOf(
	ctx context.Context, kind mlmd.Kind, id int64,
) (all []*mlmdpb.Event, large bool, err error) {
	far, own := mlmd.Execution, "artifact_id"
	if kind == mlmd.Execution {
		far, own = mlmd.Artifact, "execution_id"
	}
	var types []string
	for _, t := range eventTypes {
		if h.follows(&mlmdpb.Event{Type: &t}, kind) {
			types = append(types, strconv.Itoa(int(t)))
		}
	}
	if len(types) == 0 {
		return nil, false, nil
	}
	slices.Sort(types)
	var neighbors []int64
	// Capitals make the language take numbers: it lacks the names of some types.
	filter := fmt.Sprintf("events_e.%s = %d AND events_e.TYPE IN (%s)", own, id, strings.Join(types, ", "))
	err = h.list(ctx, far, filter, func(n nodeID) bool {
		neighbors = append(neighbors, n.id)
		return len(neighbors) <= h.maxNodes
	})
	if err != nil {
		return nil, false, err
	}
	for size := batch; len(neighbors) > 0; {
		n := min(size, len(neighbors))
		events, err := h.eventsOf(ctx, far, neighbors[:n])
		switch {
		case isTooLarge(err) && n > 1:
			size = n / 2
			continue
		case isTooLarge(err):
			large = true
		case err != nil:
			return nil, false, h.failed(ctx, err)
		}
		for _, e := range events {
			if near, _ := ends(e, kind); near.id == id {
				all = append(all, e)
			}
		}
		neighbors = neighbors[n:]
	}
	return all, large, nil
}

func (h *hops) selected(ctx context.Context, kind mlmd.Kind, ids []int64) (map[int64]bool, error) {
	out := make(map[int64]bool)
	filter := filtertext.OneOf("id", ids)
	if text := h.ends[kind].filter; text != "" {
		filter += " AND (" + text + ")"
	}
	err := h.list(ctx, kind, filter, func(n nodeID) bool {
		out[n.id] = true
		return true
	})
	return out, err
}

func idsOf(ns []nodeID) []int64 {
	out := make([]int64, len(ns))
	for i, n := range ns {
		out[i] = n.id
	}
	return out
}
