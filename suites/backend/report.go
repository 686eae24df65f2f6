package backend

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/mlmd-go/sdk/internal/testdb"
)

// Main runs the tests of a package, takes down what they shared, and prints
// which backends ran: on standard output, and at the end of the file that
// MLMD_REPORT names, since go test shows no output of packages that pass.
//
//	func TestMain(m *testing.M) { backend.Main(m) }
//
// A process that [StartChild] started runs its child instead.
func Main(m *testing.M, children ...Child) {
	runChild(children)
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, "backend:", err)
		code = max(code, 1)
	}
	testdb.Stop()
	report.print(os.Stdout)
	if err := report.appendTo(os.Getenv("MLMD_REPORT")); err != nil {
		fmt.Fprintln(os.Stderr, "backend: MLMD_REPORT:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// runs counts what happened on one backend.
type runs struct {
	passed, failed, skipped int
	reason                  string
}

// A tally is what happened on all backends.
type tally struct {
	mu   sync.Mutex
	runs map[string]*runs
}

var report = tally{runs: map[string]*runs{}}

func (t *tally) of(name string) *runs {
	if t.runs[name] == nil {
		t.runs[name] = &runs{}
	}
	return t.runs[name]
}

// started counts the test when it ends.
func (t *tally) started(name string, tb testing.TB) {
	tb.Cleanup(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		switch r := t.of(name); {
		case tb.Failed():
			r.failed++
		case tb.Skipped():
			r.skipped++
		default:
			r.passed++
		}
	})
}

func (t *tally) unavailable(name string, reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(name).reason = strings.ReplaceAll(reason.Error(), "\n", " ")
}

func (t *tally) print(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "backend\tpassed\tfailed\tskipped\tremark")
	for _, b := range append(slices.Clone(all), throughREST) {
		if r := t.runs[b.Name]; r != nil {
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\n", b.Name, r.passed, r.failed, r.skipped, r.reason)
		}
	}
	table.Flush()
}

func (t *tally) appendTo(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintln(f, os.Args[0])
	t.print(f)
	return nil
}
