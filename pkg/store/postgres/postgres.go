// Package postgres opens MLMD databases in PostgreSQL. The driver is pgx.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/pkg/store"
)

// connections is how many a store uses unless [store.WithConnections] says
// otherwise. PostgreSQL allows 100 to all of its clients by default.
const connections = 16

// Open opens the database that dsn names: a URL such as
// "postgres://user:password@host:5432/registry?sslmode=verify-full", or
// "host=… user=… dbname=registry". What it leaves out comes from the PG…
// variables of the environment, as with psql.
//
// A database that does not exist is created, for which the account needs the
// right and a way into the database "postgres"; see [store.WithoutCreating]. The
// tables are in the first schema of the search path.
//
// Behind a pooler that gives each transaction another connection, add
// "default_query_exec_mode=exec" to dsn.
func Open(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	c := store.Configure(dialect(), opts...)
	if c.Writers == 0 {
		c.Writers = connections
	}
	if c.Write, err = connect(ctx, config, store.Creates(opts...)); err != nil {
		return nil, err
	}
	c.Write.SetMaxOpenConns(c.Writers)
	c.Write.SetMaxIdleConns(c.Writers)
	s, err := store.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("postgres: open database %s on %s: %w", config.Database, config.Host, err)
	}
	return s, nil
}

// Database names a database for [store.Migrate]; dsn is as for [Open].
func Database(dsn string) store.Database {
	return store.NewDatabase(engine.PostgresSchema(), func(ctx context.Context) (*sql.DB, error) {
		config, err := parse(dsn)
		if err != nil {
			return nil, err
		}
		return connect(ctx, config, false)
	})
}

// parse reads a DSN, whose password must not get into an error.
func parse(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: the DSN is not valid: %w", err) // pgx leaves the password out
	}
	set := func(name, value string) {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	set("application_name", "mlmd-go")
	set("timezone", "UTC")
	set("client_encoding", "UTF8")
	return config, nil
}

// connect makes a handle that has reached its database once.
func connect(ctx context.Context, config *pgx.ConnConfig, create bool) (*sql.DB, error) {
	db := stdlib.OpenDB(*config)
	db.SetConnMaxIdleTime(5 * time.Minute)
	err := db.PingContext(ctx)
	const unknownDatabase = "3D000"
	if create && hasState(err, unknownDatabase) {
		if err = createDatabase(ctx, config); err == nil {
			err = db.PingContext(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("postgres: connect to database %s on %s: %w", config.Database, config.Host, err), db.Close())
	}
	return db, nil
}

// createDatabase makes the database that config names. Another process may do
// so at the same time.
func createDatabase(ctx context.Context, config *pgx.ConnConfig) error {
	maintenance := config.Copy()
	maintenance.Database = "postgres"
	conn, err := pgx.ConnectConfig(ctx, maintenance)
	if err != nil {
		return fmt.Errorf("the database does not exist; to create it: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{config.Database}.Sanitize())
	const exists, existsNow = "42P04", "23505"
	if err != nil && !hasState(err, exists) && !hasState(err, existsNow) {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

func hasState(err error, state string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == state
}
