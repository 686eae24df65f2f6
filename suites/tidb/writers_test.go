//go:build linux

package tidb_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
)

// runs runs tests of another package against the server, and prints the lines of
// their output that contain one of the texts.
func runs(t *testing.T, show []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-count=1", "-v"}, args...)...)
	cmd.Env = append(os.Environ(), "MLMD_BACKENDS=mysql", "MLMD_REQUIRE=mysql")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		for _, text := range show {
			if strings.Contains(lines.Text(), text) {
				fmt.Println("TiDB,", strings.TrimSpace(lines.Text()))
			}
		}
	}
}

// Four processes with 16 writers each add one to a number.
func TestCounter(t *testing.T) {
	theServer(t)
	runs(t, []string{"updates/s", "lost"}, "../contention", "-run", "TestCounter", "-args", "-updates", "2000")
}

// Whatever kind of transaction is the default of the server, writers behave alike.
func TestContention(t *testing.T) {
	s := theServer(t)
	db := s.db(t, "")
	for _, mode := range []string{"pessimistic", "optimistic"} {
		t.Run(mode, func(t *testing.T) {
			if _, err := db.ExecContext(t.Context(), "SET GLOBAL tidb_txn_mode = '"+mode+"'"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = db.Exec("SET GLOBAL tidb_txn_mode = DEFAULT") })
			runs(t, []string{"Passed"}, "../contention", "-run", "TestContention", "-args", "-ginkgo.label-filter=mysql",
				"-ginkgo.no-color")
		})
	}
}

// A ledger is what writers were told.
type ledger struct {
	mu           sync.Mutex
	acknowledged map[string]int64 // IDs by name
	refused      map[codes.Code]int
	disorder     int // IDs that are not greater than the writer's one before
}

// write stores contexts one after the other until done is closed. A name is tried
// once.
func (l *ledger) write(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, typeID int64, prefix string,
	done <-chan struct{},
) {
	last := int64(0)
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		name := fmt.Sprint(prefix, i)
		reply, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
			TypeId: &typeID, Name: &name,
			Properties: map[string]*mlmdpb.Value{"n": {Value: &mlmdpb.Value_IntValue{IntValue: int64(i)}}},
		}}})
		l.mu.Lock()
		if err == nil {
			id := reply.GetContextIds()[0]
			if l.acknowledged[name] = id; id <= last {
				l.disorder++
			}
			last = id
		} else {
			l.refused[status.Code(err)]++
		}
		l.mu.Unlock()
		if err != nil {
			time.Sleep(10 * time.Millisecond) // as a client that tries again later
		}
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged)
}

func TestServer_KilledWhileWriting(t *testing.T) {
	required(t)
	const kills, writers = 5, 8
	var s server
	t.Cleanup(s.stop)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	opened := openDSN(t, s.dsn("mlmd"), store.WithLogger(slog.New(slog.DiscardHandler)))
	types, err := opened.Client().PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{
			Name: new("t"), Properties: map[string]mlmdpb.PropertyType{"n": mlmdpb.PropertyType_INT},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{acknowledged: map[string]int64{}, refused: map[codes.Code]int{}}
	done := make(chan struct{})
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() { l.write(t.Context(), opened.Client(), types.GetTypeId(), fmt.Sprintf("writer %d: ", w), done) })
	}
	for range kills {
		before := l.count()
		for end := time.Now().Add(patience); l.count() < before+200; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d writes in %v", l.count()-before, patience)
			}
		}
		s.kill()
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second)
	close(done)
	all.Wait()
	lost, torn := compare(t, &s, l)
	fmt.Printf("TiDB, killed %d times: %d writes acknowledged, lost: %d, torn: %d; refused %v\n", kills,
		len(l.acknowledged), lost, torn, l.refused)
	if lost > 0 || torn > 0 {
		t.Errorf("%d acknowledged writes are lost, %d are stored in part", lost, torn)
	}
	if l.disorder > 0 {
		t.Errorf("%d IDs are lower than earlier ones of the same writer", l.disorder)
	}
	if n := l.refused[codes.Internal] + l.refused[codes.Unknown]; n > 0 || l.refused[codes.Unavailable] == 0 {
		t.Errorf("writes were refused with %v, want UNAVAILABLE", l.refused)
	}
}

// compare returns how many acknowledged writes are not stored, and how many contexts
// lack their property.
func compare(t *testing.T, s *server, l *ledger) (lost, torn int) {
	t.Helper()
	rows, err := s.db(t, "mlmd").QueryContext(t.Context(), "SELECT c.id, c.name, COUNT(p.name) FROM Context c"+
		" LEFT JOIN ContextProperty p ON p.context_id = c.id GROUP BY c.id, c.name")
	if err != nil {
		t.Fatal(err)
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
		if properties != 1 {
			torn++
		}
		stored[name] = id
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for name, id := range l.acknowledged {
		if stored[name] != id {
			lost++
		}
	}
	return lost, torn
}
