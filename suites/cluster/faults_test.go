//go:build linux

package cluster_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
)

// A ledger is what a writer was told.
type ledger struct {
	acknowledged map[string]int64 // name and id
	unknown      map[string]bool  // names of writes that may have taken effect
	refused      map[codes.Code]int
	slowest      time.Duration
}

// write puts contexts one after the other until done is closed. A name is tried
// once: what an error leaves open is for the reader to find out.
func write(ctx context.Context, rpc client, typeID int64, prefix string, done <-chan struct{}) *ledger {
	l := &ledger{acknowledged: map[string]int64{}, unknown: map[string]bool{}, refused: map[codes.Code]int{}}
	for i := 0; ; i++ {
		select {
		case <-done:
			return l
		default:
		}
		name := fmt.Sprint(prefix, i)
		begun := time.Now()
		id, err := putContext(ctx, rpc, typeID, name)
		l.slowest = max(l.slowest, time.Since(begun))
		if err == nil {
			l.acknowledged[name] = id
			continue
		}
		l.refused[status.Code(err)]++
		l.unknown[name] = true
		time.Sleep(10 * time.Millisecond) // as a client that tries again later
	}
}

// holds checks what a node has against the ledgers.
func holds(t *testing.T, n *node, database string, ledgers []*ledger) {
	t.Helper()
	rows, err := n.db.QueryContext(t.Context(),
		"SELECT c.id, c.name, COUNT(p.name) FROM "+database+".Context c LEFT JOIN "+
			database+".ContextProperty p ON p.context_id = c.id GROUP BY c.id, c.name")
	if err != nil {
		t.Fatalf("node %d: %v", n.number, err)
	}
	defer rows.Close()
	stored := map[string]int64{}
	for rows.Next() {
		var id int64
		var name string
		var properties int
		if err := rows.Scan(&id, &name, &properties); err != nil {
			t.Fatal(err)
		}
		if stored[name] != 0 {
			t.Errorf("node %d has %q twice", n.number, name)
		}
		if properties != 1 {
			t.Errorf("node %d has %q with %d properties of 1", n.number, name, properties)
		}
		stored[name] = id
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, l := range ledgers {
		total += len(l.acknowledged)
		for name, id := range l.acknowledged {
			if stored[name] != id {
				t.Errorf("node %d has %q as %d, and %d was acknowledged", n.number, name, stored[name], id)
			}
			delete(stored, name)
		}
		for name := range l.unknown {
			delete(stored, name) // stored or not, once
		}
	}
	if len(stored) != 0 {
		t.Errorf("node %d has %d contexts that no writer put", n.number, len(stored))
	}
	t.Logf("node %d has all of the %d writes that were acknowledged", n.number, total)
}

func TestNodeLoss_KeepsAcknowledgedWrites(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	clients := c.everywhere(t, database, store.WithRetryTimeout(time.Minute))
	typeID := mustPutType(t, clients[0], "t")
	caught := caughtUp(t, c, database)
	for _, rpc := range caught { // no node lags behind the type
		if _, err := rpc.GetContextType(t.Context(), &mlmdpb.GetContextTypeRequest{TypeName: new("t")}); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	ledgers := make([]*ledger, 6)
	var all sync.WaitGroup
	for i := range ledgers {
		all.Go(func() { ledgers[i] = write(t.Context(), clients[i%3], typeID, fmt.Sprintf("writer %d: ", i), done) })
	}
	time.Sleep(2 * time.Second)
	c.nodes[2].kill(t)
	time.Sleep(10 * time.Second) // longer than the others take to go on without it
	close(done)
	all.Wait()
	for i, l := range ledgers {
		t.Logf("writer %d on node %d: %d acknowledged, refused %v, the slowest call took %v", i, i%3+1, len(l.acknowledged),
			l.refused, l.slowest.Round(time.Millisecond))
		if i%3 != 2 && len(l.refused) != 0 {
			t.Errorf("a client of node %d, which lives, saw %v", i%3+1, l.refused)
		}
		if i%3 == 2 && (l.refused[codes.Unavailable] == 0 || len(l.refused) != 1) {
			t.Errorf("a client of the dead node saw %v, want UNAVAILABLE alone", l.refused)
		}
	}
	for _, n := range c.nodes[:2] {
		if err := n.wait(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		holds(t, n, database, ledgers)
	}
	bringBack(t, c.nodes[2])
	c.whole(t)
	holds(t, c.nodes[2], database, ledgers)
	// The store on that node was open all the time.
	if _, err := putContext(t.Context(), clients[2], typeID, "after the loss"); err != nil {
		t.Errorf("the store of node 3 is of no use after the node is back: %v", err)
	}
}

func TestFrozenNode_Deadline(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	rpc := c.nodes[2].open(t, database)
	typeID := mustPutType(t, rpc, "t")
	calls := map[string]func(context.Context, client) error{
		"a read": func(ctx context.Context, rpc client) error {
			_, err := rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new("t")})
			return err
		},
		"a write": func(ctx context.Context, rpc client) error {
			_, err := putContext(ctx, rpc, typeID, "frozen")
			return err
		},
	}
	for _, call := range calls { // connections are there
		if err := call(t.Context(), rpc); err != nil {
			t.Fatal(err)
		}
	}
	// Writers that are between all of their statements when the node freezes.
	const deadline = 3 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), deadline+time.Second)
	defer cancel()
	var all sync.WaitGroup
	errs, late := make([]error, 8), make([]time.Duration, 8)
	for i := range errs {
		all.Go(func() {
			for n := 0; ctx.Err() == nil && errs[i] == nil; n++ {
				_, errs[i] = putContext(ctx, rpc, typeID, fmt.Sprint("writer ", i, ": ", n))
			}
			if end, ok := ctx.Deadline(); ok {
				late[i] = time.Since(end)
			}
		})
	}
	time.Sleep(time.Second)
	c.nodes[2].pause(t)
	for name, call := range calls {
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		begun := time.Now()
		err := call(limited, rpc)
		cancel()
		if took := time.Since(begun); status.Code(err) != codes.DeadlineExceeded || took > 4*time.Second {
			t.Errorf("%s with a deadline of a second took %v: %v", name, took, err)
		}
	}
	all.Wait()
	for i, err := range errs {
		if status.Code(err) != codes.DeadlineExceeded || late[i] > 4*time.Second {
			t.Errorf("writer %d ended %v after its deadline: %v", i, late[i], err)
		}
	}
	t.Logf("writers ended after their deadline by %v", late)
	c.nodes[2].resume(t)
	c.whole(t)
	for name, call := range calls {
		if err := call(t.Context(), rpc); err != nil && status.Code(err) != codes.AlreadyExists {
			t.Errorf("%s after the node is back: %v", name, err)
		}
	}
}

func TestReadTimeout_EndsCalls(t *testing.T) {
	c := theCluster(t)
	n := c.nodes[2]
	rpc := n.open(t, c.fresh()+"?readTimeout=1s&timeout=1s", store.WithRetryTimeout(time.Second))
	typeID := mustPutType(t, rpc, "t")
	n.pause(t)
	begun := time.Now()
	_, err := putContext(t.Context(), rpc, typeID, "frozen")
	took := time.Since(begun)
	n.resume(t)
	if status.Code(err) != codes.Unavailable || took > 10*time.Second {
		t.Errorf("it took %v: %v", took, err)
	}
	c.whole(t)
	if _, err := putContext(t.Context(), rpc, typeID, "thawed"); err != nil {
		t.Errorf("after the node is back: %v", err)
	}
}

func TestMinorityNode_UnavailableThenRecovers(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	rpc := c.nodes[0].open(t, database, store.WithRetryTimeout(2*time.Second))
	typeID := mustPutType(t, rpc, "t")
	done := make(chan struct{})
	ledgers := make([]*ledger, 4)
	var all sync.WaitGroup
	for i := range ledgers {
		all.Go(func() { ledgers[i] = write(t.Context(), rpc, typeID, fmt.Sprintf("writer %d: ", i), done) })
	}
	time.Sleep(2 * time.Second)
	c.nodes[1].kill(t)
	c.nodes[2].kill(t)
	end := time.Now().Add(30 * time.Second)
	var err error
	for time.Now().Before(end) {
		if _, err = rpc.GetContextType(t.Context(), &mlmdpb.GetContextTypeRequest{TypeName: new("t")}); err != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if status.Code(err) != codes.Unavailable || !strings.Contains(status.Convert(err).Message(), "majority") {
		t.Errorf("a read without a majority: %v", err)
	}
	_, err = putContext(t.Context(), rpc, typeID, "never")
	if status.Code(err) != codes.Unavailable || !strings.Contains(status.Convert(err).Message(), "majority") {
		t.Errorf("a write without a majority: %v", err)
	}
	bringBack(t, c.nodes[1], c.nodes[2])
	c.whole(t)
	if _, err := putContext(t.Context(), rpc, typeID, "afterwards"); err != nil {
		t.Errorf("the store is of no use after the cluster is back: %v", err)
	}
	time.Sleep(time.Second)
	close(done)
	all.Wait()
	ledgers = append(ledgers, &ledger{unknown: map[string]bool{"afterwards": true}})
	for i, l := range ledgers {
		if l.refused[codes.Unavailable] != len(l.unknown) && i < 4 {
			t.Errorf("writer %d saw %v, want UNAVAILABLE alone", i, l.refused)
		}
	}
	for _, n := range c.nodes {
		holds(t, n, database, ledgers)
	}
}
