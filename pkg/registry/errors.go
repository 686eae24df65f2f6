package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/textutil"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// What went wrong, in kinds that a program can tell apart with [errors.Is].
// Beside these, an error is [context.Canceled] or [context.DeadlineExceeded]
// where the caller's context ended.
var (
	ErrNotFound         = errors.New("not found")
	ErrAlreadyExists    = errors.New("already exists")
	ErrInvalidArgument  = errors.New("invalid argument")     // the caller's value, id, name or condition; nothing was written
	ErrUnavailable      = errors.New("store unavailable")    // not reached, closed, or too busy; trying again may help
	ErrTLS              = errors.New("no TLS connection")    // client and server do not agree on TLS; the error names the option of Dial
	ErrConflict         = errors.New("conflict")             // another writer was in the way, or the store's types contradict the spec's
	ErrPermissionDenied = errors.New("permission denied")    // who calls is unknown, or must not do this
	ErrUnsupported      = errors.New("not supported")        // this server cannot do it
	ErrInternal         = errors.New("internal store error") // the store failed, or answered what it must not
)

// ErrUnreachable is the [ErrUnavailable] where no server answers at all.
var ErrUnreachable = fmt.Errorf("no server answers: %w", ErrUnavailable)

// An Error says what was attempted, on what, and why it failed.
type Error struct {
	Op, Entity, Key string // "upsert", "ModelVersion", "v1.0": the caller's words
	Field, Value    string // what is at fault, where one field is: "externalId", "x"
	ExistingID      string // whose it is already, where that is known
	Kind, Err       error  // one of the Err values of this package or of package context; and the cause, with its gRPC status

	why string // says more than Err does, where it is not empty
}

// Error returns one line for people:
//
//	registry: upsert ModelVersion "v1.0": externalId "x" is already used by RegisteredModel 12: external ids are unique among contexts
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("registry: ")
	b.WriteString(e.Op)
	if e.Entity != "" {
		b.WriteString(" " + e.Entity)
	}
	if e.Key != "" {
		b.WriteString(" " + strconv.Quote(shorten(e.Key)))
	}
	b.WriteString(": ")
	if e.Field != "" {
		b.WriteString(e.Field + " ")
		if e.Value != "" {
			b.WriteString(strconv.Quote(shorten(e.Value)) + " ")
		}
	}
	b.WriteString(e.reason())
	return b.String()
}

// Unwrap lets [errors.Is] and [errors.As] find the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

func (e *Error) reason() string {
	if e.why != "" {
		return e.why
	}
	if e.Err == nil {
		return e.Kind.Error()
	}
	s, ok := status.FromError(e.Err)
	if !ok {
		return e.Err.Error()
	}
	text := e.Kind.Error()
	if m := firstLine(s.Message()); m != "" && m != text {
		text += ": " + m
	}
	return text
}

// firstLine returns the start of a server's message: the published server
// appends whole requests and SQL statements to its own words.
func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return textutil.Truncate(s, 300)
}

// shorten returns the start of a caller's text.
func shorten(s string) string { return textutil.Truncate(s, 80) }

// An operation is what an operation is about; it makes the errors of the
// operation.
type operation struct{ op, entity, key string }

// newError returns an error of the given kind that explains itself by why.
func (s operation) newError(kind error, why string) *Error {
	return &Error{Op: s.op, Entity: s.entity, Key: s.key, Kind: kind, why: why}
}

// fieldError is fail for one field of the entity.
func (s operation) fieldError(kind error, field, value, why string) *Error {
	e := s.newError(kind, why)
	e.Field, e.Value = field, value
	return e
}

// mappingError returns the error for what the mapping refused.
func (s operation) mappingError(err error) *Error {
	e := s.newError(ErrInvalidArgument, "")
	e.Err = err
	var bad *mlmd.InvalidError
	if errors.As(err, &bad) {
		e.Field, e.Value, e.why = bad.Field, bad.Value, bad.Why
	}
	return e
}

// rpcError returns the error of a call that failed, its kind by the status code.
// Steps at which a code means something particular look at it before.
func (s operation) rpcError(ctx context.Context, err error) *Error {
	var done *Error
	if errors.As(err, &done) {
		return done
	}
	e := s.newError(ErrInternal, "")
	e.Err = err
	code := status.Code(err)
	switch {
	case ctx.Err() != nil:
		e.Kind = ctx.Err()
	case code == codes.Canceled: // not by the caller: the connection was closed
		e.Kind, e.why = ErrUnavailable, "the connection to the store is closed"
	case code == codes.DeadlineExceeded:
		e.Kind = context.DeadlineExceeded
	default:
		if kind, ok := kindOfCode[code]; ok {
			e.Kind = kind
		}
	}
	if c := asCallError(err); c != nil {
		e.why = c.why
		if ctx.Err() == nil {
			e.Kind = c.kind
		}
	}
	return e
}

// kindOfCode says what a status code means where its step gives it no other
// meaning.
var kindOfCode = map[codes.Code]error{
	codes.InvalidArgument:    ErrInvalidArgument,
	codes.OutOfRange:         ErrInvalidArgument,
	codes.NotFound:           ErrNotFound,
	codes.AlreadyExists:      ErrAlreadyExists,
	codes.Unavailable:        ErrUnavailable,
	codes.ResourceExhausted:  ErrUnavailable,
	codes.Aborted:            ErrConflict,
	codes.FailedPrecondition: ErrConflict,
	codes.PermissionDenied:   ErrPermissionDenied,
	codes.Unauthenticated:    ErrPermissionDenied,
	codes.Unimplemented:      ErrUnsupported,
}
