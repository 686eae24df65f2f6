// Command embedded opens a store in a file.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func main() {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, "registry.db") // or sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	res, err := registry.New(store.Client()).RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	fmt.Println("model", res.ID, err)
}
