package backend

import (
	"context"
	"errors"
	"testing"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
)

func startPostgres(ctx context.Context, tb testing.TB) (service, error) {
	dsn, err := testdb.Postgres(tb)
	if err != nil {
		return service{}, database(err)
	}
	s, err := postgres.Open(ctx, dsn)
	if err != nil {
		return service{}, err
	}
	return embedded(tb, s), nil
}

func startMySQL(ctx context.Context, tb testing.TB) (service, error) {
	dsn, err := testdb.MySQL(tb)
	if err != nil {
		return service{}, database(err)
	}
	s, err := mysql.Open(ctx, dsn)
	if err != nil {
		return service{}, err
	}
	return embedded(tb, s), nil
}

// database tells a database that is not installed from one that fails.
func database(err error) error {
	if errors.Is(err, testdb.ErrNone) {
		return unavailable("%v", err)
	}
	return err
}
