package auth

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// tokenPrefix marks tokens, so that scanners for secrets find them.
const tokenPrefix = "mlmd_"

// NewToken returns a random token of 256 bits, and its hash for a file of users.
// The hash is a plain SHA-256: a slow hash protects passwords, which can be
// guessed, but not a random token of this length.
func NewToken() (token, hash string) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	sum := sha256.Sum256([]byte(token))
	return token, hashPrefix + hex.EncodeToString(sum[:])
}

const hashPrefix = "sha256:"

// Users are the clients of a file of users.
type Users struct {
	tokens       []tokenUser
	certificates []certificateUser
}

type tokenUser struct {
	Identity
	hash    [sha256.Size]byte
	expires time.Time // zero for never
}

type certificateUser struct {
	Identity
	field, value string
}

// certificateFields return what a certificate has in the field of a name.
var certificateFields = map[string]func(*x509.Certificate) []string{
	"CN":    func(c *x509.Certificate) []string { return []string{c.Subject.CommonName} },
	"DNS":   func(c *x509.Certificate) []string { return c.DNSNames },
	"EMAIL": func(c *x509.Certificate) []string { return c.EmailAddresses },
	"URI": func(c *x509.Certificate) (all []string) {
		for _, u := range c.URIs {
			all = append(all, u.String())
		}
		return all
	},
}

// ParseUsers parses a file of users. Each line has a name, a role and what
// identifies the user, separated by spaces. Empty lines and lines that begin with
// # are ignored.
//
//	# NAME  ROLE   TOKEN OR CERTIFICATE
//	ci      write  sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//	report  read   sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752 2027-01-31T00:00:00Z
//	ops     admin  CN:Alice Example
//	trainer write  URI:spiffe://example.org/trainer
//
// A token is given by the hash that [NewToken] returns, and may have a time at
// which it expires. A certificate is given by its common name (CN) or one of its
// alternative names (DNS, EMAIL, URI). Errors name the line and quote no hash.
func ParseUsers(text string) (*Users, error) {
	u := new(Users)
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := u.add(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return u, lines.Err()
}

func (u *Users) add(line string) error {
	name, rest := cutField(line)
	roleName, who := cutField(rest)
	if who == "" {
		return errors.New(
			"must be NAME ROLE sha256:HASH [EXPIRES], or NAME ROLE CN:VALUE, DNS:VALUE, EMAIL:VALUE or URI:VALUE")
	}
	role, err := ParseRole(roleName)
	if err != nil {
		return err
	}
	id := Identity{name, role}
	if rest, ok := strings.CutPrefix(who, hashPrefix); ok {
		return u.addToken(id, rest)
	}
	field, value, _ := strings.Cut(who, ":")
	if certificateFields[field] == nil || value == "" {
		return fmt.Errorf("user %s: must be identified by sha256:, CN:, DNS:, EMAIL: or URI: and a value; "+
			"mlmd-server token makes a token and its hash", name)
	}
	u.certificates = append(u.certificates, certificateUser{id, field, value})
	return nil
}

func (u *Users) addToken(id Identity, text string) error {
	hash, expires := cutField(text)
	t := tokenUser{Identity: id}
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != len(t.hash) {
		return fmt.Errorf("user %s: the hash must have 64 hexadecimal digits", id.Name)
	}
	t.hash = [sha256.Size]byte(raw)
	if expires != "" {
		if t.expires, err = time.Parse(time.RFC3339, expires); err != nil {
			return fmt.Errorf("user %s: invalid time of expiry: must be like 2027-01-31T00:00:00Z", id.Name)
		}
	}
	u.tokens = append(u.tokens, t)
	return nil
}

// cutField returns the first field of text, and the rest.
func cutField(text string) (field, rest string) {
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i:])
}

// Authenticate is an [Authenticator]. A client that sends a token is identified by
// the token only. All tokens are compared in constant time.
func (u *Users) Authenticate(_ context.Context, c Credentials) (Identity, error) {
	switch {
	case c.Token != "":
		return u.byToken(c.Token)
	case c.Certificate != nil:
		return u.byCertificate(c.Certificate)
	}
	return Identity{}, errors.New("no credentials")
}

func (u *Users) byToken(token string) (Identity, error) {
	sum := sha256.Sum256([]byte(token))
	var found *tokenUser
	for i := range u.tokens {
		if subtle.ConstantTimeCompare(sum[:], u.tokens[i].hash[:]) == 1 {
			found = &u.tokens[i]
		}
	}
	switch {
	case found == nil:
		return Identity{}, errors.New("the token is not in the file of users")
	case !found.expires.IsZero() && !time.Now().Before(found.expires):
		return Identity{}, fmt.Errorf("the token of %s: %w", found.Name, ErrExpired)
	}
	return found.Identity, nil
}

func (u *Users) byCertificate(c *x509.Certificate) (Identity, error) {
	for _, user := range u.certificates {
		if slices.Contains(certificateFields[user.field](c), user.value) {
			return user.Identity, nil
		}
	}
	return Identity{}, errors.New("the certificate is not in the file of users")
}
