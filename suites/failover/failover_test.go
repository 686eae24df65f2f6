//go:build linux

// Package failover_test takes the primary database away from a store that
// writes, and promotes the standby: two PostgreSQL servers, and two MariaDB
// servers. The tests start the servers themselves, of what is installed, and run
// when MLMD_REQUIRE names "failover", as make failover does: they take minutes.
package failover_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
)

type client = mlmdpb.MetadataStoreServiceClient

func required(t *testing.T) {
	t.Helper()
	names := strings.FieldsFunc(os.Getenv("MLMD_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' })
	if !slices.Contains(names, "failover") {
		t.Skip("failovers take minutes: make failover, which sets MLMD_REQUIRE=failover")
	}
}

// A kind of database, as the tests see it.
type kind struct {
	pair            func(testing.TB) (*testdb.Pair, error)
	demote, promote func(*testdb.Pair, context.Context) error
	open            func(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error)
	dsn             func(port int) string
	placeholder     string
}

var kinds = map[string]kind{
	"postgres": {
		testdb.PostgresPair, (*testdb.Pair).DemotePostgres, (*testdb.Pair).PromotePostgres, postgres.Open,
		func(port int) string {
			return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
		}, "",
	},
	"mysql": {
		testdb.MySQLPair, (*testdb.Pair).DemoteMySQL, (*testdb.Pair).PromoteMySQL, mysql.Open,
		func(port int) string { return fmt.Sprintf("app@tcp(127.0.0.1:%d)/mlmd", port) }, "mlmd.",
	},
}

func TestPrimary_ReadOnlyThenAddressMoves(t *testing.T) {
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			required(t)
			p := start(t, k)
			f := newForwarder(t, p.Primary.Port)
			takeOver(t, k, p, k.dsn(f.port()), func(ctx context.Context) error {
				if err := k.demote(p, ctx); err != nil {
					return err
				}
				if err := k.promote(p, ctx); err != nil {
					return err
				}
				f.move(p.Standby.Port)
				return nil
			})
		})
	}
}

func TestPrimary_KilledThenAddressMoves(t *testing.T) {
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			required(t)
			p := start(t, k)
			f := newForwarder(t, p.Primary.Port)
			takeOver(t, k, p, k.dsn(f.port()), func(ctx context.Context) error {
				p.Primary.Kill()
				if err := k.promote(p, ctx); err != nil {
					return err
				}
				f.move(p.Standby.Port)
				return nil
			})
		})
	}
}

func TestPrimary_KilledDSNWithBothHosts(t *testing.T) {
	required(t)
	k := kinds["postgres"]
	p := start(t, k)
	dsn := fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write", p.Primary.Port, p.Standby.Port)
	takeOver(t, k, p, dsn, func(ctx context.Context) error {
		p.Primary.Kill()
		return k.promote(p, ctx)
	})
}

func start(t *testing.T, k kind) *testdb.Pair {
	t.Helper()
	p, err := k.pair(t)
	if err != nil {
		t.Fatalf("failover is required by MLMD_REQUIRE: %v", err)
	}
	return p
}

// before and after are for how long writers write before the failover, and after
// it is done.
const before, after = 2 * time.Second, 4 * time.Second

// takeOver runs writers while the standby takes over, and checks what it has.
func takeOver(t *testing.T, k kind, p *testdb.Pair, dsn string, failover func(context.Context) error) {
	t.Helper()
	s, err := k.open(t.Context(), dsn, store.WithLogger(slog.New(slog.DiscardHandler)), store.WithMaxConns(8))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	types, err := s.Client().PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
		Name: new("t"), Properties: map[string]mlmdpb.PropertyType{"n": mlmdpb.PropertyType_INT},
	}})
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{acknowledged: map[string]int64{}, refused: map[codes.Code]int{}}
	done := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() { l.write(t.Context(), s.Client(), types.GetTypeId(), fmt.Sprintf("w%d ", w), done) })
	}
	time.Sleep(before)
	begun := time.Now()
	failed := failover(t.Context())
	took := time.Since(begun)
	moved := l.count()
	time.Sleep(after)
	close(done)
	writers.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	if l.count() == moved {
		t.Errorf("nothing was written after the failover")
	}
	stored, doubled, torn := read(t, p.Standby.DB, k.placeholder)
	lost := 0
	for name, id := range l.acknowledged {
		if stored[name] != id {
			lost++
		}
	}
	fmt.Printf("failover %s: %d writes acknowledged (%d after it), %d lost, %d doubled, %d torn; refused %v; the "+
		"failover itself took %v, the longest gap was %v\n",
		t.Name(), len(l.acknowledged), len(l.acknowledged)-moved, lost, doubled, torn, l.refused,
		took.Round(time.Millisecond), l.gap.Round(time.Millisecond))
	if lost > 0 || doubled > 0 || torn > 0 {
		t.Errorf("%d acknowledged writes are lost, %d doubled, %d torn", lost, doubled, torn)
	}
	if got := l.refused[codes.Internal] + l.refused[codes.Unknown]; got > 0 {
		t.Errorf("%d writes were refused with INTERNAL", got)
	}
	reply, err := s.Client().GetContextsByType(t.Context(), &mlmdpb.GetContextsByTypeRequest{TypeName: new("t")})
	if err != nil || len(reply.GetContexts()) != len(stored) {
		t.Errorf("the store reads %d contexts, the new primary has %d: %v", len(reply.GetContexts()), len(stored), err)
	}
}

// A ledger is what the writers were told.
type ledger struct {
	mu           sync.Mutex
	acknowledged map[string]int64
	refused      map[codes.Code]int
	last         time.Time
	gap          time.Duration // the longest between two acknowledgements of anyone
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged)
}

func (l *ledger) note(name string, id int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.refused[status.Code(err)]++
		return
	}
	now := time.Now()
	if !l.last.IsZero() {
		l.gap = max(l.gap, now.Sub(l.last))
	}
	l.last = now
	l.acknowledged[name] = id
}

// write puts contexts one after the other. A name is tried once: whether it is
// stored after an error is for the database to say.
func (l *ledger) write(ctx context.Context, rpc client, typeID int64, prefix string, done <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		name := fmt.Sprint(prefix, i)
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		reply, err := rpc.PutContexts(limited, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
			TypeId: new(typeID), Name: new(name),
			Properties: map[string]*mlmdpb.Value{"n": {Value: &mlmdpb.Value_IntValue{IntValue: int64(i)}}},
		}}})
		cancel()
		var id int64
		if err == nil {
			id = reply.GetContextIds()[0]
		} else {
			time.Sleep(10 * time.Millisecond) // as a client that tries again later
		}
		l.note(name, id, err)
	}
}

// read is what a server has, how many names it has twice, and how many contexts
// without their property.
func read(t *testing.T, db *sql.DB, schema string) (stored map[string]int64, doubled, torn int) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(),
		"SELECT c.id, c.name, COUNT(p.name) FROM "+schema+"Context c LEFT JOIN "+schema+
			"ContextProperty p ON p.context_id = c.id GROUP BY c.id, c.name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	stored = map[string]int64{}
	for rows.Next() {
		var id int64
		var name string
		var properties int
		if err := rows.Scan(&id, &name, &properties); err != nil {
			t.Fatal(err)
		}
		if stored[name] != 0 {
			doubled++
		}
		if properties != 1 {
			torn++
		}
		stored[name] = id
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return stored, doubled, torn
}
