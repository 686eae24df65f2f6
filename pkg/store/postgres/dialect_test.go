package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/testdb"
)

func TestClassify(t *testing.T) {
	for state, want := range map[string]sqldb.ErrorClass{
		"40001": sqldb.TxConflict,   // serialization failure
		"40P01": sqldb.TxConflict,   // deadlock
		"55P03": sqldb.TxConflict,   // lock not available
		"57P01": sqldb.ConnLost,     // operator_intervention: the server shuts down
		"08006": sqldb.ConnLost,     // connection failure
		"57P03": sqldb.Starting,     // cannot connect now
		"53300": sqldb.TooManyConns, // too many connections
		"53100": sqldb.DiskFull,     // the disk is full
		"57014": sqldb.TimedOut,     // statement_timeout
		"28P01": sqldb.AccessDenied, // invalid password
		"28000": sqldb.AccessDenied, // invalid authorization
		"42501": sqldb.AccessDenied, // insufficient privilege
		"53200": sqldb.DiskFull,     // out of memory
		"3D000": sqldb.AccessDenied, // invalid_catalog_name
		"26000": sqldb.StmtLost,     // behind a pooler
		"42P05": sqldb.StmtLost,     // behind a pooler
		"XX001": sqldb.Damaged,
		"23505": sqldb.UniqueViolation,
		"22001": sqldb.TooLong,
		"54000": sqldb.TooLong,
		"22003": sqldb.OutOfRange,
		"22021": sqldb.InvalidText,
		"25006": sqldb.ReadOnly,
		"42601": sqldb.Other, // a syntax error
		"":      sqldb.Other,
	} {
		if got := classify(fmt.Errorf("put: %w", &pgconn.PgError{Code: state})); got != want {
			t.Errorf("SQLSTATE %q: class %d, want %d", state, got, want)
		}
	}
	if got := classify(io.ErrUnexpectedEOF); got != sqldb.ConnLost {
		t.Errorf("a broken connection: class %d", got)
	}
	if got := classify(errors.New(
		"failed to encode args[0]: 4294967296 is greater than maximum value for int4",
	)); got != sqldb.OutOfRange {
		t.Errorf("a number that the driver refuses: class %d", got)
	}
}

func TestOpen_ConnectTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections, but sends nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	config, err := parse("postgres://ada@" + l.Addr().String() + "/registry?connect_timeout=1&sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	_, err = connect(t.Context(), config, new(atomic.Bool), false)
	if !errors.Is(err, context.DeadlineExceeded) || classify(err) != sqldb.Unavailable {
		t.Errorf("class %d: %v", classify(err), err)
	}
}

func TestConnectReadOnly_Session(t *testing.T) {
	dsn, err := testdb.Postgres(t)
	testdb.Check(t, "postgres", err)
	config, err := parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := connectReadOnly(t.Context(), config, new(atomic.Bool))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (id INT)"); !hasState(err, "25006") {
		t.Errorf("a write: %v, want read_only_sql_transaction", err)
	}
}
