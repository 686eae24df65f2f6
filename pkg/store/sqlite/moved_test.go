package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// putAll stores artifacts with the names, one call each.
func putAll(tb testing.TB, c mlmdpb.MetadataStoreServiceClient, names ...string) {
	tb.Helper()
	for _, name := range names {
		if err := tryPut(tb.Context(), c, name); err != nil {
			tb.Fatalf("put %s: %v", name, err)
		}
	}
}

func tryPut(ctx context.Context, c mlmdpb.MetadataStoreServiceClient, name string) error {
	r, err := c.PutArtifactType(ctx, &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: proto.String("Moved")},
	})
	if err == nil {
		_, err = c.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{
			Artifacts: []*mlmdpb.Artifact{{TypeId: r.TypeId, Name: &name}},
		})
	}
	return err
}

// names returns the names of all artifacts.
func names(tb testing.TB, c mlmdpb.MetadataStoreServiceClient) []string {
	tb.Helper()
	r, err := c.GetArtifacts(tb.Context(), &mlmdpb.GetArtifactsRequest{})
	if err != nil {
		tb.Fatal(err)
	}
	var all []string
	for _, a := range r.Artifacts {
		all = append(all, a.GetName())
	}
	slices.Sort(all)
	return all
}

// stored checks the integrity of a file and returns the names of all artifacts in it,
// with a separate connection.
func stored(tb testing.TB, path string) []string {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rw")
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(tb.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		tb.Fatalf("%s is damaged: %s, %v", path, verdict, err)
	}
	rows, err := db.QueryContext(tb.Context(), "SELECT name FROM Artifact ORDER BY name")
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			tb.Fatal(err)
		}
		all = append(all, name)
	}
	return all
}

// numbered returns n names with a prefix.
func numbered(prefix string, n int) []string {
	return many(n, func(i int) string { return fmt.Sprintf("%s-%04d", prefix, i) })
}

// closed creates a database with the artifacts and closes it. Its type IDs differ from
// those of a store with one type.
func closed(tb testing.TB, path string, artifacts ...string) {
	tb.Helper()
	s := must(sqlite.Open(tb.Context(), path))
	modelType(tb, s.Client())
	putAll(tb, s.Client(), artifacts...)
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

func move(tb testing.TB, from, to string) {
	tb.Helper()
	if err := os.Rename(from, to); err != nil {
		tb.Fatal(err)
	}
}

func absent(tb testing.TB, path string) {
	tb.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		tb.Errorf("%s is there: %v", path, err)
	}
}

func same(tb testing.TB, what string, got, want []string) {
	tb.Helper()
	if !slices.Equal(got, want) {
		tb.Errorf("%s: %d artifacts, want %d: %.300v", what, len(got), len(want), got)
	}
}

func TestRemovedFile_NoAcknowledgedWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.db")
	s := must(sqlite.Open(t.Context(), path))
	c := s.Client()
	putAll(t, c, numbered("a", 100)...)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := tryPut(
			t.Context(), c, fmt.Sprint("lost-", i),
		); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "removed") {
			t.Fatalf("put %d: %v", i, err)
		}
	}
	if _, err := c.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("a read: %v", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		absent(t, path+suffix)
	}
	closed(t, filepath.Join(dir, "backup.db"), numbered("b", 10)...)
	move(t, filepath.Join(dir, "backup.db"), path)
	same(t, "the backup", names(t, c), numbered("b", 10))
	putAll(t, c, "c")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, "after the end", stored(t, path), append(numbered("b", 10), "c"))
}

func TestRemovedFile_Close(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	s := must(sqlite.Open(t.Context(), path))
	putAll(t, s.Client(), "a")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("closing: %v", err)
	}
	absent(t, path)
}

func TestRenamedFile_KeepsAcknowledgedWrites(t *testing.T) {
	for name, end := range map[string]bool{"a call": false, "the end": true} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.db")
			s := must(sqlite.Open(t.Context(), path))
			putAll(t, s.Client(), numbered("a", 100)...)
			move(t, path, path+".old")
			if !end {
				if err := tryPut(t.Context(), s.Client(), "lost"); status.Code(err) != codes.Unavailable {
					t.Fatalf("got %v", err)
				}
				same(t, "the renamed file", stored(t, path+".old"), numbered("a", 100))
				move(t, path+".old", path)
				putAll(t, s.Client(), "b")
				same(t, "after it came back", names(t, s.Client()), append(numbered("a", 100), "b"))
				move(t, path, path+".old")
			}
			if err := s.Close(); err == nil {
				t.Error("a store without its file was closed as if nothing were wrong")
			}
			want := numbered("a", 100)
			if !end {
				want = append(want, "b")
			}
			same(t, "after the end", stored(t, path+".old"), want)
			absent(t, path+"-wal")
		})
	}
}

func TestReplacedFile(t *testing.T) {
	for name, end := range map[string]bool{"a call": false, "the end": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, other := filepath.Join(dir, "r.db"), filepath.Join(dir, "other.db")
			s := must(sqlite.Open(t.Context(), path))
			c := s.Client()
			putAll(t, c, numbered("a", 130)...)
			closed(t, other, numbered("b", 106)...)
			move(t, other, path)
			want := numbered("b", 106)
			if !end {
				putAll(t, c, "c")
				want = append(want, "c")
				same(t, "a read", names(t, c), want)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			same(t, "after the end", stored(t, path), want)
			absent(t, path+"-wal")
		})
	}
}

func TestReplacedFile_WithLog(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "r.db"), filepath.Join(dir, "other.db")
	c := clientOf(t, must(sqlite.Open(t.Context(), path)))
	putAll(t, c, numbered("a", 50)...)
	busy := must(sqlite.Open(t.Context(), other))
	putAll(t, busy.Client(), numbered("b", 50)...)
	for _, suffix := range []string{"", "-wal"} { // as after a crash
		content, err := os.ReadFile(other + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(other+".copy"+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := busy.Close(); err != nil {
		t.Fatal(err)
	}
	move(t, other+".copy-wal", path+"-wal")
	move(t, other+".copy", path)
	putAll(t, c, "c")
	same(t, "a read", names(t, c), append(numbered("b", 50), "c"))
}

func TestReplacedFile_OtherProcess(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "r.db"), filepath.Join(dir, "other.db")
	first, second := must(sqlite.Open(t.Context(), path)), must(sqlite.Open(t.Context(), path))
	putAll(t, first.Client(), numbered("a", 50)...)
	putAll(t, second.Client(), "a-x")
	closed(t, other, numbered("b", 50)...)
	move(t, path, path+".old")
	move(t, other, path)
	putAll(t, first.Client(), "c")
	putAll(t, second.Client(), "d")
	putAll(t, first.Client(), "e")
	if err := errors.Join(second.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	same(t, "the new file", stored(t, path), append(numbered("b", 50), "c", "d", "e"))
	same(t, "the old file", stored(t, path+".old"), append(numbered("a", 50), "a-x"))
}

func TestRemovedLog(t *testing.T) {
	for _, suffix := range []string{"-wal", "-shm"} {
		t.Run(suffix, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.db")
			s := must(sqlite.Open(t.Context(), path))
			putAll(t, s.Client(), numbered("a", 50)...)
			if err := os.Remove(path + suffix); err != nil {
				t.Fatal(err)
			}
			putAll(t, s.Client(), numbered("b", 50)...)
			crashed := copyOf(t, path)
			same(t, "after a crash", stored(t, crashed), append(numbered("a", 50), numbered("b", 50)...))
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			same(t, "after the end", stored(t, path), append(numbered("a", 50), numbered("b", 50)...))
		})
	}
}

// copyOf copies a database and its log, as after a crash.
func copyOf(tb testing.TB, path string) string {
	tb.Helper()
	to := filepath.Join(tb.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return to
}

func TestReplacedFile_NotAStore(t *testing.T) {
	older := filepath.Join(t.TempDir(), "older.db")
	closed(t, older)
	execute(t, older, "UPDATE MLMDEnv SET schema_version = 9")
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	execute(t, foreign, "CREATE TABLE notes (text)")
	content := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, c := range map[string]struct{ content, says string }{
		"nothing":               {"", "empty"},
		"text":                  {strings.Repeat("not a database. ", 500), "not a database"},
		"an older schema":       {content(older), "older"},
		"another application's": {content(foreign), "another application"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.db")
			s := must(sqlite.Open(t.Context(), path))
			putAll(t, s.Client(), "a")
			if err := os.WriteFile(path+".new", []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			move(t, path, path+".old")
			move(t, path+".new", path)
			for range 2 {
				if err := tryPut(
					t.Context(), s.Client(), "lost",
				); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), c.says) {
					t.Errorf("a put: %v", err)
				}
				if _, err := s.Client().GetArtifacts(
					t.Context(), &mlmdpb.GetArtifactsRequest{},
				); status.Code(err) != codes.FailedPrecondition {
					t.Errorf("a read: %v", err)
				}
			}
			if content(path) != c.content {
				t.Error("the file was changed")
			}
			move(t, path+".old", path)
			putAll(t, s.Client(), "b")
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			same(t, "after the end", stored(t, path), []string{"a", "b"})
		})
	}
}

func execute(tb testing.TB, path string, statements ...string) {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(tb.Context(), statement); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestSymbolicLink_Changed(t *testing.T) {
	dir := t.TempDir()
	first, second, link := filepath.Join(dir, "first.db"), filepath.Join(dir, "second.db"), filepath.Join(dir, "r.db")
	closed(t, first, "a")
	closed(t, second, "b")
	point := func(to string) {
		t.Helper()
		if err := os.Symlink(to, link+".new"); err != nil {
			t.Fatal(err)
		}
		move(t, link+".new", link)
	}
	point(first)
	s := must(sqlite.Open(t.Context(), link))
	putAll(t, s.Client(), "c")
	point(second)
	putAll(t, s.Client(), "d")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	same(t, "the first", stored(t, first), []string{"a", "c"})
	same(t, "the second", stored(t, second), []string{"b", "d"})
}

func TestChdir(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s := must(sqlite.Open(t.Context(), "r.db"))
	t.Chdir(t.TempDir())
	putAll(t, s.Client(), numbered("a", 5)...)
	same(t, "a read", names(t, s.Client()), numbered("a", 5))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	same(t, "after the end", stored(t, filepath.Join(dir, "r.db")), numbered("a", 5))
}

// While two files change places, every acknowledged write must be in one of them.
func TestSwappedFiles(t *testing.T) {
	const writers, swaps = 4, 12
	dir := t.TempDir()
	path := filepath.Join(dir, "r.db")
	s := must(sqlite.Open(t.Context(), path))
	putAll(t, s.Client(), "first")
	var mu sync.Mutex
	acknowledged := map[string]bool{"first": true}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				name := fmt.Sprint(w, "-", i)
				switch err := tryPut(ctx, s.Client(), name); status.Code(err) {
				case codes.OK:
					mu.Lock()
					acknowledged[name] = true
					mu.Unlock()
				case codes.Unavailable, codes.Canceled, codes.NotFound, codes.AlreadyExists:
				default:
					t.Errorf("put: %v", err)
				}
				_, err := s.Client().GetArtifactsByType(ctx, &mlmdpb.GetArtifactsByTypeRequest{TypeName: proto.String("Moved")})
				switch status.Code(err) {
				case codes.OK, codes.Unavailable, codes.Canceled:
				default:
					t.Errorf("read: %v", err)
				}
			}
		})
	}
	for i := range swaps {
		next := filepath.Join(dir, fmt.Sprint("next-", i))
		closed(t, next)
		time.Sleep(30 * time.Millisecond)
		move(t, path, fmt.Sprint(path, ".", i))
		if i%2 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		move(t, next, path)
	}
	time.Sleep(50 * time.Millisecond)
	stop()
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	found := map[string]bool{}
	for i := range swaps + 1 {
		file := path
		if i < swaps {
			file = fmt.Sprint(path, ".", i)
		}
		for _, name := range stored(t, file) {
			found[name] = true
		}
	}
	if len(acknowledged) < 2*swaps {
		t.Errorf("only %d writes were acknowledged", len(acknowledged))
	}
	for name := range maps.Keys(acknowledged) {
		if !found[name] {
			t.Errorf("%s was acknowledged and is in no file", name)
		}
	}
}
