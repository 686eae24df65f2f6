package storetest

import (
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// cycles traverses a1 → e1 → a1.
func cycles(s *scene) {
	p := newPipeline(s)
	_, err := s.rpc.PutEvents(s.ctx, &mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{
		{
			ArtifactId: &p.artifacts[0], ExecutionId: &p.executions[0], Type: mlmdpb.Event_OUTPUT.Enum(),
			MillisecondsSinceEpoch: new(int64(1)),
		},
		{
			ArtifactId: &p.artifacts[0], ExecutionId: &p.executions[2], Type: mlmdpb.Event_OUTPUT.Enum(),
			MillisecondsSinceEpoch: new(int64(1)),
		},
	}})
	s.ok(err)
	for _, w := range []walked{
		{
			start: "a1", way: down, hops: -1, artifacts: []int{1, 2, 3, 4, 5}, executions: []int{1, 2, 3},
			events: "a1e1 a1e2 a1e1 a2e1 a3e2 a5e2 a2e2 a3e3 a1e3 a4e3",
		},
		{
			start: "a1", way: bothWays, hops: -1, artifacts: []int{1, 2, 3, 4, 5}, executions: []int{1, 2, 3},
			events: "a1e1 a1e1 a1e2 a1e3 a2e1 a2e2 a3e2 a5e2 a3e3 a4e3",
		},
	} {
		r, err := s.rpc.GetLineageSubgraph(
			s.ctx, &mlmdpb.GetLineageSubgraphRequest{LineageSubgraphQueryOptions: p.options(w)},
		)
		s.ok(err)
		p.sees("a walk "+w.way.String()+" around a cycle", r.LineageSubgraph, w)
	}
}

func manyStarts(s *scene) {
	name, ids := s.someArtifacts(105)
	r, err := s.rpc.GetLineageSubgraph(s.ctx, &mlmdpb.GetLineageSubgraphRequest{LineageSubgraphQueryOptions: &walkOptions{
		StartingNodes: &walkArtifact{StartingArtifacts: &startNodes{FilterQuery: new("type = '" + name + "'")}},
	}})
	s.ok(err)
	var got []int64
	for _, a := range r.LineageSubgraph.Artifacts {
		got = append(got, a.GetId())
	}
	slices.Sort(got)
	equalList(s, "artifacts to start from", got, ids[:101]...)
}

// graphs checks the deprecated GetLineageGraph.
func graphs(s *scene) {
	p := newPipeline(s)
	filter := func(nodes string) *string { return new(p.among(nodes)[1]) }
	ask := func(o *mlmdpb.LineageGraphQueryOptions) (*mlmdpb.LineageGraph, error) {
		r, err := s.rpc.GetLineageGraph(s.ctx, &mlmdpb.GetLineageGraphRequest{Options: o})
		return r.GetSubgraph(), err
	}
	from := func(nodes string) *mlmdpb.LineageGraphQueryOptions_ArtifactsOptions {
		return &mlmdpb.LineageGraphQueryOptions_ArtifactsOptions{ArtifactsOptions: &listOptions{FilterQuery: filter(nodes)}}
	}
	type bounds = mlmdpb.LineageGraphQueryOptions_BoundaryConstraint
	for _, c := range []struct {
		options *mlmdpb.LineageGraphQueryOptions
		walked
	}{
		{
			&mlmdpb.LineageGraphQueryOptions{QueryNodes: from("a1")},
			walked{
				artifacts: []int{1, 2, 3, 4, 5}, executions: []int{1, 2, 3},
				events: "a1e1 a1e2 a2e1 a2e2 a3e2 a5e2 a3e3 a4e3",
			},
		},
		{
			&mlmdpb.LineageGraphQueryOptions{QueryNodes: from("a4"), StopConditions: &bounds{MaxNumHops: new(int64(1))}},
			walked{artifacts: []int{4}, executions: []int{3}, events: "a4e3"},
		},
		{
			&mlmdpb.LineageGraphQueryOptions{QueryNodes: from("a1"), StopConditions: &bounds{MaxNumHops: new(int64(0))}},
			walked{artifacts: []int{1}},
		},
		{
			&mlmdpb.LineageGraphQueryOptions{
				QueryNodes: from("a1"), StopConditions: &bounds{BoundaryExecutions: filter("e1 e3")},
			},
			walked{artifacts: []int{1, 2}, executions: []int{1}, events: "a1e1 a2e1"},
		},
		{
			&mlmdpb.LineageGraphQueryOptions{QueryNodes: from("a1"), StopConditions: &bounds{BoundaryArtifacts: filter("a3")}},
			walked{artifacts: []int{1, 3}, executions: []int{1, 2, 3}, events: "a1e1 a1e2 a3e2 a3e3"},
		},
		{
			&mlmdpb.LineageGraphQueryOptions{QueryNodes: from("a1"), MaxNodeSize: new(int64(3))},
			walked{artifacts: []int{1}, executions: []int{1, 2}, events: "a1e1 a1e2"},
		},
		{
			&mlmdpb.LineageGraphQueryOptions{QueryNodes: from("a1"), MaxNodeSize: new(int64(0))},
			walked{
				artifacts: []int{1, 2, 3, 4, 5}, executions: []int{1, 2, 3},
				events: "a1e1 a1e2 a2e1 a2e2 a3e2 a5e2 a3e3 a4e3",
			},
		},
	} {
		g, err := ask(c.options)
		s.ok(err)
		p.sees("graph "+c.options.String(), g, c.walked)
		for _, a := range g.GetArtifacts() {
			equal(s, "the type of an artifact", a.GetType(), s.own("data"))
		}
		equal(
			s, "that system types are left out",
			slices.ContainsFunc(
				g.GetArtifactTypes(), func(t *mlmdpb.ArtifactType) bool { return t.GetName() == "mlmd.Dataset" },
			),
			false,
		)
		equal(s, "that there are types", len(g.GetContextTypes()) > 0 && len(g.GetArtifactTypes()) > 0, true)
		equal(s, "the number of contexts", len(g.GetContexts())+len(g.GetAttributions())+len(g.GetAssociations()), 0)
	}
	_, err := ask(&mlmdpb.LineageGraphQueryOptions{
		QueryNodes: from("a1"), StopConditions: &bounds{MaxNumHops: new(int64(-1))},
	})
	s.refused(err, codes.InvalidArgument, "max_num_hops cannot be negative: max_num_hops =-1")
	_, err = ask(&mlmdpb.LineageGraphQueryOptions{
		QueryNodes: &mlmdpb.LineageGraphQueryOptions_ArtifactsOptions{
			ArtifactsOptions: &listOptions{FilterQuery: new("id < 0")},
		},
	})
	s.refused(err, codes.NotFound, "The query_nodes condition does not match any nodes to do traversal.")
}
