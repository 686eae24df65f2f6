package maintain_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/storeconfig"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// All connections of Snapshots see the same number of rows, and go on to do so, while
// another process commits.
func TestSnapshots_SameState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	s, err := sqlite.Open(t.Context(), path, store.WithMaxConns(5))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db := (*storeconfig.Store)(s).Engine().DB()
	if n := sameCounts(t, db); n != 4 {
		t.Errorf("%d connections without another writer, want 4", n)
	}
	other, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	typ, err := other.Client().PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("t")},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			_, err := other.Client().PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
				TypeId: typ.TypeId, Name: new(string(rune('a'+i%26)) + string(rune(0x4e00+i))),
			}}})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	several := 0
	for range 200 {
		if sameCounts(t, db) > 1 {
			several++
		}
	}
	end()
	writing.Wait()
	t.Logf("%d of 200 had several connections", several)
}

// sameCounts counts rows on all connections, twice, and returns their number.
func sameCounts(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	err := db.Snapshots(t.Context(), 4, func(ctx context.Context, conns []*sqldb.Conn) error {
		n = len(conns)
		var counts []int64
		for range 2 {
			for _, c := range conns {
				rows, err := c.Query(ctx, "SELECT COUNT(*) FROM Context")
				err = sqldb.Each(rows, err, 1, func(r *sqldb.Row) error {
					counts = append(counts, r.Int(0))
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
		for _, n := range counts {
			if n != counts[0] {
				t.Errorf("the connections see different states: %v", counts)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
