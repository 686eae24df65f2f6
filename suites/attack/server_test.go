package attack

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/mlmd-go/sdk/suites/backend"
)

// A server is an mlmd-server.
type server struct {
	address string
	cmd     *exec.Cmd
	log     bytes.Buffer
	exited  chan struct{}
}

// start serves the database file.
func start(t *testing.T, file, env string, args ...string) *server {
	t.Helper()
	name := *program
	if name == "" {
		var err error
		if name, err = backend.ServerBinary(); err != nil {
			t.Fatal(err)
		}
	}
	s := &server{exited: make(chan struct{})}
	s.cmd = exec.Command(name, append([]string{"--host=127.0.0.1", "--grpc_port=0", "--db=" + file}, args...)...)
	s.cmd.Stderr = &s.log
	if env != "" {
		s.cmd.Env = append(os.Environ(), env)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	s.address = strings.TrimSpace(strings.TrimPrefix(line, "serving "))
	go func() {
		_ = s.cmd.Wait() // the test looks at whether it runs
		close(s.exited)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Signal(syscall.SIGKILL)
		<-s.exited
	})
	if err != nil {
		<-s.exited
		t.Fatalf("%v: %s", err, s.log.String())
	}
	return s
}

// limit moves the server to a cgroup with n bytes of memory. It reports whether
// that is possible.
func (s *server) limit(t *testing.T, n int) bool {
	t.Helper()
	name := fmt.Sprint("mlmd-attack-", os.Getpid())
	for _, at := range []struct{ root, file string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, // version 1
		{"/sys/fs/cgroup", "memory.max"},
	} {
		group := filepath.Join(at.root, name)
		if _, err := os.Stat(at.root); err != nil || os.Mkdir(group, 0o755) != nil {
			continue
		}
		t.Cleanup(func() {
			_ = s.cmd.Process.Kill()
			<-s.exited
			if err := os.Remove(group); err != nil {
				t.Log(err)
			}
		})
		if os.WriteFile(filepath.Join(group, at.file), []byte(strconv.Itoa(n)), 0) != nil {
			continue
		}
		pid := []byte(strconv.Itoa(s.cmd.Process.Pid))
		if os.WriteFile(filepath.Join(group, "cgroup.procs"), pid, 0) == nil {
			return true
		}
	}
	return false
}

// resetPeak makes [server.peak] forget what was before.
func (s *server) resetPeak(t *testing.T) {
	t.Helper()
	name := fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid)
	if err := os.WriteFile(name, []byte("5"), 0); err != nil {
		t.Log(err)
	}
}

// peak returns the largest resident memory of the server in bytes, 0 if it has
// ended.
func (s *server) peak(t *testing.T) int64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Log(err)
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}

func (s *server) running() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// logEnd returns the last lines that the server has logged.
func (s *server) logEnd() string {
	if s.running() {
		return "(it runs)"
	}
	text := s.log.String()
	return text[max(0, len(text)-2000):]
}

func (s *server) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
