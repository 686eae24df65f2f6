package mysql

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/testdb"
)

func TestClassify(t *testing.T) {
	refused := func(number uint16, text string) error {
		return fmt.Errorf("put: %w", &mysql.MySQLError{Number: number, Message: text})
	}
	for _, c := range []struct {
		name string
		err  error
		want sqldb.ErrorClass
	}{
		{"a deadlock, or a node that was faster", refused(1213, "Deadlock found when trying to get lock"), sqldb.TxConflict},
		{"a lock that timed out", refused(1205, "Lock wait timeout exceeded"), sqldb.TxConflict},
		{"a node that is not ready", refused(1047, "WSREP has not yet prepared node for application use"), sqldb.NotReady},
		{
			"a quorum lost during the commit", refused(1180, "Error while appending streaming replication fragment"),
			sqldb.ConnLost,
		},
		{"too many rows for a cluster", refused(1180, "wsrep_max_ws_rows exceeded"), sqldb.TxTooLarge},
		{"too many bytes for a cluster", refused(1105, "Maximum writeset size exceeded"), sqldb.TxTooLarge},
		{"a row that others keep changing", refused(1105, "pessimistic lock retry limit reached"), sqldb.TxConflict},
		{"a duplicate", refused(1062, "Duplicate entry"), sqldb.UniqueViolation},
		{"a long text", refused(1406, "Data too long for column"), sqldb.TooLong},
		{"a packet too large to be sent", mysql.ErrPktTooLarge, sqldb.TooLarge},
		{"a large number", refused(1264, "Out of range value"), sqldb.OutOfRange},
		{"bytes that are no text", refused(1366, "Incorrect string value"), sqldb.InvalidText},
		{"a server for reading only", refused(1290, "running with the --read-only option"), sqldb.ReadOnly},
		{"a full table", refused(1114, "The table is full"), sqldb.DiskFull},
		{"a statement that took too long on MariaDB", refused(1969, "max_statement_time exceeded"), sqldb.TimedOut},
		{
			"a statement that took too long on MySQL", refused(3024, "maximum statement execution time exceeded"),
			sqldb.TimedOut,
		},
		{"too many connections", refused(1040, "Too many connections"), sqldb.TooManyConns},
		{"a limit of the account", refused(1226, "has exceeded the 'max_user_connections' resource"), sqldb.TooManyConns},
		{"a wrong password", refused(1045, "Access denied for user"), sqldb.AccessDenied},
		{"a killed server", mysql.ErrInvalidConn, sqldb.ConnLost},
		{"unknown at the port", &net.OpError{Op: "dial", Err: fmt.Errorf("connection refused")}, sqldb.Unavailable},
		{"a dial that took too long", &net.OpError{Op: "dial", Err: context.DeadlineExceeded}, sqldb.Unavailable},
		{"a context that has ended", fmt.Errorf("query: %w", context.DeadlineExceeded), sqldb.Other},
		{
			"no further prepared statement", refused(1461, "Can't create more than max_prepared_stmt_count statements"),
			sqldb.TooManyStmts,
		},
		{
			"a statement that cannot be prepared",
			refused(1295, "This command is not supported in the prepared statement protocol yet"), sqldb.NotPreparable,
		},
		{"a conflict on TiDB", refused(9007, "Write conflict, txnStartTS=1"), sqldb.TxConflict},
		{"a row too large for TiDB", refused(8025, "entry too large, the max entry size is 6291456"), sqldb.TooLong},
		{"a transaction too large for TiDB", refused(8004, "Transaction is too large"), sqldb.TxTooLarge},
		{"a storage of TiDB that does not answer", refused(9002, "TiKV server timeout"), sqldb.ConnLost},
		{"anything else", refused(1064, "You have an error in your SQL syntax"), sqldb.Other},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("%s: class %d, want %d", c.name, got, c.want)
		}
	}
}

func TestConnect_ReadOnlySession(t *testing.T) {
	dsn, err := testdb.MySQL(t)
	testdb.Check(t, "mysql", err)
	config, err := parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := connect(config, session{readOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const readOnlyTransaction = 1792
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (id INT)"); !hasNumber(err, readOnlyTransaction) {
		t.Errorf("a write: %v, want error %d", err, readOnlyTransaction)
	}
}
