package sqldb

import (
	"database/sql"
	"database/sql/driver"
	"errors"
)

// An Error is a problem that this package found itself, as against one that a
// driver reported. Its text may be shown to clients. It is never retried.
type Error struct {
	Class ErrorClass // as a driver's error would have
	Msg   string
}

func (e *Error) Error() string { return e.Msg }

// A DriverError is what a driver answered. Everything else is the engine's own.
type DriverError struct{ Err error }

func (e *DriverError) Error() string { return e.Err.Error() }
func (e *DriverError) Unwrap() error { return e.Err }

// driverErr marks an error as one of the driver's.
func driverErr(err error) error {
	if err == nil {
		return nil
	}
	return &DriverError{err}
}

// errClosed is returned by a closed database.
var errClosed = &Error{Unavailable, "the store is closed"}

// errUnknownIDs says that the ids of new rows could not be learned.
var errUnknownIDs = errors.New("the ids of inserted rows are not where they should be")

// errTrailingSpaces says that text is too long for its column by blanks, which the
// database would take off without a word.
var errTrailingSpaces = errors.New("a text would lose the blanks at its end")

// A CommitError is the error of a COMMIT, which may have taken effect.
type CommitError struct{ Err error }

func (e *CommitError) Error() string { return "commit: " + e.Err.Error() }
func (e *CommitError) Unwrap() error { return e.Err }

// A RaceError is a failure that is gone when the transaction is run again, if
// another transaction was the reason for it. Nobody knows whether one was.
type RaceError struct{ Err error }

func (e *RaceError) Error() string { return e.Err.Error() }
func (e *RaceError) Unwrap() error { return e.Err }

// Class says what err means. Of the errors that come from elsewhere than a
// driver it knows the few below.
func (d *Dialect) Class(err error) ErrorClass {
	switch {
	case errors.As(err, new(*panicError)):
		return Other
	case errors.As(err, new(*MovedError)):
		return FileMoved
	case errors.Is(err, errTrailingSpaces):
		return TooLong
	case errors.Is(err, errUnknownIDs):
		return TxConflict
	case !errors.As(err, new(*DriverError)):
		return Other
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		return ConnLost
	}
	return d.Classify(err)
}

// IsUniqueViolation says whether err is the violation of a unique constraint.
func (d *Dialect) IsUniqueViolation(err error) bool {
	return d.Class(err) == UniqueViolation
}
