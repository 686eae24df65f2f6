package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/textutil"
)

// statusError is an error whose text is meant for the client.
type statusError struct {
	code           codes.Code
	text           string
	createConflict bool // a new node conflicts with a stored one
}

func (f *statusError) Error() string { return f.text }

// errorf returns a statusError.
func errorf(code codes.Code, format string, args ...any) error {
	return &statusError{code: code, text: fmt.Sprintf(format, args...)}
}

// invalidArgf returns a statusError with code InvalidArgument.
func invalidArgf(format string, args ...any) error {
	return errorf(codes.InvalidArgument, format, args...)
}

// withPrefix prepends text to a statusError. Other errors are returned
// unchanged.
func withPrefix(err error, format string, args ...any) error {
	var f *statusError
	if !errors.As(err, &f) {
		return err
	}
	return &statusError{code: f.code, text: fmt.Sprintf(format, args...) + f.text}
}

// status converts err to the status that the client receives. The text of a
// driver's error goes to the log only.
func (s *Service) status(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var f *statusError
	if errors.As(err, &f) {
		return status.Error(f.code, sanitize(f.text))
	}
	var own *sqldb.Error
	if errors.As(err, &own) {
		return status.Error(translations[own.Class].code, sanitize(own.Msg))
	}
	if cause := contextErr(ctx); cause != nil {
		return status.FromContextError(cause).Err()
	}
	f = s.toStatus(err)
	level := slog.LevelError
	if f.code == codes.Aborted || f.code == codes.InvalidArgument {
		level = slog.LevelInfo
	}
	if f.code == codes.Aborted && s.outer != nil { // Transact runs again, and logs the last conflict
		level = slog.LevelDebug
	}
	s.log.Log(ctx, level, "a request failed in the database", "code", f.code.String(), "error", err)
	return status.Error(f.code, f.text)
}

// contextErr returns why ctx has ended, or nil. A network operation with the
// deadline of ctx may fail a moment before ctx itself ends, so the deadline is
// checked, too.
func contextErr(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// sanitize makes text with parts of a request fit a status: valid UTF-8, of a
// size that fits a header.
func sanitize(text string) string {
	const maxBytes = 2000
	return strings.ToValidUTF8(textutil.Truncate(text, maxBytes), "\uFFFD")
}

// toStatus returns the code and text for an error of the database.
func (s *Service) toStatus(err error) *statusError {
	class := s.db.Dialect().Class(err)
	var atCommit *sqldb.CommitError
	if errors.As(err, &atCommit) && (class == sqldb.ConnLost || errors.Is(err, context.DeadlineExceeded)) {
		return &statusError{code: codes.Unavailable, text: "the connection was lost during the commit: the request may" +
			" have taken effect"}
	}
	if atCommit != nil && class == sqldb.FileMoved {
		return &statusError{code: codes.Unavailable, text: "the file of the database was removed, renamed or replaced" +
			" during the request:" +
			" what the request wrote may not be in the file that is there now"}
	}
	if f, ok := translations[class]; ok {
		if class == sqldb.TooLarge && s.db.Dialect().MessageLimit != "" {
			f.text += " (" + s.db.Dialect().MessageLimit + ")"
		}
		return &f
	}
	return &statusError{code: codes.Internal, text: "the database failed; its message is in the server's log"}
}

// translations are the codes and texts for classes of errors.
var translations = map[sqldb.ErrorClass]statusError{
	sqldb.UniqueViolation: {
		code: codes.AlreadyExists,
		text: "a name or external_id is a duplicate of a stored one",
	},
	sqldb.TxConflict: {
		code: codes.Aborted,
		text: "Concurrent writes aborted after max number of retries.",
	},
	sqldb.ConnLost: {
		code: codes.Unavailable,
		text: "the connection to the database was lost",
	},
	sqldb.TooLong: {
		code: codes.InvalidArgument,
		text: "a name, value or other text is too long for the database: that of the request, or one that the" +
			" functions of its filter make",
	},
	sqldb.OutOfRange: {
		code: codes.InvalidArgument,
		text: "a number is out of range: the database holds integers of 32 bits",
	},
	sqldb.InvalidText: {
		code: codes.InvalidArgument,
		text: "the database cannot hold a text: it is not valid UTF-8 or has a NUL",
	},
	sqldb.ReadOnly: {
		code: codes.FailedPrecondition,
		text: "the database can only be read, and nothing was written: attempt to write a readonly database",
	},
	sqldb.Unavailable: {
		code: codes.Unavailable,
		text: "the database cannot be reached",
	},
	sqldb.FileMoved: {
		code: codes.Unavailable,
		text: "the file of the database was removed or renamed while it was open, and nothing was written; the" +
			" server's log has its name. Put the file or a backup in its place, and calls work again, without a" +
			" restart",
	},
	sqldb.Unusable: {
		code: codes.FailedPrecondition,
		text: "the database cannot be used as it is; the server's log has the details",
	},
	sqldb.NotReady: {
		code: codes.Unavailable,
		text: "the database node takes no requests, and nothing was written: it has lost the majority of its" +
			" cluster, or is joining it. Bring its other nodes back, or use one that has the majority",
	},
	sqldb.TxTooLarge: {
		code: codes.InvalidArgument,
		text: "the request writes more than the database takes in one transaction: send it in parts",
	},
	sqldb.TooLarge: {
		code: codes.InvalidArgument,
		text: "the request has a value that exceeds the size of a message to the database, or too many values:" +
			" send less at once",
	},
	sqldb.DiskFull: {
		code: codes.ResourceExhausted,
		text: "the database has no room left, and nothing was written: free space on its disk, or raise its quota",
	},
	sqldb.Damaged: {
		code: codes.DataLoss,
		text: "the database is damaged; the server's log has the details. Stop the server, keep a copy of the" +
			" database, and restore a backup",
	},
	sqldb.AccessDenied: {
		code: codes.FailedPrecondition,
		text: "the database refuses the account of this server; the server's log has the details",
	},
	sqldb.TooManyConns: {
		code: codes.Unavailable,
		text: "the database takes no further connection, and nothing was written: its limit, or that of the" +
			" account, is reached",
	},
	sqldb.Starting: {
		code: codes.Unavailable,
		text: "the database takes no connections yet, and nothing was written: it is starting, or recovering",
	},
	sqldb.StmtLost: {
		code: codes.Unavailable,
		text: "the database has lost a prepared statement, and nothing was written: between it and this server is" +
			" a pooler that gives each transaction another connection",
	},
	sqldb.TooManyStmts: {
		code: codes.ResourceExhausted,
		text: "the database takes no further prepared statement: raise its max_prepared_stmt_count",
	},
	sqldb.OverMemory: {
		code: codes.ResourceExhausted,
		text: "the reply is too large: ask for less",
	},
	sqldb.TimedOut: {
		code: codes.DeadlineExceeded,
		text: "the database ended a statement that reached the database's own time limit, and nothing was written",
	},
}
