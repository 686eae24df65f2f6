package storetest

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

type (
	walkOptions  = mlmdpb.LineageSubgraphQueryOptions
	startNodes   = mlmdpb.LineageSubgraphQueryOptions_StartingNodes
	endNodes     = mlmdpb.LineageSubgraphQueryOptions_EndingNodes
	walkArtifact = mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts
	walkExecuted = mlmdpb.LineageSubgraphQueryOptions_StartingExecutions
	way          = mlmdpb.LineageSubgraphQueryOptions_Direction
)

const (
	anyWay   = mlmdpb.LineageSubgraphQueryOptions_DIRECTION_UNSPECIFIED
	up       = mlmdpb.LineageSubgraphQueryOptions_UPSTREAM
	down     = mlmdpb.LineageSubgraphQueryOptions_DOWNSTREAM
	bothWays = mlmdpb.LineageSubgraphQueryOptions_BIDIRECTIONAL
)

// A pipeline is a graph for traversals:
// a1 → e1 → a2 → e2 → a3 → e3 → a4, with a1 → e2, a pending e2 → a5, and a separate
// a6 → e4. Artifacts 1 and 4 and execution 2 belong to a context.
type pipeline struct {
	*scene
	artifacts, executions []int64
	context               int64
}

func newPipeline(s *scene) *pipeline {
	p := &pipeline{scene: s}
	types, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{{
			Name: new(s.own("data")), Version: new("v1"), Description: new(
				"what steps make",
			), ExternalId: new(s.own("ext-data")),
			BaseType: mlmdpb.ArtifactType_DATASET.Enum(), Properties: map[string]mlmdpb.PropertyType{
				"p": mlmdpb.PropertyType_INT,
			},
		}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new(s.own("step"))}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: new(s.own("run"))}},
	})
	s.ok(err)
	req := &mlmdpb.PutLineageSubgraphRequest{}
	for range 6 {
		req.Artifacts = append(req.Artifacts, &mlmdpb.Artifact{TypeId: &types.ArtifactTypeIds[0]})
	}
	for range 4 {
		req.Executions = append(req.Executions, &mlmdpb.Execution{TypeId: &types.ExecutionTypeIds[0]})
	}
	put, err := s.rpc.PutLineageSubgraph(s.ctx, req)
	s.ok(err)
	p.artifacts, p.executions = put.ArtifactIds, put.ExecutionIds
	contexts, err := s.rpc.PutContexts(s.ctx, &mlmdpb.PutContextsRequest{
		Contexts: []*mlmdpb.Context{{TypeId: &types.ContextTypeIds[0], Name: new("c")}},
	})
	s.ok(err)
	p.context = contexts.ContextIds[0]
	_, err = s.rpc.PutAttributionsAndAssociations(s.ctx, &mlmdpb.PutAttributionsAndAssociationsRequest{
		Attributions: []*mlmdpb.Attribution{
			{ContextId: &p.context, ArtifactId: &p.artifacts[0]}, {ContextId: &p.context, ArtifactId: &p.artifacts[3]},
		},
		Associations: []*mlmdpb.Association{{ContextId: &p.context, ExecutionId: &p.executions[1]}},
	})
	s.ok(err)
	events := &mlmdpb.PutEventsRequest{}
	for _, e := range []struct {
		artifact, execution int
		typ                 mlmdpb.Event_Type
	}{
		{1, 1, mlmdpb.Event_INPUT},
		{2, 1, mlmdpb.Event_OUTPUT},
		{2, 2, mlmdpb.Event_INPUT},
		{1, 2, mlmdpb.Event_INPUT},
		{3, 2, mlmdpb.Event_OUTPUT},
		{5, 2, mlmdpb.Event_PENDING_OUTPUT},
		{3, 3, mlmdpb.Event_INPUT},
		{4, 3, mlmdpb.Event_OUTPUT},
		{6, 4, mlmdpb.Event_INPUT},
	} {
		events.Events = append(events.Events, &mlmdpb.Event{
			ArtifactId: &p.artifacts[e.artifact-1], ExecutionId: &p.executions[e.execution-1], Type: &e.typ,
			MillisecondsSinceEpoch: new(int64(e.artifact)),
		})
	}
	_, err = s.rpc.PutEvents(s.ctx, events)
	s.ok(err)
	return p
}

// A walked is a traversal and its expected result: the numbers of nodes, and events
// such as "a1e1 a2e1".
type walked struct {
	start                 string // "a1", "a1 a2", "e2"
	way                   way
	hops                  int64 // -1: not set
	ending                string
	include               bool
	artifacts, executions []int
	events                string
}

var walks = []walked{
	{"a1", anyWay, 0, "", false, []int{1}, nil, ""},
	{"a1", down, 1, "", false, []int{1}, []int{1, 2}, "a1e1 a1e2"},
	{"a1", down, 2, "", false, []int{1, 2, 3, 5}, []int{1, 2}, "a1e1 a1e2 a2e1 a3e2 a5e2"},
	{"a1", down, 3, "", false, []int{1, 2, 3, 5}, []int{1, 2, 3}, "a1e1 a1e2 a2e1 a3e2 a5e2 a2e2 a3e3"},
	{"a1", down, 4, "", false, []int{1, 2, 3, 4, 5}, []int{1, 2, 3}, "a1e1 a1e2 a2e1 a3e2 a5e2 a2e2 a3e3 a4e3"},
	{"a1", down, -1, "", false, []int{1, 2, 3, 4, 5}, []int{1, 2, 3}, "a1e1 a1e2 a2e1 a3e2 a5e2 a2e2 a3e3 a4e3"},
	{"a1", down, 1000, "", false, []int{1, 2, 3, 4, 5}, []int{1, 2, 3}, "a1e1 a1e2 a2e1 a3e2 a5e2 a2e2 a3e3 a4e3"},
	{"a1", bothWays, 2, "", false, []int{1, 2, 3, 5}, []int{1, 2}, "a1e1 a1e2 a2e1 a2e2 a3e2 a5e2"},
	{"a1", 9, 2, "", false, []int{1, 2, 3, 5}, []int{1, 2}, "a1e1 a1e2 a2e1 a2e2 a3e2 a5e2"},
	{"a3", up, 1, "", false, []int{3}, []int{2}, "a3e2"},
	{"a3", up, 2, "", false, []int{1, 2, 3}, []int{2}, "a3e2 a2e2 a1e2"},
	{"a3", up, 4, "", false, []int{1, 2, 3}, []int{1, 2}, "a3e2 a2e2 a1e2 a2e1 a1e1"},
	{"e2", up, 1, "", false, []int{1, 2}, []int{2}, "a2e2 a1e2"},
	{"e2", down, 1, "", false, []int{3, 5}, []int{2}, "a3e2 a5e2"},
	{"a1 a2", down, 1, "", false, []int{1, 2}, []int{1, 2}, "a1e1 a1e2 a2e2"},
	{"a6", up, 5, "", false, []int{6}, nil, ""},
	{"a1", down, -1, "e2", true, []int{1, 2}, []int{1, 2}, "a1e1 a1e2 a2e1 a2e2"},
	{"a1", down, -1, "e2", false, []int{1, 2}, []int{1}, "a1e1 a2e1"},
	{"a1", bothWays, 2, "e2", true, []int{1, 2}, []int{1, 2}, "a1e1 a1e2 a2e1"},
	{"a1", bothWays, 3, "e2", true, []int{1, 2}, []int{1, 2}, "a1e1 a1e2 a2e1 a2e2"},
	{"a1", anyWay, -1, "a1", true, []int{1}, nil, ""},
	{"a1", anyWay, -1, "a1", false, nil, nil, ""},
	{"a1", down, 5, "every e", true, []int{1}, []int{1, 2}, "a1e1 a1e2"},
}

// options returns the traversal as a request.
func (p *pipeline) options(w walked) *walkOptions {
	o := &walkOptions{}
	if w.way != anyWay {
		o.Direction = &w.way
	}
	if w.hops >= 0 {
		o.MaxNumHops = &w.hops
	}
	p.starting(o, p.among(w.start))
	switch {
	case w.ending == "every e":
		o.EndingExecutions = &endNodes{FilterQuery: new(""), IncludeEndingNodes: &w.include}
	case strings.HasPrefix(w.ending, "e"):
		o.EndingExecutions = &endNodes{FilterQuery: new(p.among(w.ending)[1]), IncludeEndingNodes: &w.include}
	case w.ending != "":
		o.EndingArtifacts = &endNodes{FilterQuery: new(p.among(w.ending)[1]), IncludeEndingNodes: &w.include}
	}
	return o
}

func (p *pipeline) starting(o *walkOptions, kindAndFilter [2]string) {
	nodes := &startNodes{FilterQuery: &kindAndFilter[1]}
	if kindAndFilter[0] == "a" {
		o.StartingNodes = &walkArtifact{StartingArtifacts: nodes}
	} else {
		o.StartingNodes = &walkExecuted{StartingExecutions: nodes}
	}
}

// among returns the filter for nodes such as "a1 a2".
func (p *pipeline) among(nodes string) [2]string {
	var ids []string
	for _, word := range strings.Fields(nodes) {
		all := p.artifacts
		if word[0] == 'e' {
			all = p.executions
		}
		ids = append(ids, itoa(all[word[1]-'1']))
	}
	return [2]string{nodes[:1], "id IN (" + strings.Join(ids, ", ") + ")"}
}

func lineageCases() []Case {
	return []Case{
		{Name: "a lineage subgraph contains what the traversal reaches", Run: on(subgraphs)},
		{Name: "a traversal with invalid start nodes is rejected", Run: on(refusedWalks)},
		{Name: "a read mask selects the parts of a subgraph", Run: on(maskedSubgraphs)},
		{Name: "a traversal of a cycle ends", Run: on(cycles)},
		{Name: "a traversal starts at 101 nodes at most", Run: on(manyStarts)},
		{
			Name: "a lineage graph has complete nodes and respects its limits", Requires: []Capability{
				LineageGraphRPC,
			}, Run: on(graphs),
			WithoutCapability: on(func(s *scene) {
				_, err := s.rpc.GetLineageGraph(s.ctx, &mlmdpb.GetLineageGraphRequest{})
				s.refused(err, codes.Unimplemented, "")
			}),
		},
	}
}

func subgraphs(s *scene) {
	p := newPipeline(s)
	for _, w := range walks {
		r, err := s.rpc.GetLineageSubgraph(
			s.ctx, &mlmdpb.GetLineageSubgraphRequest{LineageSubgraphQueryOptions: p.options(w)},
		)
		if err != nil {
			s.Errorf("walk %+v: %v", w, err)
			continue
		}
		p.sees(fmt.Sprintf("walk %+v", w), r.LineageSubgraph, w)
	}
}

// sees checks the nodes and events of a subgraph.
func (p *pipeline) sees(what string, g *mlmdpb.LineageGraph, w walked) {
	p.Helper()
	var artifacts, executions []int
	for _, a := range g.GetArtifacts() {
		artifacts = append(artifacts, 1+slices.Index(p.artifacts, a.GetId()))
	}
	for _, e := range g.GetExecutions() {
		executions = append(executions, 1+slices.Index(p.executions, e.GetId()))
	}
	var events []string
	for _, e := range g.GetEvents() {
		a := 1 + slices.Index(p.artifacts, e.GetArtifactId())
		events = append(events, fmt.Sprintf("a%de%d", a, 1+slices.Index(p.executions, e.GetExecutionId())))
		equal(p.scene, "the time of an event", e.GetMillisecondsSinceEpoch(), int64(a))
	}
	want := strings.Fields(w.events)
	slices.Sort(artifacts)
	slices.Sort(executions)
	slices.Sort(events)
	slices.Sort(want)
	if !slices.Equal(artifacts, w.artifacts) || !slices.Equal(executions, w.executions) || !slices.Equal(events, want) {
		p.Errorf("%s sees artifacts %v, executions %v, events %v", what, artifacts, executions, events)
	}
}

func refusedWalks(s *scene) {
	p := newPipeline(s)
	for _, c := range []struct {
		options  *walkOptions
		code     codes.Code
		fragment string
	}{
		{nil, codes.InvalidArgument, "Missing arguments for listing starting nodes."},
		{&walkOptions{MaxNumHops: new(int64(-1))}, codes.InvalidArgument, "Missing arguments for listing starting nodes."},
		{
			&walkOptions{StartingNodes: &walkArtifact{StartingArtifacts: &startNodes{}}, MaxNumHops: new(int64(-1))},
			codes.InvalidArgument, "Cannot list starting nodes if `filter_query` is unspecified.",
		},
		{
			&walkOptions{StartingNodes: &walkExecuted{StartingExecutions: &startNodes{FilterQuery: new("")}}},
			codes.InvalidArgument, "Cannot list starting nodes if `filter_query` is unspecified.",
		},
		{
			&walkOptions{
				StartingNodes: &walkArtifact{StartingArtifacts: &startNodes{FilterQuery: new("foo = 1")}},
				MaxNumHops:    new(int64(-1)),
			},
			codes.InvalidArgument, "max_num_hops cannot be negative: max_num_hops = -1",
		},
		{
			&walkOptions{StartingNodes: &walkArtifact{StartingArtifacts: &startNodes{FilterQuery: new("foo = 1")}}},
			codes.InvalidArgument, "Invalid `filter_query`: Unrecognized name: foo",
		},
		{
			&walkOptions{StartingNodes: &walkArtifact{StartingArtifacts: &startNodes{FilterQuery: new("id < 0")}}},
			codes.NotFound, "Cannot find qualified nodes to start the traversal.",
		},
	} {
		_, err := s.rpc.GetLineageSubgraph(s.ctx, &mlmdpb.GetLineageSubgraphRequest{LineageSubgraphQueryOptions: c.options})
		s.refused(err, c.code, c.fragment)
	}
	// A filter for endings is parsed only when needed.
	broken := &endNodes{FilterQuery: new("foo = 1")}
	o := p.options(walked{start: "a1", hops: 0})
	o.EndingExecutions = broken
	_, err := s.rpc.GetLineageSubgraph(s.ctx, &mlmdpb.GetLineageSubgraphRequest{LineageSubgraphQueryOptions: o})
	s.ok(err)
	o.MaxNumHops = nil
	_, err = s.rpc.GetLineageSubgraph(s.ctx, &mlmdpb.GetLineageSubgraphRequest{LineageSubgraphQueryOptions: o})
	s.refused(err, codes.InvalidArgument, "Unrecognized name: foo")
	o = p.options(walked{start: "a1", hops: 0})
	o.EndingArtifacts = broken
	_, err = s.rpc.GetLineageSubgraph(s.ctx, &mlmdpb.GetLineageSubgraphRequest{LineageSubgraphQueryOptions: o})
	s.refused(err, codes.InvalidArgument, "Unrecognized name: foo")
}

func maskedSubgraphs(s *scene) {
	p := newPipeline(s)
	for _, c := range []struct {
		paths                                                               []string
		artifacts, executions, contexts, events, attributions, associations int
		types                                                               bool
	}{
		{nil, 5, 3, 1, 8, 2, 1, true},
		{[]string{}, 5, 3, 1, 8, 2, 1, true},
		{[]string{"artifacts"}, 5, 0, 0, 0, 0, 0, false},
		{[]string{"events", "executions"}, 0, 3, 0, 8, 0, 0, false},
		{[]string{"contexts"}, 0, 0, 1, 0, 0, 0, false},
		{[]string{"attributions"}, 0, 0, 0, 0, 2, 0, false},
		{[]string{"associations"}, 0, 0, 0, 0, 0, 1, false},
		{[]string{"artifact_types", "execution_types", "context_types"}, 0, 0, 0, 0, 0, 0, true},
		{[]string{"parent_contexts"}, 0, 0, 0, 0, 0, 0, false},
		{[]string{"artifacts.id"}, 0, 0, 0, 0, 0, 0, false},
		{[]string{"nonsense", ""}, 0, 0, 0, 0, 0, 0, false},
	} {
		req := &mlmdpb.GetLineageSubgraphRequest{
			LineageSubgraphQueryOptions: p.options(walked{start: "a1", way: down, hops: -1}),
		}
		if c.paths != nil {
			req.ReadMask = &fieldmaskpb.FieldMask{Paths: c.paths}
		}
		r, err := s.rpc.GetLineageSubgraph(s.ctx, req)
		s.ok(err)
		g := r.LineageSubgraph
		got := []int{
			len(g.GetArtifacts()), len(g.GetExecutions()), len(g.GetContexts()), len(g.GetEvents()),
			len(g.GetAttributions()), len(g.GetAssociations()),
		}
		want := []int{c.artifacts, c.executions, c.contexts, c.events, c.attributions, c.associations}
		if !slices.Equal(got, want) {
			s.Errorf("mask %q reads %v; want %v", c.paths, got, want)
		}
		s.readsTypes(g, c.types, c.paths)
		for _, a := range g.GetArtifacts() {
			s.same(a, &mlmdpb.Artifact{Id: a.Id})
		}
		for _, e := range g.GetExecutions() {
			s.same(e, &mlmdpb.Execution{Id: e.Id})
		}
		for _, c := range g.GetContexts() {
			s.same(c, &mlmdpb.Context{Id: &p.context})
		}
	}
}

// readsTypes checks that a subgraph has all types of the store, including the system
// types, or none.
func (s *scene) readsTypes(g *mlmdpb.LineageGraph, all bool, paths []string) {
	s.Helper()
	system := slices.ContainsFunc(
		g.GetArtifactTypes(), func(t *mlmdpb.ArtifactType) bool { return t.GetName() == "mlmd.Dataset" },
	)
	own := slices.ContainsFunc(
		g.GetContextTypes(), func(t *mlmdpb.ContextType) bool { return t.GetName() == s.own("run") },
	)
	executed := slices.ContainsFunc(
		g.GetExecutionTypes(), func(t *mlmdpb.ExecutionType) bool { return t.GetName() == s.own("step") },
	)
	for _, t := range g.GetArtifactTypes() {
		if t.GetName() == s.own("data") { // without external ID and base type
			s.same(t, &mlmdpb.ArtifactType{
				Id: t.Id, Name: t.Name, Version: new("v1"), Description: new("what steps make"),
				Properties: map[string]mlmdpb.PropertyType{"p": mlmdpb.PropertyType_INT},
			})
		}
	}
	if system != all || own != all || executed != all {
		s.Errorf(
			"mask %q: types of the system %v, of contexts %v, of executions %v; want all %v", paths, system, own,
			executed, all,
		)
	}
}
