package mysql

import (
	"context"
	"errors"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// engineConfig returns the configuration of the engine without connections.
func engineConfig() engine.Config {
	return engine.Config{DB: sqldb.Config{Dialect: dialect()}, Schema: schema.MySQL(numberOf), Filter: filterquery.MySQL}
}

// dialect returns the dialect of MySQL and MariaDB. Open adds what depends on the
// server and the tables.
func dialect() *sqldb.Dialect {
	return &sqldb.Dialect{
		System: "mysql",
		Begin:  "START TRANSACTION",
		BeginRead: []string{
			"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
		},
		Prepare: true,
		// By default a server allows 16,382 statements of all clients.
		MaxCachedStmts: 200,
		InsertIDs:      sqldb.IDsStartAtLast,
		MaxParams:      65535,
		// INSERT IGNORE would also truncate values.
		InsertIgnore:        "INSERT INTO",
		OnConflictNothing:   " ON DUPLICATE KEY UPDATE id = id",
		ForUpdate:           "FOR UPDATE",
		SerializeStatements: lockTypes,
		ProtoBase64:         true,
		Int32:               true,
		TrimsTrailingSpaces: cuts,
		Explain:             "EXPLAIN ",
		Classify:            classify,
		Pipeline:            pipeline,
		CommitAlone:         true,
	}
}

// lockTypes serializes transactions that write types. On one server the first
// statement is sufficient. In a cluster each node has its own locks, and of two
// transactions on different nodes the later one fails at its commit, with error
// 1213, only if both wrote the same key. Therefore all write this key, and remove it
// again, so that no other transaction sees a row.
var lockTypes = []string{
	"SELECT schema_version FROM MLMDEnv FOR UPDATE",
	"INSERT INTO ParentType (type_id, parent_type_id) VALUES (0, 0)",
	"DELETE FROM ParentType WHERE type_id = 0 AND parent_type_id = 0",
}

// classes maps the error numbers of the server.
var classes = map[uint16]sqldb.ErrorClass{
	1062: sqldb.UniqueViolation,
	1586: sqldb.UniqueViolation,

	1213: sqldb.TxConflict, // deadlock, or in a cluster a conflict with another node
	1205: sqldb.TxConflict, // lock wait timeout
	1020: sqldb.TxConflict, // record has changed since last read
	1412: sqldb.TxConflict, // table definition has changed
	1047: sqldb.NotReady,   // the cluster node is not ready

	1180: sqldb.ConnLost, // an error during COMMIT
	1053: sqldb.ConnLost, // server shutdown in progress
	1927: sqldb.ConnLost, // connection was killed
	1158: sqldb.ConnLost,
	1159: sqldb.ConnLost,
	1160: sqldb.ConnLost,
	1161: sqldb.ConnLost,

	1406: sqldb.TooLong,  // data too long for column
	1153: sqldb.TooLarge, // packet bigger than max_allowed_packet
	1301: sqldb.TooLarge, // result larger than max_allowed_packet
	1264: sqldb.OutOfRange,
	1366: sqldb.InvalidText, // incorrect string value
	1300: sqldb.InvalidText, // invalid character string
	1977: sqldb.InvalidText, // cannot convert a character
	3854: sqldb.InvalidText,
	3988: sqldb.InvalidText,

	1290: sqldb.ReadOnly, // --read-only
	1792: sqldb.ReadOnly, // read-only transaction
	1836: sqldb.ReadOnly, // the server is in read-only mode

	1040: sqldb.TooManyConns, // too many connections
	1203: sqldb.TooManyConns, // of the account
	1226: sqldb.TooManyConns, // a resource of the account, such as connections
	1461: sqldb.TooManyStmts,
	1295: sqldb.NotPreparable, // on MySQL: START TRANSACTION, SAVEPOINT and others

	1969: sqldb.TimedOut, // max_statement_time of MariaDB
	3024: sqldb.TimedOut, // max_execution_time of MySQL
	1317: sqldb.TimedOut, // query interrupted, as by KILL QUERY

	1021: sqldb.DiskFull, // the disk is full
	1114: sqldb.DiskFull, // the table or tablespace is full
	1041: sqldb.DiskFull, // out of memory
	1037: sqldb.DiskFull,
	1038: sqldb.DiskFull,

	1034: sqldb.Damaged, // incorrect key file
	1035: sqldb.Damaged,
	1194: sqldb.Damaged, // table is marked as crashed
	1195: sqldb.Damaged,
	1712: sqldb.Damaged, // index is corrupted

	1044: sqldb.AccessDenied, // to the database
	1045: sqldb.AccessDenied, // user or password
	1049: sqldb.AccessDenied, // unknown database
	1129: sqldb.AccessDenied, // the host is blocked
	1130: sqldb.AccessDenied, // the host is not allowed
	1142: sqldb.AccessDenied, // to a table
	1143: sqldb.AccessDenied, // to a column
	1227: sqldb.AccessDenied,
	1370: sqldb.AccessDenied,
	1698: sqldb.AccessDenied,
	1820: sqldb.AccessDenied, // the password has expired
	1862: sqldb.AccessDenied,
	3118: sqldb.AccessDenied, // the account is locked
	4151: sqldb.AccessDenied,

	// Above 8000 the numbers are TiDB's.
	8002: sqldb.TxConflict, // a row changed before SELECT … FOR UPDATE locked it
	8005: sqldb.TxConflict,
	8022: sqldb.TxConflict, // "safe to retry"
	8028: sqldb.TxConflict, // the tables have changed
	8229: sqldb.TxConflict, // the locks have expired
	9007: sqldb.TxConflict,
	8004: sqldb.TxTooLarge,
	8025: sqldb.TooLong,  // a row with a longer text than txn-entry-size-limit
	9001: sqldb.ConnLost, // the placement driver does not answer
	9002: sqldb.ConnLost, // TiKV does not answer, as for the following
	9003: sqldb.ConnLost,
	9004: sqldb.ConnLost,
	9005: sqldb.ConnLost,
}

func classify(err error) sqldb.ErrorClass {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		switch {
		case tooMuch(refused):
			return sqldb.TxTooLarge
		case full(refused):
			return sqldb.DiskFull
		case refused.Number == 1105 && strings.Contains(refused.Message, "max_allowed_packet"):
			return sqldb.TooLarge
		case refused.Number == 1105 && strings.Contains(refused.Message, "lock retry limit reached"):
			return sqldb.TxConflict // TiDB has tried to lock a row that others change again and again
		}
		return classes[refused.Number]
	}
	var dial *net.OpError
	switch {
	case errors.Is(err, mysql.ErrPktTooLarge):
		return sqldb.TooLarge
	case errors.As(err, &dial) && dial.Op == "dial":
		return sqldb.Unavailable
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqldb.Other
	}
	// All other errors mean that the connection is lost.
	return sqldb.ConnLost
}

// full recognizes file errors of the server whose text has the operating system's
// error number for a full disk or an exceeded quota.
func full(err *mysql.MySQLError) bool {
	switch err.Number {
	case 3, 1026, 1030: // writing a file, writing a file, a storage engine
		return strings.Contains(err.Message, "rror 28 ") || strings.Contains(err.Message, "rrno: 28 ") ||
			strings.Contains(err.Message, "rror 122 ") || strings.Contains(err.Message, "rrno: 122 ")
	}
	return false
}

// tooMuch recognizes a transaction that exceeds the limits of a cluster, for which a
// retry is useless.
func tooMuch(err *mysql.MySQLError) bool {
	return strings.Contains(err.Message, "wsrep_max_ws_rows") || strings.Contains(
		err.Message, "Maximum writeset size exceeded",
	)
}

// cuts reports whether MySQL would silently remove trailing spaces of text that is
// too long for its VARCHAR(255) or TEXT column, as it does in every SQL mode.
func cuts(column, text string) bool {
	switch column {
	case "name", "version", "external_id":
		return utf8.RuneCountInString(text) > 255
	case "uri", "description", "step_key", "input_type", "output_type":
		return len(text) > 65535
	}
	return false
}

// cutsBytes is like cuts for text that is sent as latin1, where each byte is a
// character, which takes up to three bytes in a utf8mb4 table.
func cutsBytes(column, text string) bool {
	switch column {
	case "name", "version", "external_id":
		return len(text) > 255
	}
	wide := 0
	for _, c := range []byte(text) {
		if c >= 0x80 {
			wide++
		}
	}
	return cuts(column, text) || wide > 0 && cuts(column, text+strings.Repeat("  ", wide))
}
