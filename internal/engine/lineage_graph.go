package engine

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// maxGraphHops limits the hops of GetLineageGraph.
const maxGraphHops = 20

// GetLineageGraph is the older form of [Service.GetLineageSubgraph] in the
// library of the reference implementation. It starts from a page of artifacts,
// traverses events in both directions, drops nodes that a boundary filter does
// not select, and returns complete nodes.
func (s *Service) GetLineageGraph(
	ctx context.Context, req *mlmdpb.GetLineageGraphRequest,
) (*mlmdpb.GetLineageGraphResponse, error) {
	resp := new(mlmdpb.GetLineageGraphResponse)
	err := s.snapshot(ctx, func(ctx context.Context, q querier) error {
		options := req.GetOptions()
		starts, hops, err := graphStart(ctx, q, options)
		if err != nil {
			return err
		}
		room := nodeBudget{limited: options.GetMaxNodeSize() > 0, left: int(options.GetMaxNodeSize())}
		boundaries := [...]string{
			onArtifacts:  options.GetStopConditions().GetBoundaryArtifacts(),
			onExecutions: options.GetStopConditions().GetBoundaryExecutions(),
		}
		w := newTraversal(q, bothWays)
		w.newOnly = true
		w.accept = func(ctx context.Context, on nodeSide, ids []int64) ([]int64, error) {
			if boundaries[on] != "" && len(ids) > 0 {
				inside, err := matchingIDs(ctx, q, on, boundaries[on], ids)
				if err != nil {
					return nil, err
				}
				ids = keepIDs(ids, inside)
			}
			return room.take(ids), nil
		}
		if err := w.run(ctx, onArtifacts, room.take(starts), int(hops)); err != nil {
			return err
		}
		graph, err := w.graph(ctx)
		resp.Subgraph = graph
		return err
	})
	return reply(resp, err)
}

// graphStart checks the options and lists the artifacts to start from.
func graphStart(
	ctx context.Context, q querier, o *mlmdpb.LineageGraphQueryOptions,
) (starts []int64, hops int64, err error) {
	listing := o.GetArtifactsOptions()
	if listing == nil {
		return nil, 0, invalidArgf("Missing query_nodes conditions")
	}
	hops = maxGraphHops
	if stop := o.GetStopConditions(); stop != nil && stop.MaxNumHops != nil {
		hops = min(*stop.MaxNumHops, hops)
	}
	if hops < 0 {
		return nil, 0, invalidArgf("max_num_hops cannot be negative: max_num_hops =%d", hops)
	}
	checked, err := parseListOptions(artifactKind, listing, nil)
	if err != nil {
		return nil, 0, err
	}
	places, err := checked.cursors(ctx, q, artifactKind, allNodes, checked.size)
	if err != nil {
		return nil, 0, err
	}
	if len(places) == 0 {
		return nil, 0, errorf(codes.NotFound, "The query_nodes condition does not match any nodes to do traversal.")
	}
	return mapSlice(places, func(p cursor) int64 { return p.id }), hops, nil
}

// nodeBudget is the number of nodes that may still be added to a graph.
type nodeBudget struct {
	limited bool
	left    int
}

// take returns as many of ids as the budget allows.
func (r *nodeBudget) take(ids []int64) []int64 {
	if r.limited {
		ids = ids[:min(len(ids), r.left)]
		r.left -= len(ids)
	}
	return ids
}

// keepIDs returns the ids that are in a set, in their order.
func keepIDs(ids []int64, in map[int64]bool) []int64 {
	var result []int64
	for _, id := range ids {
		if in[id] {
			result = append(result, id)
		}
	}
	return result
}

// graph returns the graph that was traversed, with complete nodes and without
// contexts.
func (w *traversal) graph(ctx context.Context) (*mlmdpb.LineageGraph, error) {
	artifacts, err := getNodesInOrder(ctx, w.q, artifactKind, w.nodeIDs(onArtifacts))
	if err != nil {
		return nil, err
	}
	executions, err := getNodesInOrder(ctx, w.q, executionKind, w.nodeIDs(onExecutions))
	if err != nil {
		return nil, err
	}
	g := &mlmdpb.LineageGraph{
		Artifacts: mapSlice(artifacts, (*node).toArtifact), Executions: mapSlice(executions,
			(*node).toExecution), Events: w.messages(),
	}
	return g, w.addTypes(ctx, g, nil, false)
}
