package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func TestGet_MissingMemberRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mlmd.db")
	c := clientOf(t, must(sqlite.Open(t.Context(), path)))
	typeID := modelType(t, c)
	contextType, err := c.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: proto.String("Team")},
	})
	if err != nil {
		t.Fatal(err)
	}
	team, err := c.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{
		Contexts: []*mlmdpb.Context{{TypeId: contextType.TypeId, Name: proto.String("blue")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	model := &mlmdpb.Artifact{
		TypeId:     typeID,
		Properties: map[string]*mlmdpb.Value{"author": {Value: &mlmdpb.Value_StringValue{StringValue: "ada"}}},
	}
	put, err := c.PutArtifacts(
		t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{model, model, model}},
	)
	if err != nil {
		t.Fatal(err)
	}
	links := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for _, id := range put.ArtifactIds {
		links.Attributions = append(links.Attributions, &mlmdpb.Attribution{ArtifactId: &id, ContextId: &team.ContextIds[0]})
	}
	if _, err := c.PutAttributionsAndAssociations(t.Context(), links); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "DELETE FROM Artifact WHERE id = ?", put.ArtifactIds[1]); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	want := []int64{put.ArtifactIds[0], put.ArtifactIds[2]}
	for name, options := range map[string]*mlmdpb.ListOperationOptions{
		"without options": nil,
		"with options":    {},
		"with a filter":   {FilterQuery: proto.String("properties.author.string_value = 'ada'")},
	} {
		r, err := c.GetArtifactsByContext(
			t.Context(), &mlmdpb.GetArtifactsByContextRequest{ContextId: &team.ContextIds[0], Options: options},
		)
		var got []int64
		for _, a := range r.GetArtifacts() {
			got = append(got, a.GetId())
		}
		if slices.Sort(got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
}

// The file must not be mapped into memory, because a truncated mapping would crash
// the process.
func TestGet_TruncatedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mlmd.db")
	s := must(sqlite.Open(t.Context(), path))
	c := s.Client()
	typeID := modelType(t, c)
	many := &mlmdpb.PutArtifactsRequest{}
	for range 2000 {
		many.Artifacts = append(many.Artifacts, &mlmdpb.Artifact{TypeId: typeID})
	}
	put, err := c.PutArtifacts(t.Context(), many)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // checkpoint the log
		t.Fatal(err)
	}

	c = clientOf(t, must(sqlite.Open(t.Context(), path)))
	if count(t, c) != len(many.Artifacts) {
		t.Fatal("the artifacts are not all there")
	}
	if _, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: many.Artifacts[:1]}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 4096*20); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetArtifactsByID(
		t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: put.ArtifactIds},
	); status.Code(err) != codes.DataLoss {
		t.Errorf("artifacts of a file that was cut: %v; want DATA_LOSS", err)
	}
}
