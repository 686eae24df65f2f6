package mysql

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mlmd-go/sdk/internal/engine"
)

func TestErrorsOfTheServerHaveTheirMeaning(t *testing.T) {
	refused := func(number uint16, text string) error {
		return fmt.Errorf("put: %w", &mysql.MySQLError{Number: number, Message: text})
	}
	for _, c := range []struct {
		name string
		err  error
		want engine.ErrorClass
	}{
		{"a deadlock, or a node that was faster", refused(1213, "Deadlock found when trying to get lock"), engine.TxConflict},
		{"a lock that timed out", refused(1205, "Lock wait timeout exceeded"), engine.TxConflict},
		{"a node that is not ready", refused(1047, "WSREP has not yet prepared node for application use"), engine.NotReady},
		{"a quorum lost during the commit", refused(1180, "Error while appending streaming replication fragment"), engine.ConnLost},
		{"too many rows for a cluster", refused(1180, "wsrep_max_ws_rows exceeded"), engine.TxTooLarge},
		{"too many bytes for a cluster", refused(1105, "Maximum writeset size exceeded"), engine.TxTooLarge},
		{"a duplicate", refused(1062, "Duplicate entry"), engine.UniqueViolation},
		{"a long text", refused(1406, "Data too long for column"), engine.TooLong},
		{"a packet too large to be sent", mysql.ErrPktTooLarge, engine.TooLarge},
		{"a large number", refused(1264, "Out of range value"), engine.OutOfRange},
		{"bytes that are no text", refused(1366, "Incorrect string value"), engine.InvalidText},
		{"a server for reading only", refused(1290, "running with the --read-only option"), engine.ReadOnly},
		{"a full table", refused(1114, "The table is full"), engine.DiskFull},
		{"a statement that took too long on MariaDB", refused(1969, "max_statement_time exceeded"), engine.TimedOut},
		{"a statement that took too long on MySQL", refused(3024, "maximum statement execution time exceeded"), engine.TimedOut},
		{"too many connections", refused(1040, "Too many connections"), engine.TooManyConns},
		{"a limit of the account", refused(1226, "has exceeded the 'max_user_connections' resource"), engine.TooManyConns},
		{"a wrong password", refused(1045, "Access denied for user"), engine.AccessDenied},
		{"a killed server", mysql.ErrInvalidConn, engine.ConnLost},
		{"nobody at the port", &net.OpError{Op: "dial", Err: fmt.Errorf("connection refused")}, engine.Unavailable},
		{"a dial that took too long", &net.OpError{Op: "dial", Err: context.DeadlineExceeded}, engine.Unavailable},
		{"a context that has ended", fmt.Errorf("query: %w", context.DeadlineExceeded), engine.Other},
		{"no further prepared statement", refused(1461, "Can't create more than max_prepared_stmt_count statements"), engine.TooManyStmts},
		{"anything else", refused(1064, "You have an error in your SQL syntax"), engine.Other},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("%s: class %d, want %d", c.name, got, c.want)
		}
	}
}
