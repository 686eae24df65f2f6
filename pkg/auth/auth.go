// Package auth decides who may call a server: it identifies clients by bearer
// tokens and client certificates, and compares the role of a client with the one
// that an operation requires. Packages server and rest both use it, so that gRPC
// and HTTP admit the same clients.
package auth

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
)

// A Role is what a client may do. Each role includes the ones before it.
type Role uint8

// The roles. Admin is required to change types.
const (
	None Role = iota
	Read
	Write
	Admin
)

// String returns the role as files and messages name it.
func (r Role) String() string {
	return [...]string{"none", "read", "write", "admin"}[r]
}

// ParseRole returns the role with the name read, write or admin.
func ParseRole(name string) (Role, error) {
	for r := Read; r <= Admin; r++ {
		if r.String() == name {
			return r, nil
		}
	}
	return None, fmt.Errorf("invalid role %q: must be read, write or admin", name)
}

// An Identity is a client that an [Authenticator] knows.
type Identity struct {
	Name string // for logs
	Role Role
}

// Credentials are what a client sends to identify itself.
type Credentials struct {
	Token       string            // of the header "authorization: Bearer …"; empty if absent
	Certificate *x509.Certificate // of the client, verified by TLS; nil if absent
}

// An Authenticator returns the client that has the credentials. Its errors say
// why it does not, for the server's log: clients learn only that their
// credentials are missing, wrong, or expired, see [ErrExpired]. An error that
// wraps [ErrUnavailable] says that the credentials could not be checked. It is
// called for each request, concurrently.
type Authenticator func(ctx context.Context, c Credentials) (Identity, error)

var (
	// ErrExpired is the error of credentials that were valid before.
	ErrExpired = errors.New("expired")
	// ErrUnavailable is the error of an Authenticator that cannot answer now.
	ErrUnavailable = errors.New("credentials cannot be checked now")
)

// Any returns an Authenticator that accepts the clients of any of all. It asks
// them in order.
func Any(all ...Authenticator) Authenticator {
	return func(ctx context.Context, c Credentials) (Identity, error) {
		var errs []error
		for _, a := range all {
			id, err := a(ctx, c)
			if err == nil {
				return id, nil
			}
			errs = append(errs, err)
		}
		return Identity{}, errors.Join(errs...)
	}
}

type identityKey struct{}

// NewContext returns a context with the client of a call.
func NewContext(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

// FromContext returns the client of a call. It returns false if the server does
// not identify its clients.
func FromContext(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(Identity)
	return id, ok
}
