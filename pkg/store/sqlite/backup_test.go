package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// This is the backup that the README recommends, while the store is open and its
// last changes are in the write-ahead log.
func TestVacuumInto_OpenStore(t *testing.T) {
	folder := t.TempDir()
	path, backup := filepath.Join(folder, "registry.db"), filepath.Join(folder, "copy.db")
	s := must(sqlite.Open(t.Context(), path))
	defer s.Close()
	putAll(t, s.Client(), numbered("a", 50)...)

	db := must(sql.Open("sqlite", path))
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", backup); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	putAll(t, s.Client(), numbered("b", 10)...) // the store is still usable

	restored := must(sqlite.Open(t.Context(), backup))
	defer restored.Close()
	same(t, "the backup", names(t, restored.Client()), numbered("a", 50))
	putAll(t, restored.Client(), numbered("c", 1)...)
}
