//go:build linux

package tidb_test

import (
	"fmt"
	"testing"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// open opens an empty database.
func open(t *testing.T, opts ...store.Option) *store.Store {
	t.Helper()
	dsn, err := testdb.MySQL(t)
	if err != nil {
		t.Fatal(err)
	}
	return openDSN(t, dsn, opts...)
}

func openDSN(t *testing.T, dsn string, opts ...store.Option) *store.Store {
	t.Helper()
	s, err := mysql.Open(t.Context(), dsn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	theServer(t)
	everywhere := open(t).Client()
	passed, skipped, all := 0, 0, storetest.Cases()
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			defer func() {
				switch {
				case t.Skipped():
					skipped++
				case !t.Failed():
					passed++
				}
			}()
			if c.NeedsOwnStore() {
				own := open(t, store.WithMaxConns(4)).Client()
				c.Check(t, own, append(storetest.EngineCapabilities(), storetest.EmptyStore))
				return
			}
			c.Check(t, everywhere, storetest.EngineCapabilities())
		})
	}
	fmt.Printf("TiDB, conformance: %d of %d cases passed, %d skipped\n", passed, len(all), skipped)
}
