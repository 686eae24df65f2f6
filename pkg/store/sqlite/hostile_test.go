package sqlite_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// many returns a list of n elements.
func many[T any](n int, one func(int) T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = one(i)
	}
	return list
}

func TestRequests_100000Elements(t *testing.T) {
	const n = 100_000
	s := must(sqlite.OpenMemory(t.Context()))
	t.Cleanup(func() { s.Close() })
	c := s.Client()
	fill(t, c)
	links := func(i int) *mlmdpb.ParentContext {
		return &mlmdpb.ParentContext{ChildId: proto.Int64(int64(i)), ParentId: proto.Int64(int64(i + 1))}
	}
	for _, one := range []struct {
		name string
		call func() error
		want codes.Code
	}{
		{"ids that are unknown", func() error {
			_, err := c.GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: many(
				n, func(i int) int64 { return int64(i) - n/2 },
			)})
			return err
		}, codes.OK},
		{"external ids that are unknown", func() error {
			_, err := c.GetContextsByExternalIds(
				t.Context(),
				&mlmdpb.GetContextsByExternalIdsRequest{ExternalIds: many(n, func(i int) string { return fmt.Sprint(i) })},
			)
			return err
		}, codes.NotFound},
		{"artifacts without anything", func() error {
			_, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: make([]*mlmdpb.Artifact, n)})
			return err
		}, codes.InvalidArgument},
		{"artifacts, the last of a wrong type", func() error {
			list := many(n, func(int) *mlmdpb.Artifact { return &mlmdpb.Artifact{TypeId: proto.Int64(10)} })
			list[n-1].TypeId = proto.Int64(11)
			_, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: list})
			return err
		}, codes.NotFound},
		{"the same context again and again", func() error {
			list := many(n, func(int) *mlmdpb.Context {
				return &mlmdpb.Context{TypeId: proto.Int64(12), Name: proto.String("c")}
			})
			_, err := c.PutLineageSubgraph(t.Context(), &mlmdpb.PutLineageSubgraphRequest{
				Contexts: list, Options: &mlmdpb.PutLineageSubgraphRequest_Options{ReuseContextIfAlreadyExist: proto.Bool(true)},
			})
			return err
		}, codes.OK},
		{"the same event again and again", func() error {
			list := many(n, func(int) *mlmdpb.Event {
				return &mlmdpb.Event{ArtifactId: proto.Int64(1), ExecutionId: proto.Int64(1), Type: mlmdpb.Event_INPUT.Enum()}
			})
			_, err := c.PutEvents(t.Context(), &mlmdpb.PutEventsRequest{Events: list})
			return err
		}, codes.AlreadyExists},
		{"types of one name and a wish each", func() error {
			list := many(n, func(i int) *mlmdpb.ExecutionType {
				return &mlmdpb.ExecutionType{
					Name:       proto.String("x"),
					Properties: map[string]mlmdpb.PropertyType{fmt.Sprint(i): mlmdpb.PropertyType_INT},
				}
			})
			_, err := c.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{ExecutionTypes: list, CanAddFields: proto.Bool(true)})
			return err
		}, codes.AlreadyExists},
		{"parents that are unknown", func() error {
			_, err := c.PutParentContexts(t.Context(), &mlmdpb.PutParentContextsRequest{ParentContexts: many(n, links)})
			return err
		}, codes.InvalidArgument},
		{"relatives of the unknown", func() error {
			_, err := c.GetParentContextsByContexts(
				t.Context(),
				&mlmdpb.GetParentContextsByContextsRequest{ContextIds: many(n, func(i int) int64 { return int64(i) })},
			)
			return err
		}, codes.OK},
	} {
		t.Run(one.name, func(t *testing.T) {
			begun := time.Now()
			if err := one.call(); status.Code(err) != one.want {
				t.Errorf("got %.300v, want %v", err, one.want)
			}
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	if n := count(t, c); n != 1 {
		t.Errorf("%d artifacts are there, want the one from before", n)
	}
}

func TestRequests_ExtremeIDs(t *testing.T) {
	s := must(sqlite.OpenMemory(t.Context()))
	t.Cleanup(func() { s.Close() })
	c := s.Client()
	fill(t, c)
	for _, id := range []int64{0, -1, math.MinInt64, math.MaxInt64, math.MaxInt32 + 1} {
		t.Run(fmt.Sprint(id), func(t *testing.T) {
			got, err := c.GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{id}})
			if err != nil || len(got.Artifacts) != 0 {
				t.Errorf("reading: %v, %v", got, err)
			}
			_, err = c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{
				Artifacts: []*mlmdpb.Artifact{{Id: &id, TypeId: proto.Int64(10)}},
			})
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("updating: %v", err)
			}
			_, err = c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{TypeId: &id}}})
			if status.Code(err) != codes.NotFound {
				t.Errorf("creating: %v", err)
			}
			_, err = c.PutEvents(t.Context(), &mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{{
				ArtifactId: &id, ExecutionId: &id, Type: mlmdpb.Event_INPUT.Enum(),
			}}})
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("an event: %v", err)
			}
			_, err = c.PutAttributionsAndAssociations(
				t.Context(),
				&mlmdpb.PutAttributionsAndAssociationsRequest{
					Attributions: []*mlmdpb.Attribution{{ArtifactId: &id, ContextId: &id}},
				},
			)
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("an attribution: %v", err)
			}
		})
	}
}

func TestRequests_LongAndNonUTF8Text(t *testing.T) {
	s := must(sqlite.OpenMemory(t.Context()))
	t.Cleanup(func() { s.Close() })
	c := s.Client()
	fill(t, c)
	for name, text := range map[string]string{
		"a megabyte":    strings.Repeat("é", 1<<19),
		"no UTF-8":      "a\xff\xfeb",
		"NUL":           "a\x00b",
		"quotes":        "'\"`\\%_?$1",
		"the null mark": "__MLMD_NULL__",
	} {
		t.Run(name, func(t *testing.T) {
			v := &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: text}}
			put, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
				TypeId: proto.Int64(10), Name: &text, Uri: &text, ExternalId: &text,
				Properties: map[string]*mlmdpb.Value{"s": v}, CustomProperties: map[string]*mlmdpb.Value{text: v},
			}}})
			if err != nil {
				t.Fatalf("%.300v", err)
			}
			got, err := c.GetArtifactByTypeAndName(
				t.Context(), &mlmdpb.GetArtifactByTypeAndNameRequest{TypeName: proto.String("t"), ArtifactName: &text},
			)
			if err != nil {
				t.Fatalf("%.300v", err)
			}
			a := got.GetArtifact()
			if a.GetId() != put.ArtifactIds[0] || a.GetName() != text || a.GetUri() != text || a.GetExternalId() != text ||
				a.Properties["s"].GetStringValue() != text || a.CustomProperties[text].GetStringValue() != text {
				t.Errorf("got %.300v", a)
			}
			_, err = c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{
				Artifacts: []*mlmdpb.Artifact{{TypeId: proto.Int64(10), Name: &text}},
			})
			if status.Code(err) != codes.AlreadyExists {
				t.Errorf("again: %.300v", err)
			}
			if err != nil && len(err.Error()) > 4096 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}
