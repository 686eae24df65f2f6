package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func contentOf(tb testing.TB, path string) []byte {
	tb.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

func TestGet_DoesNotChangeFile(t *testing.T) {
	for name, uri := range map[string]string{
		"a path": "%", "for reading only": "file:%?mode=ro", "immutable": "file:%?immutable=1",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.db")
			closed(t, path, "a")
			execute(t, path, "PRAGMA journal_mode = DELETE")
			before := contentOf(t, path)
			s := must(sqlite.Open(t.Context(), strings.Replace(uri, "%", path, 1)))
			same(t, "a read", names(t, s.Client()), []string{"a"})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, contentOf(t, path)) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("and the first write does", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "r.db")
		closed(t, path, "a")
		execute(t, path, "PRAGMA journal_mode = DELETE")
		s := must(sqlite.Open(t.Context(), path))
		putAll(t, s.Client(), "b")
		if _, err := os.Stat(path + "-wal"); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		same(t, "after the end", stored(t, path), []string{"a", "b"})
	})
}

func TestOpen_FilePermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	path := filepath.Join(t.TempDir(), "r.db")
	c := clientOf(t, must(sqlite.Open(t.Context(), path)))
	putAll(t, c, "a")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		at, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if at.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", at.Name(), at.Mode())
		}
	}
}

func TestOpen_ErrorLeavesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := sqlite.Open(ctx, path); err == nil {
		s.Close()
		t.Fatal("it was opened")
	}
	absent(t, path)
}

// slowRead starts a slow read and cancels it.
func slowRead(tb testing.TB, c mlmdpb.MetadataStoreServiceClient) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Millisecond)
	defer cancel()
	const filter = "contexts_a.id + contexts_b.id + contexts_c.id + contexts_d.id = -1"
	_, err := c.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{
		Options: &mlmdpb.ListOperationOptions{FilterQuery: proto.String(filter)},
	})
	if status.Code(err) != codes.DeadlineExceeded {
		tb.Errorf("the read was not canceled: %v", err)
	}
}

func TestClose_RemovesLogAfterCanceledRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	s := must(sqlite.Open(t.Context(), path))
	c := s.Client()
	putAll(t, c, numbered("a", 100)...)
	typeID := must2(c.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: proto.String("Run")},
	})).TypeId
	links := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	contexts := many(200, func(i int) *mlmdpb.Context {
		return &mlmdpb.Context{TypeId: typeID, Name: proto.String(numbered("c", 200)[i])}
	})
	put := must2(c.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: contexts}))
	for _, id := range put.ContextIds {
		links.Attributions = append(links.Attributions, &mlmdpb.Attribution{ArtifactId: proto.Int64(1), ContextId: &id})
	}
	must2(c.PutAttributionsAndAssociations(t.Context(), links))
	slowRead(t, c)
	crashed := copyOf(t, path)
	ends := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		absent(t, path+"-wal")
		absent(t, path+"-shm")
	}
	ends()
	s = must(sqlite.Open(t.Context(), path))
	slowRead(t, s.Client()) // on the only open connection
	ends()
	s = must(sqlite.Open(t.Context(), path))
	var wg sync.WaitGroup
	for range 8 { // on all connections
		wg.Go(func() { slowRead(t, s.Client()) })
	}
	wg.Wait()
	ends()
	path = crashed // its log is not checkpointed
	s = must(sqlite.Open(t.Context(), path))
	slowRead(t, s.Client())
	ends()
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestLog_ShrinksAfterLongRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	c := clientOf(t, must(sqlite.Open(t.Context(), path)))
	typeID := modelType(t, c)
	db := must2(sql.Open("sqlite", path))
	defer db.Close()
	reader := must2(db.BeginTx(t.Context(), nil))
	var n int
	if err := reader.QueryRowContext(t.Context(), "SELECT count(*) FROM Type").Scan(&n); err != nil {
		t.Fatal(err)
	}
	batch := func(round string) {
		must2(c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: many(1000, func(i int) *mlmdpb.Artifact {
			return model(typeID, round+numbered("", 1000)[i], 1)
		})}))
	}
	for _, round := range numbered("held", 8) {
		batch(round)
	}
	size := func() int64 { return must2(os.Stat(path + "-wal")).Size() }
	held := size()
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	for _, round := range numbered("free", 3) {
		batch(round)
	}
	if held < 6<<20 || size() > 5<<20 {
		t.Errorf("the log had %d bytes while a reader held it, and has %d now", held, size())
	}
}

func TestOpen_ForeignFile(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		says       string
	}{
		"with tables":              {[]string{"CREATE TABLE notes (text)", "INSERT INTO notes VALUES ('mine')"}, "notes"},
		"with an application id":   {[]string{"PRAGMA application_id = 252006673"}, "0xf055111"},
		"with a table called Type": {[]string{"CREATE TABLE Type (genus)"}, "missing are"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "other.db")
			execute(t, path, c.statements...)
			before := contentOf(t, path)
			s, err := sqlite.Open(t.Context(), path)
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			if !errors.Is(err, store.ErrForeign) && !errors.Is(err, store.ErrSchemaIncomplete) || !strings.Contains(
				err.Error(), c.says,
			) {
				t.Errorf("got %v", err)
			}
			if !bytes.Equal(before, contentOf(t, path)) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("a store with tables beside ours", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "r.db")
		closed(t, path, "a")
		execute(t, path, "CREATE TABLE notes (text)", "PRAGMA application_id = 7")
		putAll(t, clientOf(t, must(sqlite.Open(t.Context(), path))), "b")
	})
}

// A damaged file must not be reported as an older schema, whose error recommends a
// migration.
func TestOpen_DamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	closed(t, path, numbered("a", 20)...)
	whole := contentOf(t, path)
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for i := range 400 {
		damaged := bytes.Clone(whole)
		pages := len(damaged) / 4096
		page := 0
		if i%2 == 1 {
			page = random.IntN(pages)
		}
		from := page*4096 + random.IntN(4096)
		if i%4 > 1 {
			from = page*4096 + random.IntN(200) // the header of a page
		}
		for at := max(100, from); at < min(len(damaged), from+1+random.IntN(200)); at++ {
			damaged[at] ^= byte(1 + random.IntN(255))
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := sqlite.Open(t.Context(), path)
		if err == nil {
			s.Close()
			continue
		}
		refused++
		if errors.Is(err, store.ErrSchemaOlder) {
			t.Errorf("round %d, page %d: %v", i, page+1, err)
		}
		if code := status.Code(err); code != codes.DataLoss && code != codes.FailedPrecondition {
			t.Errorf("round %d, page %d: %v: %v", i, page+1, code, err)
		}
		if !bytes.Equal(damaged, contentOf(t, path)) {
			t.Errorf("round %d: the file was changed", i)
		}
		os.Remove(path + "-wal")
		os.Remove(path + "-shm")
	}
	if refused < 20 {
		t.Errorf("only %d files were refused", refused)
	}
}

func TestOpen_InvalidOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	for name, open := range map[string]func(...store.Option) (*store.Store, error){
		"a file":    func(opts ...store.Option) (*store.Store, error) { return sqlite.Open(t.Context(), path, opts...) },
		"in memory": func(opts ...store.Option) (*store.Store, error) { return sqlite.OpenMemory(t.Context(), opts...) },
	} {
		t.Run(name, func(t *testing.T) { testdb.RejectsOptions(t, open) })
	}
	absent(t, path)
}

func TestStatements_Observed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.db")
	testdb.ObservesStatements(t, "sqlite", "USING INDEX", func(opts ...store.Option) (*store.Store, error) {
		return sqlite.Open(t.Context(), file, opts...)
	})
	testdb.ObservesStatements(t, "sqlite", "USING INDEX", func(opts ...store.Option) (*store.Store, error) {
		return sqlite.OpenMemory(t.Context(), opts...)
	})
}

func TestOpen_AppliesOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	testdb.AppliesOptions(t, func(opts ...store.Option) (*store.Store, error) {
		return sqlite.Open(t.Context(), path, opts...)
	})
	testdb.AppliesOptions(t, func(opts ...store.Option) (*store.Store, error) {
		return sqlite.OpenMemory(t.Context(), opts...)
	})
}

func TestOpen_ZeroOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	putAll(t, clientOf(t, must(sqlite.Open(t.Context(), path, store.WithMaxConns(0), store.WithRetryTimeout(0)))), "a")
}

func TestWithLogger_Nil(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	execute(t, path+".old", "CREATE TABLE notes (text)") // causes a log message
	c := clientOf(t, must(sqlite.Open(t.Context(), path, store.WithLogger(nil))))
	putAll(t, c, "a")
	move(t, path, path+".moved")
	move(t, path+".old", path)
	if err := tryPut(t.Context(), c, "b"); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a put: %v", err)
	}
}
