package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
)

var postgres = server{variable: "MLMD_TEST_POSTGRES", start: startPostgres}

// Postgres creates an empty database and returns its DSN, postgres://user@host:port/name.
// It removes the database at the end of the test. It returns an error if no server is
// available.
func Postgres(tb testing.TB) (string, error) {
	tb.Helper()
	server, err := postgres.get()
	if err != nil {
		return "", err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("invalid MLMD_TEST_POSTGRES: must be a URL: %w", err)
	}
	name, ok := spare.take()
	if !ok {
		name = freshName()
		if err := runPostgres(tb.Context(), server, "CREATE DATABASE "+name); err != nil {
			return "", fmt.Errorf("make a database for the test: %w", err)
		}
	}
	u.Path = "/" + name
	dsn := u.String()
	dropAfter(tb, func(ctx context.Context) error {
		if postgres.proc != nil && runPostgres(ctx, dsn, emptyDatabase) == nil {
			spare.give(name)
			return nil
		}
		return runPostgres(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	return dsn, nil
}

// emptyDatabase drops all tables, in a tenth of the time of a new database. It fails if
// a connection of the test still holds locks.
const emptyDatabase = "SET lock_timeout = '2s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public"

// spare holds empty databases of the server that this process started.
var spare names

// names is a stack of names that is safe for concurrent use.
type names struct {
	mu   sync.Mutex
	list []string
}

func (n *names) take() (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	last := len(n.list) - 1
	if last < 0 {
		return "", false
	}
	name := n.list[last]
	n.list = n.list[:last]
	return name, true
}

func (n *names) give(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, name)
}

func startPostgres(folder string) (*process, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	as, err := serverAccount("postgres", folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	if err := prepare(folder, as, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dsn := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	args := []string{"-D", data, "-k", folder, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-c", "max_connections=300"}
	if !durable {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	return launch(folder, dsn, as,
		func(ctx context.Context) error { return runPostgres(ctx, dsn, "SELECT 1") },
		filepath.Join(bin, "postgres"), args...)
}

// postgresPrograms returns the directory of initdb and postgres, of the newest version.
// On Debian they are not in PATH.
func postgresPrograms() (string, error) {
	if path, err := program("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real // the directory of the other programs
		}
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	best, newest := "", -1.0
	for _, path := range found {
		folder := filepath.Dir(path)
		version, err := strconv.ParseFloat(filepath.Base(filepath.Dir(folder)), 64)
		if err == nil && version > newest {
			best, newest = folder, version
		}
	}
	if best == "" {
		return "", fmt.Errorf("PostgreSQL is not installed (no initdb on the path or in /usr/lib/postgresql)")
	}
	return best, nil
}

func runPostgres(ctx context.Context, dsn, statement string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}
