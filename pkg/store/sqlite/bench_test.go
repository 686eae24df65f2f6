package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// onBoth runs a benchmark on a file and in memory.
func onBoth(b *testing.B, run func(*testing.B, mlmdpb.MetadataStoreServiceClient, *int64)) {
	open := map[string]func() (*store.Store, error){
		"file":   func() (*store.Store, error) { return sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db")) },
		"memory": func() (*store.Store, error) { return sqlite.OpenMemory(b.Context()) },
	}
	for _, where := range []string{"file", "memory"} {
		b.Run(where, func(b *testing.B) {
			c := clientOf(b, must(open[where]()))
			t, err := c.PutArtifactType(b.Context(), &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
				Name: proto.String("Model"),
				Properties: map[string]mlmdpb.PropertyType{
					"author": mlmdpb.PropertyType_STRING, "runs": mlmdpb.PropertyType_INT, "loss": mlmdpb.PropertyType_DOUBLE,
				},
			}})
			if err != nil {
				b.Fatal(err)
			}
			run(b, c, t.TypeId)
		})
	}
}

// model returns an artifact with three properties and two custom properties.
func model(typeID *int64, name string, runs int64) *mlmdpb.Artifact {
	text := func(s string) *mlmdpb.Value {
		return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
	}
	return &mlmdpb.Artifact{
		TypeId: typeID, Name: &name, Uri: proto.String("s3://models/" + name), State: mlmdpb.Artifact_LIVE.Enum(),
		Properties: map[string]*mlmdpb.Value{
			"author": text("ada"),
			"runs":   {Value: &mlmdpb.Value_IntValue{IntValue: runs}},
			"loss":   {Value: &mlmdpb.Value_DoubleValue{DoubleValue: 0.25}},
		},
		CustomProperties: map[string]*mlmdpb.Value{"stage": text("production"), "owner": text("grace")},
	}
}

func put(b *testing.B, c mlmdpb.MetadataStoreServiceClient, artifacts ...*mlmdpb.Artifact) []int64 {
	b.Helper()
	r, err := c.PutArtifacts(b.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: artifacts})
	if err != nil {
		b.Fatal(err)
	}
	return r.ArtifactIds
}

func BenchmarkReadByID(b *testing.B) {
	onBoth(b, func(b *testing.B, c mlmdpb.MetadataStoreServiceClient, t *int64) {
		for i := range 200 {
			put(b, c, model(t, fmt.Sprint(i), 1))
		}
		req := &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{77}}
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			if r, err := c.GetArtifactsByID(ctx, req); err != nil || len(r.Artifacts) != 1 {
				b.Fatal(r, err)
			}
		}
	})
}

func BenchmarkReadByID_CancelableContext(b *testing.B) {
	onBoth(b, func(b *testing.B, c mlmdpb.MetadataStoreServiceClient, t *int64) {
		put(b, c, model(t, "x", 1))
		req := &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{1}}
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			if r, err := c.GetArtifactsByID(ctx, req); err != nil || len(r.Artifacts) != 1 {
				b.Fatal(r, err)
			}
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	onBoth(b, func(b *testing.B, c mlmdpb.MetadataStoreServiceClient, t *int64) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			put(b, c, model(t, fmt.Sprint(i), 1))
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	onBoth(b, func(b *testing.B, c mlmdpb.MetadataStoreServiceClient, t *int64) {
		m := model(t, "x", 0)
		m.Id = &put(b, c, m)[0]
		b.ReportAllocs()
		for i := int64(0); b.Loop(); i++ {
			m.Properties["runs"] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: i}}
			put(b, c, m)
		}
	})
}

func BenchmarkCreateThousand(b *testing.B) {
	onBoth(b, func(b *testing.B, c mlmdpb.MetadataStoreServiceClient, t *int64) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			list := make([]*mlmdpb.Artifact, 1000)
			for i := range list {
				list[i] = model(t, fmt.Sprint(n, "/", i), 1)
			}
			put(b, c, list...)
		}
	})
}

func BenchmarkUpdateThousand(b *testing.B) {
	onBoth(b, func(b *testing.B, c mlmdpb.MetadataStoreServiceClient, t *int64) {
		list := make([]*mlmdpb.Artifact, 1000)
		for i := range list {
			list[i] = model(t, fmt.Sprint(i), 1)
		}
		for i, id := range put(b, c, list...) {
			list[i].Id = &id
		}
		b.ReportAllocs()
		for n := int64(0); b.Loop(); n++ {
			for i := range list {
				list[i].Properties["runs"] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: n}}
			}
			put(b, c, list...)
		}
	})
}

// BenchmarkBareCommit measures the lower bound of a write: a transaction with one
// row, with the settings of a store.
func BenchmarkBareCommit(b *testing.B) {
	db, err := sql.Open(
		"sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)",
	)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	exec := func(text string) {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			b.Fatal(err)
		}
	}
	exec("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT)")
	for b.Loop() {
		exec("BEGIN IMMEDIATE")
		exec("INSERT INTO t (n) VALUES (1)")
		exec("COMMIT")
	}
}
