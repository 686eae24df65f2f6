package sqlite_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// heap returns the bytes of the heap that are reachable.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers have released
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

const mib = 1 << 20

// An open store that does nothing takes less than 10 MiB, in Go's heap at least: the
// cache of pages is SQLite's own memory.
func TestMemory_Idle(t *testing.T) {
	for name, open := range map[string]func() (*store.Store, error){
		"file":   func() (*store.Store, error) { return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "r.db")) },
		"memory": func() (*store.Store, error) { return sqlite.OpenMemory(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			s := must(open())
			fill(t, clientOf(t, s))
			after := heap()
			t.Logf("%.2f MiB", float64(after-before)/mib)
			if after-before > 10*mib {
				t.Errorf("an idle store takes %d bytes", after-before)
			}
			runtime.KeepAlive(s)
		})
	}
}

// Reading a list page by page takes no more memory at its end than at its beginning.
func TestMemory_Pages(t *testing.T) {
	const nodes = 100_000
	s := must(sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "r.db")))
	rpc := clientOf(t, s)
	typ := must(rpc.PutArtifactType(t.Context(), &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new("t")},
	}))
	for range nodes / 10_000 {
		must(rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: many(10_000, func(int) *mlmdpb.Artifact {
			return &mlmdpb.Artifact{TypeId: typ.TypeId, Uri: new("s3://bucket/a")}
		})}))
	}
	options := &mlmdpb.ListOperationOptions{MaxResultSize: new(int32(100))}
	var first, most int64
	seen := 0
	for page := 0; ; page++ {
		reply := must(rpc.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{Options: options}))
		seen += len(reply.GetArtifacts())
		if page%100 == 20 {
			used := heap()
			if first == 0 {
				first = used
			}
			most = max(most, used)
		}
		if reply.GetNextPageToken() == "" {
			break
		}
		options.NextPageToken = reply.NextPageToken
	}
	t.Logf("%.2f MiB after 20 pages, %.2f MiB at most", float64(first)/mib, float64(most)/mib)
	if seen != nodes {
		t.Errorf("read %d nodes, want %d", seen, nodes)
	}
	if most > first+mib {
		t.Errorf("%d bytes after 20 pages, %d later", first, most)
	}
}
