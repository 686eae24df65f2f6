package postgres_test

import (
	"os"
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testdb.Stop()
	os.Exit(code)
}

// fresh returns the DSN of an empty database.
func fresh(tb testing.TB) string {
	tb.Helper()
	dsn, err := testdb.Postgres(tb)
	testdb.Check(tb, "postgres", err)
	return dsn
}

func open(tb testing.TB, dsn string, opts ...store.Option) *store.Store {
	tb.Helper()
	s, err := postgres.Open(tb.Context(), dsn, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

// Creating a database takes longer than most cases, so that the cases share one if
// they can.
func TestConformance(t *testing.T) {
	shared := open(t, fresh(t)).Client()
	for _, c := range storetest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.CorruptsStore || slices.Contains(c.Requires, storetest.EmptyStore) {
				own := open(t, fresh(t), store.WithMaxConns(4)).Client()
				c.Check(t, own, append(storetest.EngineCapabilities(), storetest.EmptyStore))
				return
			}
			c.Check(t, shared, storetest.EngineCapabilities())
		})
	}
}
