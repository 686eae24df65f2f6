package postgres

import (
	"context"
	"errors"
	"io"
	"regexp"
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

// engineConfig returns the configuration of the engine without connections.
func engineConfig() engine.Config {
	return engine.Config{DB: sqldb.Config{Dialect: dialect()}, Schema: schema.Postgres(), Filter: filterquery.Postgres}
}

// dialect returns the dialect of PostgreSQL. The driver caches prepared statements
// itself.
func dialect() *sqldb.Dialect {
	return &sqldb.Dialect{
		System:   "postgresql",
		Numbered: true,
		// A statement must see what was committed while it waited for a lock.
		Begin:     "BEGIN ISOLATION LEVEL READ COMMITTED",
		BeginRead: []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
		// The cast allows 64-bit IDs in comparisons with 32-bit columns.
		ArrayArg:       func(ids []int64) any { return ids },
		ArrayPredicate: "= ANY(?::BIGINT[])",
		InsertIDs:      sqldb.IDsReturned,
		RowOrder:       "ctid",
		AfterGivenIDs: "SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), MAX(id)) FROM %[1]s" +
			" HAVING MAX(id) IS NOT NULL",
		MaxParams:           65535,
		InsertIgnore:        "INSERT INTO",
		OnConflictNothing:   " ON CONFLICT DO NOTHING",
		ForUpdate:           "FOR UPDATE",
		SerializeStatements: []string{"SELECT pg_advisory_xact_lock(7813871092348002)"},
		Int32:               true,
		TrimsTrailingSpaces: cuts,
		Explain:             "EXPLAIN ",
		PlanColumn:          "QUERY PLAN",
		HidePlanValues:      hideValues,
		Classify:            classify,
		// A generic plan is slow for filters that select many rows. This mode also works
		// behind poolers.
		QueryModeArg: pgx.QueryExecModeExec,
	}
}

// classes maps SQLSTATEs and prefixes of them.
var classes = map[string]sqldb.ErrorClass{
	"23505": sqldb.UniqueViolation,
	"40001": sqldb.TxConflict, // serialization_failure
	"40P01": sqldb.TxConflict, // deadlock_detected
	"55P03": sqldb.TxConflict, // lock_not_available
	"55006": sqldb.TxConflict, // object_in_use
	"22001": sqldb.TooLong,
	"54000": sqldb.TooLong, // an index of the reference implementation rejects long text
	"22003": sqldb.OutOfRange,
	"22021": sqldb.InvalidText, // character_not_in_repertoire: not UTF-8, or a NUL
	"22P05": sqldb.InvalidText, // untranslatable_character
	"25006": sqldb.ReadOnly,
	"53":    sqldb.DiskFull,     // insufficient_resources
	"53300": sqldb.TooManyConns, // too_many_connections
	"57014": sqldb.TimedOut,     // query_canceled: statement_timeout or pg_cancel_backend
	"25P03": sqldb.ConnLost,     // idle_in_transaction_session_timeout
	"25P04": sqldb.TimedOut,     // transaction_timeout
	"28":    sqldb.AccessDenied, // invalid_authorization_specification
	"3D000": sqldb.AccessDenied, // invalid_catalog_name
	"42501": sqldb.AccessDenied, // insufficient_privilege
	"26000": sqldb.StmtLost,     // behind a pooler: the prepared statement belongs to another connection
	"42P05": sqldb.StmtLost,     // behind a pooler: another client prepared a statement of this name
	"XX001": sqldb.Damaged,      // data_corrupted
	"XX002": sqldb.Damaged,      // index_corrupted
	"57P03": sqldb.Starting,     // cannot_connect_now
	"08":    sqldb.ConnLost,
	"57P":   sqldb.ConnLost, // operator_intervention: the server shuts down
}

// badArgument is in the driver's error for an argument that it cannot send.
const badArgument = "failed to encode args"

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
			return sqldb.ReadOnly // target_session_attrs: no host is the primary
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			return sqldb.Starting // a load balancer without a server closed the connection
		}
		return sqldb.Unavailable
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqldb.Other
	case strings.Contains(err.Error(), badArgument):
		// The driver knows the type of a parameter and rejects values out of range.
		return sqldb.OutOfRange
	}
	// All other errors mean that the connection is lost.
	return sqldb.ConnLost
}

var (
	quotedValue = regexp.MustCompile(`E?'(?:[^']|'')*'`)
	number      = regexp.MustCompile(`\$?\b[0-9]+(?:\.[0-9]+)?\b`)
)

// hideValues removes the values of parameters from a plan: texts and, except for
// estimates of costs, numbers.
func hideValues(plan string) string {
	lines := strings.Split(quotedValue.ReplaceAllString(plan, "?"), "\n")
	for i, line := range lines {
		at := strings.LastIndex(line, "(cost=")
		if at < 0 {
			at = len(line)
		}
		lines[i] = number.ReplaceAllStringFunc(line[:at], func(found string) string {
			if strings.HasPrefix(found, "$") {
				return found // the number of a parameter
			}
			return "?"
		}) + line[at:]
	}
	return strings.Join(lines, "\n")
}

// cuts reports whether PostgreSQL would silently remove trailing spaces of text that
// is too long for its VARCHAR(255) column, as the SQL standard requires.
func cuts(column, text string) bool {
	switch column {
	case "name", "version", "external_id":
		return utf8.RuneCountInString(text) > 255
	}
	return false
}
