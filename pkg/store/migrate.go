package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/mlmd-go/sdk/internal/schema"
)

// SchemaVersion is the version of MLMD's database schema that a [Store] works
// with. A database of another version is not opened; see [Migrate].
const SchemaVersion = schema.Version

// A SchemaError says why a database cannot be opened or migrated as it is. It
// was left alone.
type SchemaError = schema.Error

// Why a database cannot be opened or migrated, for errors.Is.
var (
	ErrSchemaOlder   = schema.ErrOlder
	ErrSchemaNewer   = schema.ErrNewer
	ErrSchemaPartial = schema.ErrPartial
	ErrSchemaDamaged = schema.ErrVersionDamaged
	ErrNotDatabase   = schema.ErrNotDatabase
	ErrForeign       = schema.ErrForeign // a SQLite file of another application
	ErrDamaged       = schema.ErrDamaged
	ErrSchemaEmpty   = schema.ErrEmpty       // Migrate only: there is nothing to migrate
	ErrNoMigration   = schema.ErrNoMigration // Migrate only: no way leads to that version
)

// A Database names a database that may have another schema version. The
// packages below make it: sqlite.Database(path), postgres.Database(dsn),
// mysql.Database(dsn).
type Database struct {
	schema schema.Schema
	open   func(context.Context) (*sql.DB, error)
}

// NewDatabase is for the packages below. Migrate closes what open returns.
func NewDatabase(schema schema.Schema, open func(context.Context) (*sql.DB, error)) Database {
	return Database{schema: schema, open: open}
}

// A MigrateOption changes what [Migrate] does.
type MigrateOption func(*migration)

type migration struct {
	to    int64
	print io.Writer
	dry   bool
}

// To sets the version to migrate to, upwards or downwards. Without it the
// version is [SchemaVersion]. An older version cannot hold everything: each
// step down says what is lost.
func To(version int64) MigrateOption { return func(m *migration) { m.to = version } }

// DryRun changes nothing and prints the steps to w, with their SQL.
func DryRun(w io.Writer) MigrateOption { return func(m *migration) { m.dry, m.print = true, w } }

// A Step is one migration that was made, or would be: from one version to its
// neighbour, or from the newest version to itself, where an earlier release has
// made the tables in another way.
type Step = schema.Step

// Migrate brings a database to another schema version and returns the steps.
// No steps: it has that version, and is as this release makes it. Make a copy first. Nothing else should use the
// database meanwhile.
//
// On SQLite and PostgreSQL all steps take effect, or none. MySQL cannot undo
// changes of tables; there a migration cut short is finished by another call.
func Migrate(ctx context.Context, db Database, opts ...MigrateOption) (steps []Step, err error) {
	m := migration{to: SchemaVersion}
	for _, o := range opts {
		o(&m)
	}
	handle, err := db.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, handle.Close()) }()
	if !m.dry {
		return db.schema.Migrate(ctx, handle, m.to)
	}
	if steps, err = db.schema.Plan(ctx, handle, m.to); err != nil {
		return nil, err
	}
	return steps, printSteps(m.print, steps)
}

func printSteps(w io.Writer, steps []Step) error {
	for _, s := range steps {
		if _, err := fmt.Fprintf(w, "-- version %d to %d: %s\n", s.From, s.To, s.Title); err != nil {
			return err
		}
		for _, statement := range s.Statements {
			if _, err := fmt.Fprintf(w, "%s;\n", statement); err != nil {
				return err
			}
		}
	}
	return nil
}
