// Package engine is the MLMD service over the drivers of database/sql: one
// method per RPC, in the database schema of MLMD version 10. A call that writes
// is one transaction.
package engine
