package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"

	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/pkg/store"
)

// Database names the file of a database for [store.Migrate]; path is as for
// [Open]. A file that does not exist is not created.
func Database(path string) store.Database {
	return store.NewDatabase(engine.SQLiteSchema(), func(context.Context) (*sql.DB, error) {
		if !strings.HasPrefix(path, "file:") {
			if _, err := os.Stat(path); err != nil {
				return nil, fmt.Errorf("sqlite: %w", err)
			}
		}
		return open(path, pragma("busy_timeout", "10000"), pragma("synchronous", "FULL"))
	})
}
