package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// A store in a file, which other programs may use at the same time.
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

// A store for a test: empty, and gone when it is closed.
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
