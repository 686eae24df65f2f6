package postgres_test

import (
	"context"
	"fmt"
	"log/slog"
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
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// pooled returns the DSN of an empty database behind a pooler.
func pooled(tb testing.TB) string {
	tb.Helper()
	dsn, err := testdb.PgBouncer(tb, fresh(tb))
	testdb.Check(tb, "pgbouncer", err)
	return dsn
}

// records is a log handler that keeps the records.
type records struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, record.Message)
	return nil
}

func (r *records) count(text string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// The retry must happen without a deadline and without a retry timeout.
func TestPooler_DetectsLostStatements(t *testing.T) {
	dsn := pooled(t)
	log := &records{}
	var stores [3]*store.Store
	for i := range stores {
		stores[i] = open(t, dsn, store.WithLogger(slog.New(log)), store.WithRetryTimeout(0))
	}
	typeID := artifactType(t, stores[0].Client())
	for round := range 3 {
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				rpc := stores[i%len(stores)].Client()
				name := fmt.Sprintf("round %d, %d", round, i)
				if err := putArtifact(t, rpc, typeID, name); err != nil {
					t.Error(err)
				}
				reply, err := rpc.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{
					Options: &mlmdpb.ListOperationOptions{FilterQuery: new("name = '" + name + "' AND properties.i.int_value = 1")},
				})
				if err != nil || len(reply.GetArtifacts()) != 1 {
					t.Errorf("%d artifacts are found, %v", len(reply.GetArtifacts()), err)
				}
			})
		}
		all.Wait()
	}
	if n := log.count("continuing without them"); n == 0 || n > len(stores) {
		t.Errorf("%d of %d stores say that they do without prepared statements", n, len(stores))
	}
}

func TestPooler_NoPreparedStatements(t *testing.T) {
	dsn := pooled(t)
	for _, mode := range []string{"exec", "simple_protocol"} {
		log := &records{}
		rpc := open(t, dsn+"&default_query_exec_mode="+mode, store.WithLogger(slog.New(log))).Client()
		typeID := artifactType(t, rpc)
		if err := putArtifact(t, rpc, typeID, mode); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if n := log.count("run again"); n != 0 {
			t.Errorf("%s: %d transactions were run again", mode, n)
		}
	}
}

func TestPooler_OpenAndMigrate(t *testing.T) {
	dsn := pooled(t)
	for range 3 {
		s, err := postgres.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		for _, version := range []int64{9, store.SchemaVersion} {
			if _, err := postgres.Migrate(t.Context(), dsn, store.WithTargetVersion(version)); err != nil {
				t.Errorf("to version %d: %v", version, err)
			}
		}
	}
}

func TestPooler_Conformance(t *testing.T) {
	dsn := pooled(t)
	log := &records{}
	other := open(t, dsn, store.WithLogger(slog.New(log))).Client() // its statements conflict
	shared := open(t, dsn, store.WithLogger(slog.New(log)), store.WithRetryTimeout(time.Minute)).Client()
	artifactTypes(t, other)
	for _, c := range storetest.Cases() {
		if c.CorruptsStore || slices.Contains(c.Requires, storetest.EmptyStore) {
			continue // not specific to poolers
		}
		t.Run(c.Name, func(t *testing.T) {
			artifactTypes(t, other)
			c.Check(t, shared, storetest.EngineCapabilities())
		})
	}
	if log.count("continuing without them") == 0 {
		t.Error("the pooler lost no prepared statement: the cases prove nothing")
	}
}

func artifactTypes(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	if _, err := rpc.GetArtifactTypes(t.Context(), &mlmdpb.GetArtifactTypesRequest{}); err != nil {
		t.Error(err)
	}
}

// PgBouncer rejects the parameter that makes sessions read-only.
func TestPooler_ReadOnly(t *testing.T) {
	dsn := pooled(t)
	artifactTypes(t, open(t, dsn).Client())
	rpc := open(t, dsn, store.WithReadOnly()).Client()
	if _, err := rpc.GetArtifactTypes(t.Context(), &mlmdpb.GetArtifactTypesRequest{}); err != nil {
		t.Error(err)
	}
	_, err := rpc.PutArtifactType(t.Context(), &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new("new")},
	})
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a put: %v", err)
	}
}
