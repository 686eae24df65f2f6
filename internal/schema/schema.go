package schema

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Version is the version of MLMD's database schema that the engine
// reads and writes. Only a database of exactly this version is opened.
const Version = 10

// A Schema makes, checks and migrates the tables of one database system:
// [SQLite], [Postgres] or [MySQL]. It holds no state and may
// be copied.
type Schema struct {
	ddl     ddl
	catalog string // SELECT of (table, column) for tables in lower case: %s
	scripts string // folder of the migration scripts
	command string // what upgrades a database of this kind, for people
	// exclusive runs body on conn while no other process changes the schema,
	// and undoes what body did when it fails, where the database can.
	exclusive func(ctx context.Context, conn *sql.Conn, body func() error) error
	// prepare reads what the statements depend on, such as a collation that
	// this server has. It may be nil.
	prepare func(ctx context.Context, conn *sql.Conn, d *ddl) error
	// fixedIDs: the system types of a new database get their ids by name. Where
	// it is false they come from a sequence that starts at 1.
	fixedIDs bool
	// batches: the driver takes several statements at once, if they have no
	// parameters.
	batches bool
	// resumes: creation is not atomic, and several may run at once. So it is made
	// of statements that may be repeated, the version comes last, and tables
	// without a version that hold nothing but system types are a creation that
	// runs or was cut short, which opening finishes.
	resumes bool
	// raced recognizes the driver's error for a statement that met that of
	// another creation. nil where there is one at a time.
	raced func(error) bool
	// meeting is a key that transactions write and delete to take turns where
	// there is no lock that holds for all servers; empty elsewhere.
	meeting tableKey
	// repeated recognises the driver's error for a migration statement that an
	// earlier try has carried out. nil where that cannot be.
	repeated func(error) bool
	// outdated returns the statements that give a database of this version what
	// new ones have and no version number tells. nil: there is nothing such.
	outdated func(ctx context.Context, conn *sql.Conn) ([]string, error)
	// notDatabase recognises the driver's error for a file that is no database,
	// and damage that for one that cannot be read.
	notDatabase, damage func(error) bool
	// foreign finds what another application has in a database without any of
	// MLMD's tables, which is then not touched. nil: databases are shared.
	foreign func(ctx context.Context, conn *sql.Conn) ([]string, error)
	// sound reports whether a database can be read, for one whose catalog is
	// strange. nil: the server takes care of that.
	sound func(ctx context.Context, conn *sql.Conn) (bool, error)
}

// A tableKey is a key of a table.
type tableKey struct {
	table   string
	columns []string
}

// Open makes an empty database an MLMD database, and checks one that is not
// empty. It changes nothing in a database that it refuses, and never upgrades:
// see [Schema.Migrate]. The error is a [*Error] where the database is
// not of version 10. Any number of processes may open a database at once.
//
// A database that is complete is only read, so that a read-only one opens.
func (s Schema) Open(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return s.openError(err)
	}
	defer conn.Close()
	ready, err := s.look(ctx, conn)
	if !ready && err == nil {
		err = s.finish(ctx, conn)
	}
	if err != nil && s.done(ctx, conn) {
		return nil // another creation ended while this one looked
	}
	return s.openError(err)
}

// look inspects the database, and says whether nothing is left to do.
func (s Schema) look(ctx context.Context, conn *sql.Conn) (ready bool, err error) {
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return false, err
	}
	return s.isComplete(ctx, conn, found)
}

// finish creates what is missing. Where others may do so at the same moment, it
// begins again when a statement has met theirs.
func (s Schema) finish(ctx context.Context, conn *sql.Conn) error {
	if !s.resumes {
		return s.exclusive(ctx, conn, func() error { return s.complete(ctx, conn) })
	}
	const tries = 100
	var err error
	for range tries {
		if err = s.complete(ctx, conn); err == nil || !s.raced(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(10+rand.IntN(90)) * time.Millisecond):
		}
	}
	return err
}

// done reports whether the database is complete by now.
func (s Schema) done(ctx context.Context, conn *sql.Conn) bool {
	ready, err := s.look(ctx, conn)
	return ready && err == nil
}

// Ready reports whether db is complete. It reads only, and returns
// [ErrEmpty] for a database in which there is nothing yet.
func (s Schema) Ready(ctx context.Context, db *sql.DB) (bool, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, s.openError(err)
	}
	defer conn.Close()
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return false, s.openError(err)
	}
	complete, err := s.isComplete(ctx, conn, found)
	if err == nil && found.empty() {
		err = ErrEmpty
	}
	return complete, s.openError(err)
}

// isComplete says whether nothing is left to do, and refuses what cannot be used.
func (s Schema) isComplete(ctx context.Context, conn *sql.Conn, found inventory) (bool, error) {
	if found.empty() {
		return false, s.vacant(ctx, conn)
	}
	if err := s.usable(found); err != nil {
		if s.resumes && found.version == noVersion {
			return false, s.resumable(ctx, conn, found, err)
		}
		return false, s.explained(ctx, conn, err)
	}
	missing, err := missingSystemTypes(ctx, conn)
	return err == nil && len(missing) == 0, err
}

// complete creates what is missing. Another process may have done so since the
// first look, hence it looks again, alone this time.
func (s Schema) complete(ctx context.Context, conn *sql.Conn) error {
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return err
	}
	if complete, err := s.isComplete(ctx, conn, found); complete || err != nil {
		return err
	}
	if found.version != noVersion {
		return s.addSystemTypes(ctx, conn)
	}
	if err := s.create(ctx, conn); err != nil {
		return err
	}
	missing, err := missingSystemTypes(ctx, conn)
	if err == nil {
		err = insertSystemTypes(ctx, conn, missing, s.fixedIDs)
	}
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf("INSERT INTO MLMDEnv (schema_version) VALUES (%d)", Version))
	if err != nil {
		return fmt.Errorf("set the schema version: %w", err)
	}
	return nil
}

// addSystemTypes adds those that an older database does not have. They have no
// ids of their own there, so that two who add them must take turns.
func (s Schema) addSystemTypes(ctx context.Context, conn *sql.Conn) error {
	add := func() error {
		missing, err := missingSystemTypes(ctx, conn)
		if err != nil {
			return err
		}
		return insertSystemTypes(ctx, conn, missing, false)
	}
	if s.meeting.table == "" {
		return add()
	}
	begin := []string{"START TRANSACTION", "INSERT INTO " + s.meeting.table + " (" + strings.Join(s.meeting.columns, ", ") + ") VALUES (0, 0)"}
	return alone(ctx, conn, begin, func() error {
		if err := add(); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "DELETE FROM "+s.meeting.table+" WHERE "+strings.Join(s.meeting.columns, " = 0 AND ")+" = 0")
		return err
	})
}

// create makes all tables and indexes.
func (s Schema) create(ctx context.Context, conn *sql.Conn) error {
	d := s.ddl
	if s.prepare != nil {
		if err := s.prepare(ctx, conn, &d); err != nil {
			return err
		}
	}
	statements := d.statements()
	if s.batches {
		statements = []string{strings.Join(statements, ";\n")}
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create the tables: %w", err)
		}
	}
	return nil
}

// openError names a file that is no database, or a damaged one, as such.
func (s Schema) openError(err error) error {
	if err != nil && s.damage != nil && s.damage(err) {
		return &Error{Kind: ErrDamaged, Version: noVersion, Err: err}
	}
	if err != nil && s.notDatabase != nil && s.notDatabase(err) {
		return &Error{Kind: ErrNotDatabase, Version: noVersion, Err: err}
	}
	return err
}

// alone runs body between the statements that begin and end an exclusive
// transaction on conn. A connection whose transaction cannot be ended is
// thrown away.
func alone(ctx context.Context, conn *sql.Conn, begin []string, body func() error) error {
	for i, statement := range begin {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			if i > 0 {
				rollBack(ctx, conn)
			}
			return fmt.Errorf("lock the schema: %w", err)
		}
	}
	if err := body(); err != nil {
		rollBack(ctx, conn)
		return err
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		rollBack(ctx, conn)
		return fmt.Errorf("commit the schema: %w", err)
	}
	return nil
}

// rollBack ends the transaction on conn also when ctx is done: the connection
// goes back to a pool.
func rollBack(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		discard(conn)
	}
}
