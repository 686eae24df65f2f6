package differential

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/pkg/store/storetest"
	"github.com/mlmd-go/sdk/suites/backend"
)

var (
	requests = flag.Int("n", 3000, "how many requests to send")
	seed     = flag.Uint64("seed", 1, "what the requests come from")
)

func TestMain(m *testing.M) { backend.Main(m) }

// sequenceLength is how many requests one store gets, reads at the end aside.
const sequenceLength = 60

// pausedEvery says which sequences run slowly enough to compare times too.
const pausedEvery = 8

// enoughForAll is how many requests make every method succeed at least once.
const enoughForAll = 20000

// notSent are the methods that the requests here leave out.
var notSent = []string{"GetLineageGraph", "GetLineageSubgraph"}

func TestDifferential(t *testing.T) {
	var (
		number, sent atomic.Int64
		failed       atomic.Bool
		met          = tally{differences: map[string]int{}, ok: map[string]int{}}
		workers      sync.WaitGroup
	)
	for range runtime.GOMAXPROCS(0) {
		stage := newStage(t)
		workers.Go(func() {
			for !failed.Load() && sent.Load() < int64(*requests) {
				n := uint64(number.Add(1))
				paused := n%pausedEvery == 0
				w := newWorld(*seed, n, sequenceLength, paused)
				out, err := stage.play(t.Context(), paused, w.next)
				if err != nil {
					failed.Store(true)
					t.Errorf("sequence %d: %v", n, err)
					return
				}
				sent.Add(int64(out.played))
				met.add(out)
				if out.at >= 0 && failed.CompareAndSwap(false, true) {
					t.Error(explain(t.Context(), stage, n, paused, w.steps[:out.at+1], out))
				}
			}
		})
	}
	workers.Wait()
	t.Logf("seed %d: %d requests in %d sequences; wanted differences met: %s", *seed, sent.Load(), number.Load(),
		list(met.differences))
	t.Logf("successful requests: %s", list(met.ok))
	if t.Failed() || *requests < enoughForAll {
		return
	}
	for _, method := range methods() {
		if met.ok[method] == 0 && !slices.Contains(notSent, method) {
			t.Errorf("no %s succeeded: the requests are not what they should be", method)
		}
	}
}

// newStage makes stores in memory, and in a process of the reference
// implementation.
func newStage(t *testing.T) stage {
	start, drop := backend.CoreStores(t)
	return stage{
		ours: ourStore,
		original: func(context.Context) (grpc.ClientConnInterface, func() error, error) {
			conn := start()
			return conn, func() error { return drop(conn) }, nil
		},
	}
}

// explain shrinks a sequence that ended in a difference and prints it.
func explain(ctx context.Context, s stage, number uint64, paused bool, steps []step, out outcome) string {
	if !out.lost {
		steps = shrink(steps, func(candidate []step) bool {
			again, err := s.play(ctx, paused, replay(candidate))
			if err != nil || again.at < 0 {
				return false
			}
			out = again
			return true
		}, 1500)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "sequence %d of seed %d ends in a difference", number, *seed)
	if out.lost {
		fmt.Fprint(&b, ", and the reference implementation ended with it")
	}
	fmt.Fprintln(&b, ":")
	for i, st := range steps {
		fmt.Fprintf(&b, "%3d  %v\n", i+1, st)
	}
	fmt.Fprintf(&b, "ours:\n%v\nthe original:\n%v\n", out.ours, out.original)
	return b.String()
}

// A tally counts what happened.
type tally struct {
	mu          sync.Mutex
	differences map[string]int
	ok          map[string]int
}

func (t *tally) add(o outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.excuse != "" && o.at < 0 {
		t.differences[string(o.excuse)]++
	}
	for method, n := range o.ok {
		t.ok[method] += n
	}
}

func list(counts map[string]int) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(out, ", ")
}

// differenceTable returns the generated part of docs/compatibility.md.
func differenceTable() string {
	var b strings.Builder
	fmt.Fprintln(&b, "| part | what | the reference implementation | this module | why |")
	fmt.Fprintln(&b, "|---|---|---|---|---|")
	for _, d := range storetest.Differences() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", d.Area, d.What, d.Reference, d.Engine, d.Why)
	}
	return b.String()
}

const (
	docs       = "../../docs/compatibility.md"
	tableBegin = "<!-- made from pkg/store/storetest/differences.go: go test ./suites/differential " +
		"-run TestDifferencesTable " +
		"-args -update -->\n"
	tableEnd = "<!-- end -->\n"
)

var update = flag.Bool("update", false, "write the table into docs/compatibility.md")

func TestDifferencesTable_Fresh(t *testing.T) {
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), tableBegin)
	old, tail, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		t.Fatalf("%s has no place for the table", docs)
	}
	switch {
	case old == differenceTable():
	case *update:
		if err := os.WriteFile(docs, []byte(head+tableBegin+differenceTable()+tableEnd+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table in %s is stale: run this test with -args -update", docs)
	}
}
