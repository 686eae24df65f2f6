package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A location is where a database is, and how it is opened.
type location struct {
	given  string // as the caller has it, for people
	file   string // absolute; empty: in memory
	query  string // the parameters of a URI but for mode
	mode   string // ro, rw or rwc
	fixed  bool   // immutable: nobody changes the file
	shared bool   // in memory: connections of one name have one database
}

// locate reads a path or a URI in SQLite's sense.
func locate(given string) (*location, error) {
	l := &location{given: given, mode: "rwc"}
	path := given
	if rest, isURI := strings.CutPrefix(given, "file:"); isURI {
		rest, _, _ = strings.Cut(rest, "#")
		rest, l.query, _ = strings.Cut(rest, "?")
		var err error
		if path, err = uriPath(rest); err != nil {
			return nil, fmt.Errorf("sqlite: open %s: %w", given, err)
		}
		l.takeQuery()
	}
	if path == "" || path == ":memory:" || l.mode == "memory" {
		return l, nil
	}
	var err error
	if l.file, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", given, err)
	}
	return l, nil
}

// uriPath is the path of a URI without its scheme.
func uriPath(rest string) (string, error) {
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		host, path, _ := strings.Cut(authority, "/")
		if host != "" && host != "localhost" {
			return "", fmt.Errorf("%q is taken as the name of a host; an absolute path is file:/PATH or file:///PATH, a relative one file:PATH", host)
		}
		rest = "/" + path
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		return "", fmt.Errorf("the URI has a %% that is not followed by two hexadecimal digits; a %% itself is written %%25")
	}
	return path, nil
}

// takeQuery takes the parameters out of the query that say how the file is opened.
func (l *location) takeQuery() {
	var rest []string
	for _, parameter := range strings.Split(l.query, "&") {
		switch name, value, _ := strings.Cut(parameter, "="); name {
		case "":
			continue
		case "mode":
			l.mode = value
			continue
		case "immutable":
			l.fixed = value != "0" && value != "false" && value != "no" && value != "off"
		case "cache":
			l.shared = value == "shared"
		}
		rest = append(rest, parameter)
	}
	l.query = strings.Join(rest, "&")
}

// reading reports whether the file is opened for reading only.
func (l *location) readOnly() bool { return l.mode == "ro" || l.fixed }

// uri is what the driver opens. A file that is gone is not created again.
func (l *location) uri() string {
	if l.file == "" {
		return l.given
	}
	mode := l.mode
	if mode == "rwc" {
		mode = "rw"
	}
	query := "mode=" + mode
	if l.query != "" {
		query += "&" + l.query
	}
	return "file:" + (&url.URL{Path: l.file}).EscapedPath() + "?" + query
}

// creating is held while a file is made: closing a file ends the locks that
// this process has on it.
var creating sync.Mutex

// create makes the file, if that is wanted and it is not there, readable for its
// owner only. SQLite gives the files beside it the same mode. undo removes it if
// it is still empty. Where it cannot be made, SQLite's error comes later.
func (l *location) create() (undo func()) {
	nothing := func() {}
	if l.file == "" || l.mode != "rwc" || l.fixed {
		return nothing
	}
	creating.Lock()
	defer creating.Unlock()
	f, err := os.OpenFile(l.file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nothing
	}
	f.Close()
	return func() {
		if at, err := os.Stat(l.file); err == nil && at.Size() == 0 {
			os.Remove(l.file)
		}
	}
}

// hint says what is wrong with a file that cannot be opened, where the file
// itself tells; SQLite does not.
func (l *location) hint(err error) string {
	if l.file == "" || status.Code(err) != codes.Unavailable {
		return ""
	}
	folder := filepath.Dir(l.file)
	at, err := os.Stat(l.file)
	switch {
	case err == nil && at.IsDir():
		return ": it is a folder; name a file in it"
	case errors.Is(err, fs.ErrNotExist) && l.mode == "rwc":
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return fmt.Sprintf(": the folder %s does not exist; make it first", folder)
		}
		return fmt.Sprintf(": the file does not exist, and cannot be made in %s", folder)
	case err != nil:
		return ": " + err.Error()
	case !l.fixed && !writable(folder):
		return fmt.Sprintf(": no file can be made in %s, and a database in write-ahead mode needs two files beside it even to be read."+
			" If nothing writes to the database, open it as file:%s?immutable=1", folder, (&url.URL{Path: l.file}).EscapedPath())
	}
	return ""
}

// writable reports whether files can be made in a folder.
func writable(folder string) bool {
	f, err := os.CreateTemp(folder, ".mlmd-*")
	if err != nil {
		return false
	}
	f.Close()
	return os.Remove(f.Name()) == nil
}

// hasTempDir reports whether SQLite finds a folder for its temporary files;
// the list is SQLite's own.
func hasTempDir() bool {
	if runtime.GOOS == "windows" {
		return true
	}
	for _, folder := range []string{os.Getenv("SQLITE_TMPDIR"), os.Getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp", "."} {
		if folder != "" && writable(folder) {
			return true
		}
	}
	return false
}
