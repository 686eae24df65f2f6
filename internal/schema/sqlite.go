package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// SQLite is the schema on SQLite. It is created in one transaction that takes
// the write lock first.
func SQLite() Schema {
	return Schema{
		ddl: ddl{
			types: [columnTypes]string{
				autoID: "INTEGER PRIMARY KEY AUTOINCREMENT", integer: "INT", millis: "INT", flag: "TINYINT(1)", boolean: "BOOLEAN",
				kindNumber: "TINYINT(1)", shortText: "VARCHAR(255)", text: "TEXT", longText: "TEXT", blob: "BLOB", double: "DOUBLE",
				versionNumber: "INTEGER PRIMARY KEY",
			},
			partialIndexes: true,
		},
		catalog: "SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c" +
			" WHERE t.type IN ('table', 'view') AND lower(t.name) IN (" + quotedNames() + ")",
		scripts:  "sqlite",
		command:  "sqlite.Migrate of pkg/store, or with mlmd-server --db sqlite:FILE --enable_database_upgrade",
		fixedIDs: true,
		batches:  true,
		exclusive: func(ctx context.Context, conn *sql.Conn, body func() error) error {
			return inTransaction(ctx, conn, []string{"BEGIN IMMEDIATE"}, body)
		},
		notDatabase:    sqliteCode(26), // SQLITE_NOTADB
		damage:         sqliteCode(11), // SQLITE_CORRUPT
		recovery:       "sqlite3's .recover saves what can be read",
		foreignObjects: foreignInSQLite,
		checkIntegrity: checkSQLiteIntegrity,
	}
}

// sqliteCode returns a function that recognizes the driver's errors with one of
// SQLite's result codes.
func sqliteCode(code int) func(error) bool {
	return func(err error) bool {
		var coded interface{ Code() int }
		return errors.As(err, &coded) && coded.Code()&0xff == code
	}
}

// foreignInSQLite lists the tables of a file, and its application ID. A file
// with either belongs to another application.
func foreignInSQLite(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var id int64
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return nil, fmt.Errorf("read the application id: %w", err)
	}
	var found []string
	if id != 0 {
		found = append(found, fmt.Sprintf("the application id %#x", uint32(id)))
	}
	rows, err := conn.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"+
		" AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT 10")
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read the catalog: %w", err)
		}
		found = append(found, "table "+name)
	}
	return found, rows.Err()
}

// checkSQLiteIntegrity checks the structure of a file. If it cannot be read at all, the
// error has SQLite's code for damage.
func checkSQLiteIntegrity(ctx context.Context, conn *sql.Conn) (bool, error) {
	var verdict string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return false, fmt.Errorf("check the database: %w", err)
	}
	return verdict == "ok", nil
}
