package contention_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
	"github.com/mlmd-go/sdk/suites/backend"
)

var updates = flag.Int("updates", 320, "how often TestCounter adds one on each backend")

const (
	processes = 4
	writers   = 16 // in each process
	// patience is the deadline of one Update among all the others.
	patience = time.Minute
)

// A tally is what the writers of one process did.
type tally struct {
	Updates int             // that returned no error
	Calls   int             // of the function, which is more if writers conflict
	All     []time.Duration // of the updates
	Err     string          // the first error
}

// TestCounter adds one to a property of one entity, from 16 goroutines in each of
// 4 processes. On every backend of this module the sum is exact.
func TestCounter(t *testing.T) {
	for _, name := range []string{backend.File, backend.Postgres, backend.MySQL, backend.Server} {
		counterTest(t, name, name, func(t *testing.T) {
			total, sum := count(t, name, backend.Named(name).Address(t), "version")
			t.Logf("lost: %d", total-sum)
			if sum != total {
				t.Errorf("the sum is %d after %d updates", sum, total)
			}
		})
	}
	counterTest(t, backend.Memory, backend.Memory, countInMemory)

	// The reference implementation checks nothing for versions, and compares the
	// update times of artifacts in milliseconds.
	for _, kind := range []string{"sqlite", backend.MySQL} {
		for _, entity := range []string{"version", "artifact"} {
			counterTest(t, backend.Core+" on "+kind+" "+entity, backend.Core, func(t *testing.T) {
				total, sum := count(t, backend.Core, backend.NewCoreDatabase(t, kind).Address(), entity)
				t.Logf("lost %d of %d updates, %.1f %%", total-sum, total, 100*float64(total-sum)/float64(total))
				if sum < 1 || sum > total {
					t.Errorf("the sum is %d after %d updates", sum, total)
				}
			})
		}
	}
}

// counterTest runs a test of a backend, if this run is about the backend.
func counterTest(t *testing.T, name, on string, test func(t *testing.T)) {
	if slices.Contains(backend.All(), backend.Named(on)) {
		t.Run(name, test)
	}
}

// count runs the writers in processes. It returns how often they added one and
// the value of the property.
func count(t *testing.T, kind, address, entity string) (total, sum int) {
	t.Helper()
	ctx := t.Context()
	rpc, closer, err := backend.DialAddress(ctx, kind, address)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	reg := registry.New(rpc)
	id := newCounter(t, reg, entity)
	var children []*backend.ChildProcess
	for i := range processes {
		n := *updates / processes
		if i < *updates%processes {
			n++
		}
		p := backend.StartChild(t, "count", kind, address, entity, id, strconv.Itoa(n))
		children = append(children, p)
	}
	for _, p := range children {
		p.Line(t) // it is connected
	}
	start := time.Now()
	for _, p := range children {
		fmt.Fprintln(p.In, "start")
	}
	var tallies []tally
	for _, p := range children {
		var of tally
		if err := json.Unmarshal([]byte(p.Line(t)), &of); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Fatal(err)
		}
		tallies = append(tallies, of)
	}
	return report(t, tallies, time.Since(start)), valueOf(t, reg, entity, id)
}

// countInMemory counts with clients of one process, because other processes
// cannot reach a store in memory.
func countInMemory(t *testing.T) {
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	reg := registry.New(store.Client())
	id := newCounter(t, reg, "version")
	tallies := make([]tally, processes)
	var all sync.WaitGroup
	start := time.Now()
	for i := range tallies {
		all.Go(func() {
			tallies[i] = add(t.Context(), registry.New(store.Client()), "version", id, *updates/processes)
		})
	}
	all.Wait()
	total := report(t, tallies, time.Since(start))
	if sum := valueOf(t, reg, "version", id); sum != total {
		t.Errorf("the sum is %d after %d updates", sum, total)
	}
}

// report prints what the writers did, fails the test if an update failed, and
// returns the number of updates.
func report(t *testing.T, tallies []tally, took time.Duration) int {
	t.Helper()
	total, calls := 0, 0
	var each []time.Duration
	for _, of := range tallies {
		if of.Err != "" {
			t.Error(of.Err)
		}
		total, calls, each = total+of.Updates, calls+of.Calls, append(each, of.All...)
	}
	slices.Sort(each)
	t.Logf("%d updates by %d×%d writers in %v: %.0f updates/s, median %v, 99 %% within %v, slowest %v, %.2f calls of "+
		"the function for each", total, processes, writers, took.Round(time.Millisecond), float64(total)/took.Seconds(),
		each[len(each)/2].Round(time.Microsecond), each[len(each)*99/100].Round(time.Millisecond),
		each[len(each)-1].Round(time.Millisecond), float64(calls)/float64(total))
	return total
}

// newCounter stores an entity that counts from zero and returns its ID.
func newCounter(t *testing.T, reg *registry.Client, entity string) string {
	t.Helper()
	zero := value.Map{"n": value.Int(0)}
	var res registry.Result
	var err error
	if entity == "artifact" {
		res, err = reg.ModelArtifacts().Create(t.Context(), &model.ModelArtifact{Name: "counter", CustomProperties: zero})
	} else {
		res, err = reg.RegisteredModels().Create(t.Context(), &model.RegisteredModel{Name: "counter"})
		if err == nil {
			res, err = reg.ModelVersions().Create(t.Context(), &model.ModelVersion{
				RegisteredModelID: res.ID, Name: "v1", CustomProperties: zero,
			})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return res.ID
}

// valueOf returns the value of the counter.
func valueOf(t *testing.T, reg *registry.Client, entity, id string) int {
	t.Helper()
	var custom value.Map
	if entity == "artifact" {
		a, err := reg.ModelArtifacts().Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		custom = a.CustomProperties
	} else {
		v, err := reg.ModelVersions().Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		custom = v.CustomProperties
	}
	n, ok := custom["n"].AsInt()
	if !ok {
		t.Fatalf("the counter is %v", custom)
	}
	return int(n)
}

// countInChild is the child process of count.
func countInChild(in *bufio.Scanner, out io.Writer, args []string) error {
	ctx := context.Background()
	kind, address, entity, id := args[0], args[1], args[2], args[3]
	n, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	rpc, closer, err := backend.DialAddress(ctx, kind, address)
	if err != nil {
		return err
	}
	defer closer.Close()
	fmt.Fprintln(out, "connected")
	if !in.Scan() {
		return in.Err()
	}
	return json.NewEncoder(out).Encode(add(ctx, registry.New(rpc), entity, id, n))
}

// add adds one to the counter n times, from as many goroutines as there are
// writers.
func add(ctx context.Context, reg *registry.Client, entity, id string, n int) tally {
	var of tally
	var mu sync.Mutex
	var calls atomic.Int64
	left := make(chan struct{}, n)
	for range n {
		left <- struct{}{}
	}
	close(left)
	inc := func(custom value.Map) error {
		calls.Add(1)
		n, _ := custom["n"].AsInt()
		custom["n"] = value.Int(n + 1)
		return nil
	}
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range left {
				ctx, cancel := context.WithTimeout(ctx, patience)
				start := time.Now()
				var err error
				if entity == "artifact" {
					_, err = reg.ModelArtifacts().Update(ctx, id,
						func(a *model.ModelArtifact) error { return inc(a.CustomProperties) })
				} else {
					_, err = reg.ModelVersions().Update(ctx, id,
						func(v *model.ModelVersion) error { return inc(v.CustomProperties) })
				}
				took := time.Since(start)
				cancel()
				mu.Lock()
				if err == nil {
					of.Updates++
					of.All = append(of.All, took)
				} else if of.Err == "" {
					of.Err = fmt.Sprintf("an update failed after %v: %v", took, err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	of.Calls = int(calls.Load())
	return of
}
