package postgres_test

import (
	"errors"
	"math"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
)

// renamed returns the DSN of another database on the same server.
func renamed(tb testing.TB, dsn, name string) string {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func TestOpen_CreatesDatabase(t *testing.T) {
	// The reference implementation cannot open the second name, because it creates it
	// in lower case.
	for _, suffix := range []string{"_missing", "_Missing-2"} {
		dsn := fresh(t)
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		missing := renamed(t, dsn, strings.TrimPrefix(u.Path, "/")+suffix)
		if _, err := postgres.Open(t.Context(), missing, store.WithoutCreate()); err == nil {
			t.Fatalf("%s: it was opened without being there", suffix)
		}
		s, err := postgres.Open(t.Context(), missing)
		if err != nil {
			t.Fatalf("%s: %v", suffix, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		open(t, missing, store.WithoutCreate())
	}
}

func TestOpen_UnreachableServer(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://ada:secret@127.0.0.1:1/registry?sslmode=disable")
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v", err)
	}
	if _, err := postgres.Open(
		t.Context(), "postgres://ada:secret@host:port/registry",
	); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v", err)
	}
}

// artifactType creates a type with properties s and i, and returns its ID.
func artifactType(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient) int64 {
	tb.Helper()
	reply, err := rpc.PutArtifactType(tb.Context(), &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
		Name:       new("t"),
		Properties: map[string]mlmdpb.PropertyType{"s": mlmdpb.PropertyType_STRING, "i": mlmdpb.PropertyType_INT},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return reply.GetTypeId()
}

func TestPut_BackslashesAndLongText(t *testing.T) {
	rpc := open(t, fresh(t)).Client()
	typeID := artifactType(t, rpc)
	for name, text := range map[string]string{
		"backslashes":              `C:\models\new`,
		"a long text":              incompressible(10_000),
		"a very long text":         incompressible(200_000),
		"a text that looks like %": `100%_\_'"` + "\n",
	} {
		a := &mlmdpb.Artifact{
			TypeId:     new(typeID),
			Name:       new(name),
			Uri:        new(text),
			Properties: map[string]*mlmdpb.Value{"s": {Value: &mlmdpb.Value_StringValue{StringValue: text}}},
		}
		if _, err := rpc.PutArtifacts(
			t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{a}},
		); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		reply, err := rpc.GetArtifactsByURI(t.Context(), &mlmdpb.GetArtifactsByURIRequest{Uris: []string{text}})
		if err != nil || len(reply.GetArtifacts()) != 1 || reply.Artifacts[0].GetProperties()["s"].GetStringValue() != text {
			t.Errorf("%s: read as %d artifacts, %v", name, len(reply.GetArtifacts()), err)
		}
	}
}

// incompressible returns text that PostgreSQL cannot compress.
func incompressible(n int) string {
	var b strings.Builder
	for state := uint64(88172645463325252); b.Len() < n; {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		b.WriteByte(byte('!' + state%90))
	}
	return b.String()
}

func TestPut_RejectsInt64(t *testing.T) {
	rpc := open(t, fresh(t)).Client()
	typeID := artifactType(t, rpc)
	for _, n := range []int64{math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt64} {
		_, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
			TypeId:     new(typeID),
			Properties: map[string]*mlmdpb.Value{"i": {Value: &mlmdpb.Value_IntValue{IntValue: n}}},
		}}})
		if code := status.Code(err); code != codes.InvalidArgument {
			t.Errorf("%d: %v", n, err)
		}
	}
	reply, err := rpc.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
	if err != nil || len(reply.GetArtifacts()) != 0 {
		t.Errorf("left behind are %d artifacts, %v", len(reply.GetArtifacts()), err)
	}
}

func TestMigrate(t *testing.T) {
	dsn := fresh(t)
	s := open(t, dsn)
	typeID := artifactType(t, s.Client())
	if _, err := postgres.Migrate(t.Context(), dsn, store.WithTargetVersion(6)); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Open(t.Context(), dsn)
	if !errors.Is(err, store.ErrSchemaOlder) || !strings.Contains(err.Error(), "mlmd-server --db postgres://") {
		t.Fatalf("error is %v", err)
	}
	var printed strings.Builder
	steps, err := postgres.Migrate(t.Context(), dsn, store.WithDryRun(&printed))
	if err != nil || len(steps) != 4 {
		t.Fatalf("a dry run has %d steps, %v", len(steps), err)
	}
	for _, want := range []string{"-- version 6 to 7: ", "-- version 9 to 10: ", "ADD COLUMN", ";\n"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("the dry run does not print %q", want)
		}
	}
	if _, err := postgres.Open(t.Context(), dsn); !errors.Is(err, store.ErrSchemaOlder) {
		t.Fatalf("after a dry run: %v", err)
	}
	if _, err := postgres.Migrate(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	reply, err := open(t, dsn).Client().GetArtifactType(t.Context(), &mlmdpb.GetArtifactTypeRequest{TypeName: new("t")})
	if err != nil || reply.GetArtifactType().GetId() != typeID {
		t.Errorf("the type is %v, %v", reply, err)
	}
}

func TestPut_RejectsTrailingSpaces(t *testing.T) {
	rpc := open(t, fresh(t)).Client()
	typeID := artifactType(t, rpc)
	_, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
		TypeId: new(typeID), Name: new(strings.Repeat("x", 255) + " "),
	}}})
	if code := status.Code(err); code != codes.InvalidArgument {
		t.Errorf("answer is %v", err)
	}
}
