package main

import (
	"bytes"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mlmd-go/sdk/internal/testdb"
)

// asCommand makes the test program the command itself.
const asCommand = "MLMD_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	code := m.Run()
	testdb.Stop()
	os.Exit(code)
}

// command returns the command in a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

// execute runs the command in a process of its own and returns what it printed.
func execute(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	cmd := command(t, args...)
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		code = ended.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return code, out.String(), log.String()
}

// succeed runs the command, which must succeed, and returns its standard output.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := execute(t, args...)
	if code != 0 {
		t.Fatalf("%q: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// serveProcess serves in a process of its own until stop is called, at the latest
// at the end of the test, and returns the address of gRPC.
func serveProcess(t *testing.T, args ...string) (address string, stop func()) {
	t.Helper()
	var out lockedBuffer
	cmd := exec.Command(os.Args[0], append(args, "--host=127.0.0.1", "--grpc_port=0")...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server: %v\n%s", err, out.String())
		}
	}
	t.Cleanup(stop)
	eventually(t, "serving", func() bool {
		for line := range strings.Lines(out.String()) {
			if at, ok := strings.CutPrefix(line, "serving "); ok && strings.HasSuffix(at, "\n") {
				address = strings.TrimSuffix(at, "\n")
			}
		}
		return address != ""
	})
	return address, stop
}

// databases are the kinds of database, by a function that makes an empty one for a
// test and returns the value of --db.
var databases = map[string]func(t *testing.T) string{
	"file": func(t *testing.T) string { return filepath.Join(t.TempDir(), "registry.db") },
	"postgres": func(t *testing.T) string {
		dsn, err := testdb.Postgres(t)
		testdb.Check(t, "postgres", err)
		return dsn
	},
	"mysql": func(t *testing.T) string {
		dsn, err := testdb.MySQL(t)
		testdb.Check(t, "mysql", err)
		return mysqlURL(t, dsn)
	},
}

// onEachDatabase runs a test with an empty database of each kind.
func onEachDatabase(t *testing.T, test func(t *testing.T, db string)) {
	for name, empty := range databases {
		t.Run(name, func(t *testing.T) { test(t, empty(t)) })
	}
}

// mysqlURL returns the URL for a DSN of the driver.
func mysqlURL(t *testing.T, dsn string) string {
	t.Helper()
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u := url.URL{Scheme: "mysql", User: url.UserPassword(c.User, c.Passwd), Host: c.Addr, Path: "/" + c.DBName}
	return u.String()
}
