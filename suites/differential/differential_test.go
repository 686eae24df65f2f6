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

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/inproc"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
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

func TestDifferential(t *testing.T) {
	var (
		number, sent atomic.Int64
		failed       atomic.Bool
		met          tally
		workers      sync.WaitGroup
	)
	for range runtime.GOMAXPROCS(0) {
		stage := newStage(t)
		workers.Go(func() {
			for !failed.Load() && sent.Load() < int64(*requests) {
				n := uint64(number.Add(1))
				w := newWorld(*seed, n, sequenceLength)
				paused := n%pausedEvery == 0
				out, err := stage.play(t.Context(), paused, w.next)
				if err != nil {
					failed.Store(true)
					t.Errorf("sequence %d: %v", n, err)
					return
				}
				sent.Add(int64(out.played))
				met.add(out.excuse)
				if out.at >= 0 && failed.CompareAndSwap(false, true) {
					t.Error(explain(t.Context(), stage, n, paused, w.steps[:out.at+1], out))
				}
			}
		})
	}
	workers.Wait()
	t.Logf("seed %d: %d requests in %d sequences; wanted differences met: %s", *seed, sent.Load(), number.Load(), &met)
}

// newStage makes stores in memory, and in a process of the published core.
func newStage(t *testing.T) stage {
	start, drop := backend.CoreStores(t)
	return stage{
		ours: func(ctx context.Context) (grpc.ClientConnInterface, func() error, error) {
			s, err := sqlite.OpenMemory(ctx)
			if err != nil {
				return nil, nil, err
			}
			return inproc.New(&mlmdpb.MetadataStoreService_ServiceDesc, s.Server()), s.Close, nil
		},
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
		fmt.Fprint(&b, ", and the original ended with it")
	}
	fmt.Fprintln(&b, ":")
	for i, st := range steps {
		fmt.Fprintf(&b, "%3d  %v\n", i+1, st)
	}
	fmt.Fprintf(&b, "ours:\n%v\nthe original:\n%v\n", out.ours, out.original)
	return b.String()
}

// A tally counts how often each wanted difference was met.
type tally struct {
	mu    sync.Mutex
	times map[storetest.Capability]int
}

func (t *tally) add(d storetest.Capability) {
	if d == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.times == nil {
		t.times = map[storetest.Capability]int{}
	}
	t.times[d]++
}

func (t *tally) String() string {
	if len(t.times) == 0 {
		return "none"
	}
	var out []string
	for _, d := range slices.Sorted(maps.Keys(t.times)) {
		out = append(out, fmt.Sprintf("%s %d", d, t.times[d]))
	}
	return strings.Join(out, ", ")
}

// differenceTable is the part of docs/compatibility.md that is made here.
func differenceTable() string {
	var b strings.Builder
	fmt.Fprintln(&b, "| part | what | the original | ours | why |")
	fmt.Fprintln(&b, "|---|---|---|---|---|")
	for _, d := range storetest.Differences() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", d.Area, d.What, d.Original, d.Ours, d.Why)
	}
	return b.String()
}

const (
	docs       = "../../docs/compatibility.md"
	tableBegin = "<!-- made from pkg/store/storetest/differences.go: go test ./suites/differential -run TestTheTable -args -update -->\n"
	tableEnd   = "<!-- end -->\n"
)

var update = flag.Bool("update", false, "write the table into docs/compatibility.md")

func TestTheTableOfDifferencesIsFresh(t *testing.T) {
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
