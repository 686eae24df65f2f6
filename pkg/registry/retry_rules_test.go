package registry

import (
	"context"
	"net"
	"reflect"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/internal/connection"
	mlmdserver "github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// repeatCalls executes each call that may be repeated twice, as if the first
// response had been lost.
func repeatCalls(
	ctx context.Context,
	method string,
	req, reply any,
	cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker,
	opts ...grpc.CallOption,
) error {
	if connection.MayRetry(method, req) {
		lost := reply.(proto.Message).ProtoReflect().New().Interface()
		if err := invoke(ctx, method, req, lost, cc, opts...); err != nil {
			return err
		}
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

func TestMayRetry_RepeatedCallsStoreOnce(t *testing.T) {
	st, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go mlmdserver.New(st.Server()).Serve(t.Context(), lis)
	c, err := Dial(lis.Addr().String(), WithGRPCDialOptions(grpc.WithChainUnaryInterceptor(repeatCalls)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	ctx := t.Context()
	stored := func(r Result, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	modelID := stored(c.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "m", ExternalID: new("x")}))
	versionID := stored(
		c.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: modelID, Name: "v", Author: new("ada")}),
	)
	stored(c.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: versionID, Name: "a"}))
	stored(c.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{Name: "alone", ExternalID: new("y")}))
	stored(c.DocArtifacts().Upsert(ctx, &model.DocArtifact{ModelVersionID: versionID, Name: "d"}))
	environmentID := stored(c.ServingEnvironments().Upsert(ctx, &model.ServingEnvironment{Name: "e"}))
	serviceID := stored(
		c.InferenceServices().Upsert(ctx, &model.InferenceService{
			ServingEnvironmentID: environmentID, RegisteredModelID: modelID, Name: "s",
		}),
	)
	stored(
		c.ServeModels().Upsert(ctx, &model.ServeModel{InferenceServiceID: serviceID, ModelVersionID: versionID, Name: "r"}),
	)
	stored(
		c.ModelVersions().Upsert(
			ctx,
			&model.ModelVersion{ID: versionID, Description: new("live")},
			Clear(field.ModelVersion.Author),
		),
	)
	stored(
		c.ModelVersions().Replace(ctx, &model.ModelVersion{
			ID: versionID, RegisteredModelID: modelID, Name: "v", Author: new("bob"),
		}),
	)

	v, err := c.ModelVersions().Get(ctx, versionID)
	if err != nil || *v.Author != "bob" || v.Description != nil {
		t.Errorf("got version %+v, %v", v, err)
	}
	contexts, err := c.rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	artifacts, err := c.rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	executions, err := c.rpc.GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	got := []int{len(contexts.GetContexts()), len(artifacts.GetArtifacts()), len(executions.GetExecutions())}
	if want := []int{4, 3, 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v contexts, artifacts and executions, want %v", got, want)
	}
}
