package mysql

import (
	"errors"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"

	"github.com/mlmd-go/sdk/internal/engine"
)

// dialect says what the engine must know of MySQL and MariaDB. Open adds what
// depends on the server and on the tables.
func dialect() *engine.Dialect {
	return &engine.Dialect{
		Name:      "mysql",
		Begin:     "START TRANSACTION",
		BeginRead: []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"},
		Prepare:   true,
		IDs:       engine.IDsStartAtLast,
		MaxParams: 65535,
		// INSERT IGNORE would also clip what does not fit.
		InsertIgnore:      "INSERT INTO",
		OnConflictNothing: " ON DUPLICATE KEY UPDATE id = id",
		ForUpdate:         "FOR UPDATE",
		ForShare:          "LOCK IN SHARE MODE",
		LockTypes:         lockTypes,
		ProtoBase64:       true,
		Int32:             true,
		Cuts:              cuts,
		Classify:          classify,
		Schema:            engine.MySQLSchema(),
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
	1062: engine.Unique,
	1586: engine.Unique,

	1213: engine.Retry,    // deadlock; in a cluster also: another node committed first
	1205: engine.Retry,    // lock wait timeout
	1020: engine.Retry,    // record has changed since last read
	1412: engine.Retry,    // table definition has changed
	1047: engine.NotReady, // the node is not ready, or not in the primary component

	1180: engine.RetryUnknown, // an error during COMMIT
	1053: engine.RetryUnknown, // server shutdown in progress
	1927: engine.RetryUnknown, // connection was killed
	1158: engine.RetryUnknown,
	1159: engine.RetryUnknown,
	1160: engine.RetryUnknown,
	1161: engine.RetryUnknown,

	1406: engine.TooLong,  // data too long for column
	1153: engine.TooLarge, // packet bigger than max_allowed_packet
	1264: engine.OutOfRange,
	1366: engine.BadText, // incorrect string value
	1300: engine.BadText, // invalid character string
	1977: engine.BadText, // cannot convert a character
	3854: engine.BadText,
	3988: engine.BadText,

	1290: engine.ReadOnly, // --read-only
	1792: engine.ReadOnly,
	1836: engine.ReadOnly,

	1021: engine.Full, // the disk is full
	1114: engine.Full, // a table is full

	1040: engine.Crowded, // too many connections
	1203: engine.Crowded, // max_user_connections of the server
	1226: engine.Crowded, // max_user_connections, or another limit, of the account

	1044: engine.Denied, // access to the database
	1045: engine.Denied, // the password
	1142: engine.Denied, // a right on a table

	1034: engine.Damaged, // an index file
	1712: engine.Damaged, // an index

	1969: engine.TimedOut, // max_statement_time, MariaDB
	3024: engine.TimedOut, // max_execution_time, MySQL
}

func classify(err error) engine.ErrorClass {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		if tooMuch(refused) {
			return engine.TooMuch
		}
		return classes[refused.Number]
	}
	var dial *net.OpError
	switch {
	case errors.Is(err, mysql.ErrPktTooLarge):
		return engine.TooLarge
	case errors.As(err, &dial) && dial.Op == "dial":
		return engine.Unavailable
	}
	// Nothing else comes from the server: the connection broke.
	return engine.RetryUnknown
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
