//go:build linux

package tidb_test

import (
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
)

// Plans of TiDB have values, which must not be logged.
func TestStatements_Plans(t *testing.T) {
	theServer(t)
	dsn, err := testdb.MySQL(t)
	if err != nil {
		t.Fatal(err)
	}
	testdb.ObservesStatements(t, "mysql", "access object=table:", func(opts ...store.Option) (*store.Store, error) {
		return mysql.Open(t.Context(), dsn, opts...)
	})
}

// The servers of a cluster take IDs from one sequence.
func TestTables_ConsecutiveIDs(t *testing.T) {
	s := theServer(t)
	openDSN(t, s.dsn("ids"))
	db := s.db(t, "ids")
	for _, table := range []string{"Type", "Artifact", "Execution", "Context", "Event"} {
		var name, text string
		if err := db.QueryRowContext(t.Context(), "SHOW CREATE TABLE "+table).Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "AUTO_ID_CACHE=1") {
			t.Errorf("each server takes IDs of its own from a range:\n%s", text)
		}
	}
}
