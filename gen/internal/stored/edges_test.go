package stored_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

const runs = `openapi: 3.0.3
info: {title: x, version: '1'}
paths: {}
components:
  schemas:
    Team:
      x-mlmd-kind: context
      type: object
      required: [name]
      x-mlmd-edges:
        above: {kind: member, to: Team}
        beside: {kind: member, to: Floor}
      properties: {id: {type: string, x-mlmd-store: id}, name: {type: string, x-mlmd-store: name}}
    Floor:
      x-mlmd-kind: context
      type: object
      required: [name]
      properties: {id: {type: string, x-mlmd-store: id}, name: {type: string, x-mlmd-store: name}}
    Set:
      x-mlmd-kind: artifact
      type: object
      required: [name]
      x-mlmd-edges:
        owners: {kind: member, to: Team}
      properties: {id: {type: string, x-mlmd-store: id}, name: {type: string, x-mlmd-store: name}}
    Report:
      x-mlmd-kind: artifact
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
        about: {type: string, x-mlmd-reference: Set}
        also: {type: array, items: {type: string}}
    Run:
      x-mlmd-kind: execution
      type: object
      required: [name]
      x-mlmd-edges:
        reads: {kind: input, to: [Set, Report]}
        seeds: {kind: declared-input, to: Set, key: seed}
        writes: {kind: output, to: Set}
        scratch: {kind: internal-output, to: Set}
        teams: {kind: member, to: Team}
      properties: {id: {type: string, x-mlmd-store: id}, name: {type: string, x-mlmd-store: name}}
`

// linked is a store with three runs: the first one reads two sets, of which one is its
// seed, and writes a set, the second writes the same one, and both are of a team. The
// third has no links.
func linked(t *testing.T) mlmdpb.MetadataStoreServiceClient {
	t.Helper()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	rpc := s.Client()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	str, list := mlmdpb.PropertyType_STRING, mlmdpb.PropertyType_STRUCT
	types, err := rpc.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{
			{Name: new("Set")},
			{Name: new("Report"), Properties: map[string]mlmdpb.PropertyType{"about": str, "also": list}},
		},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("Run")}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: new("Team")}, {Name: new("Floor")}},
	})
	check(err)
	var artifacts []*mlmdpb.Artifact
	for i := range 3 {
		artifacts = append(artifacts, &mlmdpb.Artifact{TypeId: &types.ArtifactTypeIds[0], Name: new(fmt.Sprint("set ", i))})
	}
	sets, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: artifacts})
	check(err)
	artifacts = nil
	for i, about := range []string{fmt.Sprint(sets.ArtifactIds[0]), "4711"} {
		artifacts = append(artifacts, &mlmdpb.Artifact{
			TypeId: &types.ArtifactTypeIds[1], Name: new(fmt.Sprint("report ", i)),
			Properties: map[string]*mlmdpb.Value{"about": {Value: &mlmdpb.Value_StringValue{StringValue: about}}},
		})
	}
	_, err = rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: artifacts})
	check(err)
	var executions []*mlmdpb.Execution
	for i := range 3 {
		executions = append(executions, &mlmdpb.Execution{
			TypeId: &types.ExecutionTypeIds[0], Name: new(fmt.Sprint("run ", i)),
		})
	}
	execs, err := rpc.PutExecutions(t.Context(), &mlmdpb.PutExecutionsRequest{Executions: executions})
	check(err)
	teams, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
		{TypeId: &types.ContextTypeIds[0], Name: new("a")}, {TypeId: &types.ContextTypeIds[0], Name: new("b")},
	}})
	check(err)
	event := func(run, set int, typ mlmdpb.Event_Type, keys ...string) *mlmdpb.Event {
		e := &mlmdpb.Event{ExecutionId: &execs.ExecutionIds[run], ArtifactId: &sets.ArtifactIds[set], Type: &typ}
		for _, key := range keys {
			e.Path = &mlmdpb.Event_Path{
				Steps: []*mlmdpb.Event_Path_Step{{Value: &mlmdpb.Event_Path_Step_Key{Key: key}}},
			}
		}
		return e
	}
	_, err = rpc.PutEvents(t.Context(), &mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{
		event(0, 0, mlmdpb.Event_DECLARED_INPUT, "seed"), event(0, 0, mlmdpb.Event_INPUT), event(0, 1, mlmdpb.Event_INPUT),
		event(1, 1, mlmdpb.Event_DECLARED_INPUT, "other"),
		event(0, 2, mlmdpb.Event_OUTPUT), event(1, 2, mlmdpb.Event_OUTPUT),
	}})
	check(err)
	_, err = rpc.PutAttributionsAndAssociations(t.Context(), &mlmdpb.PutAttributionsAndAssociationsRequest{
		Associations: []*mlmdpb.Association{
			{ExecutionId: &execs.ExecutionIds[0], ContextId: &teams.ContextIds[0]},
			{ExecutionId: &execs.ExecutionIds[1], ContextId: &teams.ContextIds[0]},
		},
	})
	check(err)
	_, err = rpc.PutParentContexts(t.Context(), &mlmdpb.PutParentContextsRequest{ParentContexts: []*mlmdpb.ParentContext{
		{ChildId: &teams.ContextIds[0], ParentId: &teams.ContextIds[1]},
	}})
	check(err)
	return rpc
}

// A removed edge along which no entity is linked breaks nothing.
func TestJudge_Edges(t *testing.T) {
	rpc := linked(t)
	judged := map[string]bool{}
	for _, c := range []struct{ change, want []string }{
		{[]string{"        reads: {kind: input, to: [Set, Report]}\n", ""}, []string{"EDGE_NO_DELETE Run.reads 1/3"}},
		{[]string{"        writes: {kind: output, to: Set}\n", ""}, []string{"EDGE_NO_DELETE Run.writes 2/3"}},
		{
			[]string{"        scratch: {kind: internal-output, to: Set}\n", ""},
			[]string{"EDGE_NO_DELETE Run.scratch 0/3 excused"},
		},
		{[]string{"        teams: {kind: member, to: Team}\n", ""}, []string{"EDGE_NO_DELETE Run.teams 2/3"}},
		{
			[]string{"      x-mlmd-edges:\n        owners: {kind: member, to: Team}\n", ""},
			[]string{"EDGE_NO_DELETE Set.owners 0/3 excused"},
		},
		{[]string{"        above: {kind: member, to: Team}\n", ""}, []string{"EDGE_NO_DELETE Team.above 1/2"}},
		{[]string{"        beside: {kind: member, to: Floor}\n", ""}, []string{"EDGE_NO_DELETE Team.beside 0/2 excused"}},
		{[]string{", x-mlmd-reference: Set", ""}, []string{"EDGE_NO_DELETE Report.about 1/2"}},
		{[]string{"x-mlmd-reference: Set", "x-mlmd-reference: Report"}, []string{"EDGE_KEEPS_TARGETS Report.about 1/2"}},
		{
			[]string{"to: [Set, Report]", "to: Set"},
			[]string{"EDGE_KEEPS_TARGETS Run.reads 0/3 excused", "EDGE_SAME_NAME Run.reads"},
		},
		{
			[]string{"to: [Set, Report]", "to: Report"},
			[]string{"EDGE_KEEPS_TARGETS Run.reads 1/3", "EDGE_SAME_NAME Run.reads"},
		},
		{[]string{"key: seed", "key: start"}, []string{"EDGE_SAME_KIND Run.seeds 1/3"}},
		{[]string{"internal-output", "declared-output"}, []string{"EDGE_SAME_KIND Run.scratch 0/3 excused"}},
		{
			[]string{"kind: output, to: Set", "kind: output, to: Set, required: true"},
			[]string{"EDGE_NOT_STRICTER Run.writes 1/3"},
		},
		{
			[]string{"kind: output, to: Set", "kind: output, to: Set, unique: true"},
			[]string{"EDGE_NOT_STRICTER Run.writes 2/3"},
		},
		{[]string{"to: [Set, Report]", "to: [Set, Report], max: 2"}, []string{"EDGE_NOT_STRICTER Run.reads 0/3"}},
		{
			[]string{"to: [Set, Report]", "to: [Set, Report], max: 1"},
			[]string{"EDGE_NOT_STRICTER Run.reads 1/3", "EDGE_SAME_NAME Run.reads"},
		},
		{
			[]string{"        scratch:", "        logs: {kind: output, to: Report, required: true}\n        scratch:"},
			[]string{"EDGE_NOT_STRICTER Run.logs 3/3"},
		},
		{
			[]string{"items: {type: string}}", "items: {type: string}, x-mlmd-reference: Set}"},
			[]string{"EDGE_NOT_STRICTER Report.also 0/2"},
		},
	} {
		if got := judge(t, rpc, runs, c.change, judged); !slices.Equal(got, sorted(c.want)) {
			t.Errorf("%q:\n got %q\nwant %q", c.change[1], got, c.want)
		}
	}
	for _, rule := range []string{"EDGE_NO_DELETE", "EDGE_SAME_KIND", "EDGE_KEEPS_TARGETS", "EDGE_NOT_STRICTER"} {
		if !judged[rule] {
			t.Errorf("%s is not judged", rule)
		}
	}
}
