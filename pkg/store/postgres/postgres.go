// Package postgres opens MLMD databases in PostgreSQL. The driver is pgx.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/mlmd-go/sdk/internal/schema"
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
// Several hosts may be given, "host1,host2", of which those that cannot be
// reached are passed over; with "target_session_attrs=read-write" the primary
// among them is found. Connections are used for five minutes, so that an address
// that moves is followed.
//
// Behind a pooler that gives each transaction another connection, such as
// PgBouncer in transaction mode, the store finds out that prepared statements get
// lost, and does without them from then on. With "default_query_exec_mode=exec"
// in dsn it never makes any.
func Open(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	c, err := store.Configure(engineConfig(), opts...)
	if err != nil {
		return nil, fmt.Errorf("postgres: open database %s on %s: %w", config.Database, config.Host, err)
	}
	if c.DB.Writers == 0 {
		c.DB.Writers = connections
	}
	if config.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		c.DB.Dialect.QueryModeArg = nil // which would be another mode
	}
	var unprepared atomic.Bool
	c.DB.Dialect.DisablePrepare = func() {
		if !unprepared.Swap(true) {
			c.DB.Log.InfoContext(ctx, "PostgreSQL has lost prepared statements, as it does behind a pooler: the store goes on without them")
		}
	}
	if c.DB.Write, err = connect(ctx, config, &unprepared, store.Creates(opts...)); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("postgres: open database %s on %s: %w", config.Database, config.Host, err)
	}
	return s, nil
}

// Database names a database for [store.Migrate]; dsn is as for [Open].
func Database(dsn string) store.Database {
	return store.NewDatabase(schema.Postgres(), func(ctx context.Context) (*sql.DB, error) {
		config, err := parse(dsn)
		if err != nil {
			return nil, err
		}
		var unprepared atomic.Bool
		unprepared.Store(true) // a migration has no statement twice
		return connect(ctx, config, &unprepared, false)
	})
}

// parse reads a DSN, whose password must not get into an error.
func parse(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, invalidDSN(err)
	}
	set := func(name, value string) {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	set("application_name", "mlmd-go")
	set("timezone", "UTC")
	set("client_encoding", "UTF8")
	if encoding := config.RuntimeParams["client_encoding"]; !isUTF8(encoding) {
		return nil, fmt.Errorf("postgres: the DSN cannot be used: leave client_encoding out of it: the store sends UTF-8, and not %s", encoding)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second // to each host; the calls have their contexts
	}
	return config, nil
}

func isUTF8(encoding string) bool {
	return strings.EqualFold(encoding, "UTF8") || strings.EqualFold(encoding, "UTF-8") || strings.EqualFold(encoding, "unicode")
}

// invalidDSN is what the driver says of a DSN without the parts that it quotes:
// where a password is not escaped, they may be of the password.
func invalidDSN(err error) error {
	why := "it cannot be read"
	var refused *pgconn.ParseConfigError
	if errors.As(err, &refused) {
		text := refused.Error()
		if cause := refused.Unwrap(); cause != nil {
			text = strings.TrimSuffix(text, " ("+cause.Error()+")")
		}
		why = text[strings.LastIndex(text, "`: ")+len("`: "):]
	}
	return fmt.Errorf("postgres: the DSN is not valid: %s; it is postgres://USER:PASSWORD@HOST:PORT/DATABASE, where / # ? @ %% in a password are"+
		" written %%2F %%23 %%3F %%40 %%25, or host=… user=… password='…' dbname=…", why)
}

// connect makes a handle that has reached its database once. Its connections
// keep prepared statements until unprepared is set.
func connect(ctx context.Context, config *pgx.ConnConfig, unprepared *atomic.Bool, create bool) (*sql.DB, error) {
	db := stdlib.OpenDB(*config, stdlib.OptionBeforeConnect(func(_ context.Context, config *pgx.ConnConfig) error {
		if unprepared.Load() && config.DefaultQueryExecMode != pgx.QueryExecModeSimpleProtocol {
			config.DefaultQueryExecMode = pgx.QueryExecModeExec
		}
		return nil
	}))
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
