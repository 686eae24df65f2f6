package engine

import (
	"context"
	"database/sql"
	"errors"
)

// SQLiteSchema is the schema on SQLite. It is made in one transaction that
// takes the write lock first.
func SQLiteSchema() Schema {
	return Schema{
		ddl: ddl{
			types: [columnTypes]string{
				autoID: "INTEGER PRIMARY KEY AUTOINCREMENT", integer: "INT", millis: "INT", flag: "TINYINT(1)", boolean: "BOOLEAN",
				kindNumber: "TINYINT(1)", shortText: "VARCHAR(255)", text: "TEXT", longText: "TEXT", blob: "BLOB", double: "DOUBLE",
				versionNumber: "INTEGER PRIMARY KEY",
			},
			sparse: true,
		},
		catalog: "SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c" +
			" WHERE t.type IN ('table', 'view') AND lower(t.name) IN (" + quotedNames() + ")",
		scripts:  "sqlite",
		command:  "mlmd-server --db sqlite:FILE --enable_database_upgrade",
		fixedIDs: true,
		batches:  true,
		exclusive: func(ctx context.Context, conn *sql.Conn, body func() error) error {
			return alone(ctx, conn, []string{"BEGIN IMMEDIATE"}, body)
		},
		notDatabase: func(err error) bool {
			const notADB = 26 // SQLITE_NOTADB
			var coded interface{ Code() int }
			return errors.As(err, &coded) && coded.Code()&0xff == notADB
		},
	}
}
