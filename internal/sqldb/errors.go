package sqldb

import (
	"database/sql"
	"database/sql/driver"
	"errors"
)

// Error is a problem that this package detected itself. Its text contains
// nothing of a driver's error and may be shown to clients. An Error is not
// retried.
type Error struct {
	Class ErrorClass
	Msg   string
}

func (e *Error) Error() string { return e.Msg }

// DriverError marks an error as one that a driver returned.
type DriverError struct{ Err error }

func (e *DriverError) Error() string { return e.Err.Error() }
func (e *DriverError) Unwrap() error { return e.Err }

// driverErr returns err as a [DriverError], or nil if err is nil.
func driverErr(err error) error {
	if err == nil {
		return nil
	}
	return &DriverError{err}
}

// errClosed is returned by a closed database.
var errClosed = &Error{Unavailable, "the store is closed"}

// errReadOnly is returned by a database that was opened for reading only.
var errReadOnly = &Error{ReadOnly, "the store was opened for reading only, and nothing was written:" +
	" attempt to write a readonly database"}

// errUnknownIDs reports that the IDs of inserted rows could not be determined.
var errUnknownIDs = errors.New("cannot determine the IDs of inserted rows")

// errTrailingSpaces reports text that exceeds its column only by trailing
// spaces, which the database would strip silently.
var errTrailingSpaces = errors.New("text is too long for its column and would lose trailing spaces")

// CommitError is the error of a COMMIT. The transaction may have taken effect
// nevertheless.
type CommitError struct{ Err error }

func (e *CommitError) Error() string { return "commit: " + e.Err.Error() }
func (e *CommitError) Unwrap() error { return e.Err }

// RaceError marks an error that may be due to a concurrent transaction, so that
// running the transaction again may avoid it.
type RaceError struct{ Err error }

func (e *RaceError) Error() string { return e.Err.Error() }
func (e *RaceError) Unwrap() error { return e.Err }

// Class returns the class of err.
func (d *Dialect) Class(err error) ErrorClass {
	switch {
	case errors.As(err, new(*panicError)):
		return Other
	case errors.As(err, new(*MovedError)):
		return FileMoved
	case errors.Is(err, errTrailingSpaces):
		return TooLong
	case errors.Is(err, errUnknownIDs), errors.Is(err, errGroupEnded):
		return TxConflict
	case !errors.As(err, new(*DriverError)):
		return Other
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		return ConnLost
	}
	return d.Classify(err)
}

// IsUniqueViolation reports whether err is the violation of a unique
// constraint.
func (d *Dialect) IsUniqueViolation(err error) bool {
	return d.Class(err) == UniqueViolation
}
