// Package attack attacks mlmd-server while honest clients use it.
package attack

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

var (
	duration = flag.Duration("duration", 0, "how long to attack; 0 to skip")
	only     = flag.String("only", "", "the attacks whose names have one of these texts, separated by commas")
	program  = flag.String("program", "", "the server to attack; by default it is built")
	store    = flag.String("store", "", "the file of the store, which is kept; by default it is made anew")
	stored   = content{artifacts: 1_000_000, contexts: 200_000, graph: 2000}
)

func init() {
	flag.IntVar(&stored.artifacts, "artifacts", stored.artifacts, "how many artifacts the store has")
	flag.IntVar(&stored.graph, "graph", stored.graph,
		"how many artifacts have an event with each of as many executions")
}

const (
	// memoryLimit is the limit of the server's cgroup, in bytes.
	memoryLimit = 512 << 20
	// atOnce is how many attacks run at once.
	atOnce = 4
	// patience limits the time of a read by ID of an honest client.
	patience = time.Second
)

// TestAttacks attacks a server whose memory is limited. Each attack runs beside
// the three that follow it in the list, in a process of its own, as long as each
// other.
func TestAttacks(t *testing.T) {
	if *duration == 0 {
		t.Skip("make attack runs it")
	}
	began := time.Now()
	file := *store
	if file == "" {
		file = t.TempDir() + "/registry.db"
	}
	if _, err := os.Stat(file); err != nil {
		stored.seed(t, file)
	}
	fmt.Printf("stored %v in %v\n", stored, time.Since(began).Round(time.Second))

	s := start(t, file, "GOMEMLIMIT=384MiB", "--request_timeout=10s")
	if !s.limit(t, memoryLimit) {
		t.Skip("needs the right to make a cgroup")
	}
	chosen := attacks
	if *only != "" {
		chosen = slices.DeleteFunc(slices.Clone(attacks), func(a attack) bool {
			return !slices.ContainsFunc(strings.Split(*only, ","), func(part string) bool {
				return strings.Contains(a.name, part)
			})
		})
	}
	rounds := len(chosen)
	if len(chosen) <= atOnce {
		rounds = 1
	}
	h := &honest{readers: s.dial(t), writers: s.dial(t)}
	results := map[string]*result{}
	total := new(result)
	var peak int64
	for i := range rounds {
		running := make([]attack, min(atOnce, len(chosen)))
		for j := range running {
			running[j] = chosen[(i+j)%len(chosen)]
		}
		s.resetPeak(t)
		got := h.during(t, s, running, *duration/time.Duration(rounds))
		got.peak = s.peak(t)
		t.Logf("round %d of %d, from %q on: %v", i+1, rounds, running[0].name, strings.ReplaceAll(got.String(), "\t", " "))
		peak = max(peak, got.peak)
		for _, a := range running {
			if results[a.name] == nil {
				results[a.name] = new(result)
			}
			results[a.name].add(got, a.name)
		}
		total.add(got, "")
		if !s.running() {
			t.Errorf("the server has ended; its log ends with %s", s.logEnd())
			break
		}
	}
	lost := h.lost(t)

	fmt.Printf("attacked for %v in %d MiB, GOMEMLIMIT 384 MiB, %d attacks at once\n", *duration, memoryLimit>>20,
		min(atOnce, len(chosen)))
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "attack\tdone\tpeak memory\treads\tlate\tfailed\tmedian\tslowest\twrites/s")
	for _, a := range chosen {
		if r := results[a.name]; r != nil {
			fmt.Fprintf(out, "%s\t%d\t%v\n", a.name, r.done[a.name], r)
		}
	}
	fmt.Fprintf(out, "all\t\t%v\n", total)
	out.Flush()
	fmt.Printf("server: peak memory %d MiB (RSS), running: %t\n", peak>>20, s.running())
	fmt.Printf("point reads: %d, later than %v: %d, failed: %d\n", len(total.reads), patience, total.late(), total.failed)
	fmt.Printf("writes acknowledged: %d, lost: %d\n", len(h.acknowledged), lost)
	if lost > 0 || total.failed > 0 || total.late() > 0 {
		t.Errorf("lost %d writes, %d reads failed, %d reads were late", lost, total.failed, total.late())
	}
}

// A result is what honest clients met during attacks.
type result struct {
	took   time.Duration
	peak   int64 // bytes of memory
	reads  []time.Duration
	failed int // reads
	writes int
	done   map[string]int // by attack
}

func (r *result) add(o *result, attack string) {
	r.took += o.took
	r.peak = max(r.peak, o.peak)
	r.reads = append(r.reads, o.reads...)
	r.failed += o.failed
	r.writes += o.writes
	if r.done == nil {
		r.done = map[string]int{}
	}
	r.done[attack] += o.done[attack]
}

func (r *result) late() (n int) {
	for _, d := range r.reads {
		if d > patience {
			n++
		}
	}
	return n
}

// String returns the columns of a table.
func (r *result) String() string {
	sorted := slices.Sorted(slices.Values(r.reads))
	return fmt.Sprintf("%d MiB\t%d\t%d\t%d\t%v\t%v\t%.1f", r.peak>>20, len(sorted), r.late(), r.failed,
		sorted[len(sorted)/2].Round(10*time.Microsecond), sorted[len(sorted)-1].Round(time.Millisecond),
		float64(r.writes)/r.took.Seconds())
}

// honest are clients that read and write like usual ones, from the address of the
// attackers.
type honest struct {
	readers, writers *grpc.ClientConn
	written          int
	acknowledged     []int64
}

// during starts attackers and uses the server until the time is over.
func (h *honest) during(t *testing.T, s *server, running []attack, d time.Duration) *result {
	t.Helper()
	r := &result{done: map[string]int{}}
	var all []*process
	for _, a := range running {
		all = append(all, attackFrom(t, a.name, s.address, d))
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.write(ctx, t, r)
	}()
	r.reads, r.failed = h.read(ctx, t)
	r.took = time.Since(began)
	for i, p := range all {
		r.done[running[i].name] = p.ended(t)
	}
	<-ended
	return r
}

// read reads contexts by ID until ctx ends. It returns how long each read took.
func (h *honest) read(ctx context.Context, t *testing.T) (took []time.Duration, failed int) {
	rpc := mlmdpb.NewMetadataStoreServiceClient(h.readers)
	for len(took) == 0 || ctx.Err() == nil {
		start := time.Now()
		_, err := rpc.GetContextsByID(t.Context(), &mlmdpb.GetContextsByIDRequest{
			ContextIds: []int64{2 + rand.Int64N(int64(stored.contexts)-1)},
		})
		took = append(took, time.Since(start))
		if err != nil {
			if failed++; failed < 4 {
				t.Log(err)
			}
			if status.Code(err) == codes.Unavailable {
				return took, failed
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return took, failed
}

// write stores small contexts, one after the other, until ctx ends.
func (h *honest) write(ctx context.Context, t *testing.T, r *result) {
	rpc := mlmdpb.NewMetadataStoreServiceClient(h.writers)
	for ctx.Err() == nil {
		h.written++
		name := fmt.Sprint("honest ", os.Getpid(), " ", h.written)
		put, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{
			Contexts: []*mlmdpb.Context{{TypeId: &contextType, Name: &name}},
		})
		if err == nil {
			h.acknowledged = append(h.acknowledged, put.GetContextIds()[0])
			r.writes++
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// lost returns how many acknowledged writes the server does not have.
func (h *honest) lost(t *testing.T) (n int) {
	t.Helper()
	for part := range slices.Chunk(h.acknowledged, 1000) {
		got, err := mlmdpb.NewMetadataStoreServiceClient(h.readers).GetContextsByID(t.Context(),
			&mlmdpb.GetContextsByIDRequest{ContextIds: part})
		if err != nil {
			t.Fatal(err)
		}
		n += len(part) - len(got.GetContexts())
	}
	return n
}

// The variables that make TestAttacker attack.
const (
	attackVariable  = "MLMD_ATTACK"
	addressVariable = "MLMD_ATTACK_ADDRESS"
	timeVariable    = "MLMD_ATTACK_TIME"
)

// TestAttacker is an attacker, in a process of its own.
func TestAttacker(t *testing.T) {
	name := os.Getenv(attackVariable)
	if name == "" {
		t.Skip("TestAttacks runs it")
	}
	d, err := time.ParseDuration(os.Getenv(timeVariable))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	i := slices.IndexFunc(attacks, func(a attack) bool { return a.name == name })
	done := new(counter)
	attacks[i].run(ctx, os.Getenv(addressVariable), done)
	fmt.Printf("done %d\n", done.Load())
}

// A process is an attacker.
type process struct {
	cmd    *exec.Cmd
	output strings.Builder
}

func attackFrom(t *testing.T, name, address string, d time.Duration) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), "nice", "-n", "5", os.Args[0], "-test.run=^TestAttacker$")}
	p.cmd.Env = append(os.Environ(), attackVariable+"="+name, addressVariable+"="+address, timeVariable+"="+d.String(),
		"GOMEMLIMIT=2GiB")
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// ended waits for the end of the attacker, and returns how many times it has
// attacked.
func (p *process) ended(t *testing.T) (n int) {
	t.Helper()
	killer := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer killer.Stop()
	err := p.cmd.Wait()
	for line := range strings.Lines(p.output.String()) {
		if _, scanned := fmt.Sscanf(line, "done %d", &n); scanned == nil {
			return n
		}
	}
	t.Errorf("an attacker failed: %v: %s", err, p.output.String())
	return 0
}

// TestCost compares reads of honest clients with the limits on and off.
func TestCost(t *testing.T) {
	if *duration == 0 {
		t.Skip("make attack runs it")
	}
	small := content{artifacts: 1, contexts: 1000}
	files := []string{t.TempDir() + "/on.db", t.TempDir() + "/off.db"}
	small.seed(t, files[0])
	small.seed(t, files[1])
	on := start(t, files[0], "")
	off := start(t, files[1], "", "--limit_concurrency=false", "--request_timeout=0", "--reply_memory_bytes=0",
		"--max_text_bytes=0")
	var took [2][]time.Duration
	rpcs := []mlmdpb.MetadataStoreServiceClient{
		mlmdpb.NewMetadataStoreServiceClient(on.dial(t)), mlmdpb.NewMetadataStoreServiceClient(off.dial(t)),
	}
	for n := range 10_000 {
		i := n % 2
		start := time.Now()
		_, err := rpcs[i].GetContextsByID(t.Context(), &mlmdpb.GetContextsByIDRequest{
			ContextIds: []int64{1 + rand.Int64N(int64(small.contexts))},
		})
		if err != nil {
			t.Fatal(err)
		}
		took[i] = append(took[i], time.Since(start))
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	a, b := took[0][len(took[0])/2], took[1][len(took[1])/2]
	fmt.Printf("median point read: %v with limits, %v without, ratio %.3f\n", a, b, float64(a)/float64(b))
}
