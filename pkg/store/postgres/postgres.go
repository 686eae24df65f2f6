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
	"github.com/mlmd-go/sdk/internal/storeconfig"
	"github.com/mlmd-go/sdk/pkg/store"
)

// defaultMaxConns is the default of [store.WithMaxConns]. PostgreSQL allows 100
// connections of all clients by default.
const defaultMaxConns = 16

// Open opens the database that dsn names: a URL such as
// "postgres://user:password@host:5432/registry?sslmode=verify-full", or
// "host=… user=… dbname=registry". Missing settings come from the PG… environment
// variables, as for psql.
//
// Open creates a missing database, unless [store.WithoutCreate] is given. That
// requires the privilege CREATEDB and access to the database "postgres". The tables
// are in the first schema of the search path.
//
// With several hosts, "host1,host2", Open skips those that are unreachable. With
// "target_session_attrs=read-write" it finds the primary among them. Connections
// are replaced after five minutes, so that the store follows an address that moves
// to another server.
//
// Behind a pooler that assigns each transaction another connection, such as
// PgBouncer in transaction mode, the store detects lost prepared statements and
// stops using them. With "default_query_exec_mode=exec" in dsn it uses none.
func Open(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	options, err := storeconfig.New(opts)
	if err != nil {
		return nil, fmt.Errorf("postgres: open database %s on %s: %w", config.Database, config.Host, err)
	}
	c := engineConfig()
	options.Apply(&c)
	if c.DB.Writers == 0 {
		c.DB.Writers = defaultMaxConns
	}
	if config.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		c.DB.Dialect.QueryModeArg = nil // which would be another mode
	}
	var unprepared atomic.Bool
	c.DB.Dialect.DisablePrepare = func() {
		if !unprepared.Swap(true) {
			c.DB.Log.InfoContext(ctx, "prepared statements are lost, as behind a connection pooler; continuing without them")
		}
	}
	caches := config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement
	c.DB.Dialect.Pipeline = pipeline(func() bool { return caches && !unprepared.Load() })
	if options.ReadOnly {
		c.DB.Write, err = connectReadOnly(ctx, config, &unprepared)
	} else {
		c.DB.Write, err = connect(ctx, config, &unprepared, !options.WithoutCreate)
	}
	if err != nil {
		return nil, err
	}
	s, err := storeconfig.Open(ctx, c, options.Interceptors...)
	if err != nil {
		return nil, fmt.Errorf("postgres: open database %s on %s: %w", config.Database, config.Host, err)
	}
	return (*store.Store)(s), nil
}

// Migrate converts the database that dsn names to another schema version, by
// default [store.SchemaVersion], and returns the steps taken. It returns no steps
// if nothing was to be done. All steps take effect, or none. Dsn is as for [Open],
// but the database must exist.
//
// Make a backup first, and let nothing else use the database meanwhile.
func Migrate(ctx context.Context, dsn string, opts ...store.MigrateOption) ([]store.Step, error) {
	open := func(ctx context.Context) (*sql.DB, error) {
		config, err := parse(dsn)
		if err != nil {
			return nil, err
		}
		var unprepared atomic.Bool
		unprepared.Store(true) // a migration repeats no statement
		return connect(ctx, config, &unprepared, false)
	}
	return storeconfig.Migrate[store.Step](ctx, schema.Postgres(), open, opts)
}

// parse parses a DSN. Its errors do not contain the password.
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
		return nil, fmt.Errorf(
			"postgres: unsupported client_encoding %s in the DSN: remove it, the store requires UTF-8", encoding,
		)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second // for each host; calls are limited by their contexts
	}
	return config, nil
}

func isUTF8(encoding string) bool {
	return strings.EqualFold(encoding, "UTF8") || strings.EqualFold(encoding, "UTF-8") ||
		strings.EqualFold(encoding, "unicode")
}

// invalidDSN returns the driver's error without the parts of the DSN that it
// quotes, which may belong to an unescaped password.
func invalidDSN(err error) error {
	why := "it cannot be parsed"
	var refused *pgconn.ParseConfigError
	if errors.As(err, &refused) {
		text := refused.Error()
		if cause := refused.Unwrap(); cause != nil {
			text = strings.TrimSuffix(text, " ("+cause.Error()+")")
		}
		why = text[strings.LastIndex(text, "`: ")+len("`: "):]
	}
	return fmt.Errorf("postgres: invalid DSN: %s: must be postgres://USER:PASSWORD@HOST:PORT/DATABASE, with / # ? @ "+
		"%% in a"+
		" password written as %%2F %%23 %%3F %%40 %%25, or host=… user=… password='…' dbname=…", why)
}

// connect opens a handle and checks that it reaches the database. Its connections
// use prepared statements until unprepared is set.
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
		err = fmt.Errorf("postgres: connect to database %s on %s: %w", config.Database, config.Host, err)
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connectReadOnly is like connect, with read-only sessions. A pooler that rejects
// the parameter gets none: the store itself does not write, either.
func connectReadOnly(ctx context.Context, config *pgx.ConnConfig, unprepared *atomic.Bool) (*sql.DB, error) {
	const protocolViolation = "08P01"
	guarded := config.Copy()
	guarded.RuntimeParams["default_transaction_read_only"] = "on"
	db, err := connect(ctx, guarded, unprepared, false)
	if hasState(err, protocolViolation) {
		return connect(ctx, config, unprepared, false)
	}
	return db, err
}

// createDatabase creates the database that config names. It succeeds if another
// process does so at the same time.
func createDatabase(ctx context.Context, config *pgx.ConnConfig) error {
	maintenance := config.Copy()
	maintenance.Database = "postgres"
	conn, err := pgx.ConnectConfig(ctx, maintenance)
	if err != nil {
		return fmt.Errorf("create the missing database: %w", err)
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
