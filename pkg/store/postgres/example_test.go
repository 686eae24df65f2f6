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

// It needs a database, and so has no output here. A database that does not
// exist is created.
func ExampleOpen() {
	ctx := context.Background()
	s, err := postgres.Open(ctx, "postgres://mlmd:secret@db.example/registry?sslmode=verify-full",
		store.WithConnections(20), store.WithBusyTimeout(30*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	id, err := registry.New(s.Client()).RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	fmt.Println("model", id, err)
}

// Bring a database of an older version of MLMD up to date, after a backup.
func ExampleDatabase() {
	steps, err := store.Migrate(context.Background(), postgres.Database("postgres://mlmd:secret@db.example/registry?sslmode=verify-full"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(steps), "steps")
}
