package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MySQL is the schema on MySQL, MariaDB and TiDB; number returns the number of a
// server's error, or 0. Their DDL commits at once, so creation consists of
// statements that may be repeated, with the version stored last, and the next
// opening finishes an incomplete creation. In a cluster no lock covers all
// nodes: several creations may run at once, and each retries after a conflict.
//
// New tables store utf8mb4 and compare it byte for byte, whatever the default
// of the database is.
func MySQL(number func(error) uint16) Schema {
	return Schema{
		ddl: ddl{
			types: [columnTypes]string{
				autoID: "INT PRIMARY KEY AUTO_INCREMENT", integer: "INT", millis: "BIGINT", flag: "TINYINT(1)", boolean: "BOOLEAN",
				kindNumber: "TINYINT(1)", shortText: "VARCHAR(255)", text: "TEXT", longText: "MEDIUMTEXT", blob: "MEDIUMBLOB",
				double:        "DOUBLE",
				versionNumber: "INTEGER PRIMARY KEY",
			},
			namedConstraints: true,
			inlineIndexes:    true,
			longIndex: func(columns []string) string {
				return "(" + strings.Join(columns, ", ") + "(255))"
			},
		},
		catalog: "SELECT table_name, column_name FROM information_schema.columns" +
			" WHERE table_schema = DATABASE() AND LOWER(table_name) IN (" + quotedNames() + ")",
		scripts:         "mysql",
		command:         "mysql.Migrate of pkg/store, or with mlmd-server --db mysql://… --enable_database_upgrade",
		fixedIDs:        true,
		resumes:         true,
		prepare:         probeMySQL,
		exclusive:       underNamedLock,
		isDuplicate:     func(err error) bool { return duplicateErrors[number(err)] },
		isRace:          func(err error) bool { return raceErrors[number(err)] },
		serializeKey:    tableKey{"ParentType", []string{"type_id", "parent_type_id"}},
		outdatedObjects: missingKeys,
	}
}

// probeMySQL finds out what the server supports.
func probeMySQL(ctx context.Context, conn *sql.Conn, d *ddl) error {
	var version string
	if err := conn.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return fmt.Errorf("ask for the server's version: %w", err)
	}
	d.hiddenKeys = hasInvisibleColumns(version)
	return exactCollation(ctx, conn, d)
}

// hasInvisibleColumns reports whether a server supports invisible columns, as MariaDB does
// since 10.3 and MySQL since 8.0.23.
func hasInvisibleColumns(version string) bool {
	since := [3]int{8, 0, 23}
	if strings.Contains(version, "MariaDB") {
		since = [3]int{10, 3, 0}
		version = strings.TrimPrefix(version, "5.5.5-") // old servers prepend it for old clients
	}
	var is [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &is[0], &is[1], &is[2]); err != nil {
		return false
	}
	return slices.Compare(is[:], since[:]) >= 0
}

// missingKeys returns statements that add the hidden keys, which earlier
// releases and the reference implementation do not create.
func missingKeys(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var d ddl
	if err := probeMySQL(ctx, conn, &d); err != nil || !d.hiddenKeys {
		return nil, err
	}
	var all []string
	for i, statement := range d.addKeys() {
		table := ofKeyless("%s")[i]
		var keys int
		err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE()"+
			" AND LOWER(table_name) = '"+strings.ToLower(table)+"' AND index_name = 'PRIMARY'").Scan(&keys)
		if err != nil {
			return nil, fmt.Errorf("look for the primary key of %s: %w", table, err)
		}
		if keys == 0 {
			all = append(all, statement)
		}
	}
	return all, nil
}

// exactCollations compare utf8mb4 byte for byte. The last one pads with spaces
// and is for servers that have neither MariaDB's nor MySQL 8's.
var exactCollations = []string{"utf8mb4_nopad_bin", "utf8mb4_0900_bin", "utf8mb4_bin"}

// consecutiveIDs makes all servers of a TiDB cluster take IDs from one sequence, as
// MySQL does. By default each server takes a range of 30,000 for itself, so that IDs
// do not ascend, and IDs that are given, as by a restored dump, can collide with
// those of a range. To other servers it is a comment.
const consecutiveIDs = " /*T![auto_id_cache] AUTO_ID_CACHE=1 */"

// exactCollation makes new tables compare text byte for byte.
func exactCollation(ctx context.Context, conn *sql.Conn, d *ddl) error {
	for _, name := range exactCollations {
		var n int
		err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.collations"+
			" WHERE collation_name = '"+name+"'").Scan(&n)
		if err != nil {
			return fmt.Errorf("look for collation %s: %w", name, err)
		}
		if n > 0 {
			d.options = " CHARACTER SET utf8mb4 COLLATE " + name + consecutiveIDs
			return nil
		}
	}
	return errors.New("the server has no collation that compares utf8mb4 byte for byte")
}

// underNamedLock makes the migrations of one server wait for each other. In a
// cluster the lock holds on one node only.
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

// duplicateErrors are the errors of a migration statement that has already run.
var duplicateErrors = map[uint16]bool{
	1060: true, // duplicate column name
	1061: true, // duplicate key name
	1068: true, // a second primary key
	1091: true, // cannot drop, it does not exist
	1054: true, // unknown column, which was renamed or dropped
	1176: true, // key does not exist
}

// raceErrors are the errors of a statement that conflicts with a concurrent
// creation, on this node or another node of a cluster.
var raceErrors = map[uint16]bool{
	1062: true, // a duplicate row
	1213: true, // another node committed first
	1205: true, // lock wait timeout
	1050: true, // the table exists already
	1146: true, // the table does not exist yet
	1412: true, // the table was changed
	1020: true, // the row was changed
}
