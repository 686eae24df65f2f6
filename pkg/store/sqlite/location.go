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

// A location is the path of a database and how to open it.
type location struct {
	given  string // as the caller passed it, for messages
	file   string // absolute; empty: in memory
	query  string // parameters of a URI, except mode
	mode   string // ro, rw or rwc
	fixed  bool   // immutable: no process changes the file
	shared bool   // in memory: connections to one name share a database
}

// locate parses a path or a SQLite URI.
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

// uriPath returns the path of a URI without its scheme.
func uriPath(rest string) (string, error) {
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		host, path, _ := strings.Cut(authority, "/")
		if host != "" && host != "localhost" {
			return "", fmt.Errorf(
				"invalid host %q: an absolute path is file:/PATH or file:///PATH, a relative one file:PATH",
				host,
			)
		}
		rest = "/" + path
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		return "", errors.New("invalid URI: % must be followed by two hexadecimal digits: write % itself as %25")
	}
	return path, nil
}

// takeQuery sets the fields that parameters of the query determine.
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

// readOnly reports whether the file is opened for reading only.
func (l *location) readOnly() bool { return l.mode == "ro" || l.fixed }

// uri returns the URI for the driver. It does not create a file that was removed.
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

// creating is held while a file is created, because closing a file releases the
// locks of this process on it.
var creating sync.Mutex

// create creates a missing file that is readable only for its owner, unless the mode
// forbids it. SQLite creates the log with the same permissions. The function undo
// removes the file if it is still empty. If create fails, SQLite reports the error
// later.
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

// hint returns the reason why a file cannot be opened, if the file system reveals
// it, because SQLite's errors do not say.
func (l *location) hint(err error) string {
	if l.file == "" {
		return ""
	}
	folder := filepath.Dir(l.file)
	at, failed := os.Stat(l.file)
	if failed == nil && at.IsDir() {
		return ": it is a directory: name a file in it"
	}
	if status.Code(err) != codes.Unavailable {
		return ""
	}
	switch err = failed; {
	case errors.Is(err, fs.ErrNotExist) && l.mode == "rwc":
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return fmt.Sprintf(": directory %s does not exist: create it first", folder)
		}
		return fmt.Sprintf(": the file does not exist and cannot be created in %s", folder)
	case err != nil:
		return ": " + err.Error()
	case !l.fixed && !writable(folder) && l.hasLog():
		return fmt.Sprintf(": no file can be created in %s, and %s-wal has changes that are not in the file yet: "+
			"copy both to a folder that can be written", folder, filepath.Base(l.file))
	case !l.fixed && !writable(folder):
		return fmt.Sprintf(": no file can be created in %s, and write-ahead logging requires two files even to read a "+
			"database: "+
			"if no process writes to it, open file:%s?immutable=1", folder, (&url.URL{Path: l.file}).EscapedPath())
	}
	return ""
}

// freeze makes the location immutable if the file cannot be opened because the
// folder of the database cannot be written, and no log is beside it. It reports
// whether it did.
func (l *location) freeze(err error) bool {
	if l.file == "" || l.fixed || status.Code(err) != codes.Unavailable {
		return false
	}
	if _, err := os.Stat(l.file); err != nil || writable(filepath.Dir(l.file)) || l.hasLog() {
		return false
	}
	l.fixed = true
	l.query = strings.TrimPrefix(l.query+"&immutable=1", "&")
	return true
}

// hasLog reports whether a write-ahead log with changes is beside the database.
func (l *location) hasLog() bool {
	log, err := os.Stat(realPath(l.file) + "-wal")
	return err == nil && log.Size() > 0
}

// writable reports whether files can be created in a directory.
func writable(folder string) bool {
	f, err := os.CreateTemp(folder, ".mlmd-*")
	if err != nil {
		return false
	}
	f.Close()
	return os.Remove(f.Name()) == nil
}

// hasTempDir reports whether SQLite finds a directory for temporary files. It
// searches the same directories.
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
