package engine

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var (
	errLost   = errors.New("lost against another transaction")
	errBroken = errors.New("SECRET text of the driver")
	errTwice  = errors.New("unique constraint")
)

// testEngine has no database: only what decides about errors.
func testEngine(patience time.Duration) *Engine {
	return &Engine{
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
		retryTimeout: patience,
	}
}

func TestALostTransactionIsRunAgain(t *testing.T) {
	e := testEngine(5 * time.Second)
	tries := 0
	_, err := retry(t.Context(), e, "rpc", func() (*int, error) {
		if tries++; tries < 4 {
			return nil, fmt.Errorf("wrapped: %w", driverErr(errLost))
		}
		return &tries, nil
	})
	if err != nil || tries != 4 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

func TestLosingForTooLongIsAborted(t *testing.T) {
	e := testEngine(30 * time.Millisecond)
	begun := time.Now()
	_, err := retry(t.Context(), e, "rpc", func() (*int, error) { return nil, driverErr(errLost) })
	if status.Code(e.status(t.Context(), "rpc", err)) != codes.Aborted {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begun); took < 30*time.Millisecond || took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestTheCallersDeadlineEndsTheTries(t *testing.T) {
	e := testEngine(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := retry(ctx, e, "rpc", func() (*int, error) { return nil, driverErr(errLost) })
	if status.Code(e.status(ctx, "rpc", err)) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	e := testEngine(time.Hour)
	for _, c := range []struct {
		name  string
		err   error
		again bool
	}{
		{"a lost transaction", driverErr(errLost), true},
		{"a lost transaction at its commit", &CommitError{driverErr(errLost)}, true},
		{"a broken connection", driverErr(driver.ErrBadConn), true},
		{"a connection that broke at the commit", &CommitError{driverErr(driver.ErrBadConn)}, false},
		{"ids that could not be learned", errUnknownIDs, true},
		{"an error that no driver gave", errLost, false},
		{"a mistake of the client", invalid("no"), false},
		{"a conflict", driverErr(errTwice), false},
		{"something else", driverErr(errBroken), false},
		{"a panic", &panicError{value: errLost}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := e.isRetryable(t.Context(), c.err, 0); got != c.again {
				t.Errorf("tried again: %v, want %v", got, c.again)
			}
		})
	}
}

func TestARaceIsTriedAgainAFewTimes(t *testing.T) {
	e := testEngine(time.Hour)
	tries := 0
	_, err := retry(t.Context(), e, "rpc", func() (*int, error) {
		tries++
		return nil, &RaceError{fail(codes.Aborted, "Concurrent creation of the same context")}
	})
	if got := e.status(t.Context(), "rpc", err); status.Code(got) != codes.Aborted || tries != 3 {
		t.Errorf("after %d tries: %v", tries, got)
	}
}

func TestClientsNeverSeeTheDriversText(t *testing.T) {
	e := testEngine(0)
	var log strings.Builder
	e.log = slog.New(slog.NewTextHandler(&log, nil))
	err := e.status(t.Context(), "PutArtifacts", fmt.Errorf("query: %w", driverErr(errBroken)))
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "SECRET") || !strings.Contains(log.String(), "PutArtifacts") {
		t.Errorf("the log has %q", log.String())
	}
}

func TestMessagesFitAStatus(t *testing.T) {
	e := testEngine(0)
	err := e.status(t.Context(), "rpc", invalid("no property %s\xff", strings.Repeat("x", 1<<20)))
	if text := status.Convert(err).Message(); len(text) > 4096 || !utf8.ValidString(text) {
		t.Errorf("a message of %d bytes", len(text))
	}
	if err := e.status(t.Context(), "rpc", invalid("\xff")); !utf8.ValidString(status.Convert(err).Message()) {
		t.Error("a message is not UTF-8")
	}
}

func TestAPanicIsAnErrorOfTheEngine(t *testing.T) {
	e := testEngine(time.Second)
	var log strings.Builder
	e.log = slog.New(slog.NewTextHandler(&log, nil))
	const p = "a place"
	panics := func() (err error) {
		defer recoverTo(&err)
		var list []int
		list[len(p)] = 1
		return nil
	}
	err := e.status(t.Context(), "rpc", panics())
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "out of range") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "run_test.go") {
		t.Errorf("the log does not say where: %s", log.String())
	}
}
