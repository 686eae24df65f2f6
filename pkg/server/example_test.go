package server_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// Serve an embedded store over gRPC and shut down gracefully.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	store, err := sqlite.OpenMemory(ctx) // or sqlite.Open(ctx, "registry.db")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	lis, err := net.Listen("tcp", "127.0.0.1:0") // or ":8080"
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- server.New(store.Server()).Serve(ctx, lis) }()

	reg, err := registry.Dial(lis.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	res, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	fmt.Println("model", res.ID, err)
	reg.Close()

	stop() // running calls finish first
	fmt.Println(<-served)
	// Output:
	// model 1 <nil>
	// <nil>
}
