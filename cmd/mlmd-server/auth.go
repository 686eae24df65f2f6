package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/mlmd-go/sdk/pkg/auth"
)

// authFlags are the flags that say who may call the server.
type authFlags struct {
	clientCert string // require or optional
	usersFile  string

	jwtKeys, jwtIssuer, jwtAudience, jwtClaim string
	jwtRoles                                  []string

	reflection string
	audit      string
}

// guarded reports whether the flags make clients identify themselves.
func (f *flags) guarded() bool {
	return f.auth.usersFile != "" || f.auth.jwtKeys != "" || f.tlsClientCA != ""
}

// defaultHost returns the address to listen on without --host. metadata_store_server
// listens on all addresses, and so does a server that is configured like it.
func (f *flags) defaultHost() string {
	if f.guarded() || f.db == "" && f.dbFile == "" {
		return ""
	}
	return "127.0.0.1"
}

// opening returns what to log of a server whose clients are not identified.
func (f *flags) opening() string {
	const how = "--auth_file, --jwt_keys or --tls_client_ca_file make clients identify themselves"
	switch {
	case f.guarded():
		return ""
	case !f.hostChanged && f.defaultHost() != "":
		return "listening on this machine only, because clients are not identified: " + how +
			", and open the server to others; --host=:: opens it to all"
	case strings.HasPrefix(f.host, "unix:"), isLoopback(f.host):
		return ""
	}
	return "every client that reaches this server may read and write: " + how +
		"; --host=127.0.0.1 limits it to this machine"
}

// An authPlan is how clients are identified.
type authPlan struct {
	authenticators []auth.Authenticator
	describe       auth.Role
	jwt            *jwtPlan // nil for none
}

// authPlan returns how to identify clients, or nil if the flags do not ask for it.
func (f *flags) authPlan(read readFile, p *plan) (*authPlan, error) {
	a := &f.auth
	switch {
	case a.clientCert != "require" && a.clientCert != "optional":
		return nil, usagef("invalid --tls_client_auth: must be require or optional")
	case a.clientCert == "optional" && f.tlsClientCA == "":
		return nil, usagef("--tls_client_auth requires --tls_client_ca_file")
	case a.clientCert == "optional" && a.usersFile == "" && a.jwtKeys == "":
		return nil, usagef("--tls_client_auth=optional requires --auth_file or --jwt_keys, " +
			"which identify the clients without a certificate")
	case a.reflection != "open" && a.reflection != "read" && a.reflection != "off":
		return nil, usagef("invalid --reflection: must be open, read or off")
	}
	if !f.guarded() {
		return nil, nil
	}
	out := &authPlan{describe: auth.Read}
	if a.reflection == "open" {
		out.describe = auth.None
	}
	if a.usersFile != "" {
		users := &reloaded[*auth.Users]{what: "users", files: []string{a.usersFile}, load: f.users}
		if err := p.watch(users, read); err != nil {
			return nil, err
		}
		out.authenticators = append(out.authenticators, func(ctx context.Context, c auth.Credentials) (auth.Identity, error) {
			return users.get().Authenticate(ctx, c)
		})
	}
	var err error
	if out.jwt, err = f.jwtPlan(read, p); err != nil {
		return nil, err
	}
	if a.usersFile == "" && a.jwtKeys == "" {
		out.authenticators = append(out.authenticators, anyCertificate)
	}
	if f.tlsCert == "" && !isLoopback(f.host) && !strings.HasPrefix(f.host, "unix:") {
		p.warn("tokens are sent without encryption: give a certificate with --tls_cert_file and --tls_key_file, " +
			"unless a proxy in front of the server encrypts them")
	}
	return out, nil
}

// users reads the file of users.
func (f *flags) users(read readFile) (*auth.Users, error) {
	name := f.auth.usersFile
	text, err := read(name)
	if err != nil {
		return nil, unreadable("--auth_file", name, err)
	}
	u, err := auth.ParseUsers(string(text))
	if err != nil {
		return nil, usagef("--auth_file: %s: %w", name, err)
	}
	return u, nil
}

// anyCertificate gives all rights to the clients that TLS has verified. It is used
// if the flags name the authority of client certificates only.
func anyCertificate(_ context.Context, c auth.Credentials) (auth.Identity, error) {
	if c.Certificate == nil {
		return auth.Identity{}, fmt.Errorf("no certificate")
	}
	return auth.Identity{Name: c.Certificate.Subject.CommonName, Role: auth.Admin}, nil
}

// policy returns the policy of the plan, or nil. Background work ends with ctx.
func (a *authPlan) policy(ctx context.Context, log *slog.Logger) (*auth.Policy, error) {
	if a == nil {
		return nil, nil
	}
	all := a.authenticators
	if a.jwt != nil {
		verify, err := a.jwt.open(ctx, log)
		if err != nil {
			return nil, err
		}
		all = append(all, verify)
	}
	return auth.NewPolicy(auth.Any(all...), a.describe), nil
}
