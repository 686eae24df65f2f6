package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/internal/storeconfig"
	"github.com/mlmd-go/sdk/pkg/store"
)

// Migrate converts the database in the file path to another schema version, by
// default [store.SchemaVersion], and returns the steps taken. It returns no steps
// if nothing was to be done. All steps take effect, or none. Path is as for [Open],
// but the file must exist.
//
// Make a backup first, and let nothing else use the file meanwhile.
func Migrate(ctx context.Context, path string, opts ...store.MigrateOption) ([]store.Step, error) {
	open := func(context.Context) (*sql.DB, error) {
		at, err := locate(path)
		if err != nil {
			return nil, err
		}
		if at.file != "" {
			file, err := os.Stat(at.file)
			if err != nil {
				return nil, fmt.Errorf("sqlite: %w", err)
			}
			if file.IsDir() {
				return nil, fmt.Errorf("sqlite: %s is a directory: name a file in it", at.file)
			}
		}
		pragmas := []string{"busy_timeout = 10000", "synchronous = FULL"}
		if !hasTempDir() {
			pragmas = append(pragmas, "temp_store = MEMORY")
		}
		return at.handle(connector{pragmas: pragmas}), nil
	}
	return storeconfig.Migrate[store.Step](ctx, schema.SQLite(), open, opts)
}
