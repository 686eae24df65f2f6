package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// modelType puts the type of these tests.
func modelType(tb testing.TB, c mlmdpb.MetadataStoreServiceClient) *int64 {
	tb.Helper()
	r, err := c.PutArtifactType(tb.Context(), &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
		Name: proto.String("Model"),
		Properties: map[string]mlmdpb.PropertyType{
			"author": mlmdpb.PropertyType_STRING, "runs": mlmdpb.PropertyType_INT, "loss": mlmdpb.PropertyType_DOUBLE,
		},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return r.TypeId
}

func count(tb testing.TB, c mlmdpb.MetadataStoreServiceClient) int {
	tb.Helper()
	r, err := c.GetArtifacts(tb.Context(), &mlmdpb.GetArtifactsRequest{})
	if err != nil {
		tb.Fatal(err)
	}
	return len(r.Artifacts)
}

func TestTwoStores_OneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mlmd.db")
	const writers, each = 8, 10
	var clients []mlmdpb.MetadataStoreServiceClient
	for range 2 {
		clients = append(clients, clientOf(t, must(sqlite.Open(t.Context(), path))))
	}
	ids := make([]int64, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			c := clients[w%2]
			id := modelType(t, c)
			ids[w] = *id
			for i := range each {
				_, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{
					Artifacts: []*mlmdpb.Artifact{model(id, fmt.Sprint(w, "-", i), 1)},
				})
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("the same type has the ids %v", ids)
		}
	}
	if n := count(t, clients[0]); n != writers*each {
		t.Errorf("%d artifacts are there, want %d", n, writers*each)
	}
}

func TestUpdate_OptimisticLocking(t *testing.T) {
	c := clientOf(t, must(sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mlmd.db"))))
	typeID := modelType(t, c)
	put, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{
		Artifacts: []*mlmdpb.Artifact{model(typeID, "m", 0)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: put.ArtifactIds})
	if err != nil {
		t.Fatal(err)
	}
	const writers = 20
	failed := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			a := proto.CloneOf(got.Artifacts[0])
			a.Properties["runs"] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: int64(w + 1)}}
			_, failed[w] = c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{
				Artifacts: []*mlmdpb.Artifact{a},
				Options:   &mlmdpb.PutArtifactsRequest_Options{AbortIfLatestUpdatedTimeChanged: proto.Bool(true)},
			})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range failed {
		switch status.Code(err) {
		case codes.OK:
			won++
		case codes.FailedPrecondition:
		default:
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won, want 1", won)
	}
}

// locked opens a store and holds its write lock with another connection until
// release is called.
func locked(t *testing.T, opts ...store.Option) (c mlmdpb.MetadataStoreServiceClient, typeID *int64, release func()) {
	path := filepath.Join(t.TempDir(), "mlmd.db")
	c = clientOf(t, must(sqlite.Open(t.Context(), path, opts...)))
	typeID = modelType(t, c)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return c, typeID, sync.OnceFunc(func() {
		if _, err := conn.ExecContext(context.WithoutCancel(t.Context()), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		conn.Close()
	})
}

func TestPut_WaitsForOtherWriter(t *testing.T) {
	c, typeID, release := locked(t)
	time.AfterFunc(150*time.Millisecond, release)
	if _, err := c.PutArtifacts(
		t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{TypeId: typeID}}},
	); err != nil {
		t.Fatal(err)
	}
}

func TestGet_DuringWrite(t *testing.T) {
	c, _, release := locked(t)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := c.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{}); err != nil {
		t.Fatal(err)
	}
}

func TestWithRetryTimeout(t *testing.T) {
	c, typeID, release := locked(t, store.WithRetryTimeout(100*time.Millisecond))
	defer release()
	_, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{TypeId: typeID}}})
	if status.Code(err) != codes.Aborted {
		t.Errorf("got %v, want ABORTED", err)
	}
}

func TestPut_DeadlineEndsWait(t *testing.T) {
	c, typeID, release := locked(t)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := c.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{TypeId: typeID}}})
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v, want DEADLINE_EXCEEDED", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestPut_Canceled(t *testing.T) {
	for _, where := range []string{"file", "memory"} {
		t.Run(where, func(t *testing.T) {
			open := func() (*store.Store, error) { return sqlite.OpenMemory(t.Context()) }
			if where == "file" {
				open = func() (*store.Store, error) {
					return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mlmd.db"))
				}
			}
			c := clientOf(t, must(open()))
			typeID := modelType(t, c)
			list := make([]*mlmdpb.Artifact, 20000)
			for i := range list {
				list[i] = model(typeID, fmt.Sprint(i), 1)
			}
			cancelled := 0
			for _, after := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond} {
				ctx, cancel := context.WithTimeout(t.Context(), after)
				_, err := c.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: list})
				cancel()
				if status.Code(err) != codes.DeadlineExceeded {
					t.Fatalf("after %v: %v", after, err)
				}
				cancelled++
			}
			if n := count(t, c); n != 0 || cancelled == 0 {
				t.Errorf("%d artifacts are left", n)
			}
			if _, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: list[:3]}); err != nil {
				t.Errorf("the store is of no use any more: %v", err)
			}
		})
	}
}

func TestClose_LaterCalls(t *testing.T) {
	for name, open := range map[string]func() (*store.Store, error){
		"file":   func() (*store.Store, error) { return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mlmd.db")) },
		"memory": func() (*store.Store, error) { return sqlite.OpenMemory(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := must(open())
			for range 2 {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.Client().GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
			if status.Code(err) != codes.Unavailable {
				t.Errorf("a read: %v", err)
			}
			_, err = s.Client().PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{})
			if status.Code(err) != codes.Unavailable {
				t.Errorf("a write: %v", err)
			}
		})
	}
}

func TestClose_WaitsForCalls(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mlmd.db")
	s := must(sqlite.Open(t.Context(), path))
	typeID := modelType(t, s.Client())
	var wg sync.WaitGroup
	acknowledged := make([]bool, 50)
	for i := range acknowledged {
		wg.Go(func() {
			_, err := s.Client().PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{
				Artifacts: []*mlmdpb.Artifact{model(typeID, fmt.Sprint(i), 1)},
			})
			acknowledged[i] = err == nil
			if code := status.Code(err); code != codes.OK && code != codes.Unavailable {
				t.Error(err)
			}
		})
	}
	time.Sleep(5 * time.Millisecond)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	want := 0
	for _, ok := range acknowledged {
		if ok {
			want++
		}
	}
	if n := count(t, clientOf(t, must(sqlite.Open(t.Context(), path)))); n != want {
		t.Errorf("%d artifacts are there, %d were acknowledged", n, want)
	}
}

func TestOpen_Errors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer.db")
	if err := must(sqlite.Open(t.Context(), newer)).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE MLMDEnv SET schema_version = 11"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for _, c := range []struct {
		name, path string
		kind       error
		code       codes.Code
		says       string
	}{
		{"an empty path", "", nil, codes.Unknown, "OpenMemory"},
		{"a folder that is not there", filepath.Join(dir, "no", "mlmd.db"), nil, codes.Unavailable, "create it first"},
		{"a folder", dir, nil, codes.Unavailable, "name a file in it"},
		{"a file of something else", text, store.ErrNotDatabase, codes.FailedPrecondition, "text.db"},
		{"a newer database", newer, store.ErrSchemaNewer, codes.FailedPrecondition, "11"},
		{
			"a file that must exist", "file:" + filepath.Join(dir, "absent.db") + "?mode=rw", nil, codes.Unavailable,
			"absent.db",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := sqlite.Open(t.Context(), c.path)
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			if c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("%v is not %v", err, c.kind)
			}
			if code := status.Code(err); code != c.code {
				t.Errorf("%v has code %v, want %v", err, code, c.code)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
}

func TestOpen_ReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%.db")
	s := must(sqlite.Open(t.Context(), path))
	typeID := modelType(t, s.Client())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	c := clientOf(t, must(sqlite.Open(t.Context(), "file:"+escaped+"?mode=ro")))
	if *modelType(t, c) != *typeID {
		t.Error("the type has another id")
	}
	_, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{TypeId: typeID}}})
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(
		err.Error(), "attempt to write a readonly database",
	) {
		t.Errorf("got %v", err)
	}
}
