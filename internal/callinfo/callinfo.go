// Package callinfo holds what a server knows of a call besides its request, for
// logs.
package callinfo

import (
	"context"
	"crypto/rand"
	"log/slog"

	"github.com/mlmd-go/sdk/pkg/auth"
)

// Info describes a call.
type Info struct {
	RequestID string
	Peer      string // the client's address
}

// HeaderName is the name of the header with the ID of a request, as gRPC writes
// it.
const HeaderName = "x-request-id"

type key struct{}

// NewContext returns a context with the description of a call. offered are the
// values of the header that the client sent: its ID is used if it is at most 128
// printable ASCII characters without spaces. Otherwise a random one is.
func NewContext(ctx context.Context, peer string, offered []string) (context.Context, Info) {
	info := Info{Peer: peer}
	if len(offered) == 1 && isID(offered[0]) {
		info.RequestID = offered[0]
	} else {
		info.RequestID = rand.Text()
	}
	return context.WithValue(ctx, key{}, info), info
}

// FromContext returns the description of a call. It returns false outside of a
// call.
func FromContext(ctx context.Context) (Info, bool) {
	info, ok := ctx.Value(key{}).(Info)
	return info, ok
}

// WithRequestID returns a message with the ID of the request, so that a user can
// name the line of the log. Outside of a call it returns text.
func WithRequestID(ctx context.Context, text string) string {
	info, ok := FromContext(ctx)
	if !ok {
		return text
	}
	return text + " (request ID " + info.RequestID + ")"
}

func isID(text string) bool {
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return text != "" && len(text) <= 128
}

// LogHandler returns a handler that adds request ID, peer and user to records that
// are logged in the context of a call, and passes them to h.
func LogHandler(h slog.Handler) slog.Handler { return handler{h} }

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	info, ok := FromContext(ctx)
	if !ok {
		return h.Handler.Handle(ctx, r)
	}
	r = r.Clone()
	r.AddAttrs(slog.String("request_id", info.RequestID), slog.String("peer", info.Peer))
	if id, ok := auth.FromContext(ctx); ok {
		r.AddAttrs(slog.String("user", id.Name))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
