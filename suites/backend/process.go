package backend

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Process is mlmd-server as a process. Its methods are for the one test that
// started it.
type Process struct {
	Address string // where it serves gRPC
	URL     string // of the REST API, if an argument is --http_port

	cmd    *exec.Cmd
	log    output
	exited chan struct{}
}

// ServerBinary returns the path of mlmd-server, which it builds once in a run of the
// tests. [Main] removes it.
func ServerBinary() (string, error) { return buildServer() }

var buildServer = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "mlmd-server")
	if err != nil {
		return "", err
	}
	onClose(func() error { return os.RemoveAll(folder) })
	binary := filepath.Join(folder, "mlmd-server")
	build := exec.Command("go", "build", "-o", binary, "./cmd/mlmd-server")
	build.Dir = filepath.Join(referenceFolder(), "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build mlmd-server: %w\n%s", err, out)
	}
	return binary, nil
})

// RunProcess runs mlmd-server until it ends, and answers its exit code and what
// it wrote. One that serves does not end: see [StartProcess].
func RunProcess(args ...string) (code int, stdout, stderr string, err error) {
	binary, err := buildServer()
	if err != nil {
		return 0, "", "", err
	}
	cmd := exec.Command(binary, args...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	killer := time.AfterFunc(startWait, func() { cmd.Process.Kill() })
	defer killer.Stop()
	var status *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &status) {
		return 0, "", "", err
	}
	return cmd.ProcessState.ExitCode(), out.String(), log.String(), nil
}

// StartProcess starts mlmd-server on a free port of the loopback address, and
// waits until it serves. The caller must call [Process.Stop] or [Process.Kill].
func StartProcess(args ...string) (*Process, error) {
	return start(append([]string{"--host=127.0.0.1", "--grpc_port=0"}, args...)...)
}

// StartProcessAt is StartProcess for a server at another address: its --host.
func StartProcessAt(host string, args ...string) (*Process, error) {
	return start(append([]string{"--host=" + host}, args...)...)
}

func start(args ...string) (*Process, error) {
	binary, err := buildServer()
	if err != nil {
		return nil, err
	}
	p := &Process{exited: make(chan struct{})}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Stderr = &p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	address := make(chan string, 1)
	hasURL := slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--http_port") })
	go func() {
		lines := bufio.NewReader(stdout)
		first, _ := lines.ReadString('\n')
		if hasURL {
			second, _ := lines.ReadString('\n')
			p.URL = strings.TrimSpace(strings.TrimPrefix(second, "serving "))
		}
		address <- strings.TrimSpace(strings.TrimPrefix(first, "serving "))
		io.Copy(io.Discard, lines)
		p.cmd.Wait()
		close(p.exited)
	}()
	select {
	case p.Address = <-address:
	case <-time.After(startWait):
		p.Kill()
		return nil, fmt.Errorf("mlmd-server does not serve after %v: %s", startWait, p.Log())
	}
	if p.Address == "" {
		<-p.exited
		return nil, fmt.Errorf("mlmd-server ended with %d: %s", p.cmd.ProcessState.ExitCode(), p.Log())
	}
	return p, nil
}

// Log is what the process has written to standard error so far.
func (p *Process) Log() string { return p.log.String() }

// Memory returns how many bytes of memory the process has, and had at most. It
// fails on systems other than Linux.
func (p *Process) Memory() (now, highest int64, _ error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(raw)) {
		name, text, _ := strings.Cut(line, ":")
		var kib int64
		switch name {
		case "VmRSS", "VmHWM":
			if _, err := fmt.Sscanf(text, "%d kB", &kib); err != nil {
				return 0, 0, err
			}
			if name == "VmRSS" {
				now = kib << 10
			} else {
				highest = kib << 10
			}
		}
	}
	return now, highest, nil
}

// Signal sends a signal.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Stop asks the process to end, waits for it, and answers its exit code.
func (p *Process) Stop() (int, error) {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(startWait):
		p.Kill()
		return 0, fmt.Errorf("mlmd-server does not end %v after SIGTERM: %s", startWait, p.Log())
	}
}

// Kill ends the process as a crash would, and waits until it is gone.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

// output collects what a process writes while others read it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends text.
func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(text)
}

// String is all that was written.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
