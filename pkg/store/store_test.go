package store_test

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func TestOpen_NilOptions(t *testing.T) {
	s, err := sqlite.OpenMemory(t.Context(), nil, store.WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// A transactional is the client of an embedded store.
type transactional interface {
	Transact(context.Context, func(mlmdpb.MetadataStoreServiceClient) error) error
}

func TestWithInterceptors_InTransaction(t *testing.T) {
	const limit = 2
	var seen []string
	s, err := sqlite.OpenMemory(t.Context(), store.WithInterceptors(func(
		ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler,
	) (any, error) {
		if len(seen) == limit {
			return nil, status.Error(codes.ResourceExhausted, "the limit is reached")
		}
		seen = append(seen, path.Base(info.FullMethod))
		return next(ctx, req)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(c mlmdpb.MetadataStoreServiceClient, name string) error {
		_, err := c.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
			ContextType: &mlmdpb.ContextType{Name: &name},
		})
		return err
	}
	if err := put(s.Client(), "before"); err != nil {
		t.Fatal(err)
	}
	err = s.Client().(transactional).Transact(t.Context(), func(tx mlmdpb.MetadataStoreServiceClient) error {
		if err := put(tx, "first"); err != nil {
			t.Error(err)
		}
		return put(tx, "second")
	})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("the transaction: %v, want the error of the interceptor", err)
	}
	if want := []string{"PutContextType", "PutContextType"}; !slices.Equal(seen, want) {
		t.Errorf("the interceptor saw %q, want %q", seen, want)
	}
	seen = nil
	r, err := s.Client().GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.ContextTypes, func(t *mlmdpb.ContextType) bool { return t.GetName() == "before" }) ||
		slices.ContainsFunc(r.ContextTypes, func(t *mlmdpb.ContextType) bool { return t.GetName() == "first" }) {
		t.Errorf("stored %v, want no type of the transaction", r.ContextTypes)
	}
}

func TestWithClock_DefaultTimes(t *testing.T) {
	at := time.Date(2030, time.May, 1, 0, 0, 0, int(time.Millisecond), time.UTC)
	s, err := sqlite.OpenMemory(t.Context(), store.WithClock(nil), store.WithClock(func() time.Time { return at }))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := s.Client()
	typ, err := c.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{
		ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: new("a")}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("e")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	put, err := c.PutExecution(t.Context(), &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{TypeId: &typ.ExecutionTypeIds[0]},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{{
			Artifact: &mlmdpb.Artifact{TypeId: &typ.ArtifactTypeIds[0]},
			Event:    &mlmdpb.Event{Type: mlmdpb.Event_INPUT.Enum()},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := []int64{put.GetExecutionId()}
	nodes, err := c.GetExecutionsByID(t.Context(), &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: ids})
	if err != nil {
		t.Fatal(err)
	}
	events, err := c.GetEventsByExecutionIDs(t.Context(), &mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: ids})
	if err != nil {
		t.Fatal(err)
	}
	e := nodes.Executions[0]
	for what, got := range map[string]int64{
		"create time": e.GetCreateTimeSinceEpoch(),
		"update time": e.GetLastUpdateTimeSinceEpoch(),
		"event time":  events.Events[0].GetMillisecondsSinceEpoch(),
	} {
		if got != at.UnixMilli() {
			t.Errorf("the %s is %d, want %d", what, got, at.UnixMilli())
		}
	}
}

func TestStore_PingAndStats(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "r.db"), store.WithMaxConns(3))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	name := &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{Name: new("t")}}
	if _, err := s.Client().PutContextType(t.Context(), name); err != nil {
		t.Error(err)
	}
	before := s.Stats()
	want := store.Stats{
		MaxConns: 4, Idle: 2, Statements: before.Statements,
		StatementCache: before.StatementCache, TypeCache: before.TypeCache,
	}
	if before != want || before.Statements == 0 {
		t.Errorf("Stats() = %+v, want %+v and some statements", before, want)
	}
	if _, err := s.Client().GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{}); err != nil {
		t.Error(err)
	}
	if after := s.Stats(); after.Statements <= before.Statements || after.Retries != 0 {
		t.Errorf("Stats() = %+v after a read, want more statements than %d", after, before.Statements)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context()); status.Code(err) != codes.Unavailable {
		t.Errorf("Ping after Close: %v, want UNAVAILABLE", err)
	}
}

func TestStats_Caches(t *testing.T) {
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	typ, err := s.Client().PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("t")},
	})
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string) store.Stats {
		if _, err := s.Client().PutContexts(t.Context(), &mlmdpb.PutContextsRequest{
			Contexts: []*mlmdpb.Context{{TypeId: typ.TypeId, Name: &name}},
		}); err != nil {
			t.Fatal(err)
		}
		return s.Stats()
	}
	first, second := put("a"), put("b")
	if second.StatementCache.Misses != first.StatementCache.Misses ||
		second.StatementCache.Hits-first.StatementCache.Hits != second.Statements-first.Statements ||
		second.TypeCache.Misses != first.TypeCache.Misses || second.TypeCache.Hits == first.TypeCache.Hits {
		t.Errorf("a repeated call did not use the caches: %+v, then %+v", first, second)
	}
	if first.StatementCache.Misses == 0 || first.TypeCache.Misses == 0 {
		t.Errorf("the first call found all in caches: %+v", first)
	}
}

// A store in memory has one connection: a call during a transaction waits for it.
func TestStats_Waits(t *testing.T) {
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	read := make(chan error, 1)
	err = s.Client().(interface {
		Transact(context.Context, func(mlmdpb.MetadataStoreServiceClient) error) error
	}).Transact(t.Context(), func(mlmdpb.MetadataStoreServiceClient) error {
		go func() { read <- s.Ping(t.Context()) }()
		for end := time.Now().Add(30 * time.Second); s.Stats().Waits == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				return errors.New("no call waits")
			}
		}
		return nil
	})
	if err := errors.Join(err, <-read); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(); got.Waits != 1 || got.WaitTime <= 0 {
		t.Errorf("Stats() = %+v", got)
	}
}

func TestSchemaError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := sqlite.Migrate(t.Context(), path, nil, store.WithTargetVersion(9)); err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), path)
	var found *store.SchemaError
	if !errors.As(err, &found) || found.Kind != store.ErrSchemaOlder || found.Version != 9 {
		t.Errorf("error is %v, want a SchemaError with version 9", err)
	}
	if !errors.Is(err, store.ErrSchemaOlder) || status.Code(err) != codes.FailedPrecondition {
		t.Errorf("error is %v (%v), want ErrSchemaOlder and FAILED_PRECONDITION", err, status.Code(err))
	}
	steps, err := sqlite.Migrate(t.Context(), path, store.WithDryRun(nil))
	if err != nil || len(steps) != 1 || steps[0].From != 9 || len(steps[0].Statements) == 0 {
		t.Errorf("dry run: %+v, %v", steps, err)
	}
}
