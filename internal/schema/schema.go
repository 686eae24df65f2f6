package schema

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Version is the version of the MLMD database schema that this package creates.
// Only databases of exactly this version are opened.
const Version = 10

// Schema creates, checks and migrates the tables of one database system:
// [SQLite], [Postgres] or [MySQL]. It holds no state and may be copied.
type Schema struct {
	ddl     ddl
	catalog string // SELECT of (table, column) of MLMD's tables
	scripts string // folder of the migration scripts
	command string // command that upgrades a database, for messages
	// exclusive runs body on conn while no other process changes the schema. If
	// body fails, its changes are undone if the database can.
	exclusive func(ctx context.Context, conn *sql.Conn, body func() error) error
	// prepare reads what the statements depend on, such as the collations of
	// the server. It may be nil.
	prepare func(ctx context.Context, conn *sql.Conn, d *ddl) error
	// fixedIDs gives the system types of a new database their IDs explicitly.
	// Otherwise they come from a sequence that starts at 1.
	fixedIDs bool
	// batches reports that the driver runs several statements at once if they
	// have no parameters.
	batches bool
	// resumes reports that creation is not atomic and that several processes
	// may create the tables at once. Then creation consists of statements that
	// may be repeated and stores the version last. Tables without a version
	// that contain system types only are an unfinished creation, which opening
	// finishes.
	resumes bool
	// isRace recognizes the driver's error for a conflict with a concurrent
	// creation. It is nil if creations never run at the same time.
	isRace func(error) bool
	// serializeKey is a key that transactions insert and delete to wait for each
	// other where no lock covers all servers. It is empty otherwise.
	serializeKey tableKey
	// isDuplicate recognizes the driver's error for a migration statement that an
	// earlier attempt has already run. It may be nil.
	isDuplicate func(error) bool
	// outdatedObjects returns the statements that turn tables and indexes of earlier
	// releases, of the same version, into those of this release. It may be nil.
	outdatedObjects func(ctx context.Context, conn *sql.Conn) ([]string, error)
	// notDatabase recognizes the driver's error for a file that is not a
	// database, and damage the error for an unreadable one.
	notDatabase, damage func(error) bool
	// recovery says how to recover a damaged database, for messages.
	recovery string
	// foreignObjects lists what another application has in a database without MLMD's
	// tables, which is then not changed. It is nil if databases may be shared.
	foreignObjects func(ctx context.Context, conn *sql.Conn) ([]string, error)
	// progress is called before each statement of a migration. It may be nil.
	progress func(step Step, statement int)
	// checkIntegrity reports whether the database can be read. It is called if the
	// catalog is not as expected. It is nil if the server checks that.
	checkIntegrity func(ctx context.Context, conn *sql.Conn) (bool, error)
}

// tableKey is a key of a table.
type tableKey struct {
	table   string
	columns []string
}

// Open creates the tables in an empty database and checks a database that is
// not empty. It changes nothing in a database that it refuses, and never
// upgrades: see [Schema.Migrate]. If the database is not of version 10, the
// error is a [*Error]. Several processes may open a database at the same time.
//
// A complete database is only read, so a read-only one can be opened.
func (s Schema) Open(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return s.openError(err)
	}
	defer conn.Close()
	ready, err := s.check(ctx, conn)
	if !ready && err == nil {
		err = s.createMissing(ctx, conn)
	}
	if err != nil && s.isDone(ctx, conn) {
		return nil // a concurrent creation has finished
	}
	return s.openError(err)
}

// check inspects the database and reports whether it is complete.
func (s Schema) check(ctx context.Context, conn *sql.Conn) (ready bool, err error) {
	found, err := s.inspect(ctx, conn)
	if err != nil {
		return false, err
	}
	return s.isComplete(ctx, conn, found)
}

// createMissing creates what is missing. It retries if a statement conflicts with a
// concurrent creation.
func (s Schema) createMissing(ctx context.Context, conn *sql.Conn) error {
	if !s.resumes {
		return s.exclusive(ctx, conn, func() error { return s.complete(ctx, conn) })
	}
	const tries = 100
	var err error
	for range tries {
		if err = s.complete(ctx, conn); err == nil || !s.isRace(err) {
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

// isDone reports whether the database is complete by now.
func (s Schema) isDone(ctx context.Context, conn *sql.Conn) bool {
	ready, err := s.check(ctx, conn)
	return ready && err == nil
}

// Ready reports whether db is complete. It only reads, and returns [ErrEmpty]
// for an empty database.
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

// isComplete reports whether nothing needs to be created. It returns an error
// for a database that cannot be used.
func (s Schema) isComplete(ctx context.Context, conn *sql.Conn, found inventory) (bool, error) {
	if found.empty() {
		return false, s.checkForeign(ctx, conn)
	}
	if err := s.checkUsable(found); err != nil {
		if s.resumes && found.version == noVersion {
			return s.isResumed(ctx, conn, found, err)
		}
		return false, s.refusalOrDamage(ctx, conn, err)
	}
	missing, err := missingSystemTypes(ctx, conn)
	return err == nil && len(missing) == 0, err
}

// isResumed reports whether another process has completed the database since it was
// found without a version. It returns refusal unless the database is an unfinished
// creation.
func (s Schema) isResumed(ctx context.Context, conn *sql.Conn, found inventory, refusal error) (bool, error) {
	err := s.checkResumable(ctx, conn, found, refusal)
	if err == nil {
		return false, nil
	}
	// The version may have been written between the two reads. A node of a cluster
	// applies it later than the tables.
	if now, failed := s.inspect(ctx, conn); failed == nil && now.version != noVersion {
		return s.isComplete(ctx, conn, now)
	}
	return false, err
}

// complete creates what is missing. It inspects the database again, because
// another process may have changed it before this one had exclusive access.
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

// addSystemTypes adds the system types that an older database lacks. Their IDs
// are not fixed there, so concurrent calls must wait for each other.
func (s Schema) addSystemTypes(ctx context.Context, conn *sql.Conn) error {
	add := func() error {
		missing, err := missingSystemTypes(ctx, conn)
		if err != nil {
			return err
		}
		return insertSystemTypes(ctx, conn, missing, false)
	}
	if s.serializeKey.table == "" {
		return add()
	}
	begin := []string{"START TRANSACTION", "INSERT INTO " + s.serializeKey.table + " (" +
		strings.Join(s.serializeKey.columns, ", ") + ") VALUES (0, 0)"}
	return inTransaction(ctx, conn, begin, func() error {
		if err := add(); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "DELETE FROM "+s.serializeKey.table+" WHERE "+
			strings.Join(s.serializeKey.columns, " = 0 AND ")+
			" = 0")
		return err
	})
}

// create creates all tables and indexes.
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

// openError returns an [*Error] for a file that is not a database or is
// damaged, and other errors unchanged.
func (s Schema) openError(err error) error {
	if err != nil && s.damage != nil && s.damage(err) {
		return &Error{Kind: ErrDamaged, Version: noVersion, Command: s.recovery, Err: err}
	}
	if err != nil && s.notDatabase != nil && s.notDatabase(err) {
		return &Error{Kind: ErrNotDatabase, Version: noVersion, Err: err}
	}
	return err
}

// inTransaction runs body between begin and COMMIT. If the transaction cannot be ended,
// the connection is discarded.
func inTransaction(ctx context.Context, conn *sql.Conn, begin []string, body func() error) error {
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

// rollBack ends the transaction on conn, even if ctx is done, because the
// connection returns to a pool.
func rollBack(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		discard(conn)
	}
}
