package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// Cached types must reflect the changes of other processes, and must not share memory
// with replies.
func TestTypes_Cache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "types.db")
	ours := clientOf(t, must(sqlite.Open(t.Context(), path)))
	others := clientOf(t, must(sqlite.Open(t.Context(), path)))
	memory := clientOf(t, must(sqlite.OpenMemory(t.Context())))

	tests := []struct {
		name            string
		reader, changer mlmdpb.MetadataStoreServiceClient
	}{
		{"changed by another store", ours, others},
		{"changed by the same store", ours, ours},
		{"changed by the same store in memory", memory, memory},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			typ := &mlmdpb.ArtifactType{Name: proto.String(fmt.Sprint("T", i)), Properties: map[string]mlmdpb.PropertyType{}}
			for version := range 4 {
				typ.ExternalId = proto.String(fmt.Sprint(i, ".", version))
				typ.Properties[fmt.Sprint("p", version)] = mlmdpb.PropertyType_INT
				if _, err := test.changer.PutArtifactType(
					t.Context(), &mlmdpb.PutArtifactTypeRequest{ArtifactType: typ, CanAddFields: proto.Bool(true)},
				); err != nil {
					t.Fatal(err)
				}
				for again := range 3 {
					got := everyWay(t, test.reader, typ)
					for way, found := range got {
						found.Id = nil
						if !proto.Equal(found, typ) {
							t.Fatalf("version %d, read %d, %s: got %v, want %v", version, again, way, found, typ)
						}
						*found.Name, *found.ExternalId, found.Properties["mine"] = "changed", "changed", mlmdpb.PropertyType_STRING
					}
				}
			}
		})
	}
}

// everyWay reads a type with each RPC that returns its external ID.
func everyWay(
	t *testing.T, c mlmdpb.MetadataStoreServiceClient, typ *mlmdpb.ArtifactType,
) map[string]*mlmdpb.ArtifactType {
	t.Helper()
	byName, err := c.GetArtifactType(t.Context(), &mlmdpb.GetArtifactTypeRequest{TypeName: typ.Name})
	if err != nil {
		t.Fatal(err)
	}
	byID, err := c.GetArtifactTypesByID(
		t.Context(), &mlmdpb.GetArtifactTypesByIDRequest{TypeIds: []int64{byName.ArtifactType.GetId()}},
	)
	if err != nil {
		t.Fatal(err)
	}
	byExternal, err := c.GetArtifactTypesByExternalIds(
		t.Context(), &mlmdpb.GetArtifactTypesByExternalIdsRequest{ExternalIds: []string{typ.GetExternalId()}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*mlmdpb.ArtifactType{
		"by name": byName.ArtifactType, "by id": byID.ArtifactTypes[0], "by external id": byExternal.ArtifactTypes[0],
	}
}

func TestTypes_DuplicateName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twice.db")
	c := clientOf(t, must(sqlite.Open(t.Context(), path)))
	older := *modelType(t, c)

	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	younger := older + 1000
	for _, statement := range []string{
		"INSERT INTO Type (id, name, type_kind, version) SELECT ?, name, type_kind, version FROM Type WHERE id = " +
			fmt.Sprint(older),
		"INSERT INTO Artifact (id, type_id, create_time_since_epoch, last_update_time_since_epoch) VALUES (1, ?, 1, 1)",
	} {
		if _, err := db.ExecContext(t.Context(), statement, younger); err != nil {
			t.Fatal(err)
		}
	}

	fresh := clientOf(t, must(sqlite.Open(t.Context(), path)))
	r, err := fresh.GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{1}})
	if err != nil || len(r.Artifacts) != 1 || r.Artifacts[0].GetTypeId() != younger {
		t.Fatalf("the artifact of the younger type: %v, %v", r, err)
	}
	byName, err := fresh.GetArtifactType(t.Context(), &mlmdpb.GetArtifactTypeRequest{TypeName: r.Artifacts[0].Type})
	if err != nil || byName.ArtifactType.GetId() != older {
		t.Errorf("got type %d, want %d: %v", byName.GetArtifactType().GetId(), older, err)
	}
}
