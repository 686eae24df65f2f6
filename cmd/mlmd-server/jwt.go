package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"github.com/mlmd-go/sdk/pkg/auth"
)

// The times of keys that are fetched from a URL, and of tokens.
const (
	jwtFetchTimeout = 10 * time.Second
	jwtUnknownKey   = 30 * time.Second // between two fetches for keys that are not known
	jwtLeeway       = 30 * time.Second // between the clocks of issuer and server
)

// A jwtPlan is how tokens in JWT form are verified.
type jwtPlan struct {
	url    string                     // of the keys; empty if they are in a file
	keys   *reloaded[keyfunc.Keyfunc] // from a file; nil if they are at a URL
	claim  []string
	roles  map[string]auth.Role
	parser *jwt.Parser
}

// jwtPlan returns how to verify tokens in JWT form, or nil if they are not.
func (f *flags) jwtPlan(read readFile, p *plan) (*jwtPlan, error) {
	a := &f.auth
	if a.jwtKeys == "" {
		if a.jwtIssuer != "" || a.jwtAudience != "" {
			return nil, usagef("--jwt_issuer and --jwt_audience require --jwt_keys, the file or URL of the keys")
		}
		return nil, nil
	}
	required := []setting{{"issuer", a.jwtIssuer != ""}, {"audience", a.jwtAudience != ""}}
	if err := needs("--jwt_", required); err != nil {
		return nil, err
	}
	j := &jwtPlan{claim: strings.Split(a.jwtClaim, "."), roles: map[string]auth.Role{}}
	for _, pair := range a.jwtRoles {
		i := strings.LastIndexByte(pair, '=') // values may be URLs
		if i < 0 {
			return nil, usagef("invalid --jwt_roles: must be VALUE=ROLE,VALUE=ROLE")
		}
		role, err := auth.ParseRole(pair[i+1:])
		if err != nil {
			return nil, usagef("--jwt_roles: %w", err)
		}
		j.roles[pair[:i]] = role
	}
	j.parser = jwt.NewParser(
		jwt.WithIssuer(a.jwtIssuer), jwt.WithAudience(a.jwtAudience), jwt.WithExpirationRequired(), jwt.WithLeeway(jwtLeeway),
		jwt.WithValidMethods([]string{
			"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
		}),
	)
	if u, err := url.Parse(a.jwtKeys); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		if u.Scheme == "http" && !isLoopback(u.Hostname()) {
			return nil, usagef("--jwt_keys: fetching keys without TLS lets others forge tokens: use https")
		}
		j.url = a.jwtKeys
		return j, nil
	}
	j.keys = &reloaded[keyfunc.Keyfunc]{
		what: "keys of tokens", files: []string{a.jwtKeys},
		load: func(read readFile) (keyfunc.Keyfunc, error) {
			text, err := read(a.jwtKeys)
			if err != nil {
				return nil, unreadable("--jwt_keys", a.jwtKeys, err)
			}
			k, err := keyfunc.NewJWKSetJSON(text)
			if err != nil {
				return nil, usagef("--jwt_keys: %s is not a set of JSON web keys", a.jwtKeys)
			}
			return k, nil
		},
	}
	return j, p.watch(j.keys, read)
}

// open returns what verifies tokens. It fetches keys from the URL until ctx ends.
func (j *jwtPlan) open(ctx context.Context, log *slog.Logger) (auth.Authenticator, error) {
	if j.keys != nil {
		return func(ctx context.Context, c auth.Credentials) (auth.Identity, error) {
			return j.authenticate(ctx, j.keys.get(), c)
		}, nil
	}
	k, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{j.url}, keyfunc.Override{
		HTTPTimeout:       jwtFetchTimeout,
		RateLimitWaitMax:  time.Second,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(jwtUnknownKey), 1),
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(ctx context.Context, err error) {
				log.ErrorContext(ctx, "cannot fetch the keys of tokens; the previous keys remain in use",
					"url", j.url, "error", err)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("--jwt_keys: %w", err)
	}
	return func(ctx context.Context, c auth.Credentials) (auth.Identity, error) {
		return j.authenticate(ctx, k, c)
	}, nil
}

func (j *jwtPlan) authenticate(ctx context.Context, keys keyfunc.Keyfunc, c auth.Credentials) (auth.Identity, error) {
	if strings.Count(c.Token, ".") != 2 {
		return auth.Identity{}, errors.New("not a JWT")
	}
	claims := jwt.MapClaims{}
	_, err := j.parser.ParseWithClaims(c.Token, claims, keys.KeyfuncCtx(ctx))
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return auth.Identity{}, fmt.Errorf("JWT: %w", auth.ErrExpired)
	case err != nil:
		if all, _ := keys.Storage().KeyReadAll(ctx); len(all) == 0 {
			return auth.Identity{}, fmt.Errorf("JWT: %w: no keys were fetched yet", auth.ErrUnavailable)
		}
		return auth.Identity{}, fmt.Errorf("JWT: %w", err)
	}
	subject, _ := claims.GetSubject()
	id := auth.Identity{Name: "jwt:" + subject}
	for _, value := range claimValues(claims, j.claim) {
		id.Role = max(id.Role, j.roles[value])
	}
	return id, nil
}

// claimValues returns the texts of a claim, which is a text or a list of texts.
func claimValues(claims map[string]any, path []string) []string {
	var at any = claims
	for _, name := range path {
		m, _ := at.(map[string]any)
		at = m[name]
	}
	switch v := at.(type) {
	case string:
		return strings.Fields(v) // as in the claim "scope"
	case []any:
		var all []string
		for _, item := range v {
			if text, ok := item.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}
