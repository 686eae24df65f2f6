package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/connection"
	"github.com/mlmd-go/sdk/internal/textutil"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// An [*Error] matches one of these with [errors.Is], or, if the context of the
// caller ended, [context.Canceled] or [context.DeadlineExceeded].
var (
	// ErrNotFound reports that no such entity, or no such parent, exists.
	ErrNotFound = errors.New("not found")

	// ErrAlreadyExists reports that another entity has the name or external ID.
	ErrAlreadyExists = errors.New("already exists")

	// ErrInvalidArgument reports a value, ID, name, condition or option that is
	// not valid. Nothing was written.
	ErrInvalidArgument = errors.New("invalid argument")

	// ErrUnavailable reports that the store was not reached, is closed, or is
	// overloaded. The same call may succeed later.
	ErrUnavailable = errors.New("store unavailable")

	// ErrUnreachable is an [ErrUnavailable]: no server answered at all.
	ErrUnreachable = fmt.Errorf("no server answers: %w", ErrUnavailable)

	// ErrTLS reports that client and server do not agree on TLS. The message
	// names the option of [Dial] to change.
	ErrTLS = errors.New("TLS connection failed")

	// ErrConflict reports that a concurrent write prevented this one, or that the
	// types in the store contradict the spec.
	ErrConflict = errors.New("conflict")

	// ErrPermissionDenied reports that the caller is not authenticated, or not
	// authorized for the call.
	ErrPermissionDenied = errors.New("permission denied")

	// ErrRefused reports that a hook of [BeforeWrite] refused the write. Nothing was
	// written.
	ErrRefused = errors.New("refused by a hook")

	// ErrAfterWrite reports that a hook of [OnWrite] failed. The write took effect,
	// and its result was returned too.
	ErrAfterWrite = errors.New("a hook failed after the write")

	// ErrUnsupported reports that the server does not support the call.
	ErrUnsupported = errors.New("not supported")

	// ErrInternal reports that the store failed or returned an invalid response.
	ErrInternal = errors.New("internal store error")
)

// An Error describes a failed operation: what was attempted, on which entity,
// and why it failed.
type Error struct {
	Op     string // "upsert"
	Entity string // "ModelVersion"
	Key    string // what the caller identified the entity by: "v1.0"

	Field, Value string // the JSON name of the field at fault, if it is one: "externalId", "x"
	ExistingID   string // the ID of the entity that has the value, for ErrAlreadyExists

	Kind error // an Err variable of this package, or an error of package context
	Err  error // the cause, with its gRPC status; may be nil

	why string // if set, printed instead of Err
}

// Error returns a one-line message, such as
//
//	registry: upsert ModelVersion "v1.0": registeredModelId "12" does not exist: no such RegisteredModel
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

// Unwrap returns the kind and the cause, for [errors.Is] and [errors.As].
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
	if m := textutil.FirstLine(s.Message()); m != "" && m != text {
		text += ": " + m
	}
	return text
}

// shorten truncates a caller's text for a message.
func shorten(s string) string { return textutil.Truncate(s, 80) }

// An operation identifies a method call and its entity in errors.
type operation struct{ op, entity, key string }

// newError returns an error of the given kind. why is its message; if empty,
// the message is that of the kind.
func (s operation) newError(kind error, why string) *Error {
	return &Error{Op: s.op, Entity: s.entity, Key: s.key, Kind: kind, why: why}
}

// fieldError is newError for one field of the entity.
func (s operation) fieldError(kind error, field, value, why string) *Error {
	e := s.newError(kind, why)
	e.Field, e.Value = field, value
	return e
}

// mappingError returns the error for a value that the mapping rejected.
func (s operation) mappingError(err error) *Error {
	e := s.newError(ErrInvalidArgument, "")
	e.Err = err
	var bad *mlmd.InvalidError
	if errors.As(err, &bad) {
		e.Field, e.Value, e.why = bad.Field, bad.Value, bad.Why
	}
	return e
}

// rpcError returns the error for an RPC that failed, with the kind of its status
// code. If err already is an [*Error], rpcError returns that.
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
	case code == codes.Canceled: // the connection was closed, since ctx has not ended
		e.Kind, e.why = ErrUnavailable, "the connection to the store is closed"
	case code == codes.DeadlineExceeded:
		e.Kind = context.DeadlineExceeded
	default:
		if kind, ok := kindByCode[code]; ok {
			e.Kind = kind
		}
	}
	if f := connection.FailureIn(err); f != nil {
		e.why = f.Why
		if ctx.Err() == nil {
			e.Kind = kindByCause[f.Cause]
		}
	}
	return e
}

// RPCError returns an [*Error] for err, which a method of [Client.RPC] returned.
// Its Kind follows from the status code of err or, if ctx has ended, is the error
// of ctx. op, entity and key are the fields of the result.
func RPCError(ctx context.Context, op, entity, key string, err error) *Error {
	return operation{op, entity, key}.rpcError(ctx, err)
}

// kindByCause maps the causes of failed connections to kinds.
var kindByCause = map[connection.Cause]error{
	connection.Unavailable: ErrUnavailable,
	connection.Unreachable: ErrUnreachable,
	connection.TLS:         ErrTLS,
}

// kindByCode maps status codes to kinds. Other codes are ErrInternal.
var kindByCode = map[codes.Code]error{
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

// withArticle returns the name of an entity with its indefinite article:
// "a Prompt", "an Answer", "an MLModel", "a URLSource".
func withArticle(name string) string {
	vowels := "AEIO" // an initial U is mostly pronounced "you"
	if len(name) > 1 && unicode.IsUpper(rune(name[0])) && unicode.IsUpper(rune(name[1])) {
		vowels = "AEFHILMNORSX" // the letters of an acronym are pronounced one by one
	}
	if name != "" && strings.ContainsRune(vowels, unicode.ToUpper(rune(name[0]))) {
		return "an " + name
	}
	return "a " + name
}
