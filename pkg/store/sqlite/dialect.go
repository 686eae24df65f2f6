package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/filterquery"
)

// engineConfig is what the engine needs, except for the connections.
func engineConfig() engine.Config {
	return engine.Config{DB: engine.DBConfig{Dialect: dialect()}, Schema: engine.SQLiteSchema(), Filter: filterquery.SQLite}
}

// dialect says what the engine must know of SQLite.
func dialect() *engine.Dialect {
	return &engine.Dialect{
		Begin:                "BEGIN IMMEDIATE", // a read that turns into a write could meet another writer and not wait
		Prepare:              true,
		BusyTimeoutStatement: "PRAGMA busy_timeout = ",
		InProcess:            true,
		DynamicTypes:         true,
		DataVersionQuery:     "PRAGMA data_version",
		InsertIDs:            engine.IDsEndAtLast,
		MaxParams:            32766,
		InsertIgnore:         "INSERT OR IGNORE INTO",
		ProtoBase64:          true,
		PlannerIgnoresLimit:  true,
		Classify:             classify,
	}
}

// classes are the meanings of SQLite's result codes.
var classes = map[int]engine.ErrorClass{
	lib.SQLITE_CONSTRAINT_UNIQUE:     engine.UniqueViolation,
	lib.SQLITE_CONSTRAINT_PRIMARYKEY: engine.UniqueViolation,
	lib.SQLITE_BUSY:                  engine.TxConflict,
	lib.SQLITE_LOCKED:                engine.TxConflict,
	lib.SQLITE_TOOBIG:                engine.TooLong,
	lib.SQLITE_READONLY:              engine.ReadOnly,
	lib.SQLITE_READONLY_DBMOVED:      engine.FileMoved,
	lib.SQLITE_CANTOPEN:              engine.Unavailable,
	lib.SQLITE_FULL:                  engine.DiskFull,
	lib.SQLITE_CORRUPT:               engine.Damaged,
	lib.SQLITE_NOTADB:                engine.Damaged,
}

func classify(err error) engine.ErrorClass {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return engine.Other
	}
	if class, ok := classes[failed.Code()]; ok {
		return class
	}
	return classes[failed.Code()&0xff] // the general code of an extended one
}
