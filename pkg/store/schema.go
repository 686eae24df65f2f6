package store

import (
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/storeconfig"
)

// SchemaVersion is the version of MLMD's database schema that a [Store] requires.
// The Migrate functions of packages sqlite, postgres and mysql convert databases
// of other versions.
const SchemaVersion = schema.Version

// The reasons why a database cannot be opened or migrated. Use errors.Is.
var (
	ErrSchemaOlder      = schema.ErrOlder
	ErrSchemaNewer      = schema.ErrNewer
	ErrSchemaIncomplete = schema.ErrIncomplete     // some tables or columns are missing
	ErrSchemaDamaged    = schema.ErrVersionDamaged // the schema version is unreadable
	ErrNotDatabase      = schema.ErrNotDatabase
	ErrForeign          = schema.ErrForeign // a SQLite file of another application
	ErrDamaged          = schema.ErrDamaged
	ErrSchemaEmpty      = schema.ErrEmpty       // migration of an empty database
	ErrNoMigration      = schema.ErrNoMigration // the target version is not supported
)

// A SchemaError reports a database that cannot be opened or migrated because of
// its content, which was not changed.
type SchemaError struct {
	Kind    error    // ErrSchemaOlder, ErrSchemaNewer, …
	Version int64    // the version of the database; -1 if it has none
	Missing []string // what an incomplete schema lacks: tables and TABLE.COLUMN
	Foreign []string // the tables of another application

	err error
}

// Error describes the problem and how to solve it.
func (e *SchemaError) Error() string { return e.err.Error() }

// Unwrap returns the underlying error, which wraps Kind.
func (e *SchemaError) Unwrap() error { return e.err }

func init() {
	storeconfig.SchemaError = func(found *schema.Error, err error) error {
		return &SchemaError{found.Kind, found.Version, found.Missing, found.Foreign, err}
	}
}

// A Step is one step of a migration: from a version to the next or the previous
// one, or from [SchemaVersion] to itself, which adds what an earlier release of
// this module did not create.
type Step struct {
	From, To   int64
	Title      string   // what the step does, in one sentence
	Statements []string // its SQL, without semicolons
}

// A Progress tells how far a migration is: it is about to run a statement.
type Progress struct {
	Step      Step
	Statement int // the index in Step.Statements
}
