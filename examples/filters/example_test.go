// Package filters_test holds the examples of docs/filters.md.
package filters_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// versions returns a store with a model and three versions.
func versions(ctx context.Context) (*registry.Client, mlmdpb.MetadataStoreServiceClient) {
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	reg := registry.New(store.Client())
	res, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range []model.ModelVersion{
		{Name: "v1", Author: new("ada"), CustomProperties: value.Map{"auc": value.Double(0.87)}},
		{Name: "v2", Author: new("bob"), CustomProperties: value.Map{"auc": value.Double(0.93)}},
		{Name: "v3", CustomProperties: value.Map{"auc": value.Double(0.95), "Team name": value.String("it's us")}},
	} {
		v.RegisteredModelID = res.ID
		if _, err := reg.ModelVersions().Upsert(ctx, &v); err != nil {
			log.Fatal(err)
		}
	}
	return reg, store.Client()
}

// A filter is text in the options of a list request.
func Example_text() {
	ctx := context.Background()
	_, rpc := versions(ctx)
	reply, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
		FilterQuery: new(`type = 'kf.ModelVersion' AND custom_properties.auc.double_value > 0.9`),
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range reply.Contexts {
		fmt.Println(c.GetName())
	}
	// Output:
	// 1:v2
	// 1:v3
}

// A query accepts the filter language as text.
func Example_queryText() {
	ctx := context.Background()
	reg, _ := versions(ctx)
	good := reg.ModelVersions().Query().WhereText("custom_properties.`Team name`.string_value = 'it\\'s us'")
	for v, err := range good.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(v.Name)
	}
	// Output: v3
}

// Typed filters are built from symbols, which escape values.
func Example_typed() {
	ctx := context.Background()
	reg, _ := versions(ctx)
	f := field.ModelVersion
	byAda := f.Author.Eq("ada")
	good := f.Custom("auc").Double().Gt(0.9).And(filter.Not(f.Author.Eq("bob")))
	ours := f.Custom("Team name").AsString().Eq("it's us")
	for _, condition := range []filter.Expr[*model.ModelVersion]{byAda, good, byAda.Or(ours)} {
		found, err := reg.ModelVersions().Query().Where(condition).Collect(ctx)
		if err != nil {
			log.Fatal(err)
		}
		names := make([]string, len(found))
		for i, v := range found {
			names[i] = v.Name
		}
		fmt.Printf("%q\n", names)
	}
	// Output:
	// ["v1"]
	// []
	// ["v1" "v3"]
}

// The registry tests what the language cannot express: that a property is not
// set, and names without the ID of the parent.
func Example_unset() {
	ctx := context.Background()
	reg, _ := versions(ctx)
	for name, format := range map[string]*string{"weights-a": new("onnx"), "weights-b": nil, "notes": nil} {
		_, err := reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{Name: name, ModelFormatName: format})
		if err != nil {
			log.Fatal(err)
		}
	}
	f := field.ModelArtifact
	rest := f.ModelFormatName.NotIn("onnx", "safetensors").Or(f.ModelFormatName.IsUnset())
	found, err := reg.ModelArtifacts().Query().Where(rest, f.Name.HasPrefix("weights")).Collect(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range found {
		fmt.Println(a.Name)
	}
	// Output: weights-b
}

// Lists and objects are conditions too.
func Example_elements() {
	ctx := context.Background()
	reg, _ := versions(ctx)
	_, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "chat", Language: []string{"de", "en"}})
	if err != nil {
		log.Fatal(err)
	}
	english := field.RegisteredModel.Language.Has("en")
	found, err := reg.RegisteredModels().Query().Where(english).Collect(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range found {
		fmt.Println(m.Name)
	}
	// Output: chat
}

// The stores of this module sort by any field.
func Example_sorted() {
	ctx := context.Background()
	reg, _ := versions(ctx)
	sorted := reg.ModelVersions().Query().OrderByField(field.ModelVersion.Name).Desc()
	for v, err := range sorted.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(v.Name)
	}
	// Output:
	// v3
	// v2
	// v1
}

// An error contains the reason and the position.
func Example_errors() {
	ctx := context.Background()
	_, rpc := versions(ctx)
	_, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
		FilterQuery: new("name = 'v1' AND nam LIKE 'v%'"),
	}})
	message, _, _ := strings.Cut(status.Convert(err).Message(), ";")
	fmt.Println(status.Code(err))
	fmt.Println(message)
	// Output:
	// InvalidArgument
	// Invalid `filter_query`: Unrecognized name: nam
}

// The next page begins at a token, which every MLMD server understands.
func Example_pages() {
	ctx := context.Background()
	_, rpc := versions(ctx)
	options := &mlmdpb.ListOperationOptions{
		MaxResultSize: new(int32(2)),
		OrderByField: &mlmdpb.ListOperationOptions_OrderByField{
			Field: mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME.Enum(), IsAsc: new(false),
		},
	}
	for {
		reply, err := rpc.GetContextsByType(ctx, &mlmdpb.GetContextsByTypeRequest{
			TypeName: new("kf.ModelVersion"), Options: options,
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(reply.Contexts))
		if reply.GetNextPageToken() == "" {
			break
		}
		options.NextPageToken = reply.NextPageToken
	}
	// Output:
	// 2
	// 1
}
