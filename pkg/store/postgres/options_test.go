package postgres_test

import (
	"log/slog"
	"net/url"
	"testing"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// Open must fail before it connects: no server listens at the address.
func TestOpen_InvalidOptions(t *testing.T) {
	testdb.RejectsOptions(t, func(opts ...store.Option) (*store.Store, error) {
		return postgres.Open(t.Context(), "postgres://user@127.0.0.1:1/registry", opts...)
	})
}

func TestOpen_AppliesOptions(t *testing.T) {
	dsn := fresh(t)
	testdb.AppliesOptions(t, func(opts ...store.Option) (*store.Store, error) {
		return postgres.Open(t.Context(), dsn, opts...)
	})
}

func TestStatements_Observed(t *testing.T) {
	dsn := fresh(t)
	testdb.ObservesStatements(t, "postgresql", "Index", func(opts ...store.Option) (*store.Store, error) {
		return postgres.Open(t.Context(), dsn, opts...)
	})
}

func TestRoundTrips(t *testing.T) {
	u, err := url.Parse(fresh(t))
	if err != nil {
		t.Fatal(err)
	}
	relay := testdb.NewRelay(t, u.Host)
	u.Host = relay.Address
	testdb.LimitsRoundTrips(t, relay, open(t, u.String(), store.WithMaxConns(1)).Client())
}

func TestOpen_ZeroOptions(t *testing.T) {
	var log *slog.Logger
	rpc := open(t, fresh(t), nil, store.WithMaxConns(0), store.WithRetryTimeout(0), store.WithLogger(log)).Client()
	for _, c := range storetest.Cases()[:5] {
		t.Run(c.Name, func(t *testing.T) { c.Check(t, rpc, storetest.EngineCapabilities()) })
	}
}
