package storetest

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

type (
	subgraphRequest = mlmdpb.PutLineageSubgraphRequest
	subgraphOptions = mlmdpb.PutLineageSubgraphRequest_Options
	eventEdge       = mlmdpb.PutLineageSubgraphRequest_EventEdge
)

// edge returns an edge between nodes of the request by index. It omits negative
// indexes.
func edge(execution, artifact int32, e *mlmdpb.Event) *eventEdge {
	out := &eventEdge{Event: e}
	if execution >= 0 {
		out.ExecutionIndex = &execution
	}
	if artifact >= 0 {
		out.ArtifactIndex = &artifact
	}
	return out
}

func putSubgraphCases() []Case {
	return []Case{
		{Name: "PutLineageSubgraph puts nodes, events and every edge", Run: on(putSubgraphWhole)},
		{Name: "PutLineageSubgraph accepts an empty request", Run: on(func(s *scene) {
			r, err := s.rpc.PutLineageSubgraph(s.ctx, &subgraphRequest{})
			s.ok(err)
			s.same(r, &mlmdpb.PutLineageSubgraphResponse{})
		})},
		{Name: "PutLineageSubgraph updates nodes with IDs and requires their types", Run: on(func(s *scene) {
			c := s.cast()
			a := artifacts.one(s, node{typeID: &c.artifactType, uri: proto.String("old"), properties: values{"i": integer(1)}})
			e := executions.one(s, node{typeID: &c.executionType})
			sent := event(a, e, eventInput)
			r, err := s.rpc.PutLineageSubgraph(s.ctx, &subgraphRequest{
				Artifacts:  []*mlmdpb.Artifact{c.artifact(node{id: &a, uri: proto.String("new")})},
				Executions: []*mlmdpb.Execution{c.execution(node{id: &e, state: proto.Int32(3)})},
				EventEdges: []*eventEdge{edge(0, 0, sent), edge(-1, -1, event(a, e, eventOutput))},
			})
			s.ok(err)
			equalList(s, "the artifact ids", r.ArtifactIds, a)
			equalList(s, "the execution ids", r.ExecutionIds, e)
			artifacts.stored(s, a, c.artifactTypeName, node{typeID: &c.artifactType, uri: proto.String("new")})
			executions.stored(s, e, c.executionTypeName, node{typeID: &c.executionType, state: proto.Int32(3)})
			equal(s, "the number of events", len(s.eventsOf(a)), 2)
		})},
		{Name: "an invalid PutLineageSubgraph is rejected without a write", Run: on(putSubgraphRefusals)},
		{Name: "PutLineageSubgraph reuses a context by its name, and checks its properties", Run: on(func(s *scene) {
			c := s.cast()
			want := node{typeID: &c.contextType, name: proto.String(s.own("c")), properties: values{"i": integer(1)}}
			id := contexts.one(s, want)
			reuse := &subgraphOptions{ReuseContextIfAlreadyExist: proto.Bool(true)}
			put := func(contexts ...*mlmdpb.Context) (*mlmdpb.PutLineageSubgraphResponse, error) {
				return s.rpc.PutLineageSubgraph(s.ctx, &subgraphRequest{Contexts: contexts, Options: reuse})
			}
			r, err := put(
				c.context(s, "c", node{custom: values{"x": integer(1)}}), c.context(s, "new", node{}),
				c.context(s, "new", node{}),
			)
			s.ok(err)
			fresh := another(s, r.ContextIds, id)
			equalList(s, "the context ids", r.ContextIds, id, fresh, fresh)
			contexts.stored(s, id, c.contextTypeName, want)
			_, err = put(c.context(s, "c", node{properties: values{"no": integer(1)}}))
			s.refused(err, codes.InvalidArgument, "Cannot validate properties of ")
			_, err = s.rpc.PutLineageSubgraph(s.ctx, &subgraphRequest{Contexts: []*mlmdpb.Context{c.context(s, "c", node{})}})
			s.refused(err, codes.AlreadyExists, "Given node already exists: ")
		})},
		{Name: "PutLineageSubgraph reuses existing artifacts", Run: on(func(s *scene) {
			c := s.cast()
			x, y := s.own("x"), s.own("y")
			old := artifacts.one(s, node{typeID: &c.artifactType, externalID: &x, uri: proto.String("old")})
			reuse := &subgraphOptions{ReuseArtifactIfAlreadyExistByExternalId: proto.Bool(true)}
			put := func(nodes ...*mlmdpb.Artifact) (*mlmdpb.PutLineageSubgraphResponse, error) {
				return s.rpc.PutLineageSubgraph(s.ctx, &subgraphRequest{Artifacts: nodes, Options: reuse})
			}
			r, err := put(
				c.artifact(node{externalID: &x, uri: proto.String("new")}),
				c.artifact(node{externalID: &x, uri: proto.String("newer")}),
			)
			s.ok(err)
			equalList(s, "the artifact ids", r.ArtifactIds, old, old)
			artifacts.stored(s, old, c.artifactTypeName, node{
				typeID: &c.artifactType, externalID: &x, uri: proto.String("newer"),
			})
			_, err = put(c.artifact(node{externalID: &y}), c.artifact(node{externalID: &y}))
			s.refused(err, codes.AlreadyExists, "Given node already exists: ")
			_, err = artifacts.byExternalIDs(s, y)
			s.refused(err, codes.NotFound, "No artifacts found for external_ids.")
		})},
		edgeForUnknownNodes(),
	}
}

func putSubgraphWhole(s *scene) {
	c := s.cast()
	stranger, _ := s.pair()
	first := input()
	first.Path, first.MillisecondsSinceEpoch = steps("k", 1), proto.Int64(3)
	r, err := s.rpc.PutLineageSubgraph(s.ctx, &subgraphRequest{
		Executions: []*mlmdpb.Execution{
			c.execution(node{custom: values{"n": integer(0)}}), c.execution(node{custom: values{"n": integer(1)}}),
		},
		Artifacts: []*mlmdpb.Artifact{
			c.artifact(node{uri: proto.String("a")}), c.artifact(node{uri: proto.String("b")}), c.artifact(node{}),
		},
		Contexts: []*mlmdpb.Context{c.context(s, "one", node{}), c.context(s, "two", node{})},
		EventEdges: []*eventEdge{
			edge(1, 0, first),
			edge(0, -1, &mlmdpb.Event{ArtifactId: &stranger, Type: eventOutput.Enum()}),
		},
	})
	s.ok(err)
	equal(s, "the number of executions", len(r.ExecutionIds), 2)
	equal(s, "the number of artifacts", len(r.ArtifactIds), 3)
	equal(s, "the number of contexts", len(r.ContextIds), 2)
	executions.stored(
		s, r.ExecutionIds[1], c.executionTypeName, node{typeID: &c.executionType, custom: values{"n": integer(1)}},
	)
	artifacts.stored(s, r.ArtifactIds[1], c.artifactTypeName, node{typeID: &c.artifactType, uri: proto.String("b")})
	contexts.stored(s, r.ContextIds[1], c.contextTypeName, node{typeID: &c.contextType, name: proto.String(s.own("two"))})
	first.ArtifactId, first.ExecutionId = &r.ArtifactIds[0], &r.ExecutionIds[1]
	s.same(s.eventsOf(r.ArtifactIds[0])[0], first)
	equal(s, "the execution of the other event", s.eventsOf(stranger)[0].GetExecutionId(), r.ExecutionIds[0])
	for _, id := range r.ContextIds {
		got, err := s.executionsOfContext(id)
		s.ok(err)
		equalList(s, "the executions of a context", got, r.ExecutionIds...)
		got, err = s.artifactsOfContext(id)
		s.ok(err)
		equalList(s, "the artifacts of a context", got, r.ArtifactIds...)
	}
	_, err = s.contextsOfArtifact(stranger)
	s.refused(err, codes.NotFound, "No contexts found")
}

func putSubgraphRefusals(s *scene) {
	c := s.cast()
	artifact := artifacts.one(s, node{typeID: &c.artifactType})
	execution := executions.one(s, node{typeID: &c.executionType})
	s.ok(s.putEvents(event(artifact, execution, eventInput)))
	good := []*mlmdpb.Artifact{c.artifact(node{uri: proto.String("must not stay")})}
	fresh := []*mlmdpb.Execution{c.execution(node{})}
	stored := []*mlmdpb.Execution{c.execution(node{id: &execution})}
	storedArtifact := []*mlmdpb.Artifact{c.artifact(node{id: &artifact})}
	edges := func(e ...*eventEdge) []*eventEdge { return e }
	for _, r := range []struct {
		name     string
		request  *subgraphRequest
		code     codes.Code
		fragment string
	}{
		{
			"no event", &subgraphRequest{Artifacts: good, Executions: fresh, EventEdges: edges(edge(0, 0, nil))},
			codes.InvalidArgument, "No event found for event_edge",
		},
		{
			"no execution", &subgraphRequest{Artifacts: good, EventEdges: edges(edge(-1, 0, input()))},
			codes.InvalidArgument, "Event_edge is missing an execution",
		},
		{
			"no artifact", &subgraphRequest{Artifacts: good, Executions: fresh, EventEdges: edges(edge(0, -1, input()))},
			codes.InvalidArgument, "Event_edge is missing an artifact",
		},
		{
			"an execution out of bounds",
			&subgraphRequest{Artifacts: good, Executions: fresh, EventEdges: edges(edge(1, 0, input()))},
			codes.OutOfRange, "outside the bounds of the request's executions list",
		},
		{
			"an execution below 0",
			&subgraphRequest{
				Artifacts:  good,
				EventEdges: edges(&eventEdge{ExecutionIndex: proto.Int32(-1), ArtifactIndex: proto.Int32(0), Event: input()}),
			},
			codes.OutOfRange, "outside the bounds of the request's executions list",
		},
		{
			"an artifact out of bounds",
			&subgraphRequest{Artifacts: good, Executions: fresh, EventEdges: edges(edge(0, 1, input()))},
			codes.OutOfRange, "outside the bounds of the request's artifacts list",
		},
		{
			"an artifact below 0",
			&subgraphRequest{
				Artifacts: good, Executions: fresh,
				EventEdges: edges(&eventEdge{ExecutionIndex: proto.Int32(0), ArtifactIndex: proto.Int32(-9), Event: input()}),
			},
			codes.OutOfRange, "outside the bounds of the request's artifacts list",
		},
		{
			"an id for an execution that has none",
			&subgraphRequest{
				Artifacts: good, Executions: fresh,
				EventEdges: edges(edge(0, 0, &mlmdpb.Event{ExecutionId: &execution, Type: eventInput.Enum()})),
			},
			codes.InvalidArgument, "Missing execution ID",
		},
		{
			"another id for an execution",
			&subgraphRequest{
				Artifacts: good, Executions: stored,
				EventEdges: edges(edge(0, 0, &mlmdpb.Event{ExecutionId: proto.Int64(execution + 1), Type: eventInput.Enum()})),
			},
			codes.InvalidArgument, "Execution ID mismatch",
		},
		{
			"an id for an artifact that has none",
			&subgraphRequest{
				Artifacts: good, Executions: fresh,
				EventEdges: edges(edge(0, 0, &mlmdpb.Event{ArtifactId: &artifact, Type: eventInput.Enum()})),
			},
			codes.InvalidArgument, "Missing artifact ID",
		},
		{
			"another id for an artifact",
			&subgraphRequest{
				Artifacts: storedArtifact, Executions: fresh,
				EventEdges: edges(edge(0, 0, &mlmdpb.Event{ArtifactId: proto.Int64(artifact + 1), Type: eventInput.Enum()})),
			},
			codes.InvalidArgument, "Artifact ID mismatch",
		},
		{
			"an artifact without a type", &subgraphRequest{Artifacts: append(good, &mlmdpb.Artifact{Id: &artifact})},
			codes.InvalidArgument, "Type id is missing.",
		},
		{
			"an execution without a type", &subgraphRequest{Artifacts: good, Executions: []*mlmdpb.Execution{{}}},
			codes.InvalidArgument, "Type id is missing.",
		},
		{
			"a context without a type",
			&subgraphRequest{Artifacts: good, Contexts: []*mlmdpb.Context{{Name: proto.String("n")}}},
			codes.InvalidArgument, "Type id is missing.",
		},
		{
			"an unknown type", &subgraphRequest{Artifacts: append(good, &mlmdpb.Artifact{TypeId: proto.Int64(1 << 40)})},
			codes.NotFound, "Results missing for ids: ",
		},
		{
			"a type of another kind",
			&subgraphRequest{Artifacts: good, Executions: []*mlmdpb.Execution{{TypeId: &c.artifactType}}},
			codes.NotFound, "Results missing for ids: ",
		},
		{
			"a wrong property",
			&subgraphRequest{Artifacts: append(good, c.artifact(node{properties: values{"i": str("x")}}))},
			codes.InvalidArgument, "Cannot validate properties of ",
		},
		{
			"a context without a name",
			&subgraphRequest{Artifacts: good, Contexts: []*mlmdpb.Context{{TypeId: &c.contextType}}},
			codes.InvalidArgument, "Context is missing a name",
		},
		{
			"an unknown id", &subgraphRequest{Artifacts: append(good, c.artifact(node{id: proto.Int64(1 << 40)}))},
			codes.InvalidArgument, "Cannot find the given id ",
		},
		{
			"an event without a type",
			&subgraphRequest{Artifacts: good, Executions: fresh, EventEdges: edges(edge(0, 0, &mlmdpb.Event{}))},
			codes.InvalidArgument, "No event type is specified.",
		},
		{
			"an event that is there",
			&subgraphRequest{Artifacts: storedArtifact, Executions: stored, EventEdges: edges(edge(0, 0, input()))},
			codes.AlreadyExists, "Given event already exists: ",
		},
		{
			"an event twice",
			&subgraphRequest{Artifacts: good, Executions: fresh, EventEdges: edges(edge(0, 0, input()), edge(0, 0, input()))},
			codes.AlreadyExists, "Given event already exists: ",
		},
	} {
		s.Logf("%s", r.name)
		_, err := s.rpc.PutLineageSubgraph(s.ctx, r.request)
		s.refused(err, r.code, r.fragment)
		left, err := artifacts.byType(s, c.artifactTypeName, nil)
		s.ok(err)
		equalList(s, "the artifacts left", ids(left), artifact)
	}
}

func edgeForUnknownNodes() Case {
	none := int64(1 << 30)
	put := func(s *scene, c cast) error {
		_, err := s.rpc.PutLineageSubgraph(s.ctx, &subgraphRequest{
			Executions: []*mlmdpb.Execution{c.execution(node{})},
			EventEdges: []*eventEdge{edge(0, -1, &mlmdpb.Event{ArtifactId: &none, Type: eventInput.Enum()})},
		})
		return err
	}
	return Case{
		Name: "PutLineageSubgraph rejects an event for a missing artifact", Requires: []Capability{
			RejectsDanglingEvents,
		},
		Run: on(func(s *scene) {
			s.refused(put(s, s.cast()), codes.InvalidArgument, "No artifact with the given id ")
		}),
		WithoutCapability: on(func(s *scene) { s.ok(put(s, s.cast())) }),
	}
}
