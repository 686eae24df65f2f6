package mysql_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
)

// It needs a database, and so has no output here. A database that does not
// exist is created.
func ExampleOpen() {
	ctx := context.Background()
	s, err := mysql.Open(ctx, "mysql://mlmd:secret@db.example:3306/registry?tls=true",
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
	steps, err := store.Migrate(context.Background(), mysql.Database("mysql://mlmd:secret@db.example:3306/registry?tls=true"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(steps), "steps")
}

// A database that Google's server has written, or will write again, holds text
// as that server does.
func ExampleSharedWithOriginal() {
	s, err := mysql.Open(context.Background(), "mysql://mlmd@db.example/metadb", mysql.SharedWithOriginal())
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
}
