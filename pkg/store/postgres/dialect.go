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
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// engineConfig is what the engine needs, except for the connections.
func engineConfig() engine.Config {
	return engine.Config{DB: sqldb.Config{Dialect: dialect()}, Schema: schema.Postgres(), Filter: filterquery.Postgres}
}

// dialect says what the engine must know of PostgreSQL. The driver keeps
// prepared statements by itself.
func dialect() *sqldb.Dialect {
	return &sqldb.Dialect{
		Numbered: true,
		// What was committed while waiting for a lock must be seen.
		Begin:     "BEGIN ISOLATION LEVEL READ COMMITTED",
		BeginRead: []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
		// The cast lets ids of 64 bits be asked for in columns of 32.
		ArrayArg:            func(ids []int64) any { return ids },
		ArrayPredicate:      "= ANY(?::BIGINT[])",
		InsertIDs:           sqldb.IDsReturned,
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
var classes = map[string]sqldb.ErrorClass{
	"23505": sqldb.UniqueViolation,
	"40001": sqldb.TxConflict, // serialization_failure
	"40P01": sqldb.TxConflict, // deadlock_detected
	"55P03": sqldb.TxConflict, // lock_not_available
	"55006": sqldb.TxConflict, // object_in_use
	"22001": sqldb.TooLong,
	"54000": sqldb.TooLong, // an index of the original's own kind refuses long text
	"22003": sqldb.OutOfRange,
	"22021": sqldb.InvalidText, // character_not_in_repertoire: not UTF-8, or a NUL
	"22P05": sqldb.InvalidText, // untranslatable_character
	"25006": sqldb.ReadOnly,
	"53":    sqldb.DiskFull,     // insufficient resources: of the disk, of memory, of a limit
	"53300": sqldb.TooManyConns, // too many connections
	"57014": sqldb.TimedOut,     // statement_timeout, or an administrator's pg_cancel_backend
	"25P03": sqldb.ConnLost,     // idle_in_transaction_session_timeout
	"25P04": sqldb.TimedOut,     // transaction_timeout
	"28":    sqldb.AccessDenied, // the account, its password or its way in
	"3D000": sqldb.AccessDenied, // the database is gone
	"42501": sqldb.AccessDenied, // a right is missing
	"26000": sqldb.StmtLost,     // behind a pooler: a prepared statement is on another connection
	"42P05": sqldb.StmtLost,     // or one of that name was made there by another client
	"XX001": sqldb.Damaged,      // data_corrupted
	"XX002": sqldb.Damaged,      // index_corrupted
	"57P03": sqldb.Starting,     // cannot_connect_now
	"08":    sqldb.ConnLost,
	"57P":   sqldb.ConnLost, // the server ends
}

func classify(err error) sqldb.ErrorClass {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		for _, length := range []int{5, 3, 2} {
			if class, ok := classes[refused.Code[:min(length, len(refused.Code))]]; ok {
				return class
			}
		}
		return sqldb.Other
	}
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &connect):
		if errors.Is(err, pgconn.ErrReadOnlyConnection) || errors.Is(err, pgconn.ErrStandbyConnection) {
			return sqldb.ReadOnly // target_session_attrs: none of the hosts is the primary
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			return sqldb.Starting // a balancer has hung up, which has no server for now
		}
		return sqldb.Unavailable
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqldb.Other
	case strings.Contains(err.Error(), "failed to encode args"):
		// The driver knows a parameter's type and refuses what does not fit.
		return sqldb.OutOfRange
	}
	// Nothing else comes from the server: the connection broke.
	return sqldb.ConnLost
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
