package auth

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The refused calls that are logged: a burst, and then so many per second, so
// that refused calls cannot fill the disk.
const (
	refusedPerSecond = 10
	refusedBurst     = 100
)

// A Policy admits calls to a server. Create it with [NewPolicy].
type Policy struct {
	authenticate Authenticator
	describe     Role
	limit        *rate.Limiter
}

// NewPolicy returns a Policy for the clients that a identifies. describe is the
// role that a client needs to read what describes the server: gRPC reflection and
// documents of the REST API; [None] opens those to all.
func NewPolicy(a Authenticator, describe Role) *Policy {
	return &Policy{a, describe, rate.NewLimiter(refusedPerSecond, refusedBurst)}
}

// Describe returns the role that a client needs to read what describes the
// server.
func (p *Policy) Describe() Role {
	if p == nil {
		return None
	}
	return p.describe
}

// Admit returns ctx with the [Identity] of the client, or an error with a gRPC
// status if the client may not call the operation, which requires the role:
// UNAUTHENTICATED, PERMISSION_DENIED, or UNAVAILABLE if the credentials could not
// be checked. operation is what messages call it. Refused calls are logged to log as
// warnings, at most some per second, without their credentials. A nil Policy
// admits all calls.
func (p *Policy) Admit(
	ctx context.Context, log *slog.Logger, operation string, need Role, c Credentials,
) (context.Context, error) {
	if p == nil || need == None {
		return ctx, nil
	}
	id, err := p.authenticate(ctx, c)
	if err != nil {
		p.refuse(ctx, log, operation, slog.String("reason", err.Error()), slog.String("presented", c.presented()))
		return ctx, rejection(c, err)
	}
	ctx = NewContext(ctx, id)
	if id.Role < need {
		p.refuse(ctx, log, operation, slog.String("reason", "requires role "+need.String()+", client has "+id.Role.String()))
		return ctx, status.Errorf(codes.PermissionDenied,
			"%s requires the role %s, and %s has the role %s: ask the operator of the server for a role",
			operation, need, id.Name, id.Role)
	}
	return ctx, nil
}

// refuse logs a refused call, unless too many were logged already.
func (p *Policy) refuse(ctx context.Context, log *slog.Logger, operation string, why ...slog.Attr) {
	if p.limit.AllowN(time.Now(), 1) {
		log.LogAttrs(ctx, slog.LevelWarn, "call refused",
			append([]slog.Attr{slog.String("method", operation)}, why...)...)
	}
}

// presented describes the credentials without the token.
func (c Credentials) presented() string {
	text := "no credentials"
	if c.Certificate != nil {
		text = "certificate " + c.Certificate.Subject.String()
	}
	if c.Token == "" {
		return text
	}
	if c.Certificate == nil {
		return "token"
	}
	return "token and " + text
}

// rejection returns the status for a client that is not identified.
func rejection(c Credentials, err error) error {
	switch {
	case errors.Is(err, ErrUnavailable):
		return status.Error(codes.Unavailable, "the server cannot check credentials now: try again later")
	case c.Token == "" && c.Certificate == nil:
		return status.Error(codes.Unauthenticated,
			`credentials are missing: send a token in the header "authorization: Bearer TOKEN"`)
	case errors.Is(err, ErrExpired):
		return status.Error(codes.Unauthenticated,
			"the credentials have expired: ask the operator of the server for new ones")
	}
	return status.Error(codes.Unauthenticated, "the server does not know these credentials")
}
