package main

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// A database says which one to open, and how.
type database struct {
	kind string // sqlite, postgres or mysql
	dsn  string // a file, a file: URI, or a URL; empty: SQLite in memory

	skipCreation bool // PostgreSQL, MySQL: do not create the database
	shared       bool // MySQL: text is stored as the original stores it
}

var memory = database{kind: "sqlite"}

// String names the database without its passwords.
func (d database) String() string {
	switch {
	case d == memory:
		return "memory"
	case d.kind == "sqlite":
		return "sqlite:" + d.dsn
	}
	u, err := url.Parse(d.dsn)
	if err != nil {
		return d.kind
	}
	q := u.Query()
	for _, secret := range []string{"password", "sslpassword"} {
		q.Del(secret)
	}
	u.RawQuery = q.Encode()
	return u.Redacted()
}

// scheme is how a URL begins; one letter would be a drive of Windows.
var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):(//)?`)

// fromText reads the value of --db.
func fromText(text string) (database, error) {
	m := scheme.FindStringSubmatch(text)
	switch {
	case text == ":memory:":
		return memory, nil
	case m == nil:
		return database{kind: "sqlite", dsn: text}, nil
	}
	rest := text[len(m[0]):]
	switch name := strings.ToLower(m[1]); {
	case name == "file":
		return database{kind: "sqlite", dsn: text}, nil
	case name == "sqlite" && (rest == "" || rest == ":memory:"):
		return memory, nil
	case name == "sqlite":
		return database{kind: "sqlite", dsn: rest}, nil
	case m[2] == "": // no URL
	case name == "postgres" || name == "postgresql":
		return fromURL("postgres", rest)
	case name == "mysql" || name == "mariadb":
		return fromURL("mysql", rest)
	}
	return database{}, usagef("--db: no kind of database begins with %q; give FILE, sqlite:FILE, :memory:, "+
		"postgres://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE", m[0])
}

// fromURL checks a URL. Its text is in no error: it may hold a password.
func fromURL(kind, rest string) (database, error) {
	u, err := url.Parse(kind + "://" + rest)
	if err != nil {
		var why *url.Error
		if errors.As(err, &why) {
			err = why.Err
		}
		return database{}, usagef("--db: the %s URL cannot be read (/ # ? @ %% in a password are written %%2F %%23 %%3F %%40 %%25): %w", kind, err)
	}
	if strings.Trim(u.Path, "/") == "" {
		return database{}, usagef("--db: the %s URL names no database; it is %s://USER:PASSWORD@HOST:PORT/DATABASE", kind, kind)
	}
	return database{kind: kind, dsn: u.String()}, nil
}
