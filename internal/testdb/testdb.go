// Package testdb creates empty PostgreSQL and MySQL databases for tests. It uses the
// server that MLMD_TEST_POSTGRES or MLMD_TEST_MYSQL names with a DSN. Otherwise it starts
// an installed server for each test process, in a temporary directory, on loopback.
package testdb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ErrNone reports that no server is available. Errors that wrap it contain the reason.
var ErrNone = errors.New("no database server")

// Check ends a test if err is not nil. It skips the test if no server is available, and
// fails it for other errors, or if the list MLMD_REQUIRE contains name or "all".
func Check(tb testing.TB, name string, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	required := strings.Split(os.Getenv("MLMD_REQUIRE"), ",")
	if errors.Is(err, ErrNone) && !slices.Contains(required, name) && !slices.Contains(required, "all") {
		tb.Skip(err)
	}
	tb.Fatal(err)
}

// Durable lets the servers that this process starts wait for the disk at each commit, as
// they do by default, so that writes can be measured. Tests need no such waits. Call it
// before the first database is created.
func Durable() { durable = true }

var durable bool

// A server is a database server that this process uses.
type server struct {
	variable string // environment variable with the DSN of a running server
	start    func(folder string) (*process, error)

	once sync.Once
	proc *process
	err  error
}

// A process is a server process that this package started.
type process struct {
	cmd    *exec.Cmd
	folder string
	dsn    string // without a database
	log    string // file
	ended  chan struct{}
}

// Stop stops the servers that this process started and removes their directories. Call
// it at the end of TestMain. Otherwise the servers stop with the process, but their
// directories remain.
func Stop() {
	for _, s := range []*server{&postgres, &mysql} {
		if s.proc != nil {
			s.proc.stop()
			s.proc = nil
		}
	}
}

// get starts the server if necessary and returns its DSN.
func (s *server) get() (string, error) {
	if dsn := os.Getenv(s.variable); dsn != "" {
		return dsn, nil
	}
	s.once.Do(func() {
		folder, err := os.MkdirTemp("", "mlmd-testdb-")
		if err != nil {
			s.err = err
			return
		}
		if s.proc, s.err = s.start(folder); s.err != nil {
			_ = os.RemoveAll(folder)
		}
	})
	if s.err != nil {
		return "", fmt.Errorf("%w: %w; %s is not set", ErrNone, s.err, s.variable)
	}
	return s.proc.dsn, nil
}

// launch starts a server with account user and waits until answers succeeds.
func launch(
	folder, dsn string, as *account, answers func(context.Context) error, program string, args ...string,
) (*process, error) {
	p := &process{folder: folder, dsn: dsn, log: filepath.Join(folder, "server.log"), ended: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.Command(program, args...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = out, out, folder
	p.cmd.SysProcAttr = runAs(as)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		err := answers(ctx)
		if err == nil {
			return p, nil
		}
		select {
		case <-p.ended:
			return nil, fmt.Errorf("%s ended: %s", program, p.lastLines())
		case <-ctx.Done():
			p.stop()
			return nil, fmt.Errorf("%s does not answer: %w: %s", program, err, p.lastLines())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop stops the server without a clean shutdown of its data, but lets it release system
// resources.
func (p *process) stop() {
	if err := p.cmd.Process.Signal(quit); err != nil {
		_ = p.cmd.Process.Kill()
	}
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	_ = os.RemoveAll(p.folder)
}

func (p *process) lastLines() string {
	text, _ := os.ReadFile(p.log)
	return string(text[max(0, len(text)-800):])
}

// prepare runs a command that creates the data of a server. Its error contains the
// output.
func prepare(folder string, as *account, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.SysProcAttr = folder, runAs(as)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}

// freePort returns a free port of the loopback interface.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// program returns the path of the first program found, including outside of PATH.
func program(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", names[0])
}

// freshName returns the name of a database that does not exist.
func freshName() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return "mlmd_test_" + hex.EncodeToString(b[:])
}

// dropAfter drops a database at the end of a test, if the server outlives the process.
func dropAfter(tb testing.TB, drop func(context.Context) error) {
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := drop(ctx); err != nil {
			tb.Logf("drop the test's database: %v", err)
		}
	})
}
