package postgres_test

import (
	"os"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
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

// fresh is the DSN of an empty database.
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

func TestConformance(t *testing.T) {
	has := append(storetest.Ours(), storetest.StartsEmpty)
	storetest.Run(t, has, func(tb testing.TB) mlmdpb.MetadataStoreServiceClient {
		return open(tb, fresh(tb), store.WithConnections(4)).Client()
	})
}
