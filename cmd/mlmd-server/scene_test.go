package main

import (
	"fmt"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// dial returns a client of a server without TLS.
func dial(t *testing.T, address string) mlmdpb.MetadataStoreServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return mlmdpb.NewMetadataStoreServiceClient(conn)
}

func text(s string) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
}

// fillScene stores everything that a store can hold: types of all kinds, nodes with
// values of all kinds, and all kinds of relations.
func fillScene(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	ctx := t.Context()
	props := map[string]mlmdpb.PropertyType{
		"count": mlmdpb.PropertyType_INT, "score": mlmdpb.PropertyType_DOUBLE, "owner": mlmdpb.PropertyType_STRING,
		"config": mlmdpb.PropertyType_STRUCT, "any": mlmdpb.PropertyType_PROTO, "done": mlmdpb.PropertyType_BOOLEAN,
	}
	input := &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Dict{Dict: &mlmdpb.DictArtifactStructType{
		Properties: map[string]*mlmdpb.ArtifactStructType{
			"b": {Kind: &mlmdpb.ArtifactStructType_Any{Any: &mlmdpb.AnyArtifactStructType{}}},
			"a": {Kind: &mlmdpb.ArtifactStructType_None{None: &mlmdpb.NoneArtifactStructType{}}},
		},
	}}}
	types, err := rpc.PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{
			{
				Name: new("acme.Model"), Version: new("v1"), Description: new("a \"model\" <&>\u2028"), ExternalId: new("at"),
				Properties: props, BaseType: mlmdpb.ArtifactType_MODEL.Enum(),
			},
			{Name: new("acme.Model"), Version: new("v2")},
		},
		ExecutionTypes: []*mlmdpb.ExecutionType{{
			Name: new("acme.Train"), Properties: props, InputType: input, BaseType: mlmdpb.ExecutionType_TRAIN.Enum(),
		}},
		ContextTypes: []*mlmdpb.ContextType{{Name: new("acme.Run"), Properties: props}, {Name: new("acme.Empty")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	config, err := structpb.NewStruct(map[string]any{
		"z": 1.5, "a": []any{nil, true, "x\n", map[string]any{}}, "big": 1e300, "ünï": "日本語",
	})
	if err != nil {
		t.Fatal(err)
	}
	packed, err := anypb.New(&mlmdpb.Artifact{Name: new("inner")})
	if err != nil {
		t.Fatal(err)
	}
	values := func(i int) map[string]*mlmdpb.Value {
		return map[string]*mlmdpb.Value{
			"count":  {Value: &mlmdpb.Value_IntValue{IntValue: int64(i) - 2}},
			"score":  {Value: &mlmdpb.Value_DoubleValue{DoubleValue: 1 / (float64(i) + 3)}},
			"owner":  text([]string{"", "ada", "\x01\t\"\\/<ü>🙂\u2028"}[i%3]),
			"config": {Value: &mlmdpb.Value_StructValue{StructValue: config}},
			"any":    {Value: &mlmdpb.Value_ProtoValue{ProtoValue: packed}},
			"done":   {Value: &mlmdpb.Value_BoolValue{BoolValue: i%2 == 0}},
		}
	}
	const n = 12
	artifacts, executions := &mlmdpb.PutArtifactsRequest{}, &mlmdpb.PutExecutionsRequest{}
	contexts := &mlmdpb.PutContextsRequest{}
	for i := range n {
		a := &mlmdpb.Artifact{
			TypeId: &types.ArtifactTypeIds[0], Name: new(fmt.Sprint("a", i)), Uri: new(fmt.Sprint("s3://b/", i)),
			State: mlmdpb.Artifact_State(i % 4).Enum(), Properties: values(i), CustomProperties: values(i + 1),
		}
		e := &mlmdpb.Execution{
			TypeId: &types.ExecutionTypeIds[0], LastKnownState: mlmdpb.Execution_State(i % 7).Enum(), Properties: values(i),
		}
		if i%3 == 0 {
			a.TypeId, a.Name, a.Properties, a.ExternalId = &types.ArtifactTypeIds[1], nil, nil, new(fmt.Sprint("xa", i))
			e.Name, e.ExternalId, e.LastKnownState = new(fmt.Sprint("e", i)), new(fmt.Sprint("xe", i)), nil
		}
		artifacts.Artifacts, executions.Executions = append(artifacts.Artifacts, a), append(executions.Executions, e)
		contexts.Contexts = append(contexts.Contexts, &mlmdpb.Context{
			TypeId: &types.ContextTypeIds[0], Name: new(fmt.Sprint("c", i)), CustomProperties: values(i),
		})
	}
	a, err := rpc.PutArtifacts(ctx, artifacts)
	if err != nil {
		t.Fatal(err)
	}
	e, err := rpc.PutExecutions(ctx, executions)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rpc.PutContexts(ctx, contexts)
	if err != nil {
		t.Fatal(err)
	}
	events, links := &mlmdpb.PutEventsRequest{}, &mlmdpb.PutAttributionsAndAssociationsRequest{}
	parents := &mlmdpb.PutParentContextsRequest{}
	for i := range n {
		events.Events = append(events.Events, &mlmdpb.Event{
			ArtifactId: &a.ArtifactIds[i], ExecutionId: &e.ExecutionIds[n-1-i], Type: mlmdpb.Event_Type(1 + i%4).Enum(),
			MillisecondsSinceEpoch: new(int64(1_700_000_000_000 + i)),
			Path: &mlmdpb.Event_Path{Steps: []*mlmdpb.Event_Path_Step{
				{Value: &mlmdpb.Event_Path_Step_Key{Key: "out"}},
				{Value: &mlmdpb.Event_Path_Step_Index{Index: int64(i)}},
				{Value: &mlmdpb.Event_Path_Step_Key{Key: ""}},
			}[:i%4]},
		})
		links.Attributions = append(links.Attributions, &mlmdpb.Attribution{
			ContextId: &c.ContextIds[i/2], ArtifactId: &a.ArtifactIds[i],
		})
		links.Associations = append(links.Associations, &mlmdpb.Association{
			ContextId: &c.ContextIds[n-1-i/3], ExecutionId: &e.ExecutionIds[i],
		})
		if i > 0 {
			parents.ParentContexts = append(parents.ParentContexts, &mlmdpb.ParentContext{
				ChildId: &c.ContextIds[i], ParentId: &c.ContextIds[i/2],
			})
		}
	}
	if _, err := rpc.PutEvents(ctx, events); err != nil {
		t.Fatal(err)
	}
	if _, err := rpc.PutAttributionsAndAssociations(ctx, links); err != nil {
		t.Fatal(err)
	}
	if _, err := rpc.PutParentContexts(ctx, parents); err != nil {
		t.Fatal(err)
	}
}
