package main

import (
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
	if err != nil || u.Scheme == "" {
		return d.kind
	}
	shown := url.Values{}
	for name, values := range u.Query() {
		if harmless[name] {
			shown[name] = values
		}
	}
	u.RawQuery, u.Fragment = shown.Encode(), ""
	return u.Redacted()
}

// harmless are the parameters of URLs that are shown. The others may be secrets.
var harmless = map[string]bool{"host": true, "port": true, "socket": true, "sslmode": true, "ssl_verify": true}

// The ways to say where a database is.
const databaseForms = "give FILE, sqlite:FILE, :memory:, postgres://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE"

var (
	// scheme is how a URL begins; one letter would be a drive of Windows.
	scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):(//)?`)
	// keywords is how a DSN begins that is not a URL.
	keywords = regexp.MustCompile(`(?i)^(host|hostaddr|port|user|username|uid|password|pwd|passfile|dbname|database|service|server|data source|application_name|connect_timeout|ssl[a-z]+)\s*=`)
	// noScheme is a URL without its scheme.
	noScheme = regexp.MustCompile(`^//[^@]*:[^@]*@|^[^/\\]*:[^/\\]*@|^[^/\\]*@(tcp|unix)?\(`)
)

// fromText reads what from has, which may hold a password: where it is wrong, it
// is in no error, for those are logged.
func fromText(from, text string) (database, error) {
	text = strings.TrimSpace(text)
	m := scheme.FindStringSubmatch(text)
	switch {
	case text == "":
		return database{}, usagef("%s is empty; %s", from, databaseForms)
	case text == ":memory:":
		return memory, nil
	case strings.Trim(text, `"'`) != text:
		return database{}, usagef("%s has quotes around it; leave them out", from)
	case keywords.MatchString(text):
		return fromKeywords(from, text)
	case noScheme.MatchString(text):
		return database{}, usagef("%s looks like a URL without postgres:// or mysql:// in front; %s", from, databaseForms)
	case m == nil:
		return fromPath(from, text)
	}
	rest := text[len(m[0]):]
	name, _, _ := strings.Cut(strings.ToLower(m[1]), "+") // SQLAlchemy names the driver, too
	switch {
	case name == "file":
		return database{kind: "sqlite", dsn: text}, nil
	case name == "sqlite":
		return fromSQLiteURL(from, m[2], rest)
	case m[2] == "": // no URL
	case name == "postgres" || name == "postgresql":
		return fromURL(from, "postgres", rest)
	case name == "mysql" || name == "mariadb":
		return fromURL(from, "mysql", rest)
	}
	return database{}, usagef("%s: no kind of database begins with %q; %s", from, m[0], databaseForms)
}

func fromPath(from, path string) (database, error) {
	if strings.HasPrefix(path, "~") {
		return database{}, usagef("%s begins with ~, which the shell has not replaced; write $HOME, or ./~ for a file of that name", from)
	}
	return database{kind: "sqlite", dsn: path}, nil
}

// fromKeywords takes PostgreSQL's other form, which only its driver reads.
func fromKeywords(from, text string) (database, error) {
	if strings.Contains(text, ";") {
		return database{}, usagef("%s has a form that is not known, KEY=VALUE with semicolons; %s", from, databaseForms)
	}
	return database{kind: "postgres", dsn: text}, nil
}

// fromSQLiteURL reads what follows sqlite: as SQLAlchemy and those who use it do,
// MLflow among them: three slashes are before a relative path, four before an
// absolute one.
func fromSQLiteURL(from, slashes, rest string) (database, error) {
	if slashes != "" && rest != "" {
		path, ok := strings.CutPrefix(rest, "/")
		if !ok {
			return database{}, usagef("%s: sqlite:// is followed by a third slash: sqlite:///FILE is relative to the working directory, sqlite:////FILE is absolute", from)
		}
		rest = path
	}
	switch {
	case rest == "" || rest == ":memory:":
		return memory, nil
	case strings.ContainsAny(rest, "?#"):
		return database{}, usagef("%s: sqlite:FILE takes no parameters; they belong into a URI of SQLite: file:FILE?mode=ro", from)
	}
	return fromPath(from, rest)
}

// fromURL checks a URL. Where a password is not escaped, parts of it stand
// anywhere, so that no part of the URL gets into an error.
func fromURL(from, kind, rest string) (database, error) {
	const escapes = "in a password, / # ? @ % are written %2F %23 %3F %40 %25"
	u, err := url.Parse(kind + "://" + rest)
	switch {
	case err != nil:
		return database{}, usagef("%s: the %s URL cannot be read; it is %s://USER:PASSWORD@HOST:PORT/DATABASE, and %s", from, kind, kind, escapes)
	case strings.Contains(rest, "#"):
		return database{}, usagef("%s: the %s URL has a #, and what follows would be ignored; %s", from, kind, escapes)
	case strings.Contains(u.EscapedPath()+u.RawQuery, "@"):
		return database{}, usagef("%s: the %s URL has an @ behind its first / or ?; %s", from, kind, escapes)
	case strings.Trim(u.Path, "/") == "":
		return database{}, usagef("%s: the %s URL names no database; it is %s://USER:PASSWORD@HOST:PORT/DATABASE", from, kind, kind)
	}
	return database{kind: kind, dsn: u.String()}, nil
}
