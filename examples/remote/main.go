// Command remote connects to an MLMD server.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
)

func main() {
	ctx := context.Background()
	reg, err := registry.Dial(
		"localhost:8080",
	) // registry.WithTLS(nil), registry.WithTokenFile("token") where the server asks for them
	if err != nil {
		log.Fatal(err)
	}
	defer reg.Close()
	res, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	fmt.Println("model", res.ID, err)
}
