package schema

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"
)

// Another process may write the version between the two reads of a check.
func TestIsComplete_VersionWrittenMeanwhile(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := SQLite()
	if err := s.Open(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	found, err := s.inspect(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	s.resumes = true
	found.version, found.rows = noVersion, 0 // as it was before
	if complete, err := s.isComplete(t.Context(), conn, found); !complete || err != nil {
		t.Errorf("complete: %t, %v", complete, err)
	}
	if _, err := conn.ExecContext(t.Context(), "DELETE FROM MLMDEnv"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "INSERT INTO Artifact (type_id) VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if complete, err := s.isComplete(t.Context(), conn, found); complete || err == nil {
		t.Errorf("a damaged database: complete: %t, %v", complete, err)
	}
}
