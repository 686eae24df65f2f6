package main

import (
	"net/url"
	"regexp"
	"strings"
)

// A database is a database and how to open it.
type database struct {
	kind string // sqlite, postgres or mysql
	dsn  string // a file, a "file:" URI, or a URL; empty: SQLite in memory

	readOnly          bool
	skipCreation      bool // PostgreSQL, MySQL: do not create the database
	referenceEncoding bool // MySQL: store text as the reference implementation does
}

var memory = database{kind: "sqlite"}

// String returns the database without passwords.
func (d database) String() string {
	switch {
	case d == memory:
		return "memory"
	case d.kind == "sqlite":
		return "sqlite:" + d.dsn
	}
	if u := d.shownURL(); u != nil {
		return u.Redacted()
	}
	return d.kind
}

// shownURL returns the URL of the database without its fragment and its secret
// parameters, but with its user and password. It returns nil if dsn is not a URL.
func (d database) shownURL() *url.URL {
	u, err := url.Parse(d.dsn)
	if err != nil || u.Scheme == "" {
		return nil
	}
	shown := url.Values{}
	for name, values := range u.Query() {
		if harmless[name] {
			shown[name] = values
		}
	}
	u.RawQuery, u.Fragment = shown.Encode(), ""
	return u
}

// harmless are the URL parameters that may be shown. Others may be secrets.
var harmless = map[string]bool{"host": true, "port": true, "socket": true, "sslmode": true, "ssl_verify": true}

// databaseForms lists the valid forms of --db.
const databaseForms = "must be FILE, sqlite:FILE, :memory:, postgres://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE"

var (
	// scheme matches the beginning of a URL. One letter is a Windows drive.
	scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):(//)?`)
	// keywords matches the beginning of a DSN that is not a URL.
	keywords = regexp.MustCompile(`(?i)^(host|hostaddr|port|user|username|uid|password|pwd|passfile|dbname|database|` +
		`service|server|data source|application_name|connect_timeout|ssl[a-z]+)\s*=`)
	// readOnlyURI matches a SQLite URI of a file that cannot be written.
	readOnlyURI = regexp.MustCompile(`[?&](mode=ro|immutable=1)(&|$)`)
	// noScheme matches a URL without its scheme.
	noScheme = regexp.MustCompile(`^//[^@]*:[^@]*@|^[^/\\]*:[^/\\]*@|^[^/\\]*@(tcp|unix)?\(`)
)

// fromText parses text, which comes from the flag or file named from. Errors are
// logged and do not quote text, which may contain a password.
func fromText(from, text string) (database, error) {
	text = strings.TrimSpace(text)
	m := scheme.FindStringSubmatch(text)
	switch {
	case text == "":
		return database{}, usagef("%s is empty: %s", from, databaseForms)
	case text == ":memory:":
		return memory, nil
	case strings.Trim(text, `"'`) != text:
		return database{}, usagef("%s is enclosed in quotes: remove them", from)
	case keywords.MatchString(text):
		return fromKeywords(from, text)
	case noScheme.MatchString(text):
		return database{}, usagef("%s looks like a URL without postgres:// or mysql://: %s", from, databaseForms)
	case m == nil:
		return fromPath(from, text)
	}
	rest := text[len(m[0]):]
	name, _, _ := strings.Cut(strings.ToLower(m[1]), "+") // SQLAlchemy adds the driver
	switch {
	case name == "file":
		return database{kind: "sqlite", dsn: text, readOnly: readOnlyURI.MatchString(text)}, nil
	case name == "sqlite":
		return fromSQLiteURL(from, m[2], rest)
	case m[2] == "": // not a URL
	case name == "postgres" || name == "postgresql":
		return fromURL(from, "postgres", rest)
	case name == "mysql" || name == "mariadb":
		return fromURL(from, "mysql", rest)
	}
	return database{}, usagef("%s: unknown kind of database %q: %s", from, m[0], databaseForms)
}

func fromPath(from, path string) (database, error) {
	if strings.HasPrefix(path, "~") {
		return database{}, usagef(
			"%s begins with ~, which the shell did not expand: write $HOME, or ./~ for a file of that name", from,
		)
	}
	return database{kind: "sqlite", dsn: path}, nil
}

// fromKeywords accepts a PostgreSQL DSN of the form KEY=VALUE.
func fromKeywords(from, text string) (database, error) {
	if strings.Contains(text, ";") {
		return database{}, usagef("%s has the unknown form KEY=VALUE with semicolons: %s", from, databaseForms)
	}
	return database{kind: "postgres", dsn: text}, nil
}

// fromSQLiteURL parses what follows "sqlite:" as SQLAlchemy does: three slashes
// precede a relative path, four an absolute path.
func fromSQLiteURL(from, slashes, rest string) (database, error) {
	if slashes != "" && rest != "" {
		path, ok := strings.CutPrefix(rest, "/")
		if !ok {
			return database{}, usagef("%s: sqlite:// lacks a third slash: "+
				"sqlite:///FILE is relative to the working directory, sqlite:////FILE is absolute", from)
		}
		rest = path
	}
	switch {
	case rest == "" || rest == ":memory:":
		return memory, nil
	case strings.ContainsAny(rest, "?#"):
		return database{}, usagef("%s: sqlite:FILE takes no parameters: write a SQLite URI such as file:FILE?mode=ro", from)
	}
	return fromPath(from, rest)
}

// fromURL parses a URL. An unescaped password may end up in any of its parts, so
// that errors quote none of them.
func fromURL(from, kind, rest string) (database, error) {
	const escapes = "in a password, write / # ? @ % as %2F %23 %3F %40 %25"
	u, err := url.Parse(kind + "://" + rest)
	switch {
	case err != nil:
		return database{}, usagef("%s: invalid %s URL: must be %s://USER:PASSWORD@HOST:PORT/DATABASE; %s",
			from, kind, kind, escapes)
	case strings.Contains(rest, "#"):
		return database{}, usagef(
			"%s: the %s URL contains a #, after which everything would be ignored: %s", from, kind, escapes,
		)
	case strings.Contains(u.EscapedPath()+u.RawQuery, "@"):
		return database{}, usagef("%s: the %s URL contains an @ after its first / or ?: %s", from, kind, escapes)
	case strings.Trim(u.Path, "/") == "":
		return database{}, usagef("%s: the %s URL names no database: must be %s://USER:PASSWORD@HOST:PORT/DATABASE",
			from, kind, kind)
	}
	return database{kind: kind, dsn: u.String()}, nil
}
