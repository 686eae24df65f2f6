// Package sqlite opens MLMD databases in SQLite files and in memory. The driver
// is pure Go.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/storeconfig"
	"github.com/mlmd-go/sdk/pkg/store"
)

// Open opens the database in the file path. It creates a missing file, readable
// only for its owner, in an existing directory. A path that begins with "file:" is
// a SQLite URI: "file:registry.db?mode=ro" opens a file for reading only. Other
// processes may use the file at the same time, including a server of the reference
// implementation.
//
// The first write switches the file to write-ahead logging, where readers and the
// writer do not block each other, and which adds files with the suffixes -wal and
// -shm. When a call returns, its changes are on the disk. Reads do not change the
// file. In a read-only directory, open a file with write-ahead logging as
// "file:PATH?immutable=1", provided that no process writes to it.
//
// After the file is removed or renamed, calls fail with UNAVAILABLE until a file
// exists at its path again, which the next call opens. The same holds if another
// database is moved to the path. Copying over the file is not detected and damages
// the database: close the store first.
func Open(ctx context.Context, path string, opts ...store.Option) (*store.Store, error) {
	switch path {
	case "":
		return nil, errors.New("sqlite: the path is empty: use OpenMemory for a store in memory")
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
	options, err := storeconfig.New(opts)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	if options.ReadOnly {
		at.mode = "ro"
	}
	s, err := at.open(ctx, options)
	if err != nil && options.ReadOnly && at.freeze(err) {
		options.Log.InfoContext(ctx, "no file can be created beside the database: reading it as immutable, "+
			"so that no process must write to it", "file", at.file)
		s, err = at.open(ctx, options)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w%s", path, err, at.hint(err))
	}
	return (*store.Store)(s), nil
}

// open opens a store.
func (l *location) open(ctx context.Context, options storeconfig.Config) (*storeconfig.Store, error) {
	c := engineConfig()
	options.Apply(&c)
	c.DB.Prepare = limitText(options.MaxTextSize)
	undo := l.create()
	s, err := storeconfig.Open(ctx, l.configure(c), options.Interceptors...)
	if err != nil {
		undo()
	}
	return s, err
}

// configure opens the handles of a database.
func (l *location) configure(c engine.Config) engine.Config {
	c.DB.Writers = 1
	if c.DB.Readers == 0 {
		c.DB.Readers = max(4, runtime.GOMAXPROCS(0))
	}
	var sidecars *files
	if l.file != "" {
		sidecars = newFiles(l.file)
		c.DB.Files = sidecars
	}
	shared := []string{"busy_timeout = " + strconv.FormatInt(c.DB.RetryTimeout.Milliseconds(), 10)}
	if !hasTempDir() {
		shared = append(shared, "temp_store = MEMORY")
	}
	read := connector{
		files:   sidecars,
		pragmas: slices.Concat(shared, []string{"query_only = 1"}),
		log:     c.DB.Log,
	}
	c.DB.Read = l.handle(read)
	write := connector{
		files:   sidecars,
		pragmas: slices.Concat(shared, []string{"synchronous = FULL", journalLimit}),
		wal:     !l.readOnly(),
		log:     c.DB.Log,
	}
	c.DB.Write = l.handle(write)
	return c
}

// journalLimit truncates the write-ahead log after a checkpoint to the size of the
// 1,000 pages at which SQLite checkpoints automatically.
const journalLimit = "journal_size_limit = 4194304"

// OpenMemory opens an empty store in memory, whose content is lost when it is
// closed. It has a single connection, so that its calls run one after the other.
func OpenMemory(ctx context.Context, opts ...store.Option) (*store.Store, error) {
	options, err := storeconfig.New(opts)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open a store in memory: %w", err)
	}
	if options.ReadOnly {
		return nil, errors.New("sqlite: a store in memory cannot be opened for reading only: it would be empty")
	}
	c := engineConfig()
	options.Apply(&c)
	c.DB.Prepare = limitText(options.MaxTextSize)
	c.DB.Dialect.SingleConn = true
	c.DB.Writers = 1
	at := &location{given: ":memory:"}
	c.DB.Write = at.handle(connector{pragmas: []string{"temp_store = MEMORY"}})
	c.DB.Write.SetMaxOpenConns(1)
	s, err := storeconfig.Open(ctx, c, options.Interceptors...)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open a store in memory: %w", err)
	}
	return (*store.Store)(s), nil
}
