package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Files are the database files that this process has open. Other programs may
// remove, rename or replace them; the open connections would then work on files
// without a name.
type Files interface {
	// Check returns a [*MovedError] unless the open files are still the ones
	// found under their names. write is set before and after a transaction that
	// writes.
	Check(write bool) error
	// State returns the state of the open files. It returns ok == false if that
	// can be learned from the database only. It is called while a connection has
	// the files open.
	State() (state FileState, ok bool)
	// Settle copies what was committed into the open database file, wherever
	// that is now. conn is a connection that has it open.
	Settle(ctx context.Context, conn *sql.Conn) error
	// Renew is called when no connection is open. It makes the next ones open
	// the file that exists now, or fails if none exists.
	Renew() error
	// Forget makes Check fail until Renew is called, because the file cannot be
	// used.
	Forget()
	// Close is called when all connections are closed for good.
	Close()
}

// A FileState identifies a state of the files: every commit, by any process, changes it.
type FileState [6]uint64

// MovedError reports that a file of the database is not the one that is open.
type MovedError struct {
	Path string
	Err  error // why it cannot be found; nil if another file has its name
}

func (m *MovedError) Error() string {
	if m.Err != nil {
		return fmt.Sprintf("%s was removed or renamed while it was open: %v", m.Path, m.Err)
	}
	return m.Path + " was replaced by another file while it was open"
}

// Unwrap returns Err.
func (m *MovedError) Unwrap() error { return m.Err }

// checkFiles checks after a commit that the files still have their names.
func (db *DB) checkFiles() error {
	if db.files == nil {
		return nil
	}
	if err := db.files.Check(true); err != nil {
		return &CommitError{err}
	}
	return nil
}

// reopen closes all connections and opens the file that exists now, if it is a
// usable database. It waits for running transactions.
func (db *DB) reopen(ctx context.Context) error {
	select {
	case db.reopening <- struct{}{}:
		defer func() { <-db.reopening }()
	case <-ctx.Done():
		return ctx.Err()
	}
	moved := db.files.Check(true)
	if moved == nil {
		return nil // reopened by another transaction
	}
	release, err := db.acquireAll(ctx)
	if err != nil {
		return err
	}
	defer release()
	db.log.WarnContext(ctx, "the database files were moved or replaced and are opened again", "error", moved)
	if err := db.replaceConnections(ctx); err != nil {
		return err
	}
	if db.reopened == nil {
		return nil
	}
	if err := db.reopened(ctx); err != nil {
		db.log.ErrorContext(ctx, "the file that replaced the database cannot be used", "error", err)
		db.files.Forget()
		db.closeAll()
		return err
	}
	return nil
}

// replaceConnections closes all connections and makes new ones open the file
// that exists now.
func (db *DB) replaceConnections(ctx context.Context) error {
	conn, err := db.openConn(ctx)
	if err == nil {
		err = db.files.Settle(ctx, conn)
		conn.Close()
		if err != nil {
			db.log.ErrorContext(ctx, "the write-ahead log of the database was removed, and its content cannot be saved yet",
				"error", err)
			return &Error{Unavailable, "the write-ahead log of the database was removed; see the server's log for details"}
		}
	}
	db.closeAll()
	return db.files.Renew()
}

// closeAll closes all connections. None may be acquired.
func (db *DB) closeAll() {
	for _, p := range db.pools() {
		for _, s := range p.drainIdle() {
			s.close(true)
		}
		p.db.SetMaxIdleConns(0)
		p.db.SetMaxIdleConns(2) // database/sql's default
	}
}

// openConn returns an open connection, preferably one for writing. None may be
// acquired.
func (db *DB) openConn(ctx context.Context) (conn *sql.Conn, err error) {
	for _, p := range []*pool{db.writers, db.readers} {
		for _, s := range p.drainIdle() {
			s.close(false)
		}
		if conn, err = p.db.Conn(ctx); err == nil { // fails for a new connection
			return conn, nil
		}
	}
	return nil, err
}

// acquireAll waits until no connection is acquired, and blocks acquire until
// release is called.
func (db *DB) acquireAll(ctx context.Context) (release func(), err error) {
	var taken []chan struct{}
	release = func() {
		for _, free := range taken {
			free <- struct{}{}
		}
	}
	timeout := time.NewTimer(db.retryTimeout)
	defer timeout.Stop()
	for _, p := range db.pools() {
		for range cap(p.sem) {
			select {
			case <-p.sem:
				taken = append(taken, p.sem)
				continue
			case <-p.done:
				err = errClosed
			case <-ctx.Done():
				err = ctx.Err()
			case <-timeout.C:
				err = &Error{Unavailable, "the database file was removed, renamed or replaced;" +
					" it is opened again once the requests that still read the old one have ended"}
			}
			release()
			return nil, err
		}
	}
	return release, nil
}

// prepareClose saves the files before the database is closed. The caller calls
// finish when all connections are closed. None may be acquired.
func (db *DB) prepareClose() (finish func() error) {
	noop := func() error { return nil }
	if db.files == nil {
		return noop
	}
	moved := db.files.Check(true)
	if moved == nil {
		return noop
	}
	ctx, cancel := context.WithTimeout(context.Background(), db.retryTimeout)
	defer cancel()
	db.log.ErrorContext(ctx, "the database files were moved or replaced", "error", moved)
	conn, err := db.openConn(ctx)
	if err == nil {
		err = db.files.Settle(ctx, conn)
		conn.Close()
		if err != nil {
			db.log.ErrorContext(ctx, "the last commits may not be in the file", "error", err)
		}
	}
	return func() error {
		if err := db.files.Renew(); err != nil {
			return fmt.Errorf("the database was closed, but its file does not exist: %w", err)
		}
		return nil
	}
}
