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

	"github.com/mlmd-go/sdk/internal/engine"
)

func TestErrorsOfTheServerHaveTheirMeaning(t *testing.T) {
	for state, want := range map[string]engine.ErrorClass{
		"40001": engine.TxConflict,   // serialization failure
		"40P01": engine.TxConflict,   // deadlock
		"55P03": engine.TxConflict,   // a lock that is not to be had
		"57P01": engine.ConnLost,     // the server ends
		"08006": engine.ConnLost,     // the connection broke
		"57P03": engine.Starting,     // the server starts
		"53300": engine.TooManyConns, // too many connections
		"53100": engine.DiskFull,     // the disk is full
		"57014": engine.TimedOut,     // statement_timeout
		"28P01": engine.AccessDenied, // a wrong password
		"28000": engine.AccessDenied, // an account that may not log in
		"42501": engine.AccessDenied, // a right that is missing
		"53200": engine.DiskFull,     // no memory is left
		"3D000": engine.AccessDenied, // the database is gone
		"26000": engine.StmtLost,     // behind a pooler
		"42P05": engine.StmtLost,     // behind a pooler
		"XX001": engine.Damaged,
		"23505": engine.UniqueViolation,
		"22001": engine.TooLong,
		"54000": engine.TooLong,
		"22003": engine.OutOfRange,
		"22021": engine.InvalidText,
		"25006": engine.ReadOnly,
		"42601": engine.Other, // a syntax error
		"":      engine.Other,
	} {
		if got := classify(fmt.Errorf("put: %w", &pgconn.PgError{Code: state})); got != want {
			t.Errorf("SQLSTATE %q: class %d, want %d", state, got, want)
		}
	}
	if got := classify(io.ErrUnexpectedEOF); got != engine.ConnLost {
		t.Errorf("a broken connection: class %d", got)
	}
	if got := classify(errors.New("failed to encode args[0]: 4294967296 is greater than maximum value for int4")); got != engine.OutOfRange {
		t.Errorf("a number that the driver refuses: class %d", got)
	}
}

func TestAServerThatDoesNotAnswerInTimeCannotBeReached(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	config, err := parse("postgres://ada@" + l.Addr().String() + "/registry?connect_timeout=1&sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	_, err = connect(t.Context(), config, new(atomic.Bool), false)
	if !errors.Is(err, context.DeadlineExceeded) || classify(err) != engine.Unavailable {
		t.Errorf("class %d: %v", classify(err), err)
	}
}
