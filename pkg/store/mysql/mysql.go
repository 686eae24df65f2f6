// Package mysql opens MLMD databases in MySQL, MariaDB and TiDB, including clusters
// with several primaries. The driver is go-sql-driver/mysql.
package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/storeconfig"
	"github.com/mlmd-go/sdk/pkg/store"
)

// defaultMaxConns is the default of [store.WithMaxConns]. A server allows about
// 150 connections of all clients by default.
const defaultMaxConns = 16

// referenceCharset is the character set that the reference implementation declares
// for its connections.
const referenceCharset = "latin1"

// WithReferenceEncoding makes a store encode text as the reference implementation
// does. Use it for a database that a server of the reference implementation uses
// too, and that contains non-ASCII text.
//
// The reference implementation sends UTF-8 over connections that it declares as
// latin1, so that its text is encoded twice in tables of other character sets.
// With this option both read each other's text correctly, and lengths count bytes:
// a name has at most 255. Without it, text is stored as utf8mb4.
//
// The option is always in effect for databases whose tables are latin1, where no
// other encoding can store all text.
func WithReferenceEncoding() store.Option {
	return func(c *storeconfig.Config) { c.MySQLReferenceEncoding = true }
}

// Open opens the database that dsn names, in the form of the driver,
// "user:password@tcp(host:3306)/registry?tls=true", or as a URL,
// "mysql://user:password@host:3306/registry?tls=true".
//
// Open creates a missing database, unless [store.WithoutCreate] is given. That
// requires the privilege CREATE. Existing tables are used unchanged. New tables use
// utf8mb4 and compare text byte for byte. Text in tables of the reference
// implementation, whose collation may ignore case, is compared byte for byte too;
// but these tables reject two names that their collation considers equal.
//
// Open rejects settings that the store cannot work with, such as sql_mode or
// multiStatements. If a server becomes read-only, as after a failover, the store
// reconnects, as with rejectReadOnly. Connections are replaced after five minutes,
// so that the store follows an address that moves to another server.
//
// When the deadline of a call passes, the store kills the call's statement on the
// server over an additional connection.
func Open(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	options, err := storeconfig.New(opts)
	if err != nil {
		return nil, fmt.Errorf("mysql: open database %s on %s: %w", config.DBName, config.Addr, err)
	}
	c := engineConfig()
	options.Apply(&c)
	if c.DB.Writers == 0 {
		c.DB.Writers = defaultMaxConns
	}
	config.Logger = driverLog{c.DB.Log}
	found, err := examine(ctx, config, !options.WithoutCreate && !options.ReadOnly)
	if err != nil {
		return nil, err
	}
	c.DB.Dialect.ExactTextParam = found.textParam()
	c.DB.Dialect.MessageLimit = fmt.Sprintf("max_allowed_packet is %d bytes", found.packet)
	if found.mariadb {
		c.DB.Dialect.System = "mariadb"
	}
	if found.returning {
		c.DB.Dialect.InsertIDs = sqldb.IDsReturned
	}
	if found.tidb {
		adaptToTiDB(&c)
	}
	latin1 := options.MySQLReferenceEncoding || found.latin1()
	if latin1 {
		c.Filter = filterquery.MySQLOver(referenceCharset)
		c.DB.Dialect.TrimsTrailingSpaces = cutsBytes
	}
	if c.DB.Write, err = connect(config, session{latin1: latin1, readOnly: options.ReadOnly}); err != nil {
		return nil, err
	}
	s, err := storeconfig.Open(ctx, c, options.Interceptors...)
	if err != nil {
		return nil, fmt.Errorf("mysql: open database %s on %s: %w", config.DBName, config.Addr, err)
	}
	return (*store.Store)(s), nil
}

// driverLog logs messages of the driver, which it also returns as errors.
type driverLog struct{ log *slog.Logger }

func (l driverLog) Print(words ...any) {
	l.log.Info("MySQL driver: " + fmt.Sprint(words...))
}

// Migrate converts the database that dsn names to another schema version, by
// default [store.SchemaVersion], and returns the steps taken. It returns no steps
// if nothing was to be done. Dsn is as for [Open], but the database must exist.
//
// MySQL cannot roll back changes of tables: after an interrupted migration, call
// Migrate again. Make a backup first, and let nothing else use the database
// meanwhile.
func Migrate(ctx context.Context, dsn string, opts ...store.MigrateOption) ([]store.Step, error) {
	open := func(ctx context.Context) (*sql.DB, error) {
		config, err := parse(dsn)
		if err != nil {
			return nil, err
		}
		db, err := connect(config, session{})
		if err != nil {
			return nil, err
		}
		if err := db.PingContext(ctx); err != nil {
			return nil, errors.Join(connectError(config, err), db.Close())
		}
		return db, nil
	}
	return storeconfig.Migrate[store.Step](ctx, schema.MySQL(numberOf), open, opts)
}

// A session is how connections are used.
type session struct {
	latin1   bool // declare the connection as latin1, see WithReferenceEncoding
	readOnly bool
}

// connect opens a handle. It does not connect until the handle is used.
func connect(config *mysql.Config, s session) (*sql.DB, error) {
	config = config.Clone()
	charset := mysql.Charset("utf8mb4", config.Collation)
	if s.latin1 {
		charset = mysql.Charset(referenceCharset, "")
	}
	config.MultiStatements = true // see pipeline
	if err := config.Apply(charset); err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	inner, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	killer, err := newKiller(config)
	if err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	return sql.OpenDB(connector{inner, killer, s.readOnly}), nil
}

// existing describes a database that exists: how text is sent and compared.
type existing struct {
	charset, collation string // of a text column; empty if there is no table yet, or if it holds bytes
	collations         map[string]bool
	mariadb, tidb      bool
	returning          bool // INSERT … RETURNING
	packet             int  // max_allowed_packet
}

// examine reads the features of the server and the character set of the tables. If
// create is set, it creates a missing database.
func examine(ctx context.Context, config *mysql.Config, create bool) (existing, error) {
	var found existing
	db, err := connect(config, session{})
	if err != nil {
		return found, err
	}
	defer db.Close()
	var version string
	ask := func() error {
		return db.QueryRowContext(ctx, "SELECT VERSION(), @@max_allowed_packet").Scan(&version, &found.packet)
	}
	err = ask()
	const unknownDatabase = 1049
	if create && hasNumber(err, unknownDatabase) {
		if err = createDatabase(ctx, config); err == nil {
			err = ask()
		}
	}
	if err != nil {
		return found, connectError(config, err)
	}
	found.mariadb, found.tidb = strings.Contains(version, "-MariaDB"), strings.Contains(version, "-TiDB-")
	found.returning = canReturn(version)
	var charset, collation sql.NullString
	err = db.QueryRowContext(ctx, "SELECT character_set_name, collation_name FROM information_schema.columns"+
		" WHERE table_schema = DATABASE() AND table_name = 'Context' AND column_name = 'name'").Scan(&charset, &collation)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return found, fmt.Errorf("mysql: read the tables' character set: %w", err)
	}
	found.charset, found.collation = charset.String, collation.String
	found.collations, err = collationsOf(ctx, db, found.charset)
	return found, err
}

func collationsOf(ctx context.Context, db *sql.DB, charset string) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx,
		"SELECT collation_name FROM information_schema.collations WHERE character_set_name = ?", charset)
	if err != nil {
		return nil, fmt.Errorf("mysql: read the collations: %w", err)
	}
	defer rows.Close()
	names := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("mysql: read the collations: %w", err)
		}
		names[name] = true
	}
	return names, rows.Err()
}

// latin1 reports whether the tables can store UTF-8 only as bytes.
func (x existing) latin1() bool {
	return x.charset != "" && !strings.HasPrefix(x.charset, "utf8")
}

// textParam returns a parameter that is compared byte for byte, whatever the
// column's collation is. The server still uses the column's index.
func (x existing) textParam() string {
	if x.charset == "" || exact(x.collation) {
		return ""
	}
	converted := "CONVERT(? USING " + x.charset + ")"
	for _, name := range []string{x.charset + "_nopad_bin", x.charset + "_0900_bin"} {
		if x.collations[name] {
			return converted + " COLLATE " + name
		}
	}
	return "CAST(" + converted + " AS BINARY)"
}

func exact(collation string) bool {
	return strings.HasSuffix(collation, "_nopad_bin") || strings.HasSuffix(collation, "_0900_bin")
}

// canReturn reports whether a server supports INSERT … RETURNING, as MariaDB does
// since 10.5. MySQL does not.
func canReturn(version string) bool {
	before, _, maria := strings.Cut(version, "-MariaDB")
	if !maria {
		return false
	}
	before = strings.TrimPrefix(before, "5.5.5-") // prefix for old clients
	var major, minor int
	if _, err := fmt.Sscanf(before, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 10 || major == 10 && minor >= 5
}

// createDatabase creates the database that config names, if it does not exist.
func createDatabase(ctx context.Context, config *mysql.Config) error {
	server := config.Clone()
	server.DBName = ""
	db, err := connect(server, session{})
	if err != nil {
		return err
	}
	defer db.Close()
	name := "`" + strings.ReplaceAll(config.DBName, "`", "``") + "`"
	if _, err := db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+name+" CHARACTER SET utf8mb4"); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

func connectError(config *mysql.Config, err error) error {
	return fmt.Errorf("mysql: connect to database %s on %s: %w", config.DBName, config.Addr, err)
}

func hasNumber(err error, number uint16) bool { return numberOf(err) == number }

// numberOf returns the number of a server error, or 0.
func numberOf(err error) uint16 {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return refused.Number
	}
	return 0
}
