package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// The kinds of database to measure.
const (
	inMemory = "memory"
	sameFile = "file"     // both with write-ahead logging and synchronous FULL
	ownFile  = "own-file" // each with its own settings
)

var titles = map[string]string{
	inMemory: "SQLite in memory",
	sameFile: "SQLite file, both in write-ahead mode, synchronous FULL",
	ownFile:  "SQLite file, each with its own defaults (the core: rollback journal, synchronous FULL)",
}

func databaseNames() []string { return []string{inMemory, sameFile, ownFile} }

// openBoth opens an empty database for each side.
func openBoth(ctx context.Context, name, folder string, c *core) (*store.Store, string, error) {
	if !slices.Contains(databaseNames(), name) {
		return nil, "", fmt.Errorf("no database is called so; there are %v", databaseNames())
	}
	quiet := store.WithLogger(slog.New(slog.DiscardHandler))
	if name == inMemory {
		if err := c.open(&mlmdpb.ConnectionConfig{
			Config: &mlmdpb.ConnectionConfig_FakeDatabase{FakeDatabase: &mlmdpb.FakeDatabaseConfig{}},
		}); err != nil {
			return nil, "", err
		}
		st, err := sqlite.OpenMemory(ctx, quiet)
		return st, titles[name], err
	}
	theirs := filepath.Join(folder, "core.db")
	if name == sameFile { // a file keeps its write-ahead mode
		st, err := sqlite.Open(ctx, theirs, quiet)
		if err != nil {
			return nil, "", err
		}
		if err := st.Close(); err != nil {
			return nil, "", err
		}
	}
	file := &mlmdpb.SqliteMetadataSourceConfig{
		FilenameUri: &theirs, ConnectionMode: mlmdpb.SqliteMetadataSourceConfig_READWRITE_OPENCREATE.Enum(),
	}
	config := &mlmdpb.ConnectionConfig{Config: &mlmdpb.ConnectionConfig_Sqlite{Sqlite: file}}
	if err := c.open(config); err != nil {
		return nil, "", err
	}
	st, err := sqlite.Open(ctx, filepath.Join(folder, "ours.db"), quiet)
	return st, titles[name], err
}
