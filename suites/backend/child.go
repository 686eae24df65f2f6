package backend

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// childVariable names the function that a process runs instead of the tests.
const childVariable = "MLMD_CHILD"

// A Child is a function of a test binary that runs in a process of its own. It
// reads lines from in and writes lines to out. The input ends when the process
// that started it does.
type Child struct {
	Name string
	Run  func(in *bufio.Scanner, out io.Writer, args []string) error
}

// runChild runs the child that the environment names and ends the process. It
// returns if the environment names no child.
func runChild(children []Child) {
	name := os.Getenv(childVariable)
	if name == "" {
		return
	}
	for _, c := range children {
		if c.Name != name {
			continue
		}
		if err := c.Run(bufio.NewScanner(os.Stdin), os.Stdout, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	fmt.Fprintf(os.Stderr, "%s: no child is called %q\n", childVariable, name)
	os.Exit(2)
}

// A ChildProcess is a child that runs.
type ChildProcess struct {
	In  io.WriteCloser
	Out *bufio.Scanner
	cmd *exec.Cmd
	err tail
}

// StartChild starts the child that [Main] was given under that name. The process
// is killed when the test ends, if it still runs.
func StartChild(tb testing.TB, name string, args ...string) *ChildProcess {
	tb.Helper()
	binary, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	p := &ChildProcess{cmd: exec.Command(binary, args...)}
	p.cmd.Env = append(os.Environ(), childVariable+"="+name)
	p.cmd.Stderr = &p.err
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if p.In, err = p.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Kill)
	p.Out = bufio.NewScanner(out)
	p.Out.Buffer(nil, 64<<20)
	return p
}

// Line returns the next line that the child writes, or fails the test.
func (p *ChildProcess) Line(tb testing.TB) string {
	tb.Helper()
	if !p.Out.Scan() {
		tb.Fatalf("the child ended: %v\n%s", p.cmd.Wait(), &p.err)
	}
	return p.Out.Text()
}

// Kill ends the process as a crash would.
func (p *ChildProcess) Kill() {
	_ = p.cmd.Process.Kill()
}

// Wait waits until the process has ended, after its output was read.
func (p *ChildProcess) Wait() error {
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, &p.err)
	}
	return nil
}

// Address starts the backend and returns how another process reaches it: the DSN
// of a fresh store for [File], [Postgres] and [MySQL], and HOST:PORT for [Server].
// For [Core] it is HOST:PORT#STORE. [DialAddress] connects to it. The other
// backends cannot be reached by another process.
func (b *Backend) Address(tb testing.TB) string {
	tb.Helper()
	var address string
	var err error
	switch b.Name {
	case File:
		address = filepath.Join(tb.TempDir(), "mlmd.db")
	case Postgres:
		address, err = testdb.Postgres(tb)
	case MySQL:
		address, err = testdb.MySQL(tb)
	case Server:
		var p *Process
		if p, err = StartProcess("--db=" + filepath.Join(tb.TempDir(), "mlmd.db")); err == nil {
			tb.Cleanup(p.Kill)
			address = p.Address
		}
	case Core:
		return NewCoreDatabase(tb, "sqlite").Address()
	default:
		err = fmt.Errorf("another process cannot reach %s", b.Name)
	}
	if err != nil {
		b.refuse(tb, database(err))
	}
	report.started(b.Name, tb)
	return address
}

// DialAddress connects to the address of a backend.
func DialAddress(ctx context.Context, name, address string) (mlmdpb.MetadataStoreServiceClient, io.Closer, error) {
	open := map[string]func(context.Context, string, ...store.Option) (*store.Store, error){
		File: sqlite.Open, Postgres: postgres.Open, MySQL: mysql.Open,
	}[name]
	if open != nil {
		s, err := open(ctx, address)
		if err != nil {
			return nil, nil, err
		}
		return s.Client(), s, nil
	}
	address, named, _ := strings.Cut(address, "#")
	conn, err := dial(address)
	if err != nil {
		return nil, nil, err
	}
	var calls grpc.ClientConnInterface = conn
	if named != "" {
		calls = &namedStore{conn, named}
	}
	return mlmdpb.NewMetadataStoreServiceClient(calls), conn, nil
}

// Address returns how another process reaches the database through the reference
// implementation, see [Backend.Address].
func (d *CoreDatabase) Address() string { return d.core.conn.Target() + "#" + d.name }
