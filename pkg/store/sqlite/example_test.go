package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// Open a store in a file, which other processes may use at the same time.
func ExampleOpen() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	store, err := sqlite.Open(ctx, filepath.Join(folder, "registry.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	models, err := registry.New(store.Client()).RegisteredModels().Query().Collect(ctx)
	fmt.Println(len(models), err)
	// Output: 0 <nil>
}

// Open an empty store, for example in a test.
func ExampleOpenMemory() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	models, err := registry.New(store.Client()).RegisteredModels().Query().Collect(ctx)
	fmt.Println(len(models), err)
	// Output: 0 <nil>
}

// A database of another schema version cannot be opened. Migrate converts it.
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

	if _, err := sqlite.Migrate(ctx, file, store.WithTargetVersion(9)); err != nil {
		log.Fatal(err)
	}
	_, err = sqlite.Open(ctx, file)
	fmt.Println(errors.Is(err, store.ErrSchemaOlder))
	steps, err := sqlite.Migrate(ctx, file)
	fmt.Println(len(steps), err)
	// Output:
	// true
	// 1 <nil>
}
