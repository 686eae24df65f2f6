package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/mlmd-go/sdk/internal/schema"
	"github.com/mlmd-go/sdk/pkg/store"
)

// Database names the file of a database for [store.Migrate]; path is as for
// [Open]. A file that does not exist is not created.
func Database(path string) store.Database {
	return store.NewDatabase(schema.SQLite(), func(context.Context) (*sql.DB, error) {
		at, err := locate(path)
		if err != nil {
			return nil, err
		}
		if at.file != "" {
			if _, err := os.Stat(at.file); err != nil {
				return nil, fmt.Errorf("sqlite: %w", err)
			}
		}
		pragmas := []string{"busy_timeout = 10000", "synchronous = FULL"}
		if !temporaryFiles() {
			pragmas = append(pragmas, "temp_store = MEMORY")
		}
		return at.open(connector{pragmas: pragmas})
	})
}
