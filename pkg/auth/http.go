package auth

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
)

// AdmitHTTP is like [Policy.Admit] for an HTTP request.
func (p *Policy) AdmitHTTP(r *http.Request, log *slog.Logger, need Role) (context.Context, error) {
	c := Credentials{Token: BearerToken(r.Header.Values("Authorization"))}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		c.Certificate = r.TLS.VerifiedChains[0][0]
	}
	return p.Admit(r.Context(), log, r.Method+" "+r.URL.Path, need, c)
}

// Challenge is the value of the header WWW-Authenticate of HTTP responses to
// clients that are not identified.
const Challenge = `Bearer realm="mlmd"`

// BearerToken returns the token in the values of an authorization header. It
// returns what is sent instead if that is not one bearer token, which so is a
// wrong one.
func BearerToken(values []string) string {
	if len(values) == 0 {
		return ""
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if len(values) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") {
		return "not a bearer token: " + strings.Join(values, ", ")
	}
	return strings.TrimSpace(token)
}
