package testdb

import (
	"database/sql"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	Stop()
	os.Exit(code)
}

func TestEmptyDatabase(t *testing.T) {
	for _, c := range []struct {
		name, driver string
		make         func(testing.TB) (string, error)
	}{
		{"postgres", "pgx", Postgres},
		{"mysql", "mysql", MySQL},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 {
				dsn, err := c.make(t)
				Check(t, c.name, err)
				db, err := sql.Open(c.driver, dsn)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				if _, err := db.ExecContext(t.Context(), "CREATE TABLE once (n INT)"); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
