package store_test

import (
	"context"
	"fmt"
	"log"
	"path"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

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

// An interceptor of an embedded store sees each RPC, as one of a gRPC server
// does: here it counts the errors by method.
func ExampleWithInterceptors() {
	ctx := context.Background()
	failed := make(map[string]int)
	count := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		reply, err := next(ctx, req)
		if err != nil {
			failed[path.Base(info.FullMethod)]++
		}
		return reply, err
	}
	s, err := sqlite.OpenMemory(ctx, store.WithInterceptors(count))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	_, err = s.Client().GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new("acme.Team")})
	fmt.Println(status.Code(err), failed)
	// Output: NotFound map[GetContextType:1]
}
