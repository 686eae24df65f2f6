package postgres

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/filterquery"
)

// engineConfig is what the engine needs, except for the connections.
func engineConfig() engine.Config {
	return engine.Config{DB: engine.DBConfig{Dialect: dialect()}, Schema: engine.PostgresSchema(), Filter: filterquery.Postgres}
}

// dialect says what the engine must know of PostgreSQL. The driver keeps
// prepared statements by itself.
func dialect() *engine.Dialect {
	return &engine.Dialect{
		Numbered: true,
		// What was committed while waiting for a lock must be seen.
		Begin:     "BEGIN ISOLATION LEVEL READ COMMITTED",
		BeginRead: []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
		// The cast lets ids of 64 bits be asked for in columns of 32.
		ArrayArg:            func(ids []int64) any { return ids },
		ArrayPredicate:      "= ANY(?::BIGINT[])",
		InsertIDs:           engine.IDsReturned,
		MaxParams:           65535,
		InsertIgnore:        "INSERT INTO",
		OnConflictNothing:   " ON CONFLICT DO NOTHING",
		ForUpdate:           "FOR UPDATE",
		ForShare:            "FOR SHARE",
		SerializeStatements: []string{"SELECT pg_advisory_xact_lock(7813871092348002)"},
		Int32:               true,
		TrimsTrailingSpaces: cuts,
		Classify:            classify,
		// A plan that is kept for all values is a bad one for filters that select
		// much. This way does without kept plans behind poolers, too.
		QueryModeArg: pgx.QueryExecModeExec,
	}
}

// classes are the meanings of SQLSTATEs, or of their first two characters.
var classes = map[string]engine.ErrorClass{
	"23505": engine.UniqueViolation,
	"40001": engine.TxConflict, // serialization_failure
	"40P01": engine.TxConflict, // deadlock_detected
	"55P03": engine.TxConflict, // lock_not_available
	"55006": engine.TxConflict, // object_in_use
	"22001": engine.TooLong,
	"54000": engine.TooLong, // an index of the original's own kind refuses long text
	"22003": engine.OutOfRange,
	"22021": engine.InvalidText, // character_not_in_repertoire: not UTF-8, or a NUL
	"22P05": engine.InvalidText, // untranslatable_character
	"25006": engine.ReadOnly,
	"53":    engine.DiskFull,     // insufficient resources: of the disk, of memory, of a limit
	"53300": engine.TooManyConns, // too many connections
	"57014": engine.TimedOut,     // statement_timeout, or an administrator's pg_cancel_backend
	"25P03": engine.ConnLost,     // idle_in_transaction_session_timeout
	"25P04": engine.TimedOut,     // transaction_timeout
	"28":    engine.AccessDenied, // the account, its password or its way in
	"3D000": engine.AccessDenied, // the database is gone
	"42501": engine.AccessDenied, // a right is missing
	"26000": engine.StmtLost,     // behind a pooler: a prepared statement is on another connection
	"42P05": engine.StmtLost,     // or one of that name was made there by another client
	"XX001": engine.Damaged,      // data_corrupted
	"XX002": engine.Damaged,      // index_corrupted
	"57P03": engine.Starting,     // cannot_connect_now
	"08":    engine.ConnLost,
	"57P":   engine.ConnLost, // the server ends
}

func classify(err error) engine.ErrorClass {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		for _, length := range []int{5, 3, 2} {
			if class, ok := classes[refused.Code[:min(length, len(refused.Code))]]; ok {
				return class
			}
		}
		return engine.Other
	}
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &connect):
		if errors.Is(err, pgconn.ErrReadOnlyConnection) || errors.Is(err, pgconn.ErrStandbyConnection) {
			return engine.ReadOnly // target_session_attrs: none of the hosts is the primary
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			return engine.Starting // a balancer has hung up, which has no server for now
		}
		return engine.Unavailable
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return engine.Other
	case strings.Contains(err.Error(), "failed to encode args"):
		// The driver knows a parameter's type and refuses what does not fit.
		return engine.OutOfRange
	}
	// Nothing else comes from the server: the connection broke.
	return engine.ConnLost
}

// cuts knows the columns of VARCHAR(255), from which PostgreSQL takes blanks off
// as the SQL standard has it.
func cuts(column, text string) bool {
	switch column {
	case "name", "version", "external_id":
		return utf8.RuneCountInString(text) > 255
	}
	return false
}
