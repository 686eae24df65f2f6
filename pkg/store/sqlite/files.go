package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// files are those of one database, which people remove, rename and replace
// without this process being told. SQLite's connections would go on with what
// they have open: commits would end in files without a name. Worse, the log of
// the old database lies beside the new one, and SQLite plays it into whatever
// database has its name.
type files struct {
	path string // absolute

	mu    sync.Mutex // for changes of known
	known atomic.Pointer[known]
	// settled: the log holds nothing that is not in the database file.
	settled bool
}

// known is what the connections have open.
type known struct {
	db       os.FileInfo
	real     string      // the path without symbolic links, which the files beside it are named after
	wal, shm os.FileInfo // nil: there are none
	lost     bool        // nothing is open any more
}

func newFiles(path string) *files {
	f := &files{path: path}
	if db, err := os.Stat(path); err == nil {
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

// Check is one stat for a transaction that reads, and three for one that writes.
func (f *files) Check(write bool) error {
	k := f.known.Load()
	if k == nil {
		return nil // it is being opened for the first time
	}
	if err := same(f.path, k.db); k.lost || err != nil {
		if err == nil {
			err = &sqldb.MovedError{Path: f.path}
		}
		return err
	}
	if !write || k.wal == nil {
		return nil
	}
	if err := same(k.real+"-wal", k.wal); err != nil {
		return err
	}
	return same(k.real+"-shm", k.shm)
}

// same returns a [*sqldb.MovedError] unless path leads to the file.
func same(path string, file os.FileInfo) error {
	now, err := os.Stat(path)
	switch {
	case err != nil:
		return &sqldb.MovedError{Path: path, Err: err}
	case !os.SameFile(now, file):
		return &sqldb.MovedError{Path: path}
	}
	return nil
}

// opened notes the files beside the database, for a new connection that has
// read from it.
func (f *files) opened() {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := known{}
	if now := f.known.Load(); now != nil {
		k = *now
	}
	if k.db == nil {
		db, err := os.Stat(f.path)
		if err != nil {
			return
		}
		k.db, k.real = db, realPath(f.path)
	}
	// Those that are known stay: another file of that name is a loss.
	if k.wal == nil {
		wal, noWAL := os.Stat(k.real + "-wal")
		shm, noSHM := os.Stat(k.real + "-shm")
		if noWAL == nil && noSHM == nil {
			k.wal, k.shm = wal, shm
		}
	}
	f.known.Store(&k)
}

// Settle brings the log into the database file, if that cannot be found any more
// too: it may only have another name.
func (f *files) Settle(ctx context.Context, conn *sql.Conn) error {
	var busy, frames, done int
	err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done)
	f.settled = err == nil && busy == 0
	if f.settled || same(f.path, f.known.Load().db) != nil {
		return nil
	}
	// The database is in its place, but its log is not: as long as the connections
	// are open, nothing is lost.
	if err == nil {
		err = fmt.Errorf("another process is using it")
	}
	return fmt.Errorf("bring the log into the database: %w", err)
}

// Renew takes the file that is there now for the database.
func (f *files) Renew() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.known.Load()
	now, err := os.Stat(f.path)
	if err != nil || !os.SameFile(now, old.db) {
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

// putAside takes the log of the old database away from the name under which
// SQLite would play it into the new one. Where it holds what is in no other file,
// it stays beside a database that may come back, and gets another name when
// another database has come.
func (k *known) putAside(settled, replaced bool) error {
	for suffix, file := range map[string]os.FileInfo{"-wal": k.wal, "-shm": k.shm} {
		path := k.real + suffix
		if file == nil || same(path, file) != nil {
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
			return fmt.Errorf("take the log of the old database away: %w", err)
		}
	}
	return nil
}

// Forget makes Check fail until Renew.
func (f *files) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := *f.known.Load()
	k.lost = true
	f.known.Store(&k)
}
