package storetest

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

type (
	executionRequest = mlmdpb.PutExecutionRequest
	executionOptions = mlmdpb.PutExecutionRequest_Options
	eventPair        = mlmdpb.PutExecutionRequest_ArtifactAndEvent
)

// A cast is a type of each kind for requests that put nodes of all kinds.
type cast struct {
	artifactType, executionType, contextType             int64
	artifactTypeName, executionTypeName, contextTypeName string
}

func (s *scene) cast() cast {
	s.Helper()
	var c cast
	c.artifactType, c.artifactTypeName = artifacts.newType(s, everyProperty)
	c.executionType, c.executionTypeName = executions.newType(s, everyProperty)
	c.contextType, c.contextTypeName = contexts.newType(s, everyProperty)
	return c
}

func (c cast) artifact(n node) *mlmdpb.Artifact {
	n.typeID = &c.artifactType
	return n.artifact()
}

func (c cast) execution(n node) *mlmdpb.Execution {
	n.typeID = &c.executionType
	return n.execution()
}

func (c cast) context(s *scene, name string, n node) *mlmdpb.Context {
	n.typeID, n.name = &c.contextType, proto.String(s.own(name))
	return n.context()
}

func input() *mlmdpb.Event { return &mlmdpb.Event{Type: eventInput.Enum()} }

func (s *scene) putExecution(r *executionRequest) (*mlmdpb.PutExecutionResponse, error) {
	return s.rpc.PutExecution(s.ctx, r)
}

func putExecutionCases() []Case {
	return slices.Concat([]Case{
		{Name: "PutExecution puts nodes, events and edges together", Run: on(putExecutionWhole)},
		{Name: "PutExecution updates nodes with IDs", Run: on(putExecutionUpdates)},
		{Name: "PutExecution with an execution alone", Run: on(func(s *scene) {
			c := s.cast()
			r, err := s.putExecution(&executionRequest{Execution: c.execution(node{custom: values{"x": integer(1)}})})
			s.ok(err)
			s.same(r, &mlmdpb.PutExecutionResponse{ExecutionId: r.ExecutionId})
			executions.stored(s, *r.ExecutionId, c.executionTypeName, node{
				typeID: &c.executionType, custom: values{"x": integer(1)},
			})
		})},
		{Name: "an invalid PutExecution is rejected without a write", Run: on(putExecutionRefusals)},
		{Name: "PutExecution updates the time of an unchanged execution if forced", Run: on(func(s *scene) {
			c := s.cast()
			id := executions.one(s, node{typeID: &c.executionType})
			before := executions.read(s, id)
			for _, force := range []bool{false, true} {
				tick()
				_, err := s.putExecution(&executionRequest{
					Execution: before.execution(), Options: &executionOptions{ForceUpdateTime: &force},
				})
				s.ok(err)
				equal(s, "the time moved", *executions.read(s, id).lastUpdate > *before.lastUpdate, force)
			}
		})},
	}, putExecutionReuseCases(), putExecutionDanglingCases())
}

func putExecutionWhole(s *scene) {
	c := s.cast()
	old := artifacts.one(s, node{typeID: &c.artifactType})
	e := input()
	e.Path, e.MillisecondsSinceEpoch = steps("model", 0), proto.Int64(12)
	r, err := s.putExecution(&executionRequest{
		Execution: c.execution(node{state: proto.Int32(2), properties: values{"i": integer(1)}}),
		ArtifactEventPairs: []*eventPair{
			{Artifact: c.artifact(node{uri: proto.String("new")}), Event: e},
			{Event: &mlmdpb.Event{ArtifactId: &old, Type: eventOutput.Enum()}},
			{Artifact: c.artifact(node{uri: proto.String("without an event")})},
		},
		Contexts: []*mlmdpb.Context{c.context(s, "one", node{custom: values{"x": integer(1)}}), c.context(s, "two", node{})},
	})
	s.ok(err)
	equal(s, "the number of artifact ids", len(r.ArtifactIds), 3)
	equal(s, "the number of context ids", len(r.ContextIds), 2)
	equal(s, "the id of the second pair", r.ArtifactIds[1], old)
	executions.stored(s, *r.ExecutionId, c.executionTypeName, node{
		typeID: &c.executionType, state: proto.Int32(2), properties: values{"i": integer(1)},
	})
	artifacts.stored(s, r.ArtifactIds[0], c.artifactTypeName, node{typeID: &c.artifactType, uri: proto.String("new")})
	artifacts.stored(s, r.ArtifactIds[2], c.artifactTypeName, node{
		typeID: &c.artifactType, uri: proto.String("without an event"),
	})
	contexts.stored(s, r.ContextIds[0], c.contextTypeName, node{
		typeID: &c.contextType, name: proto.String(s.own("one")), custom: values{"x": integer(1)},
	})

	first := s.eventsOf(r.ArtifactIds[0])
	e.ArtifactId, e.ExecutionId = &r.ArtifactIds[0], r.ExecutionId
	s.same(first[0], e)
	equal(s, "the execution of the second event", s.eventsOf(old)[0].GetExecutionId(), *r.ExecutionId)
	equal(s, "the number of events of the third pair", len(s.eventsOf(r.ArtifactIds[2])), 0)
	for _, id := range r.ContextIds {
		got, err := s.executionsOfContext(id)
		s.ok(err)
		equalList(s, "the executions of a context", got, *r.ExecutionId)
		got, err = s.artifactsOfContext(id)
		s.ok(err)
		slices.Sort(got)
		want := slices.Sorted(slices.Values(r.ArtifactIds))
		equalList(s, "the artifacts of a context", got, want...)
	}
}

func putExecutionUpdates(s *scene) {
	c := s.cast()
	first, err := s.putExecution(&executionRequest{
		Execution: c.execution(node{properties: values{"i": integer(1)}}),
		ArtifactEventPairs: []*eventPair{{Artifact: c.artifact(node{
			uri: proto.String("old"), properties: values{"i": integer(1)},
		})}},
		Contexts: []*mlmdpb.Context{c.context(s, "one", node{properties: values{"i": integer(1)}})},
	})
	s.ok(err)
	execution, artifact, context := *first.ExecutionId, first.ArtifactIds[0], first.ContextIds[0]
	e := event(artifact, execution, eventInput)
	renamed := c.context(s, "renamed", node{id: &context})
	second, err := s.putExecution(&executionRequest{
		Execution:          node{id: &execution, state: proto.Int32(3)}.execution(),
		ArtifactEventPairs: []*eventPair{{Artifact: node{id: &artifact, uri: proto.String("new")}.artifact(), Event: e}},
		Contexts:           []*mlmdpb.Context{renamed},
	})
	s.ok(err)
	s.same(second, first)
	executions.stored(s, execution, c.executionTypeName, node{typeID: &c.executionType, state: proto.Int32(3)})
	artifacts.stored(s, artifact, c.artifactTypeName, node{typeID: &c.artifactType, uri: proto.String("new")})
	contexts.stored(s, context, c.contextTypeName, node{typeID: &c.contextType, name: proto.String(s.own("renamed"))})
	equal(s, "the number of events", len(s.eventsOf(artifact)), 1)
}

func putExecutionRefusals(s *scene) {
	c := s.cast()
	artifact := artifacts.one(s, node{typeID: &c.artifactType})
	execution := executions.one(s, node{typeID: &c.executionType})
	s.ok(s.putEvents(event(artifact, execution, eventInput)))
	s.refusedWhole(c, "no execution", &executionRequest{}, codes.InvalidArgument, "No execution is found: ")
	contexts.one(s, node{typeID: &c.contextType, name: proto.String(s.own("taken"))})
	stored := &mlmdpb.Execution{Id: &execution, TypeId: &c.executionType}
	fresh := func() *mlmdpb.Execution { return c.execution(node{}) }
	pair := func(a *mlmdpb.Artifact, e *mlmdpb.Event) []*eventPair { return []*eventPair{{Artifact: a, Event: e}} }
	other := artifact + 1000
	for _, r := range []struct {
		name     string
		request  *executionRequest
		code     codes.Code
		fragment string
	}{
		{
			"another execution in the event", &executionRequest{
				Execution: stored, ArtifactEventPairs: pair(nil, event(artifact, execution+1000, eventOutput)),
			},
			codes.InvalidArgument, "event.execution_id does not match with the given execution",
		},
		{
			"an execution in the event of a new one", &executionRequest{
				Execution: fresh(), ArtifactEventPairs: pair(nil, event(artifact, execution, eventOutput)),
			},
			codes.InvalidArgument, "event.execution_id does not match with the given execution",
		},
		{
			"another artifact in the event", &executionRequest{
				Execution: fresh(),
				ArtifactEventPairs: pair(
					&mlmdpb.Artifact{Id: &artifact}, &mlmdpb.Event{ArtifactId: &other, Type: eventInput.Enum()},
				),
			},
			codes.InvalidArgument, "Given event.artifact_id is not aligned with the artifact",
		},
		{
			"an artifact in the event of a new one", &executionRequest{
				Execution:          fresh(),
				ArtifactEventPairs: pair(c.artifact(node{}), &mlmdpb.Event{ArtifactId: &artifact, Type: eventInput.Enum()}),
			},
			codes.InvalidArgument, "Given event.artifact_id is not aligned with the artifact",
		},
		{
			"an event without an artifact", &executionRequest{Execution: fresh(), ArtifactEventPairs: pair(nil, input())},
			codes.InvalidArgument, "If no artifact is present, given event must have an artifact_id",
		},
		{
			"an event without a type", &executionRequest{
				Execution: fresh(), ArtifactEventPairs: pair(c.artifact(node{}), &mlmdpb.Event{}),
			},
			codes.InvalidArgument, "No event type is specified.",
		},
		{
			"an event of no type that exists", &executionRequest{
				Execution:          fresh(),
				ArtifactEventPairs: pair(c.artifact(node{}), &mlmdpb.Event{Type: mlmdpb.Event_Type(99).Enum()}),
			},
			codes.InvalidArgument, "No event type is specified.",
		},
		{
			"an event that is there", &executionRequest{
				Execution:          stored,
				ArtifactEventPairs: pair(nil, &mlmdpb.Event{ArtifactId: &artifact, Type: eventInput.Enum()}),
			},
			codes.AlreadyExists, "Given event already exists: ",
		},
		{
			"an artifact with an unknown id", &executionRequest{
				Execution: fresh(), ArtifactEventPairs: pair(&mlmdpb.Artifact{Id: proto.Int64(1 << 40)}, nil),
			},
			codes.InvalidArgument, "Cannot find the given id ",
		},
		{
			"an execution with an unknown id", &executionRequest{Execution: &mlmdpb.Execution{Id: proto.Int64(1 << 40)}},
			codes.InvalidArgument, "Cannot find the given id ",
		},
		{
			"an execution without a type", &executionRequest{Execution: &mlmdpb.Execution{}}, codes.InvalidArgument,
			"Type id is missing.",
		},
		{
			"an artifact of an unknown type",
			&executionRequest{Execution: fresh(), ArtifactEventPairs: pair(&mlmdpb.Artifact{TypeId: proto.Int64(1 << 40)}, nil)},
			codes.NotFound, "No type found",
		},
		{
			"a context without a type",
			&executionRequest{Execution: fresh(), Contexts: []*mlmdpb.Context{{Name: proto.String("n")}}},
			codes.InvalidArgument, "Context is missing a type_id",
		},
		{
			"a context without a name",
			&executionRequest{Execution: fresh(), Contexts: []*mlmdpb.Context{{TypeId: &c.contextType}}},
			codes.InvalidArgument, "Context is missing a name",
		},
		{
			"a context with an empty name",
			&executionRequest{Execution: fresh(), Contexts: []*mlmdpb.Context{{TypeId: &c.contextType, Name: proto.String("")}}},
			codes.InvalidArgument, "Context name should not be empty",
		},
		{
			"a context with an id alone",
			&executionRequest{Execution: fresh(), Contexts: []*mlmdpb.Context{{Id: proto.Int64(1)}}},
			codes.InvalidArgument, "Context is missing a type_id",
		},
		{
			"a context whose name is taken",
			&executionRequest{Execution: fresh(), Contexts: []*mlmdpb.Context{c.context(s, "taken", node{})}},
			codes.AlreadyExists, "Given node already exists: ",
		},
		{
			"a context that is nowhere, to be reused", &executionRequest{
				Execution: fresh(), Contexts: []*mlmdpb.Context{{Id: proto.Int64(1 << 40)}},
				Options: &executionOptions{ForceReuseContext: proto.Bool(true)},
			},
			codes.NotFound, "Results missing for ids: ",
		},
		{
			"an artifact with a wrong property",
			&executionRequest{
				Execution: fresh(), ArtifactEventPairs: pair(c.artifact(node{properties: values{"i": str("x")}}), nil),
			},
			codes.InvalidArgument, "Found unmatched property type: ",
		},
	} {
		s.refusedWhole(c, r.name, r.request, r.code, r.fragment)
	}
}

// refusedWhole checks that a request fails and does not change the store.
func (s *scene) refusedWhole(c cast, name string, r *executionRequest, code codes.Code, fragment string) {
	s.Helper()
	count := func() (n int) {
		for k, typeName := range map[*kind]string{
			&artifacts: c.artifactTypeName, &executions: c.executionTypeName, &contexts: c.contextTypeName,
		} {
			nodes, err := k.byType(s, typeName, nil)
			s.ok(err)
			n += len(nodes)
		}
		return n
	}
	before := count()
	_, err := s.putExecution(r)
	s.Logf("%s", name)
	s.refused(err, code, fragment)
	equal(s, "the number of nodes left", count(), before)
}
