package admission_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/admission"
)

func limiter(running, waiting int) *admission.Limiter {
	return admission.New(map[admission.Class]admission.Limits{
		admission.List: {Running: running, Waiting: waiting},
	})
}

func acquire(t *testing.T, l *admission.Limiter, client string) (release func()) {
	t.Helper()
	release, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: client})
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func TestLimiter_NeverRunsMoreThanItsLimit(t *testing.T) {
	l := limiter(3, 1000)
	var running, most atomic.Int64
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			release, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: string(rune('a' + i%5))})
			if err != nil {
				t.Error(err)
				return
			}
			n := running.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			time.Sleep(100 * time.Microsecond)
			running.Add(-1)
			release()
		})
	}
	all.Wait()
	if most.Load() != 3 {
		t.Errorf("%d ran at once, want 3", most.Load())
	}
	if running, waiting := l.Load(admission.List); running != 0 || waiting != 0 {
		t.Errorf("afterwards %d run and %d wait", running, waiting)
	}
}

func TestLimiter_OtherClassesRun(t *testing.T) {
	l := limiter(1, 0)
	defer acquire(t, l, "a")()
	release, err := l.Acquire(t.Context(), admission.Point, admission.Client{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	release()
}

func TestLimiter_RefusesBeyondWaiting(t *testing.T) {
	l := limiter(1, 0)
	defer acquire(t, l, "a")()
	_, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: "a"})
	var full *admission.FullError
	if !errors.As(err, &full) || full.Class != admission.List {
		t.Errorf("got %v", err)
	}
}

// Three clients wait with 4, 1 and 2 requests: they take turns.
func TestLimiter_ClientsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(1, 100)
		release := acquire(t, l, "first")
		order := make(chan string, 10)
		for _, client := range []string{"a", "a", "a", "a", "b", "c", "c"} {
			go func() {
				release, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: client})
				if err != nil {
					t.Error(err)
					return
				}
				order <- client
				release()
			}()
			synctest.Wait()
		}
		release()
		var got string
		for range 7 {
			got += <-order
		}
		if got != "abcacaa" {
			t.Errorf("got order %s, want abcacaa", got)
		}
	})
}

// A client that fills the queue loses a place to one that has none.
func TestLimiter_EvictsTheBusiestClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(1, 3)
		release := acquire(t, l, "first")
		results := make(chan error, 3)
		for range 3 {
			go func() {
				release, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: "busy"})
				if err == nil {
					release()
				}
				results <- err
			}()
			synctest.Wait()
		}
		other := make(chan error, 1)
		go func() {
			release, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: "other"})
			if err == nil {
				release()
			}
			other <- err
		}()
		synctest.Wait()
		var full *admission.FullError
		if err := <-results; !errors.As(err, &full) {
			t.Errorf("the busy client's last request: %v", err)
		}
		release()
		for _, err := range []error{<-other, <-results, <-results} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestLimiter_CanceledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(1, 10)
		release := acquire(t, l, "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Acquire(ctx, admission.List, admission.Client{Name: "a"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, waiting := l.Load(admission.List); waiting != 0 {
			t.Errorf("%d wait", waiting)
		}
		release()
		acquire(t, l, "a")()
	})
}

// Requests that are canceled at the moment of their turn do not lose it for the
// others.
func TestLimiter_CancelAndTurnAtOnce(t *testing.T) {
	l := limiter(1, 1000)
	var all sync.WaitGroup
	for i := range 500 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%20)*50*time.Microsecond)
			defer cancel()
			if release, err := l.Acquire(ctx, admission.List, admission.Client{Name: string(rune('a' + i%7))}); err == nil {
				time.Sleep(20 * time.Microsecond)
				release()
			}
		})
	}
	all.Wait()
	if running, waiting := l.Load(admission.List); running != 0 || waiting != 0 {
		t.Fatalf("afterwards %d run and %d wait", running, waiting)
	}
}

func TestClassOf_EachRPC(t *testing.T) {
	count := map[admission.Class]int{}
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		count[admission.ClassOf("/ml_metadata.MetadataStoreService/"+m.MethodName)]++
	}
	want := map[admission.Class]int{admission.Write: 12, admission.List: 12, admission.Lineage: 2, admission.Point: 26}
	for c, n := range want {
		if count[c] != n {
			t.Errorf("%d RPCs are %s, want %d", count[c], c, n)
		}
	}
}

func TestDefaultLimits_LeaveConnectionsForPointReads(t *testing.T) {
	for _, n := range []int{8, 16, 64} {
		sum := 0
		for c, m := range admission.DefaultLimits(n) {
			if c != admission.Point && c != admission.Info {
				sum += m.Running
			}
		}
		if sum >= n {
			t.Errorf("of %d connections, others than point reads take %d", n, sum)
		}
	}
}

// The connections of one name share its turns: a name with many connections does
// not have more of them, and a connection with many requests does not delay the
// others.
func TestLimiter_ConnectionsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(1, 100)
		release := acquire(t, l, "first")
		order := make(chan string, 10)
		waits := []string{"a1", "a1", "a1", "a2", "a3", "b1", "b1"}
		for _, c := range waits {
			go func() {
				release, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: c[:1], Connection: c})
				if err != nil {
					t.Error(err)
					return
				}
				order <- c
				release()
			}()
			synctest.Wait()
		}
		release()
		var got []string
		for range waits {
			got = append(got, <-order)
		}
		if want := []string{"a1", "b1", "a2", "b1", "a3", "a1", "a1"}; !slices.Equal(got, want) {
			t.Errorf("got order %v, want %v", got, want)
		}
	})
}

// Requests of a second do not delay the short ones of another connection from
// their address for longer than one of them runs.
func TestLimiter_ShortRequestsBesideLongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(2, 1000)
		run := func(connection string, d time.Duration) {
			release, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: "a", Connection: connection})
			if err != nil {
				t.Error(err)
				return
			}
			time.Sleep(d)
			release()
		}
		var all sync.WaitGroup
		for range 300 {
			all.Go(func() { run("long", time.Second) })
		}
		synctest.Wait()
		began := time.Now()
		for range 100 {
			run("short", time.Millisecond)
		}
		if took := time.Since(began); took > 100*(time.Second+time.Millisecond) {
			t.Errorf("100 short requests took %v beside requests of a second", took)
		}
		all.Wait()
	})
}

// Requests of one connection do not refuse those of another from its address.
func TestLimiter_EvictsTheBusiestConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(1, 3)
		release := acquire(t, l, "first")
		results := map[string]chan error{"busy": make(chan error, 3), "other": make(chan error, 1)}
		for _, c := range []string{"busy", "busy", "busy", "other"} {
			go func() {
				release, err := l.Acquire(t.Context(), admission.List, admission.Client{Name: "a", Connection: c})
				if err == nil {
					release()
				}
				results[c] <- err
			}()
			synctest.Wait()
		}
		var full *admission.FullError
		if err := <-results["busy"]; !errors.As(err, &full) {
			t.Errorf("the busy connection's last request: %v", err)
		}
		release()
		for _, err := range []error{<-results["other"], <-results["busy"], <-results["busy"]} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}
