package sqlite

import (
	"errors"

	lib "modernc.org/sqlite/lib"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// engineConfig returns the configuration of the engine without connections.
func engineConfig() engine.Config {
	return engine.Config{DB: sqldb.Config{Dialect: dialect()}, Schema: schema.SQLite(), Filter: filterquery.SQLite}
}

// dialect returns the dialect of SQLite.
func dialect() *sqldb.Dialect {
	return &sqldb.Dialect{
		System:              "sqlite",
		Begin:               "BEGIN IMMEDIATE", // SQLite does not wait for other writers when a read becomes a write
		Prepare:             true,
		InProcess:           true,
		DynamicTypes:        true,
		DataVersionQuery:    "PRAGMA data_version",
		IntegrityQuery:      "PRAGMA integrity_check(20)",
		InsertIDs:           sqldb.IDsEndAtLast,
		MaxParams:           32766,
		Insert:              "INSERT OR FAIL INTO", // spares a copy of each page, which undoes the statement
		InsertIgnore:        "INSERT OR IGNORE INTO",
		ProtoBase64:         true,
		PlannerIgnoresLimit: true,
		Explain:             "EXPLAIN QUERY PLAN ",
		PlanColumn:          "detail",
		Classify:            classify,
	}
}

// classes maps SQLite's result codes.
var classes = map[int]sqldb.ErrorClass{
	lib.SQLITE_CONSTRAINT_UNIQUE:     sqldb.UniqueViolation,
	lib.SQLITE_CONSTRAINT_PRIMARYKEY: sqldb.UniqueViolation,
	lib.SQLITE_BUSY:                  sqldb.TxConflict,
	lib.SQLITE_LOCKED:                sqldb.TxConflict,
	lib.SQLITE_TOOBIG:                sqldb.TooLong,
	lib.SQLITE_READONLY:              sqldb.ReadOnly,
	lib.SQLITE_READONLY_DBMOVED:      sqldb.FileMoved,
	lib.SQLITE_CANTOPEN:              sqldb.Unavailable,
	lib.SQLITE_FULL:                  sqldb.DiskFull,
	lib.SQLITE_CORRUPT:               sqldb.Damaged,
	lib.SQLITE_NOTADB:                sqldb.Damaged,
}

func classify(err error) sqldb.ErrorClass {
	var failed interface{ Code() int }
	if !errors.As(err, &failed) {
		return sqldb.Other
	}
	if class, ok := classes[failed.Code()]; ok {
		return class
	}
	return classes[failed.Code()&0xff] // the primary result code
}
