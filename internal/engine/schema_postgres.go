package engine

import (
	"context"
	"database/sql"
)

// PostgresSchema is the schema on PostgreSQL, in the first schema of the search
// path. It is made in one transaction under an advisory lock.
//
// The indexes of artifact URIs and of string values differ from the original's
// in their method: a b-tree refuses entries above 2704 bytes, SP-GiST takes
// text of any length and answers the same conditions.
func PostgresSchema() Schema {
	return Schema{
		ddl: ddl{
			types: [columnTypes]string{
				autoID: "SERIAL PRIMARY KEY", integer: "INT", millis: "BIGINT", flag: "BOOLEAN", boolean: "BOOLEAN",
				kindNumber: "SMALLINT", shortText: "VARCHAR(255)", text: "TEXT", longText: "TEXT", blob: "BYTEA", double: "DOUBLE PRECISION",
				versionNumber: "INT PRIMARY KEY",
			},
			nameUnique: true,
			longIndex: func(columns []string) string {
				return "USING spgist (" + columns[len(columns)-1] + ")"
			},
		},
		catalog: "SELECT table_name, column_name FROM information_schema.columns" +
			" WHERE table_schema = current_schema() AND table_name IN (" + quotedNames() + ")",
		scripts: "postgres",
		command: "mlmd-server --db postgres://… --enable_database_upgrade",
		batches: true,
		exclusive: func(ctx context.Context, conn *sql.Conn, body func() error) error {
			// READ COMMITTED, so that what was committed while waiting for the
			// lock is seen.
			return alone(ctx, conn, []string{
				"BEGIN ISOLATION LEVEL READ COMMITTED",
				"SELECT pg_advisory_xact_lock(7813871092348001)",
			}, body)
		},
	}
}
