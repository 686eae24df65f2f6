package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

var (
	errLost   = errors.New("conflict with another transaction")
	errBroken = errors.New("text of the driver")
	errTwice  = errors.New("unique constraint")
)

// testDB returns a DB without connections, for tests of errors.
func testDB(retryTimeout time.Duration) *DB {
	return &DB{
		d: &Dialect{Classify: func(err error) ErrorClass {
			switch {
			case errors.Is(err, errLost):
				return TxConflict
			case errors.Is(err, errTwice):
				return UniqueViolation
			}
			return Other
		}},
		log:          slog.New(slog.DiscardHandler),
		retryTimeout: retryTimeout,
	}
}

func TestDB_RetriesConflicts(t *testing.T) {
	db := testDB(5 * time.Second)
	tries := 0
	err := db.retry(t.Context(), func() error {
		if tries++; tries < 4 {
			return fmt.Errorf("wrapped: %w", driverErr(errLost))
		}
		return nil
	})
	if err != nil || tries != 4 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

func TestDB_RetryTimeout(t *testing.T) {
	db := testDB(30 * time.Millisecond)
	begun := time.Now()
	err := db.retry(t.Context(), func() error { return driverErr(errLost) })
	if db.d.Class(err) != TxConflict {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begun); took < 30*time.Millisecond || took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestDB_DeadlineEndsRetries(t *testing.T) {
	db := testDB(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := db.retry(ctx, func() error { return driverErr(errLost) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestDB_IsRetryable(t *testing.T) {
	db := testDB(time.Hour)
	for _, c := range []struct {
		name  string
		err   error
		again bool
	}{
		{"conflict", driverErr(errLost), true},
		{"conflict at the commit", &CommitError{driverErr(errLost)}, true},
		{"broken connection", driverErr(driver.ErrBadConn), true},
		{"broken connection at the commit", &CommitError{driverErr(driver.ErrBadConn)}, false},
		{"unknown IDs", errUnknownIDs, true},
		{"not an error of the driver", errLost, false},
		{"Error", &Error{Unavailable, "no"}, false},
		{"unique violation", driverErr(errTwice), false},
		{"other error", driverErr(errBroken), false},
		{"panic", &panicError{value: errLost}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := db.isRetryable(t.Context(), c.err, 0); got != c.again {
				t.Errorf("tried again: %v, want %v", got, c.again)
			}
		})
	}
}

func TestDB_RetriesRaces(t *testing.T) {
	db := testDB(time.Hour)
	tries := 0
	err := db.retry(t.Context(), func() error {
		tries++
		return &RaceError{errors.New("another transaction")}
	})
	if !errors.As(err, new(*RaceError)) || tries != 3 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

func TestCallRecover(t *testing.T) {
	const place = "a place"
	err := callRecover(t.Context(), 0, func(context.Context, int) error {
		var list []int
		list[len(place)] = 1
		return nil
	})
	if (&Dialect{}).Class(err) != Other || !strings.Contains(err.Error(), "db_test.go") {
		t.Errorf("got %v", err)
	}
}
