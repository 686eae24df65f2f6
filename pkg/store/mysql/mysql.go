// Package mysql opens MLMD databases in MySQL and MariaDB, clusters of several
// primary servers among them. The driver is go-sql-driver/mysql.
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
	"github.com/mlmd-go/sdk/pkg/store"
)

// connections is how many a store uses unless [store.WithConnections] says
// otherwise. A server allows about 150 to all of its clients by default.
const connections = 16

type sharedKey struct{}

// sharedCharset is what the original declares its connections to be.
const sharedCharset = "latin1"

// SharedWithOriginal opens a database that Google's MLMD server uses too.
//
// That server sends UTF-8 over a connection that it declares as latin1, so that
// tables of another character set hold its text encoded twice: its "é" is two
// letters to everyone else. With this option text goes the same way, both see
// the other's text as it was meant, and lengths count bytes: a name has at most
// 255. Without it text is stored as utf8mb4, which is right where the original
// does not come along any more, or where all text is ASCII.
//
// A database whose tables are latin1 is opened like this in any case: there the
// original's text is plain UTF-8 on the disk, and there is no other way to store
// any.
func SharedWithOriginal() store.Option { return store.WithValue(sharedKey{}, true) }

// Open opens the database that dsn names, either in the driver's form,
// "user:password@tcp(host:3306)/registry?tls=true", or as a URL,
// "mysql://user:password@host:3306/registry?tls=true".
//
// A database that does not exist is created, for which the account needs the
// right; see [store.WithoutCreating]. Tables that exist are used as they are. New
// ones hold utf8mb4 and compare it byte for byte. Text in tables of the
// original, whose collation may ignore case, is compared byte for byte as well;
// but such tables refuse two names that their collation holds to be the same.
//
// Settings that the store cannot work with, such as sql_mode or
// multiStatements, are refused. A server that has become read-only is left for
// the one that the address leads to by then, as rejectReadOnly asks for.
// Connections are used for five minutes, so that an address that moves is
// followed.
//
// When the deadline of a call ends, the store ends the call's statement in the
// server, for which it makes one more connection.
func Open(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	c, err := store.Configure(engineConfig(), opts...)
	if err != nil {
		return nil, fmt.Errorf("mysql: open database %s on %s: %w", config.DBName, config.Addr, err)
	}
	if c.DB.Writers == 0 {
		c.DB.Writers = connections
	}
	config.Logger = driverLog{c.DB.Log}
	found, err := examine(ctx, config, store.Creates(opts...))
	if err != nil {
		return nil, err
	}
	c.DB.Dialect.ExactTextParam = found.textParam()
	c.DB.Dialect.MessageLimit = fmt.Sprintf("max_allowed_packet is %d bytes", found.packet)
	if found.returning {
		c.DB.Dialect.InsertIDs = sqldb.IDsReturned
	}
	shared := store.Value(sharedKey{}, opts...) == true || found.latin1()
	if shared {
		c.Filter = filterquery.MySQLOver(sharedCharset)
		c.DB.Dialect.TrimsTrailingSpaces = cutsBytes
	}
	if c.DB.Write, err = connect(config, shared); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("mysql: open database %s on %s: %w", config.DBName, config.Addr, err)
	}
	return s, nil
}

// A driverLog is where the driver reports what it also answers as an error.
type driverLog struct{ log *slog.Logger }

func (l driverLog) Print(words ...any) {
	l.log.Info("the driver of MySQL says: " + fmt.Sprint(words...))
}

// Database names a database for [store.Migrate]; dsn is as for [Open].
func Database(dsn string) store.Database {
	return store.NewDatabase(schema.MySQL(numberOf), func(ctx context.Context) (*sql.DB, error) {
		config, err := parse(dsn)
		if err != nil {
			return nil, err
		}
		db, err := connect(config, false)
		if err != nil {
			return nil, err
		}
		if err := db.PingContext(ctx); err != nil {
			return nil, errors.Join(connectError(config, err), db.Close())
		}
		return db, nil
	})
}

// connect makes a handle. Nothing is sent before it is used.
func connect(config *mysql.Config, shared bool) (*sql.DB, error) {
	config = config.Clone()
	charset := mysql.Charset("utf8mb4", config.Collation)
	if shared {
		charset = mysql.Charset(sharedCharset, "")
	}
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
	return sql.OpenDB(connector{inner, killer}), nil
}

// An existing database decides how text is sent and compared.
type existing struct {
	charset, collation string // of a text column; empty where there is no table yet, or where it holds bytes
	collations         map[string]bool
	returning          bool // INSERT … RETURNING
	packet             int  // max_allowed_packet
}

// examine reads what the server can do and what the tables are like. It
// creates the database where it is missing and may be created.
func examine(ctx context.Context, config *mysql.Config, create bool) (existing, error) {
	var found existing
	db, err := connect(config, false)
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
	rows, err := db.QueryContext(ctx, "SELECT collation_name FROM information_schema.collations WHERE character_set_name = ?", charset)
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

// latin1 says whether the tables can hold UTF-8 only as bytes.
func (x existing) latin1() bool {
	return x.charset != "" && !strings.HasPrefix(x.charset, "utf8")
}

// textParam makes a parameter that is compared byte for byte, whatever the
// column's collation is. The server still uses the column's index: a stricter
// comparison finds its rows among those of a laxer one.
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

// canReturn says whether a server knows INSERT … RETURNING, as MariaDB does
// since 10.5. MySQL does not.
func canReturn(version string) bool {
	before, _, maria := strings.Cut(version, "-MariaDB")
	if !maria {
		return false
	}
	before = strings.TrimPrefix(before, "5.5.5-") // old servers put it in front for old clients
	var major, minor int
	if _, err := fmt.Sscanf(before, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 10 || major == 10 && minor >= 5
}

// createDatabase makes the database that config names, if it is still missing.
func createDatabase(ctx context.Context, config *mysql.Config) error {
	server := config.Clone()
	server.DBName = ""
	db, err := connect(server, false)
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

// numberOf is the number of an error of the server, or 0.
func numberOf(err error) uint16 {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return refused.Number
	}
	return 0
}
