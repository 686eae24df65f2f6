package storetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

type client = mlmdpb.MetadataStoreServiceClient

// An emptyRequest is a call with an empty request.
type emptyRequest struct {
	method string
	call   func(ctx context.Context, rpc client) error
	code   codes.Code
}

func empty[Q, A any](
	method string, call func(client, context.Context, *Q, ...grpc.CallOption) (*A, error), code codes.Code,
) emptyRequest {
	return emptyRequest{method, func(ctx context.Context, rpc client) error {
		_, err := call(rpc, ctx, new(Q))
		return err
	}, code}
}

var emptyRequests = []emptyRequest{
	empty("PutArtifactType", client.PutArtifactType, codes.InvalidArgument),
	empty("PutExecutionType", client.PutExecutionType, codes.InvalidArgument),
	empty("PutContextType", client.PutContextType, codes.InvalidArgument),
	empty("PutTypes", client.PutTypes, codes.OK),
	empty("PutArtifacts", client.PutArtifacts, codes.OK),
	empty("PutExecutions", client.PutExecutions, codes.OK),
	empty("PutContexts", client.PutContexts, codes.OK),
	empty("PutEvents", client.PutEvents, codes.OK),
	empty("PutExecution", client.PutExecution, codes.InvalidArgument),
	empty("PutLineageSubgraph", client.PutLineageSubgraph, codes.OK),
	empty("PutAttributionsAndAssociations", client.PutAttributionsAndAssociations, codes.OK),
	empty("PutParentContexts", client.PutParentContexts, codes.OK),
	empty("GetArtifactType", client.GetArtifactType, codes.NotFound),
	empty("GetExecutionType", client.GetExecutionType, codes.NotFound),
	empty("GetContextType", client.GetContextType, codes.NotFound),
	empty("GetArtifactTypesByID", client.GetArtifactTypesByID, codes.OK),
	empty("GetExecutionTypesByID", client.GetExecutionTypesByID, codes.OK),
	empty("GetContextTypesByID", client.GetContextTypesByID, codes.OK),
	empty("GetArtifactTypes", client.GetArtifactTypes, codes.OK),
	empty("GetExecutionTypes", client.GetExecutionTypes, codes.OK),
	empty("GetContextTypes", client.GetContextTypes, codes.OK),
	empty("GetArtifactTypesByExternalIds", client.GetArtifactTypesByExternalIds, codes.OK),
	empty("GetExecutionTypesByExternalIds", client.GetExecutionTypesByExternalIds, codes.OK),
	empty("GetContextTypesByExternalIds", client.GetContextTypesByExternalIds, codes.OK),
	empty("GetArtifactsByID", client.GetArtifactsByID, codes.OK),
	empty("GetExecutionsByID", client.GetExecutionsByID, codes.OK),
	empty("GetContextsByID", client.GetContextsByID, codes.OK),
	empty("GetArtifactsByType", client.GetArtifactsByType, codes.OK),
	empty("GetExecutionsByType", client.GetExecutionsByType, codes.OK),
	empty("GetContextsByType", client.GetContextsByType, codes.OK),
	empty("GetArtifactByTypeAndName", client.GetArtifactByTypeAndName, codes.OK),
	empty("GetExecutionByTypeAndName", client.GetExecutionByTypeAndName, codes.OK),
	empty("GetContextByTypeAndName", client.GetContextByTypeAndName, codes.OK),
	empty("GetArtifactsByExternalIds", client.GetArtifactsByExternalIds, codes.OK),
	empty("GetExecutionsByExternalIds", client.GetExecutionsByExternalIds, codes.OK),
	empty("GetContextsByExternalIds", client.GetContextsByExternalIds, codes.OK),
	empty("GetArtifactsByURI", client.GetArtifactsByURI, codes.OK),
	empty("GetEventsByArtifactIDs", client.GetEventsByArtifactIDs, codes.OK),
	empty("GetEventsByExecutionIDs", client.GetEventsByExecutionIDs, codes.OK),
	empty("GetContextsByArtifact", client.GetContextsByArtifact, codes.NotFound),
	empty("GetContextsByExecution", client.GetContextsByExecution, codes.NotFound),
	empty("GetArtifactsByContext", client.GetArtifactsByContext, codes.OK),
	empty("GetExecutionsByContext", client.GetExecutionsByContext, codes.OK),
	empty("GetParentContextsByContext", client.GetParentContextsByContext, codes.OK),
	empty("GetChildrenContextsByContext", client.GetChildrenContextsByContext, codes.OK),
	empty("GetArtifacts", client.GetArtifacts, codes.OK),
	empty("GetExecutions", client.GetExecutions, codes.OK),
	empty("GetContexts", client.GetContexts, codes.OK),
	empty("GetLineageSubgraph", client.GetLineageSubgraph, codes.InvalidArgument),
}

func hostileCases() []Case {
	return slices.Concat(forEachKind(longText), []Case{
		anyBytes(),
		{Name: "every method answers an empty request", Run: on(func(s *scene) {
			for _, r := range emptyRequests {
				if got := status.Code(r.call(s.ctx, s.rpc)); got != r.code {
					s.Errorf("%s answers %v; want %v", r.method, got, r.code)
				}
			}
		})},
		{Name: "empty elements are rejected", Run: on(func(s *scene) {
			for _, k := range kinds {
				_, err := k.put(s, nil, node{})
				s.refused(err, codes.InvalidArgument, "Type id is missing.")
			}
			_, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{ExecutionTypes: []*mlmdpb.ExecutionType{{}}})
			s.refused(err, codes.InvalidArgument, "No type name is specified.")
			s.refused(s.putEvents(&mlmdpb.Event{}), codes.InvalidArgument, "No artifact id is specified.")
			_, err = s.rpc.PutLineageSubgraph(s.ctx, &subgraphRequest{EventEdges: []*eventEdge{{}}})
			s.refused(err, codes.InvalidArgument, "No event found for event_edge")
			_, err = s.rpc.GetLineageSubgraph(s.ctx, &mlmdpb.GetLineageSubgraphRequest{})
			s.refused(err, codes.InvalidArgument, "")
		})},
		{Name: "IDs at the limits of their range are unknown", Run: on(func(s *scene) {
			for _, id := range []int64{0, -1, math.MinInt64, math.MaxInt64, math.MaxInt32 + 1} {
				for _, k := range kinds {
					got, err := k.byID(s, id)
					s.ok(err)
					equal(s, "the number of nodes", len(got), 0)
					types, err := k.typesByID(s, id)
					s.ok(err)
					equal(s, "the number of types", len(types), 0)
					_, err = k.put(s, nil, node{id: &id, name: proto.String("n")})
					s.refused(err, codes.InvalidArgument, "Cannot find the given id ")
					_, err = k.put(s, nil, node{typeID: &id, name: proto.String("n")})
					s.refused(err, codes.NotFound, "No type found for query, type_id: ")
				}
				s.refused(s.putEvents(event(id, id, eventInput)), codes.InvalidArgument, "No artifact with the given id ")
				s.refused(s.parents(child(id, id)), codes.InvalidArgument, "cannot be found")
			}
		})},
		{Name: "a cycle is detected in a deep chain of parents", Run: on(func(s *scene) {
			c := s.newContexts(60)
			var links []*mlmdpb.ParentContext
			for i := 1; i < len(c); i++ {
				links = append(links, child(c[i], c[i-1]))
			}
			s.ok(s.parents(links...))
			s.refused(s.parents(child(c[0], c[len(c)-1])), codes.InvalidArgument, "There is a cycle detected")
		})},
		{Name: "many elements in one request", Run: on(manyElements)},
	})
}

func manyElements(s *scene) {
	const many = 3000
	typeID, typeName := artifacts.newType(s, props{"i": kindInt})
	nodes := make([]node, many)
	for i := range nodes {
		nodes[i] = node{typeID: &typeID, properties: values{"i": integer(int64(i))}, custom: values{"c": integer(int64(i))}}
	}
	got, err := artifacts.put(s, nil, nodes...)
	s.ok(err)
	back, err := artifacts.byID(s, got...)
	s.ok(err)
	equal(s, "the number of artifacts", len(back), many)
	all, err := artifacts.byType(s, typeName, nil)
	s.ok(err)
	equal(s, "the number of artifacts by type", len(all), many)
	for _, n := range back {
		if n.properties["i"].GetIntValue() != n.custom["c"].GetIntValue() || got[n.properties["i"].GetIntValue()] != *n.id {
			s.Fatalf("artifact %d has the properties %v, %v of another", *n.id, n.properties, n.custom)
		}
	}
	ids := make([]int64, 100_000)
	for i := range ids {
		ids[i] = got[0] + int64(i)
	}
	back, err = artifacts.byID(s, ids...)
	s.ok(err)
	if len(back) < many {
		s.Errorf("%d artifacts among 100,000 ids; want %d", len(back), many)
	}
	crowded := values{}
	for i := range 2000 {
		crowded[fmt.Sprint("k", i)] = integer(int64(i))
	}
	want := node{typeID: &typeID, custom: crowded}
	artifacts.stored(s, artifacts.one(s, want), typeName, want)
}

func longText(k kind) Case {
	return Case{
		Name: "names, external IDs and URIs of a million letters", Requires: []Capability{UnlimitedText},
		Run: on(func(s *scene) {
			long := s.salt + strings.Repeat("x", 1_000_000)
			typeID, typeName := k.newType(s, nil)
			want := node{typeID: &typeID, name: &long, externalID: &long, custom: values{"c": str(long)}}
			if k.name == artifacts.name {
				want.uri = &long
			}
			k.stored(s, k.one(s, want), typeName, want)
		}),
		WithoutCapability: on(func(s *scene) {
			long := s.salt + strings.Repeat("x", 1_000_000)
			typeID, typeName := k.newType(s, nil)
			s.refusedByDatabase(k, typeName, node{typeID: &typeID, name: &long})
			s.refusedByDatabase(k, typeName, node{typeID: &typeID, name: proto.String(s.own("n")), externalID: &long})
		}),
	}
}

// refusedByDatabase checks that a node that the database cannot store is rejected
// with INVALID_ARGUMENT and a message of the engine, and that nothing is written.
func (s *scene) refusedByDatabase(k kind, typeName string, n node) {
	s.Helper()
	_, err := k.put(s, nil, n)
	s.refused(err, codes.InvalidArgument, "")
	for _, sql := range []string{"INSERT", "SQLSTATE", "column", "varchar"} {
		if strings.Contains(status.Convert(err).Message(), sql) {
			s.Errorf("the message is the database's: %q", status.Convert(err).Message())
		}
	}
	left, err := k.byType(s, typeName, nil)
	s.ok(err)
	equal(s, "the number of nodes left", len(left), 0)
}

func anyBytes() Case {
	bad := "\xff\xfe\xc3("
	return Case{
		Name: "text that is not UTF-8 is stored unchanged", Requires: []Capability{NonUTF8Text},
		Run: on(func(s *scene) {
			typeID, typeName := artifacts.newType(s, nil)
			name := bad + s.salt
			want := node{typeID: &typeID, name: &name, uri: &bad, custom: values{bad: str(bad)}}
			id := artifacts.one(s, want)
			artifacts.stored(s, id, typeName, want)
			got, err := artifacts.byTypeAndName(s, typeName, nil, name)
			s.ok(err)
			equal(s, "the id by name", *got.id, id)
		}),
		WithoutCapability: on(func(s *scene) {
			typeID, typeName := artifacts.newType(s, nil)
			s.refusedByDatabase(artifacts, typeName, node{typeID: &typeID, custom: values{"c": str(bad)}})
			s.refusedByDatabase(artifacts, typeName, node{typeID: &typeID, uri: &bad})
		}),
	}
}
