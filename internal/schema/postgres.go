package schema

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Postgres is the schema on PostgreSQL, in the first schema of the search path.
// It is created in one transaction under an advisory lock.
//
// The indexes of artifact URIs and of string values differ from those of the
// reference implementation, which reject text of more than 2704 bytes. Those of
// string values cover the start of each text, which a filter compares, too.
// That of URIs is an SP-GiST index of the whole text. It also serves the
// queries of the reference implementation, but takes a second for a text of a
// million bytes.
func Postgres() Schema {
	return Schema{
		ddl: ddl{
			types: [columnTypes]string{
				autoID: "SERIAL PRIMARY KEY", integer: "INT", millis: "BIGINT", flag: "BOOLEAN", boolean: "BOOLEAN",
				kindNumber: "SMALLINT", shortText: "VARCHAR(255)", text: "TEXT", longText: "TEXT", blob: "BYTEA",
				double:        "DOUBLE PRECISION",
				versionNumber: "INT PRIMARY KEY",
			},
			namedConstraints: true,
			longIndex: func(columns []string) string {
				last := len(columns) - 1
				if last == 0 {
					return "USING spgist (" + columns[last] + ")"
				}
				return "(" + strings.Join(columns[:last], ", ") + ", left(" + columns[last] + ", 255))"
			},
		},
		catalog: "SELECT table_name, column_name FROM information_schema.columns" +
			" WHERE table_schema = current_schema() AND table_name IN (" + quotedNames() + ")",
		scripts:         "postgres",
		command:         "postgres.Migrate of pkg/store, or with mlmd-server --db postgres://… --enable_database_upgrade",
		batches:         true,
		outdatedObjects: outdatedPostgresIndexes,
		exclusive: func(ctx context.Context, conn *sql.Conn, body func() error) error {
			// READ COMMITTED makes visible what was committed while waiting for
			// the lock.
			return inTransaction(ctx, conn, []string{
				"BEGIN ISOLATION LEVEL READ COMMITTED",
				"SELECT pg_advisory_xact_lock(7813871092348001)",
			}, body)
		},
	}
}

// outdatedPostgresIndexes returns statements that replace the indexes of whole string
// values that earlier releases created.
func outdatedPostgresIndexes(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var all []string
	d := Postgres().ddl
	for _, x := range indexes {
		if !x.long || x.table == "Artifact" {
			continue
		}
		var slow bool
		err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_indexes WHERE schemaname = current_schema()"+
			" AND indexname = '"+x.name+"' AND indexdef LIKE '%USING spgist (string_value)')").Scan(&slow)
		if err != nil {
			return nil, fmt.Errorf("look at index %s: %w", x.name, err)
		}
		if slow {
			all = append(all, "DROP INDEX "+x.name, d.createIndex(x))
		}
	}
	return all, nil
}
