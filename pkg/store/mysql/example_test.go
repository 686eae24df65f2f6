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

func ExampleOpen() {
	ctx := context.Background()
	s, err := mysql.Open(ctx, "mysql://mlmd:secret@db.example:3306/registry?tls=true",
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
	steps, err := mysql.Migrate(context.Background(), "mysql://mlmd:secret@db.example:3306/registry?tls=true")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(steps), "steps")
}

// Open a database that a server of the reference implementation uses too.
func ExampleWithReferenceEncoding() {
	s, err := mysql.Open(context.Background(), "mysql://mlmd@db.example/metadb",
		mysql.WithReferenceEncoding())
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
}
