package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Files are the files of a database that this process has open. Others can
// remove, rename and replace them meanwhile; the connections would go on with
// files that nothing leads to any more.
type Files interface {
	// Check returns a [*MovedError] unless the open files are those that are
	// found by their names. Before a transaction that writes, and after it, write
	// is true.
	Check(write bool) error
	// Settle brings what was committed into the open database file, wherever
	// that is now. conn is a connection that has it open.
	Settle(ctx context.Context, conn *sql.Conn) error
	// Renew is called when no connection is open, and makes the next ones open
	// the file that is found now. It fails where there is none.
	Renew() error
	// Forget makes Check fail until Renew: the file that is found cannot be used.
	Forget()
}

// A MovedError says that a file of the database is not the one that is open.
type MovedError struct {
	Path string
	Err  error // why it cannot be found; nil: another file has its name
}

func (m *MovedError) Error() string {
	if m.Err != nil {
		return fmt.Sprintf("%s was removed or renamed while it was open: %v", m.Path, m.Err)
	}
	return m.Path + " was replaced by another file while it was open"
}

// Unwrap returns the cause.
func (m *MovedError) Unwrap() error { return m.Err }

// checkFiles says after a commit whether what was committed can be found again.
func (db *DB) checkFiles() error {
	if db.files == nil {
		return nil
	}
	if err := db.files.Check(true); err != nil {
		return &CommitError{err}
	}
	return nil
}

// reopen closes all connections and opens the file that is there now, as long as
// it is a database that can be used. It waits for the requests that run.
func (db *DB) reopen(ctx context.Context) error {
	select {
	case db.reopening <- struct{}{}:
		defer func() { <-db.reopening }()
	case <-ctx.Done():
		return ctx.Err()
	}
	moved := db.files.Check(true)
	if moved == nil {
		return nil // another request has done it
	}
	release, err := db.acquireAll(ctx)
	if err != nil {
		return err
	}
	defer release()
	db.log.WarnContext(ctx, "the files of the database have changed places and are opened again", "error", moved)
	if err := db.replaceConnections(ctx); err != nil {
		return err
	}
	if db.reopened == nil {
		return nil
	}
	if err := db.reopened(ctx); err != nil {
		db.log.ErrorContext(ctx, "the file that has taken the place of the database cannot be used", "error", err)
		db.files.Forget()
		db.closeAll()
		return err
	}
	return nil
}

// replaceConnections closes all connections, and makes new ones open the file
// that is found now.
func (db *DB) replaceConnections(ctx context.Context) error {
	conn, err := db.openConn(ctx)
	if err == nil {
		err = db.files.Settle(ctx, conn)
		conn.Close()
		if err != nil {
			db.log.ErrorContext(ctx, "the log of the database was removed, and what it holds cannot be saved yet", "error", err)
			return &Error{Unavailable, "the log of the database was removed; the server's log has the details"}
		}
	}
	db.closeAll()
	return db.files.Renew()
}

// closeAll closes all connections. Nothing is lent.
func (db *DB) closeAll() {
	for _, p := range db.pools() {
		for _, s := range p.drainIdle() {
			s.close(true)
		}
		p.db.SetMaxIdleConns(0)
		p.db.SetMaxIdleConns(2) // database/sql's default
	}
}

// openConn returns a connection that is open, where possible one that may
// write; where there is none, it returns an error. Nothing is lent.
func (db *DB) openConn(ctx context.Context) (conn *sql.Conn, err error) {
	for _, p := range []*pool{db.writers, db.readers} {
		for _, s := range p.drainIdle() {
			s.close(false)
		}
		if conn, err = p.db.Conn(ctx); err == nil { // a new connection is refused
			return conn, nil
		}
	}
	return nil, err
}

// acquireAll waits until nothing is lent, and lends nothing until release is called.
func (db *DB) acquireAll(ctx context.Context) (release func(), err error) {
	var taken []chan struct{}
	release = func() {
		for _, free := range taken {
			free <- struct{}{}
		}
	}
	patience := time.NewTimer(db.retryTimeout)
	defer patience.Stop()
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
			case <-patience.C:
				err = &Error{Unavailable, "the file of the database was removed, renamed or replaced;" +
					" it is opened again when the requests have ended that still read the old one"}
			}
			release()
			return nil, err
		}
	}
	return release, nil
}

// prepareClose readies the files for the end. finish is called when all connections are
// closed. Nothing is lent.
func (db *DB) prepareClose() (finish func() error) {
	nothing := func() error { return nil }
	if db.files == nil {
		return nothing
	}
	moved := db.files.Check(true)
	if moved == nil {
		return nothing
	}
	ctx, cancel := context.WithTimeout(context.Background(), db.retryTimeout)
	defer cancel()
	db.log.ErrorContext(ctx, "the files of the database have changed places", "error", moved)
	conn, err := db.openConn(ctx)
	if err == nil {
		err = db.files.Settle(ctx, conn)
		conn.Close()
		if err != nil {
			db.log.ErrorContext(ctx, "what was committed last may not be in the file", "error", err)
		}
	}
	return func() error {
		if err := db.files.Renew(); err != nil {
			return fmt.Errorf("the database was closed, but its file is gone: %w", err)
		}
		return nil
	}
}
