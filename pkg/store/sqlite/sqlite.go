// Package sqlite opens MLMD databases in SQLite files and in memory. The driver
// is pure Go.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/pkg/store"
)

// Open opens the database in the file at path, which is created if it is not
// there; its folder must exist. A path that begins with "file:" is taken as a
// URI in SQLite's sense: "file:registry.db?mode=ro" opens for reading only. Other
// processes may use the file at the same time, the original's server among
// them.
//
// The file is put into write-ahead mode, where readers and the writer do not
// wait for each other; beside it there are then files ending in -wal and -shm.
// What a call has written when it returns is on the disk.
func Open(ctx context.Context, path string, opts ...store.Option) (*store.Store, error) {
	switch path {
	case "":
		return nil, fmt.Errorf("sqlite: the path is empty; OpenMemory opens a store that is not kept")
	case ":memory:":
		return OpenMemory(ctx, opts...)
	}
	c := store.Configure(dialect(), opts...)
	c.Writers = 1
	if c.Readers == 0 {
		c.Readers = max(4, runtime.GOMAXPROCS(0))
	}
	wait := pragma("busy_timeout", strconv.FormatInt(c.Patience.Milliseconds(), 10))
	var err error
	if c.Write, err = open(path, wait, pragma("synchronous", "FULL")); err != nil {
		return nil, err
	}
	if c.Read, err = open(path, wait, pragma("query_only", "1")); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w%s", path, err, hint(path))
	}
	// A file that was refused stays as it was, so the mode comes last. Where
	// others hold the file, or it cannot be written, the old mode does as well.
	var mode string
	if err := c.Write.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		c.Log.InfoContext(ctx, "the database stays in its journal mode", "path", path, "error", err)
	}
	return s, nil
}

// hint says what is wrong with a path that cannot be opened, where the path
// itself tells; SQLite does not.
func hint(path string) string {
	if strings.HasPrefix(path, "file:") {
		return ""
	}
	folder := filepath.Dir(path)
	if at, err := os.Stat(path); err == nil && at.IsDir() {
		return ": it is a folder; name a file in it"
	}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf(": the folder %s does not exist; make it first", folder)
	}
	return ""
}

// OpenMemory opens a new, empty store that is gone when it is closed. It has
// one connection, so that its calls run one after the other.
func OpenMemory(ctx context.Context, opts ...store.Option) (*store.Store, error) {
	d := dialect()
	d.Alone = true
	c := store.Configure(d, opts...)
	c.Writers = 1
	var err error
	if c.Write, err = sql.Open("sqlite", ":memory:"); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	c.Write.SetMaxOpenConns(1)
	s, err := store.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open a store in memory: %w", err)
	}
	return s, nil
}

// open makes a handle whose connections run the pragmas first.
func open(path string, pragmas ...string) (*sql.DB, error) {
	uri, query, _ := strings.Cut(path, "?")
	if !strings.HasPrefix(path, "file:") {
		uri, query = "file:"+(&url.URL{Path: path}).EscapedPath(), ""
	}
	for _, p := range pragmas {
		query += "&_pragma=" + url.QueryEscape(p)
	}
	db, err := sql.Open("sqlite", uri+"?"+strings.TrimPrefix(query, "&"))
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	return db, nil
}

func pragma(name, value string) string { return name + "(" + value + ")" }
