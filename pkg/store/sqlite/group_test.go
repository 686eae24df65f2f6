package sqlite_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// inFileAndMemory runs a test on a store in a file and on one in memory.
func inFileAndMemory(t *testing.T, test func(*testing.T, mlmdpb.MetadataStoreServiceClient), opts ...store.Option) {
	t.Run("file", func(t *testing.T) {
		test(t, clientOf(t, must(sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"), opts...))))
	})
	t.Run("memory", func(t *testing.T) {
		test(t, clientOf(t, must(sqlite.OpenMemory(t.Context(), opts...))))
	})
}

// Writers share transactions. Whatever the others do, what a writer is told
// must be what is stored: after an error nothing of its request, otherwise all of it.
func TestWriters_StoredIsWhatTheyAreTold(t *testing.T) { inFileAndMemory(t, storedIsWhatTheyAreTold) }

func storedIsWhatTheyAreTold(t *testing.T, c mlmdpb.MetadataStoreServiceClient) {
	const writers, each = 24, 60
	typeID := contextType(t, c)
	var mu sync.Mutex
	told := map[string]bool{} // whether the context with the name must be stored
	owner := map[string]int{} // of a name that several writers want
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(w)))
			for i := range each {
				own := fmt.Sprintf("%d-%d", w, i)
				shared := fmt.Sprint("shared ", rnd.IntN(200))
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if rnd.IntN(4) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(rnd.Int64N(int64(3*time.Millisecond))))
				}
				names := []string{own}
				if rnd.IntN(2) == 0 {
					names = append(names, shared) // which another writer may have
				}
				err := putContexts(ctx, c, typeID, names...)
				cancel()
				switch status.Code(err) {
				case codes.OK, codes.AlreadyExists, codes.DeadlineExceeded:
				default:
					t.Errorf("%q: %v", names, err)
				}
				mu.Lock()
				told[own] = err == nil
				if err == nil && len(names) == 2 {
					owner[shared]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	r, err := c.GetContexts(t.Context(), &mlmdpb.GetContextsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]int{}
	for _, x := range r.Contexts {
		stored[x.GetName()]++
	}
	failed := 0
	for name, want := range told {
		if !want {
			failed++
		}
		if got := stored[name]; got > 1 || got == 1 != want {
			t.Errorf("%s: acknowledged %t, stored %d times", name, want, got)
		}
		delete(stored, name)
	}
	for name, n := range owner {
		if n != 1 || stored[name] != 1 {
			t.Errorf("%s: acknowledged %d times, stored %d times", name, n, stored[name])
		}
		delete(stored, name)
	}
	if len(stored) > 0 {
		t.Errorf("stored without being acknowledged: %v", stored)
	}
	if failed == 0 || failed == len(told) {
		t.Errorf("%d of %d requests failed: some must, and some must not", failed, len(told))
	}
}

// A request whose second row is too long leaves no first row, also if it shares a
// transaction: SQLite keeps that row, and counts no change.
func TestWriters_SecondRowTooLong(t *testing.T) {
	inFileAndMemory(t, secondRowTooLong, store.WithMaxTextSize(2000), store.WithLogger(slog.New(slog.DiscardHandler)))
}

func secondRowTooLong(t *testing.T, c mlmdpb.MetadataStoreServiceClient) {
	typeID := modelType(t, c)
	half := strings.Repeat("x", 1500)
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			for i := range 20 {
				name := fmt.Sprintf("%d-%d", w, i)
				artifacts := []*mlmdpb.Artifact{{TypeId: typeID, Name: &name}}
				want := codes.OK
				if w%2 == 0 {
					long := name + half
					artifacts = append(artifacts, &mlmdpb.Artifact{TypeId: typeID, Name: &long, Uri: &half})
					want = codes.InvalidArgument
				}
				_, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: artifacts})
				if status.Code(err) != want {
					t.Errorf("%s: %v, want %v", name, err, want)
				}
			}
		})
	}
	all.Wait()
	r, err := c.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
	if err != nil || len(r.Artifacts) != 8*20 {
		t.Errorf("%d artifacts are stored, %v", len(r.GetArtifacts()), err)
	}
}

func contextType(t *testing.T, c mlmdpb.MetadataStoreServiceClient) *int64 {
	r, err := c.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("t")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.TypeId
}

func putContexts(ctx context.Context, c mlmdpb.MetadataStoreServiceClient, typeID *int64, names ...string) error {
	q := &mlmdpb.PutContextsRequest{}
	for _, name := range names {
		q.Contexts = append(q.Contexts, &mlmdpb.Context{TypeId: typeID, Name: &name})
	}
	_, err := c.PutContexts(ctx, q)
	return err
}
