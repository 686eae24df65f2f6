package sqlite_test

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// searched is the number of nodes in these tests, more than the first step of either
// search strategy examines.
const searched = 2600

// putSearched puts artifacts whose property n equals their ID. All are in the context
// "all", and every hundredth in "few".
func putSearched(t *testing.T, c mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	types, err := c.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{{Name: proto.String("even")}, {Name: proto.String("odd")}},
		ContextTypes:  []*mlmdpb.ContextType{{Name: proto.String("Team")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var teams []*mlmdpb.Context
	for _, name := range []string{"all", "few"} {
		teams = append(teams, &mlmdpb.Context{TypeId: &types.ContextTypeIds[0], Name: &name})
	}
	contexts, err := c.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: teams})
	if err != nil {
		t.Fatal(err)
	}
	links := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for from := 1; from <= searched; from += 100 { // groups of equal times
		put := &mlmdpb.PutArtifactsRequest{}
		for n := from; n < from+100; n++ {
			put.Artifacts = append(put.Artifacts, &mlmdpb.Artifact{
				TypeId: &types.ArtifactTypeIds[n%2], Name: proto.String(fmt.Sprint("node ", n)),
				CustomProperties: map[string]*mlmdpb.Value{"n": {Value: &mlmdpb.Value_IntValue{IntValue: int64(n)}}},
			})
			links.Attributions = append(links.Attributions, &mlmdpb.Attribution{
				ArtifactId: proto.Int64(int64(n)), ContextId: &contexts.ContextIds[0],
			})
		}
		links.Attributions = append(links.Attributions, &mlmdpb.Attribution{
			ArtifactId: proto.Int64(int64(from)), ContextId: &contexts.ContextIds[1],
		})
		if _, err := c.PutArtifacts(t.Context(), put); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.PutAttributionsAndAssociations(t.Context(), links); err != nil {
		t.Fatal(err)
	}
}

func TestList_FilterSelectivity(t *testing.T) {
	c := clientOf(t, must(sqlite.OpenMemory(t.Context())))
	putSearched(t, c)
	for filter, selects := range map[string]func(n int) bool{
		"custom_properties.n.int_value > 0":              func(int) bool { return true },
		"custom_properties.n.int_value > 1200":           func(n int) bool { return n > 1200 },
		"custom_properties.n.int_value <= 1300":          func(n int) bool { return n <= 1300 },
		"custom_properties.n.int_value IN (7, 77, 2077)": func(n int) bool { return n == 7 || n == 77 || n == 2077 },
		"type = 'odd'": func(n int) bool { return n%2 == 1 },
		"type = 'odd' AND custom_properties.n.int_value > 100": func(n int) bool { return n%2 == 1 && n > 100 },
		"name >= 'node 2'":        func(n int) bool { return fmt.Sprint(n) >= "2" },
		"contexts_a.name = 'all'": func(int) bool { return true },
		"contexts_a.name = 'few'": func(n int) bool { return n%100 == 1 },
		"contexts_a.name = 'all' AND contexts_b.name = 'few' AND id > 99": func(n int) bool { return n%100 == 1 && n > 99 },
		"contexts_a.name = 'all' AND name = 'node 17'":                    func(n int) bool { return n == 17 },
		"contexts_a.id < id AND type = 'even'":                            func(n int) bool { return n > 1 && n%2 == 0 },
	} {
		var want []int64
		for n := 1; n <= searched; n++ {
			if selects(n) {
				want = append(want, int64(n))
			}
		}
		for _, field := range []mlmdpb.ListOperationOptions_OrderByField_Field{
			mlmdpb.ListOperationOptions_OrderByField_ID, mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME,
			mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME,
		} {
			for _, ascending := range []bool{true, false} {
				o := &mlmdpb.ListOperationOptions{
					FilterQuery: &filter, MaxResultSize: proto.Int32(93),
					OrderByField: &mlmdpb.ListOperationOptions_OrderByField{Field: &field, IsAsc: &ascending},
				}
				got := listAll(t, c, o)
				if !ascending {
					slices.Reverse(got)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s by %v, ascending %v: %d nodes; want %d in order", filter, field, ascending, len(got), len(want))
				}
			}
		}
	}
}

// listAll returns the nodes of all pages.
func listAll(t *testing.T, c mlmdpb.MetadataStoreServiceClient, o *mlmdpb.ListOperationOptions) []int64 {
	t.Helper()
	var ids []int64
	for range searched {
		r, err := c.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{Options: o})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range r.Artifacts {
			ids = append(ids, a.GetId())
		}
		if r.GetNextPageToken() == "" {
			return ids
		}
		o = proto.CloneOf(o)
		o.NextPageToken = r.NextPageToken
	}
	t.Fatal("the list never ends")
	return nil
}
