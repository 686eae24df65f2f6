package postgres_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
)

func ExampleOpen() {
	ctx := context.Background()
	s, err := postgres.Open(ctx, "postgres://mlmd:secret@db.example/registry?sslmode=verify-full",
		store.WithMaxConns(20), store.WithRetryTimeout(30*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	res, err := registry.New(s.Client()).RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	fmt.Println("model", res.ID, err)
}

// Upgrade the schema of a database, after a backup.
func ExampleMigrate() {
	steps, err := postgres.Migrate(context.Background(), "postgres://mlmd:secret@db.example/registry?sslmode=verify-full")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(steps), "steps")
}
