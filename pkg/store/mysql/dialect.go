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
)

// engineConfig is what the engine needs, except for the connections.
func engineConfig() engine.Config {
	return engine.Config{DB: engine.DBConfig{Dialect: dialect()}, Schema: engine.MySQLSchema(numberOf), Filter: filterquery.MySQL}
}

// dialect says what the engine must know of MySQL and MariaDB. Open adds what
// depends on the server and on the tables.
func dialect() *engine.Dialect {
	return &engine.Dialect{
		Begin:     "START TRANSACTION",
		BeginRead: []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"},
		Prepare:   true,
		// All clients of a server together may have 16,382 by default.
		MaxCachedStmts: 200,
		InsertIDs:      engine.IDsStartAtLast,
		MaxParams:      65535,
		// INSERT IGNORE would also clip what does not fit.
		InsertIgnore:        "INSERT INTO",
		OnConflictNothing:   " ON DUPLICATE KEY UPDATE id = id",
		ForUpdate:           "FOR UPDATE",
		ForShare:            "LOCK IN SHARE MODE",
		SerializeStatements: lockTypes,
		ProtoBase64:         true,
		Int32:               true,
		TrimsTrailingSpaces: cuts,
		Classify:            classify,
	}
}

// lockTypes make transactions take turns. On one server the first statement is
// enough. In a cluster each node has locks of its own, and of two transactions
// that run on two nodes the later one is refused at its commit, with error 1213,
// only if both wrote the same key. So all write this one, which is that of no row:
// no other transaction ever sees it.
var lockTypes = []string{
	"SELECT schema_version FROM MLMDEnv FOR UPDATE",
	"INSERT INTO ParentType (type_id, parent_type_id) VALUES (0, 0)",
	"DELETE FROM ParentType WHERE type_id = 0 AND parent_type_id = 0",
}

// classes are the meanings of server error numbers.
var classes = map[uint16]engine.ErrorClass{
	1062: engine.UniqueViolation,
	1586: engine.UniqueViolation,

	1213: engine.TxConflict, // deadlock; in a cluster also: another node committed first
	1205: engine.TxConflict, // lock wait timeout
	1020: engine.TxConflict, // record has changed since last read
	1412: engine.TxConflict, // table definition has changed
	1047: engine.NotReady,   // the node is not ready, or not in the primary component

	1180: engine.ConnLost, // an error during COMMIT
	1053: engine.ConnLost, // server shutdown in progress
	1927: engine.ConnLost, // connection was killed
	1158: engine.ConnLost,
	1159: engine.ConnLost,
	1160: engine.ConnLost,
	1161: engine.ConnLost,

	1406: engine.TooLong,  // data too long for column
	1153: engine.TooLarge, // packet bigger than max_allowed_packet
	1301: engine.TooLarge, // a result bigger than it
	1264: engine.OutOfRange,
	1366: engine.InvalidText, // incorrect string value
	1300: engine.InvalidText, // invalid character string
	1977: engine.InvalidText, // cannot convert a character
	3854: engine.InvalidText,
	3988: engine.InvalidText,

	1290: engine.ReadOnly, // --read-only
	1792: engine.ReadOnly, // a transaction for reading only
	1836: engine.ReadOnly, // the server is in read-only mode

	1040: engine.TooManyConns, // too many connections
	1203: engine.TooManyConns, // of this account
	1226: engine.TooManyConns, // a resource of this account, such as its connections
	1461: engine.TooManyStmts,

	1969: engine.TimedOut, // max_statement_time of MariaDB
	3024: engine.TimedOut, // max_execution_time of MySQL
	1317: engine.TimedOut, // ended from outside, as an administrator's KILL QUERY does

	1021: engine.DiskFull, // the disk is full
	1114: engine.DiskFull, // the table, or the table space, is full
	1041: engine.DiskFull, // out of memory
	1037: engine.DiskFull,
	1038: engine.DiskFull,

	1034: engine.Damaged, // incorrect key file
	1035: engine.Damaged,
	1194: engine.Damaged, // table is marked as crashed
	1195: engine.Damaged,
	1712: engine.Damaged, // index is corrupted

	1044: engine.AccessDenied, // to the database
	1045: engine.AccessDenied, // user or password
	1049: engine.AccessDenied, // unknown database
	1129: engine.AccessDenied, // the host is blocked
	1130: engine.AccessDenied, // the host is not allowed
	1142: engine.AccessDenied, // to a table
	1143: engine.AccessDenied, // to a column
	1227: engine.AccessDenied,
	1370: engine.AccessDenied,
	1698: engine.AccessDenied,
	1820: engine.AccessDenied, // the password has expired
	1862: engine.AccessDenied,
	3118: engine.AccessDenied, // the account is locked
	4151: engine.AccessDenied,
}

func classify(err error) engine.ErrorClass {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		switch {
		case tooMuch(refused):
			return engine.TxTooLarge
		case full(refused):
			return engine.DiskFull
		case refused.Number == 1105 && strings.Contains(refused.Message, "max_allowed_packet"):
			return engine.TooLarge
		}
		return classes[refused.Number]
	}
	var dial *net.OpError
	switch {
	case errors.Is(err, mysql.ErrPktTooLarge):
		return engine.TooLarge
	case errors.As(err, &dial) && dial.Op == "dial":
		return engine.Unavailable
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return engine.Other
	}
	// Nothing else comes from the server: the connection broke.
	return engine.ConnLost
}

// full recognizes the errors of the server's files, which have a number of the
// operating system in their text, for a disk or a quota that is full.
func full(err *mysql.MySQLError) bool {
	switch err.Number {
	case 3, 1026, 1030: // writing a file, writing a file, a storage engine
		return strings.Contains(err.Message, "rror 28 ") || strings.Contains(err.Message, "rrno: 28 ") ||
			strings.Contains(err.Message, "rror 122 ") || strings.Contains(err.Message, "rrno: 122 ")
	}
	return false
}

// tooMuch recognises a transaction over a cluster's limits, which another try
// does not make smaller.
func tooMuch(err *mysql.MySQLError) bool {
	return strings.Contains(err.Message, "wsrep_max_ws_rows") || strings.Contains(err.Message, "Maximum writeset size exceeded")
}

// cuts knows the columns of VARCHAR(255) and TEXT, off which MySQL takes blanks
// in every SQL mode.
func cuts(column, text string) bool {
	switch column {
	case "name", "version", "external_id":
		return utf8.RuneCountInString(text) > 255
	case "uri", "description", "step_key", "input_type", "output_type":
		return len(text) > 65535
	}
	return false
}

// cutsBytes is cuts where text is passed as bytes of latin1: each is one
// character, and beyond ASCII up to three bytes in a table of utf8mb4.
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
