package store_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// A store is the whole MLMD service in this process: its Client answers the
// calls of a server without one.
func Example() {
	ctx := context.Background()
	s, err := sqlite.OpenMemory(ctx, store.WithBusyTimeout(time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	rpc := s.Client()
	put, err := rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{Name: new("acme.Team")}})
	if err != nil {
		log.Fatal(err)
	}
	got, err := rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new("acme.Team")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.GetContextType().GetId() == put.GetTypeId(), got.GetContextType().GetName())
	// Output: true acme.Team
}

// A database of another schema version is not opened. Migrate changes it, after
// a backup.
func ExampleMigrate() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "registry.db")
	s, err := sqlite.Open(ctx, file)
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Close(); err != nil {
		log.Fatal(err)
	}

	if _, err := store.Migrate(ctx, sqlite.Database(file), store.To(9)); err != nil {
		log.Fatal(err)
	}
	_, err = sqlite.Open(ctx, file)
	fmt.Println(errors.Is(err, store.ErrSchemaOlder))
	steps, err := store.Migrate(ctx, sqlite.Database(file))
	fmt.Println(len(steps), err)
	// Output:
	// true
	// 1 <nil>
}
