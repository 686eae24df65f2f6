package mysql_test

import (
	"log/slog"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// Open must fail before it connects: no server listens at the address.
func TestOpen_InvalidOptions(t *testing.T) {
	testdb.RejectsOptions(t, func(opts ...store.Option) (*store.Store, error) {
		return mysql.Open(t.Context(), "user@tcp(127.0.0.1:1)/registry", opts...)
	})
}

func TestOpen_AppliesOptions(t *testing.T) {
	dsn := fresh(t)
	testdb.AppliesOptions(t, func(opts ...store.Option) (*store.Store, error) {
		return mysql.Open(t.Context(), dsn, opts...)
	})
}

func TestStatements_Observed(t *testing.T) {
	dsn := fresh(t)
	testdb.ObservesStatements(t, "mariadb", "key=", func(opts ...store.Option) (*store.Store, error) {
		return mysql.Open(t.Context(), dsn, opts...)
	})
}

func TestRoundTrips(t *testing.T) {
	config, err := driver.ParseDSN(fresh(t))
	if err != nil {
		t.Fatal(err)
	}
	relay := testdb.NewRelay(t, config.Addr)
	config.Addr = relay.Address
	testdb.LimitsRoundTrips(t, relay, open(t, config.FormatDSN(), store.WithMaxConns(1)).Client())
}

func TestOpen_ZeroOptions(t *testing.T) {
	var log *slog.Logger
	rpc := open(t, fresh(t), nil, store.WithMaxConns(0), store.WithRetryTimeout(0), store.WithLogger(log)).Client()
	for _, c := range storetest.Cases()[:5] {
		t.Run(c.Name, func(t *testing.T) { c.Check(t, rpc, storetest.EngineCapabilities()) })
	}
}
