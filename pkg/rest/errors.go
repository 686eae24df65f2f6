package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/auth"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// A failure is the answer to a request that is not carried out. Its JSON is that
// of the Error schema.
type failure struct {
	status  int
	Code    string `json:"code"` // the reason phrase of the status, with one exception
	Message string `json:"message"`
	cause   error  // for the log
	taken   string // the member whose value another entity has; empty for other failures
}

func (f *failure) Error() string { return f.Message }

func fail(status int, format string, args ...any) *failure {
	return &failure{status: status, Code: http.StatusText(status), Message: fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) *failure {
	return fail(http.StatusBadRequest, format+": bad request", args...)
}

func notFound(format string, args ...any) *failure {
	return fail(http.StatusNotFound, format+": not found", args...)
}

// zeroRequired is the failure of a request that lacks a required member. Its
// text, status and code are what programs compare.
func zeroRequired(member string) *failure {
	f := fail(http.StatusUnprocessableEntity, "required field '%s' is zero value.", member)
	f.Code = http.StatusText(http.StatusBadRequest)
	return f
}

// unavailable is the failure of a request that the store could not take.
func unavailable(cause error) *failure {
	f := fail(http.StatusServiceUnavailable, "the store is unavailable: try again later")
	f.cause = cause
	return f
}

// rejected is the failure of a request that [auth.Policy] does not admit.
func rejected(err error) *failure {
	text := status.Convert(err).Message()
	switch status.Code(err) {
	case codes.Unauthenticated:
		return fail(http.StatusUnauthorized, "%s", text)
	case codes.PermissionDenied:
		return fail(http.StatusForbidden, "%s", text)
	}
	return fail(http.StatusServiceUnavailable, "%s", text)
}

// failureOf returns the failure for an error of a handler. It is never a text of
// a database.
func failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	switch {
	case errors.Is(err, registry.ErrInvalidArgument):
		f = badRequest("%s", messageOf(err))
	case errors.Is(err, registry.ErrNotFound):
		f = notFound("%s", messageOf(err))
	case errors.Is(err, registry.ErrAlreadyExists), errors.Is(err, registry.ErrConflict):
		f = fail(http.StatusConflict, "%s: conflict", messageOf(err))
	case errors.Is(err, registry.ErrPermissionDenied):
		f = fail(http.StatusForbidden, "the registry is not authorized for this call in its store")
	case errors.Is(err, registry.ErrUnsupported):
		f = fail(http.StatusNotImplemented, "%s", messageOf(err))
	case errors.Is(err, registry.ErrUnavailable),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable(err)
	default:
		f = fail(http.StatusInternalServerError, "the store failed: the server's log has the reason")
	}
	f.cause = err
	return f
}

// messageOf returns the message of an error of package registry without what
// callers of this API know: that it comes from that package.
func messageOf(err error) string { return strings.TrimPrefix(err.Error(), "registry: ") }

// write sends the failure.
func (f *failure) write(w http.ResponseWriter) {
	raw, err := json.Marshal(f)
	if err != nil {
		panic(err) // cannot fail: two strings
	}
	if f.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", auth.Challenge)
	}
	send(w, f.status, raw)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}
