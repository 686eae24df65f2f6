package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// MySQLSchema is the schema on MySQL and MariaDB. Their DDL commits at once, so
// it is made under a named lock, of statements that may be repeated, with the
// version set last; a creation cut short is finished by the next opening.
//
// New tables hold utf8mb4 and compare it byte for byte, whatever the
// database's default is.
func MySQLSchema() Schema {
	return Schema{
		ddl: ddl{
			types: [columnTypes]string{
				autoID: "INT PRIMARY KEY AUTO_INCREMENT", integer: "INT", millis: "BIGINT", flag: "TINYINT(1)", boolean: "BOOLEAN",
				kindNumber: "TINYINT(1)", shortText: "VARCHAR(255)", text: "TEXT", longText: "MEDIUMTEXT", blob: "MEDIUMBLOB", double: "DOUBLE",
				versionNumber: "INTEGER PRIMARY KEY",
			},
			nameUnique: true,
			inline:     true,
			longIndex: func(columns []string) string {
				return "(" + strings.Join(columns, ", ") + "(255))"
			},
		},
		catalog: "SELECT table_name, column_name FROM information_schema.columns" +
			" WHERE table_schema = DATABASE() AND LOWER(table_name) IN (" + quotedNames() + ")",
		scripts:   "mysql",
		command:   "mlmd-server --db mysql://… --enable_database_upgrade",
		fixedIDs:  true,
		resumes:   true,
		prepare:   exactCollation,
		exclusive: underNamedLock,
		repeated:  doneBefore,
	}
}

// exactCollations compare utf8mb4 byte for byte; the last pads with blanks and
// is for servers that have neither MariaDB's nor MySQL 8's.
var exactCollations = []string{"utf8mb4_nopad_bin", "utf8mb4_0900_bin", "utf8mb4_bin"}

// exactCollation makes new tables compare text byte for byte.
func exactCollation(ctx context.Context, conn *sql.Conn, d *ddl) error {
	for _, name := range exactCollations {
		var n int
		err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.collations WHERE collation_name = '"+name+"'").Scan(&n)
		if err != nil {
			return fmt.Errorf("look for collation %s: %w", name, err)
		}
		if n > 0 {
			d.options = " CHARACTER SET utf8mb4 COLLATE " + name
			return nil
		}
	}
	return errors.New("the server has no collation that compares utf8mb4 byte for byte")
}

// underNamedLock serialises the openings of one server. In a cluster the lock
// holds on one node only; there the repeatable statements and the fixed ids of
// the system types do the rest.
func underNamedLock(ctx context.Context, conn *sql.Conn, body func() error) (err error) {
	const name = "CONCAT('mlmd-schema:', MD5(DATABASE()))"
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+name+", 60)").Scan(&got); err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	if got.Int64 != 1 {
		return errors.New("lock the schema: another process has held the lock for a minute")
	}
	defer func() {
		if _, released := conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK("+name+")"); released != nil {
			discard(conn)
		}
	}()
	return body()
}

// doneBefore recognises what a statement of a migration answers when it ran
// before: each alters one table and does so wholly or not at all. The numbers
// are read from the text, since the driver's types are not known here.
func doneBefore(err error) bool {
	for _, number := range []string{
		"1060", // duplicate column name
		"1061", // duplicate key name
		"1091", // cannot drop, it does not exist
		"1054", // unknown column, which was renamed or dropped
		"1176", // key does not exist
	} {
		if strings.Contains(err.Error(), "Error "+number+" (") {
			return true
		}
	}
	return false
}
