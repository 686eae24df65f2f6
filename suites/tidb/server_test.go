//go:build linux

// Package tidb_test runs the store against TiDB: the conformance cases, the writers
// of suites/contention, and clients whose server is killed. The tests start the
// server themselves, with its storage in the process, in a temporary folder and on
// loopback. The program is that of the module in the folder server, which nothing
// else depends on, and which make tidb builds. They run when MLMD_REQUIRE names
// "tidb", as make tidb does: to build the server takes 20 minutes of processor time.
package tidb_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
)

// patience limits the time that a server takes to start.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

// A server is a TiDB server. Its data outlives its process.
type server struct {
	program, folder string
	port            int
	cmd             *exec.Cmd
	ended           chan struct{}
}

// shared is the server of all tests that do not kill theirs.
var (
	shared server
	start  sync.Once
	failed error
)

// theServer returns the shared server, and makes package testdb create databases on
// it, here and in the tests that this process runs.
func theServer(t *testing.T) *server {
	t.Helper()
	required(t)
	start.Do(func() {
		begun := time.Now()
		if failed = shared.start(); failed == nil {
			failed = os.Setenv("MLMD_TEST_MYSQL", shared.dsn(""))
		}
		t.Logf("the server took %v to start", time.Since(begun).Round(100*time.Millisecond))
	})
	if failed != nil {
		t.Fatal(failed)
	}
	return &shared
}

func required(t *testing.T) {
	t.Helper()
	names := strings.FieldsFunc(os.Getenv("MLMD_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' })
	if !slices.Contains(names, "tidb") {
		t.Skip("TiDB is built from its source first: make tidb, which sets MLMD_REQUIRE=tidb")
	}
}

// settings keep all data in one region. The storage in the process remembers the locks
// of a prewrite in memory only. A kill would therefore lose part of a transaction over
// several regions, as TiKV would not.
const settings = "split-table = false\n"

// start starts the server on free ports, on its earlier data if it has run before.
func (s *server) start() error {
	if s.program = os.Getenv("MLMD_TIDB"); s.program == "" {
		return fmt.Errorf("MLMD_TIDB is not set: it is the path of tidb-server, which make tidb builds")
	}
	if s.folder == "" {
		folder, err := os.MkdirTemp("", "mlmd-tidb-")
		if err != nil {
			return err
		}
		s.folder = folder
	}
	config := filepath.Join(s.folder, "tidb.toml")
	if err := os.WriteFile(config, []byte(settings), 0o644); err != nil {
		return err
	}
	out, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	status := 0
	for _, port := range []*int{&s.port, &status} {
		if *port == 0 {
			if *port, err = freePort(); err != nil {
				return err
			}
		}
	}
	s.cmd = exec.Command(s.program, "-config", config, "-store", "unistore", "-path", filepath.Join(s.folder, "data"),
		"-host", "127.0.0.1", "-P", strconv.Itoa(s.port), "-status", strconv.Itoa(status), "-status-host", "127.0.0.1",
		"-socket", filepath.Join(s.folder, "s"), "-temp-dir", s.folder, "-L", "warn")
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Dir = out, out, s.folder
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(s.cmd, s.ended)
	return s.wait()
}

// wait returns when the server answers.
func (s *server) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := sql.Open("mysql", s.dsn(""))
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("TiDB has ended: %s", s.lastLines())
		case <-ctx.Done():
			return fmt.Errorf("TiDB does not answer: %w: %s", err, s.lastLines())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// kill ends the process at once.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// stop ends the process and removes its data.
func (s *server) stop() {
	if s.ended != nil {
		s.kill()
	}
	if s.folder != "" {
		_ = os.RemoveAll(s.folder)
	}
}

// dsn returns the DSN of a database.
func (s *server) dsn(database string) string {
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", s.port, database)
}

// db opens a database without a store.
func (s *server) db(t *testing.T, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", s.dsn(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (s *server) log() string { return filepath.Join(s.folder, "server.log") }

func (s *server) lastLines() string {
	text, _ := os.ReadFile(s.log())
	return string(text[max(0, len(text)-3000):])
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
