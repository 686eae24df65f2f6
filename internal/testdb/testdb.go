// Package testdb gives tests a PostgreSQL or MySQL database that is fresh and
// empty. It takes the server that MLMD_TEST_POSTGRES or MLMD_TEST_MYSQL names
// (a DSN of the store's own form), and otherwise starts what is installed: one
// server for each test process, in a temporary folder, on loopback.
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

// ErrNone says that no server can be had; the reason is in the text around it.
var ErrNone = errors.New("no database server")

// Check ends a test that could not get its database: it is skipped with the
// reason where no server is there, and fails on any other error and where
// MLMD_REQUIRE, a list of names, has name or "all" in it.
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

// A server is one database server that this process uses.
type server struct {
	variable string // of the environment, that names a server which runs
	start    func(folder string) (*process, error)

	once sync.Once
	proc *process
	err  error
}

// A process is a server that this package started.
type process struct {
	cmd    *exec.Cmd
	folder string
	dsn    string // of the server, without a database
	log    string // file
	ended  chan struct{}
}

// Stop ends the servers that this process started, and removes their folders.
// A package's TestMain calls it last; without that they end with the process
// all the same, and only their folders stay.
func Stop() {
	for _, s := range []*server{&postgres, &mysql} {
		if s.proc != nil {
			s.proc.stop()
			s.proc = nil
		}
	}
}

// get starts the server once. It returns its DSN.
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

// launch runs a server as user and waits until answers says that it is up.
func launch(folder, dsn string, as *account, answers func(context.Context) error, program string, args ...string) (*process, error) {
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

// stop ends the server at once: nothing in it is worth a clean end, but what it
// has taken from the system it should give back.
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

// prepare runs one command that makes a server's data, and reports its output
// when it fails.
func prepare(folder string, as *account, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.SysProcAttr = folder, runAs(as)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}

// freePort is a port of the loopback that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// program finds one of several names, also where it is not on the path.
func program(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", names[0])
}

// freshName is the name of a database that does not exist.
func freshName() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return "mlmd_test_" + hex.EncodeToString(b[:])
}

// dropAfter removes a database at the end of a test, if the server is there for
// longer than that.
func dropAfter(tb testing.TB, drop func(context.Context) error) {
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := drop(ctx); err != nil {
			tb.Logf("drop the test's database: %v", err)
		}
	})
}
