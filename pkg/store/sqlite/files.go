package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// files tracks the files of one database, which other processes can remove, rename
// and replace. SQLite's connections keep using the files that they have open, so
// that commits would go to unlinked files. Moreover, SQLite would apply the log of
// the old database to a new database at the same path.
type files struct {
	path string // absolute

	mu    sync.Mutex // held while known is changed
	known atomic.Pointer[known]
	// settled reports whether the database file contains everything in the log.
	settled bool
	retired []*walIndex // mapped from files that SQLite has removed since
}

// known describes the files that the connections have open.
type known struct {
	db       fileID
	real     string    // path without symbolic links, which names the log
	wal, shm fileID    // zero: not present
	index    *walIndex // nil: shm cannot be read
	lost     bool      // no file is open
}

func newFiles(path string) *files {
	f := &files{path: path}
	if db, err := identify(path); err == nil {
		f.known.Store(&known{db: db, real: realPath(path)})
	}
	return f
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// Check returns a [*sqldb.MovedError] if the files have moved. It looks up one file
// for a transaction that reads, and three for one that writes.
func (f *files) Check(write bool) error {
	k := f.known.Load()
	if k == nil {
		return nil // not opened yet
	}
	if err := same(f.path, k.db); k.lost || err != nil {
		if err == nil {
			err = &sqldb.MovedError{Path: f.path}
		}
		return err
	}
	if !write || k.wal == (fileID{}) {
		return nil
	}
	if err := same(k.real+"-wal", k.wal); err != nil {
		return err
	}
	return same(k.real+"-shm", k.shm)
}

// same returns a [*sqldb.MovedError] unless path leads to the file.
func same(path string, file fileID) error {
	now, err := identify(path)
	switch {
	case err != nil:
		return &sqldb.MovedError{Path: path, Err: err}
	case !now.is(file):
		return &sqldb.MovedError{Path: path}
	}
	return nil
}

// opened records the files of a new connection, which has read from the database.
func (f *files) opened() {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := known{}
	if now := f.known.Load(); now != nil {
		k = *now
	}
	if k.db == (fileID{}) {
		db, err := identify(f.path)
		if err != nil {
			return
		}
		k.db, k.real = db, realPath(f.path)
	}
	// Keep known files: Check must report another file of the same name.
	if k.wal == (fileID{}) {
		wal, noWAL := identify(k.real + "-wal")
		shm, noSHM := identify(k.real + "-shm")
		if noWAL == nil && noSHM == nil {
			k.wal, k.shm = wal, shm
		}
	}
	if k.shm != (fileID{}) {
		switch moved := same(k.real+"-shm", k.shm) != nil; {
		case moved && k.index != nil: // it may be in use
			f.retired = append(f.retired, k.index)
			k.index = nil
		case !moved && k.index == nil:
			k.index = openWALIndex(k.real+"-shm", k.shm)
		}
	}
	f.known.Store(&k)
}

// Settle checkpoints the log, so that a database file that was renamed contains
// everything.
func (f *files) Settle(ctx context.Context, conn *sql.Conn) error {
	var busy, frames, done int
	err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done)
	f.settled = err == nil && busy == 0
	if f.settled || same(f.path, f.known.Load().db) != nil {
		return nil
	}
	// The database is in its place, but its log is not. The open connections keep
	// the data.
	if err == nil {
		err = errors.New("another process uses the database")
	}
	return fmt.Errorf("checkpoint the write-ahead log: %w", err)
}

// Renew makes the file that exists at the path the database.
func (f *files) Renew() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.dropIndex()
	now, err := identify(f.path)
	if err != nil || !now.is(old.db) {
		if err := old.putAside(f.settled, err == nil); err != nil {
			return err
		}
	}
	if f.settled {
		old = &known{db: old.db, real: old.real}
	}
	if err != nil {
		gone := *old
		gone.lost = true
		f.known.Store(&gone)
		return &sqldb.MovedError{Path: f.path, Err: err}
	}
	f.settled = false
	f.known.Store(&known{db: now, real: realPath(f.path)})
	return nil
}

// putAside prevents SQLite from applying the log of the old database to a new one. It
// removes a settled log. Otherwise it renames the log if another database took its
// place, and keeps it if the old database may return.
func (k *known) putAside(settled, replaced bool) error {
	for suffix, file := range map[string]fileID{"-wal": k.wal, "-shm": k.shm} {
		path := k.real + suffix
		if file == (fileID{}) || same(path, file) != nil {
			continue
		}
		var err error
		switch {
		case settled:
			err = os.Remove(path)
		case replaced:
			err = os.Rename(path, fmt.Sprintf("%s.%s", path, time.Now().UTC().Format("20060102T150405.000")))
		}
		if err != nil {
			return fmt.Errorf("put aside the write-ahead log of the old database: %w", err)
		}
	}
	return nil
}

// State returns what the shared memory of the log begins with.
func (f *files) State() (sqldb.FileState, bool) {
	if k := f.known.Load(); k != nil {
		return k.index.state()
	}
	return sqldb.FileState{}, false
}

// Close releases the shared memory of the log.
func (f *files) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropIndex()
}

// dropIndex releases the shared memory of the log, and returns what else is known. No
// connection may be open.
func (f *files) dropIndex() *known {
	for _, w := range f.retired {
		w.close()
	}
	f.retired = nil
	old := f.known.Load()
	if old == nil || old.index == nil {
		return old
	}
	k := *old
	k.index = nil
	f.known.Store(&k)
	old.index.close()
	return &k
}

// Forget makes Check return an error until Renew is called.
func (f *files) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := *f.known.Load()
	k.lost = true
	f.known.Store(&k)
}
