package storetest

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func putExecutionReuseCases() []Case {
	return []Case{
		{Name: "PutExecution reuses a context by its name without changing it", Run: on(func(s *scene) {
			c := s.cast()
			want := node{
				typeID: &c.contextType, name: proto.String(s.own("c")), properties: values{"i": integer(1)},
				externalID: proto.String(s.own("x")),
			}
			id := contexts.one(s, want)
			r, err := s.putExecution(&executionRequest{
				Execution: c.execution(node{}),
				Contexts: []*mlmdpb.Context{
					c.context(s, "c", node{properties: values{"no such property": integer(2)}, custom: values{"c": integer(1)}}),
					c.context(s, "new", node{custom: values{"c": integer(1)}}),
					c.context(s, "new", node{}),
				},
				Options: &executionOptions{ReuseContextIfAlreadyExist: proto.Bool(true)},
			})
			s.ok(err)
			fresh := another(s, r.ContextIds, id)
			equalList(s, "the context ids", r.ContextIds, id, fresh, fresh)
			contexts.stored(s, id, c.contextTypeName, want)
			contexts.stored(s, fresh, c.contextTypeName, node{
				typeID: &c.contextType, name: proto.String(s.own("new")), custom: values{"c": integer(1)},
			})
			got, err := s.contextsOfExecution(*r.ExecutionId)
			s.ok(err)
			equalList(s, "the contexts of the execution", got, id, fresh)
		})},
		{Name: "PutExecution with a reused context whose external ID is taken is ABORTED", Run: on(func(s *scene) {
			c := s.cast()
			taken := s.own("x")
			contexts.one(s, node{typeID: &c.contextType, name: proto.String(s.own("c")), externalID: &taken})
			s.refusedWhole(c, "taken", &executionRequest{
				Execution: c.execution(node{}),
				Contexts:  []*mlmdpb.Context{c.context(s, "other", node{externalID: &taken})},
				Options:   &executionOptions{ReuseContextIfAlreadyExist: proto.Bool(true)},
			}, codes.Aborted, "Concurrent creation of the same context")
		})},
		{Name: "PutExecution reuses a context by its ID only if forced", Run: on(func(s *scene) {
			c := s.cast()
			want := node{typeID: &c.contextType, name: proto.String(s.own("c")), properties: values{"i": integer(1)}}
			id := contexts.one(s, want)
			r, err := s.putExecution(&executionRequest{
				Execution: c.execution(node{}), Contexts: []*mlmdpb.Context{{Id: &id, CustomProperties: values{"x": integer(1)}}},
				Options: &executionOptions{ForceReuseContext: proto.Bool(true)},
			})
			s.ok(err)
			equalList(s, "the context ids", r.ContextIds, id)
			contexts.stored(s, id, c.contextTypeName, want)
			got, err := s.contextsOfExecution(*r.ExecutionId)
			s.ok(err)
			equalList(s, "the contexts of the execution", got, id)
		})},
		{Name: "PutExecution reuses a context that it created", Run: on(func(s *scene) {
			c := s.cast()
			next := s.newContexts(1)[0] + 1
			r, err := s.putExecution(&executionRequest{
				Execution: c.execution(node{}), Contexts: []*mlmdpb.Context{c.context(s, "new", node{}), {Id: &next}},
				Options: &executionOptions{ForceReuseContext: proto.Bool(true)},
			})
			if err != nil { // IDs have gaps on some databases
				s.refused(err, codes.NotFound, "Results missing for ids: ")
				return
			}
			equalList(s, "the context ids", r.ContextIds, next, next)
		})},
		{Name: "PutExecution reuses and replaces an artifact by its external ID", Run: on(func(s *scene) {
			c := s.cast()
			x := s.own("x")
			old := artifacts.one(s, node{
				typeID: &c.artifactType, externalID: &x, properties: values{"i": integer(1), "d": double(1)},
			})
			reuse := &executionOptions{ReuseArtifactIfAlreadyExistByExternalId: proto.Bool(true)}
			r, err := s.putExecution(&executionRequest{
				Execution: c.execution(node{}),
				ArtifactEventPairs: []*eventPair{
					{
						Artifact: &mlmdpb.Artifact{ExternalId: &x, Uri: proto.String("new"), Properties: values{"i": integer(2)}},
						Event:    input(),
					},
					{Artifact: c.artifact(node{externalID: proto.String(s.own("y"))})},
					{Artifact: c.artifact(node{externalID: proto.String(s.own("y")), uri: proto.String("again")})},
				},
				Options: reuse,
			})
			s.ok(err)
			fresh := another(s, r.ArtifactIds, old)
			equalList(s, "the artifact ids", r.ArtifactIds, old, fresh, fresh)
			artifacts.stored(s, old, c.artifactTypeName, node{
				typeID: &c.artifactType, externalID: &x, uri: proto.String("new"), properties: values{"i": integer(2)},
			})
			artifacts.stored(s, fresh, c.artifactTypeName, node{
				typeID: &c.artifactType, externalID: proto.String(s.own("y")), uri: proto.String("again"),
			})

			other, err := artifacts.putType(s, typ{name: proto.String(s.own("other"))})
			s.ok(err)
			s.refusedWhole(c, "another type", &executionRequest{
				Execution: c.execution(node{}), ArtifactEventPairs: []*eventPair{{
					Artifact: &mlmdpb.Artifact{TypeId: &other, ExternalId: &x},
				}}, Options: reuse,
			}, codes.InvalidArgument, " is different from the one known before: ")
			s.refusedWhole(c, "without the option", &executionRequest{
				Execution: c.execution(node{}), ArtifactEventPairs: []*eventPair{{Artifact: c.artifact(node{externalID: &x})}},
			}, codes.AlreadyExists, "Given node already exists: ")
		})},
	}
}

func putExecutionDanglingCases() []Case {
	return []Case{
		{Name: "PutExecution returns -1 for an empty pair", Run: on(func(s *scene) {
			c := s.cast()
			r, err := s.putExecution(&executionRequest{
				Execution: c.execution(node{}), ArtifactEventPairs: []*eventPair{{}, {Artifact: c.artifact(node{})}},
			})
			s.ok(err)
			equal(s, "the first artifact id", r.ArtifactIds[0], -1)
		})},
		emptyPairWithContext(),
		eventForUnknownArtifact(),
	}
}

func emptyPairWithContext() Case {
	play := func(s *scene) (context int64) {
		c := s.cast()
		r, err := s.putExecution(&executionRequest{
			Execution: c.execution(node{}), ArtifactEventPairs: []*eventPair{{}}, Contexts: []*mlmdpb.Context{
				c.context(s, "c", node{}),
			},
		})
		s.ok(err)
		equalList(s, "the artifact ids", r.ArtifactIds, -1)
		return r.ContextIds[0]
	}
	return Case{
		Name: "PutExecution attributes no context to an empty pair", Requires: []Capability{
			NoDanglingAttributions,
		}, CorruptsStore: true,
		Run: on(func(s *scene) {
			got, err := s.artifactsOfContext(play(s))
			s.ok(err)
			equal(s, "the number of artifacts", len(got), 0)
		}),
		WithoutCapability: on(func(s *scene) {
			_, err := s.artifactsOfContext(play(s))
			s.refused(err, codes.Internal, "Results missing for ids: ")
		}),
	}
}

func eventForUnknownArtifact() Case {
	none := int64(1 << 30)
	request := func(c cast) *executionRequest {
		return &executionRequest{
			Execution: c.execution(node{}), ArtifactEventPairs: []*eventPair{{Event: &mlmdpb.Event{
				ArtifactId: &none, Type: eventInput.Enum(),
			}}},
		}
	}
	return Case{
		Name: "PutExecution rejects an event for a missing artifact", Requires: []Capability{
			RejectsDanglingEvents,
		},
		Run: on(func(s *scene) {
			c := s.cast()
			s.refusedWhole(c, "unknown artifact", request(c), codes.InvalidArgument, "No artifact with the given id ")
		}),
		WithoutCapability: on(func(s *scene) {
			r, err := s.putExecution(request(s.cast()))
			s.ok(err)
			equalList(s, "the artifact ids", r.ArtifactIds, none)
		}),
	}
}
