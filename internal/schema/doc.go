// Package schema creates, inspects and migrates the tables of an MLMD database,
// schema version 10, on SQLite, PostgreSQL and MySQL.
package schema
