package store_test

import (
	"errors"
	"path/filepath"
	"testing"

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
	if got, want := s.Stats(), (store.Stats{MaxConns: 4, Idle: 2}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context()); status.Code(err) != codes.Unavailable {
		t.Errorf("Ping after Close: %v, want UNAVAILABLE", err)
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
