package engine

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// SchemaVersion is the version of MLMD's database schema that the engine
// reads and writes. Only a database of exactly this version is opened.
const SchemaVersion = 10

// A Schema makes, checks and migrates the tables of one database system:
// [SQLiteSchema], [PostgresSchema] or [MySQLSchema]. It holds no state and may
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
	// resumes: creation is not atomic, so that empty tables without a version
	// are a creation cut short, which opening finishes.
	resumes bool
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

// Open makes an empty database an MLMD database, and checks one that is not
// empty. It changes nothing in a database that it refuses, and never upgrades:
// see [Schema.Migrate]. The error is a [*SchemaError] where the database is
// not of version 10. Any number of processes may open a database at once.
//
// A database that is complete is only read, so that a read-only one opens.
func (s Schema) Open(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return s.openError(err)
	}
	defer conn.Close()
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return s.openError(err)
	}
	complete, err := s.isComplete(ctx, conn, found)
	if complete || err != nil {
		return s.openError(err)
	}
	err = s.exclusive(ctx, conn, func() error { return s.complete(ctx, conn) })
	if err != nil && s.done(ctx, conn) {
		return nil // another process was faster, where a lock does not hold it off
	}
	return s.openError(err)
}

// done says whether the database is complete by now.
func (s Schema) done(ctx context.Context, conn *sql.Conn) bool {
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return false
	}
	complete, err := s.isComplete(ctx, conn, found)
	return complete && err == nil
}

// ready reports whether db is complete. It reads only, and returns
// [ErrSchemaEmpty] for a database in which there is nothing yet.
func (s Schema) ready(ctx context.Context, db *sql.DB) (bool, error) {
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
		err = ErrSchemaEmpty
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
	fresh := found.version == noVersion
	if fresh {
		if err := s.create(ctx, conn); err != nil {
			return err
		}
	}
	missing, err := missingSystemTypes(ctx, conn)
	if err != nil {
		return err
	}
	return insertSystemTypes(ctx, conn, missing, fresh && s.fixedIDs)
}

// create makes all tables and indexes, and sets the version last.
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
	_, err := conn.ExecContext(ctx, fmt.Sprintf("INSERT INTO MLMDEnv (schema_version) VALUES (%d)", SchemaVersion))
	if err != nil {
		return fmt.Errorf("set the schema version: %w", err)
	}
	return nil
}

// openError names a file that is no database, or a damaged one, as such.
func (s Schema) openError(err error) error {
	if err != nil && s.damage != nil && s.damage(err) {
		return &SchemaError{Kind: ErrDamaged, Version: noVersion, Err: err}
	}
	if err != nil && s.notDatabase != nil && s.notDatabase(err) {
		return &SchemaError{Kind: ErrNotDatabase, Version: noVersion, Err: err}
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
