package schema

import (
	"errors"
	"fmt"

	"github.com/mlmd-go/sdk/internal/textutil"
)

// Kinds of errors. errors.Is finds them in an [*Error].
var (
	ErrOlder          = errors.New("the database has an older schema")
	ErrNewer          = errors.New("the database has a newer schema")
	ErrIncomplete     = errors.New("the database has only a part of the MLMD schema")
	ErrVersionDamaged = errors.New("the schema version of the database cannot be read")
	ErrNotDatabase    = errors.New("not a database")
	ErrForeign        = errors.New("the database belongs to another application")
	ErrDamaged        = errors.New("the database is damaged")
)

// mostNames is how many names a message lists.
const mostNames = 5

// Error reports why a database cannot be opened. The database was not changed.
type Error struct {
	Kind    error    // one of the Err values above
	Version int64    // the version found; -1 if it has none
	Missing []string // tables, or table.column, that an incomplete schema lacks
	Foreign []string // what another application has in the database
	Command string   // what upgrades an older database, or recovers a damaged one
	Err     error    // the driver's error, if any; must not be sent to clients
}

// Error describes the problem and its remedy.
func (e *Error) Error() string {
	switch e.Kind {
	case ErrOlder:
		return fmt.Sprintf("%v: version %d, needed is %d; make a copy and upgrade it with %s",
			e.Kind, e.Version, Version, e.Command)
	case ErrNewer:
		return fmt.Sprintf("%v: version %d, and this release knows versions up to %d; use a newer release",
			e.Kind, e.Version, Version)
	case ErrIncomplete:
		return fmt.Sprintf("%v: missing are %s; it is another program's database, or was cut short",
			e.Kind, textutil.List(e.Missing, mostNames))
	case ErrVersionDamaged:
		return fmt.Sprintf("%v: table MLMDEnv must hold exactly one row", e.Kind)
	case ErrForeign:
		return fmt.Sprintf("%v: it has %s; name a file of its own for the store", e.Kind, textutil.List(e.Foreign, mostNames))
	case ErrDamaged:
		return fmt.Sprintf("%v: keep a copy of it with the files beside it, and restore a backup; %s", e.Kind, e.Command)
	}
	return e.Kind.Error()
}

// Unwrap returns Kind and Err.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
