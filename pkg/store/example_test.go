package store_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// A store is an MLMD service in this process: its client needs no server.
func Example() {
	ctx := context.Background()
	s, err := sqlite.OpenMemory(ctx, store.WithRetryTimeout(time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	rpc := s.Client()
	put, err := rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("acme.Team")},
	})
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
