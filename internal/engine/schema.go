package engine

// A Schema makes, checks and migrates the tables of one database system.
type Schema struct{}
