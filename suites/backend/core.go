package backend

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// startWait is how long a process may take until it serves.
const startWait = 30 * time.Second

var core = shared{start: func(ctx context.Context) (string, func() error, error) { return runCore(ctx) }}

// ofSQLite is what every service does that keeps its data in SQLite.
var ofSQLite = []storetest.Capability{
	storetest.ReadsSortedByID, storetest.Int64Values, storetest.NonUTF8Text,
	storetest.UnlimitedText,
}

func startCore(ctx context.Context, tb testing.TB) (service, error) {
	s, err := core.store(ctx, tb)
	s.has = append(s.has, ofSQLite...)
	return s, err
}

// runCore starts the reference implementation as a process on a free port. Further
// arguments choose its database.
func runCore(ctx context.Context, args ...string) (address string, stop func() error, err error) {
	python, err := corePython(ctx)
	if err != nil {
		return "", nil, err
	}
	script := filepath.Join(referenceFolder(), "server.py")
	return runServer(exec.Command(python,
		append([]string{script, "--address", "127.0.0.1:0", "--until-stdin-closes"}, args...)...))
}

// corePython returns a Python interpreter that has the reference implementation.
func corePython(ctx context.Context) (string, error) {
	python, named := os.LookupEnv("MLMD_PYTHON")
	if !named {
		python = filepath.Join(referenceFolder(), ".venv", "bin", "python")
		if _, err := os.Stat(python); err != nil {
			python = "python3"
		}
	}
	check := exec.CommandContext(ctx, python, "-c", "import grpc, ml_metadata")
	if out, err := check.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return "",
			unavailable("%s cannot import ml_metadata (%v: %s); suites/reference/setup.sh makes an environment that can, or "+
				"set MLMD_PYTHON",
				python, err, lines[len(lines)-1])
	}
	return python, nil
}

// referenceFolder returns the path of suites/reference for a test of any package: the
// working directory of a test is the folder of its package.
func referenceFolder() string {
	relative := filepath.Join("suites", "reference")
	above, err := os.Getwd()
	for err == nil {
		path := filepath.Join(above, relative)
		if _, err := os.Stat(filepath.Join(path, "server.py")); err == nil {
			return path
		}
		if above == filepath.Dir(above) {
			break
		}
		above = filepath.Dir(above)
	}
	return relative
}

// runServer starts a process that prints "serving ADDRESS" once it serves. Its
// standard input is a pipe that closes when this process ends, so that it ends
// too.
func runServer(cmd *exec.Cmd) (address string, stop func() error, err error) {
	last := &tail{}
	cmd.Stderr = last
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() error {
		alive.Close()
		return end(cmd)
	}
	line := make(chan string, 1)
	go func() {
		defer close(line)
		for scan := bufio.NewScanner(stdout); scan.Scan(); {
			if address, ok := strings.CutPrefix(scan.Text(), "serving "); ok {
				line <- address
			}
		}
	}()
	select {
	case address, ok := <-line:
		if !ok {
			return "", nil, fmt.Errorf("%s ended before it served: %w\n%s", cmd.Path, cmd.Wait(), last)
		}
		return address, stop, nil
	case <-time.After(startWait):
		return "", nil, errors.Join(fmt.Errorf("%s does not serve after %v\n%s", cmd.Path, startWait, last), stop())
	}
}

// end asks the process to stop, and kills it if it does not.
func end(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, cmd.Wait())
	}
	killer := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer killer.Stop()
	cmd.Wait() // the exit status of a process told to end says nothing
	return nil
}

// A tail keeps the end of what a process writes: the core logs much, and only
// what it wrote before it failed to start is of interest.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps the last few thousand bytes.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-4000):]
	return len(p), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// CoreStores starts the reference implementation as a process of the test's own
// and returns functions that make and drop empty stores in it, for tests that
// need thousands of them.
func CoreStores(tb testing.TB) (make func() grpc.ClientConnInterface, drop func(grpc.ClientConnInterface) error) {
	tb.Helper()
	ctx := context.Background()
	own := shared{start: core.start}
	if err := own.dial(ctx); err != nil {
		Named(Core).refuse(tb, err)
	}
	report.started(Core, tb)
	make = func() grpc.ClientConnInterface {
		return &namedStore{own.conn, fmt.Sprint("own-", own.number.Add(1))}
	}
	drop = func(conn grpc.ClientConnInterface) error {
		return conn.Invoke(ctx, dropMethod, &emptypb.Empty{}, &emptypb.Empty{})
	}
	return make, drop
}
