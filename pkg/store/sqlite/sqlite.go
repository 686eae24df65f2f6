// Package sqlite opens MLMD databases in SQLite files and in memory. The driver
// is pure Go.
package sqlite

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/pkg/store"
)

// Open opens the database in the file at path, which is created if it is not
// there, readable for its owner only; its folder must exist. A path that begins
// with "file:" is taken as a URI in SQLite's sense: "file:registry.db?mode=ro"
// opens for reading only. Other processes may use the file at the same time, the
// original's server among them.
//
// The first write puts the file into write-ahead mode, where readers and the
// writer do not wait for each other; beside it there are then files ending in
// -wal and -shm. What a call has written when it returns is on the disk. A store
// that is only read from does not change the file. In a folder where no files can
// be made, a file in write-ahead mode can be read with "file:PATH?immutable=1",
// if nothing writes to it.
//
// If the file is removed or renamed while the store is open, calls fail with
// UNAVAILABLE until there is a file in its place, which the next call opens. The
// same happens when another database is moved over it. Copying over it is not
// noticed, and damages it: close the store first.
func Open(ctx context.Context, path string, opts ...store.Option) (*store.Store, error) {
	switch path {
	case "":
		return nil, fmt.Errorf("sqlite: the path is empty; OpenMemory opens a store that is not kept")
	case ":memory:":
		return OpenMemory(ctx, opts...)
	}
	at, err := locate(path)
	if err != nil {
		return nil, err
	}
	if at.file == "" && !at.shared {
		return OpenMemory(ctx, opts...)
	}
	c, err := store.Configure(engineConfig(), opts...)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	undo := at.create()
	if c, err = at.configure(c); err != nil {
		undo()
		return nil, err
	}
	s, err := store.Open(ctx, c)
	if err != nil {
		undo()
		return nil, fmt.Errorf("sqlite: open %s: %w%s", path, err, at.hint(err))
	}
	return s, nil
}

// configure makes the handles of a database.
func (l *location) configure(c engine.Config) (engine.Config, error) {
	c.DB.Writers = 1
	if c.DB.Readers == 0 {
		c.DB.Readers = max(4, runtime.GOMAXPROCS(0))
	}
	var beside *files
	if l.file != "" {
		beside = newFiles(l.file)
		c.DB.Files = beside
	}
	shared := []string{"busy_timeout = " + strconv.FormatInt(c.DB.RetryTimeout.Milliseconds(), 10)}
	if !temporaryFiles() {
		shared = append(shared, "temp_store = MEMORY")
	}
	var err error
	if c.DB.Read, err = l.open(connector{files: beside, pragmas: slices.Concat(shared, []string{"query_only = 1"}), log: c.DB.Log}); err != nil {
		return c, err
	}
	writing := connector{files: beside, pragmas: slices.Concat(shared, []string{"synchronous = FULL", journalLimit}), wal: !l.reading(), log: c.DB.Log}
	if c.DB.Write, err = l.open(writing); err != nil {
		c.DB.Read.Close()
	}
	return c, err
}

// journalLimit is the size to which the log is cut when it is begun again: that
// of the 1,000 pages at which SQLite brings it into the database.
const journalLimit = "journal_size_limit = 4194304"

// OpenMemory opens a new, empty store that is gone when it is closed. It has
// one connection, so that its calls run one after the other.
func OpenMemory(ctx context.Context, opts ...store.Option) (*store.Store, error) {
	c, err := store.Configure(engineConfig(), opts...)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open a store in memory: %w", err)
	}
	c.DB.Dialect.SingleConn = true
	c.DB.Writers = 1
	at := &location{given: ":memory:"}
	if c.DB.Write, err = at.open(connector{pragmas: []string{"temp_store = MEMORY"}}); err != nil {
		return nil, err
	}
	c.DB.Write.SetMaxOpenConns(1)
	s, err := store.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open a store in memory: %w", err)
	}
	return s, nil
}
