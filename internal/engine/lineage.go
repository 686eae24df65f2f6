package engine

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// maxHops limits the hops of GetLineageSubgraph, and maxStarts the nodes where
// it starts.
const (
	maxHops   = 100
	maxStarts = 101
)

// GetLineageSubgraph traverses events from the nodes that a filter selects. The
// reply has the IDs of the nodes, and complete events.
func (s *Service) GetLineageSubgraph(
	ctx context.Context, req *mlmdpb.GetLineageSubgraphRequest,
) (*mlmdpb.GetLineageSubgraphResponse, error) {
	resp := new(mlmdpb.GetLineageSubgraphResponse)
	err := s.snapshot(ctx, func(ctx context.Context, q querier) error {
		options := req.GetLineageSubgraphQueryOptions()
		start, filter, err := startOf(options)
		if err != nil {
			return err
		}
		hops := int64(maxHops)
		if options.MaxNumHops != nil {
			hops = min(*options.MaxNumHops, hops)
		}
		if hops < 0 {
			return invalidArgf("max_num_hops cannot be negative: max_num_hops = %d", hops)
		}
		starts, err := idsByFilter(ctx, q, start, filter, maxStarts)
		if err != nil {
			return err
		}
		if len(starts) == 0 {
			return errorf(codes.NotFound, "Cannot find qualified nodes to start the traversal.")
		}
		w := newTraversal(q, directionOf(options.GetDirection()))
		ends := newStopConditions(options)
		w.accept = func(ctx context.Context, on nodeSide, ids []int64) ([]int64, error) {
			return ends.dropStops(ctx, w, on, ids)
		}
		if starts, err = ends.dropStops(ctx, w, start, starts); err != nil {
			return err
		}
		if err := w.run(ctx, start, starts, int(hops)); err != nil {
			return err
		}
		graph, err := w.subgraph(ctx, readMask(req.GetReadMask().GetPaths()))
		resp.LineageSubgraph = graph
		return err
	})
	return reply(resp, err)
}

// startOf returns the kind of node that the traversal starts from, and its
// filter.
func startOf(o *mlmdpb.LineageSubgraphQueryOptions) (nodeSide, string, error) {
	start, nodes := onArtifacts, o.GetStartingArtifacts()
	if nodes == nil {
		start, nodes = onExecutions, o.GetStartingExecutions()
	}
	switch {
	case nodes == nil:
		return 0, "", invalidArgf("Missing arguments for listing starting nodes.")
	case nodes.GetFilterQuery() == "":
		return 0, "", invalidArgf("Cannot list starting nodes if `filter_query` is unspecified.")
	}
	return start, nodes.GetFilterQuery(), nil
}

// idsByFilter returns the IDs of the first limit nodes that a filter selects,
// in ascending order.
func idsByFilter(ctx context.Context, q querier, on nodeSide, filter string, limit int) ([]int64, error) {
	compiled, err := compileFilter(on.kind(), filter)
	if err != nil {
		return nil, err
	}
	o := listOptions{field: byID, ascending: true, filter: compiled}
	places, err := o.cursors(ctx, q, on.kind(), allNodes, limit)
	return mapSlice(places, func(p cursor) int64 { return p.id }), err
}

// direction is the direction of a traversal along events.
type direction uint8

const (
	bothWays direction = iota
	upstream
	downstream
)

func directionOf(d mlmdpb.LineageSubgraphQueryOptions_Direction) direction {
	switch d {
	case mlmdpb.LineageSubgraphQueryOptions_UPSTREAM:
		return upstream
	case mlmdpb.LineageSubgraphQueryOptions_DOWNSTREAM:
		return downstream
	}
	return bothWays
}

// stopConditions are the nodes at which a traversal stops, by side.
type stopConditions [2]*stopCondition

type stopCondition struct {
	filter  *string // nil selects nothing, "" selects all nodes
	include bool    // the nodes are part of the graph
	ids     map[int64]bool
}

func newStopConditions(o *mlmdpb.LineageSubgraphQueryOptions) stopConditions {
	var e stopConditions
	for i, nodes := range [...]*mlmdpb.LineageSubgraphQueryOptions_EndingNodes{
		onArtifacts:  o.GetEndingArtifacts(),
		onExecutions: o.GetEndingExecutions(),
	} {
		e[i] = &stopCondition{include: nodes.GetIncludeEndingNodes(), ids: map[int64]bool{}}
		if nodes != nil {
			e[i].filter = nodes.FilterQuery
		}
	}
	return e
}

// dropStops returns ids without those at which the traversal stops. It also
// records the latter in w.stopped.
func (e stopConditions) dropStops(ctx context.Context, w *traversal, on nodeSide, ids []int64) ([]int64, error) {
	end := e[on]
	if end.filter == nil || len(ids) == 0 {
		return ids, nil
	}
	matches := make(map[int64]bool, len(ids))
	if *end.filter == "" {
		for _, id := range ids {
			matches[id] = true
		}
	} else {
		var err error
		if matches, err = matchingIDs(ctx, w.q, on, *end.filter, ids); err != nil {
			return nil, err
		}
	}
	for id := range matches {
		w.stopped[on][id] = end.include
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return matches[id] }), nil
}

// matchingIDs returns the subset of ids that a filter selects.
func matchingIDs(ctx context.Context, q querier, on nodeSide, filter string, ids []int64) (map[int64]bool, error) {
	compiled, err := compileFilter(on.kind(), filter)
	if err != nil {
		return nil, err
	}
	o := listOptions{field: byID, ascending: true, filter: compiled}
	found := map[int64]bool{}
	err = sqldb.ForEachChunk(q.Dialect().ValidIDs(slices.Clone(ids)), func(part []int64) error {
		s := q.Dialect().InIDs(part)
		places, err := o.cursors(ctx, q, on.kind(), scope{where: "n.id " + s.Text, args: s.Args}, len(part))
		for _, p := range places {
			found[p.id] = true
		}
		return err
	})
	return found, err
}

// readMask selects parts of a graph. An empty mask selects all.
type readMask []string

func (m readMask) wants(part string) bool { return len(m) == 0 || slices.Contains(m, part) }

// subgraph returns the graph that was traversed.
func (w *traversal) subgraph(ctx context.Context, mask readMask) (*mlmdpb.LineageGraph, error) {
	g := &mlmdpb.LineageGraph{}
	artifacts, executions := w.nodeIDs(onArtifacts), w.nodeIDs(onExecutions)
	if mask.wants("artifacts") {
		g.Artifacts = mapSlice(artifacts, func(id int64) *mlmdpb.Artifact { return &mlmdpb.Artifact{Id: &id} })
	}
	if mask.wants("executions") {
		g.Executions = mapSlice(executions, func(id int64) *mlmdpb.Execution { return &mlmdpb.Execution{Id: &id} })
	}
	if err := w.addEdges(ctx, g, mask, artifacts, executions); err != nil {
		return nil, err
	}
	if mask.wants("events") {
		g.Events = w.messages()
	}
	return g, w.addTypes(ctx, g, mask, true)
}

// addEdges adds the contexts of the nodes, and the edges between them.
func (w *traversal) addEdges(
	ctx context.Context, g *mlmdpb.LineageGraph, mask readMask, artifacts, executions []int64,
) error {
	var contexts []int64
	add := func(wanted bool, m edgeTable, ids []int64, use func(edge)) error {
		if !wanted && !mask.wants("contexts") {
			return nil
		}
		edges, err := m.edgesOf(ctx, w.q, ids)
		for _, e := range edges {
			contexts = append(contexts, e.context)
			if wanted {
				use(e)
			}
		}
		return err
	}
	err := add(mask.wants("attributions"), attributions, artifacts, func(e edge) {
		g.Attributions = append(g.Attributions, &mlmdpb.Attribution{ContextId: &e.context, ArtifactId: &e.node})
	})
	if err != nil {
		return err
	}
	err = add(mask.wants("associations"), associations, executions, func(e edge) {
		g.Associations = append(g.Associations, &mlmdpb.Association{ContextId: &e.context, ExecutionId: &e.node})
	})
	if err != nil || !mask.wants("contexts") {
		return err
	}
	slices.Sort(contexts)
	g.Contexts = mapSlice(slices.Compact(contexts), func(id int64) *mlmdpb.Context { return &mlmdpb.Context{Id: &id} })
	return nil
}

// edgesOf reads the edges of nodes, sorted by context and node.
func (m edgeTable) edgesOf(ctx context.Context, q querier, ids []int64) ([]edge, error) {
	var edges []edge
	err := sqldb.ForEachChunk(ids, func(part []int64) error {
		s := q.Dialect().InIDs(part)
		rows, err := q.Query(ctx, "SELECT context_id, "+m.column+" FROM "+m.table+" WHERE "+m.column+" "+s.Text, s.Args...)
		return sqldb.Each(rows, err, 2, func(r *sqldb.Row) error {
			e := edge{node: r.Int(1), context: r.Int(0)}
			if err := r.TakeErr(); err != nil {
				q.reportDamage(ctx, m.table, e.node, "context_id", err)
				return nil
			}
			edges = append(edges, e)
			return nil
		})
	})
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.context, b.context), cmp.Compare(a.node, b.node))
	})
	return edges, err
}

// addTypes adds all types of the kinds that the mask selects, with or without
// system types.
func (w *traversal) addTypes(ctx context.Context, g *mlmdpb.LineageGraph, mask readMask, system bool) error {
	read := func(part string, kind typekind.Kind) ([]*typeInfo, error) {
		if !mask.wants(part) {
			return nil, nil
		}
		if !system {
			return allTypes(ctx, w.q, kind)
		}
		types, err := selectTypes(ctx, w.q, typesOfKind(kind))
		return mapSlice(types, func(t *typeInfo) *typeInfo { return t.omit(true, true, false) }), err
	}
	artifact, err := read("artifact_types", typekind.Artifact)
	if err != nil {
		return err
	}
	g.ArtifactTypes = mapSlice(artifact, (*typeInfo).artifactType)
	execution, err := read("execution_types", typekind.Execution)
	if err != nil {
		return err
	}
	g.ExecutionTypes = mapSlice(execution, (*typeInfo).executionType)
	contextTypes, err := read("context_types", typekind.Context)
	g.ContextTypes = mapSlice(contextTypes, (*typeInfo).contextType)
	return err
}
