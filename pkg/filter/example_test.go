package filter_test

import (
	"context"
	"fmt"
	"log"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Conditions are made of generated symbols, and a query takes them.
func Example() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	reg := registry.New(store.Client())
	res, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range []model.ModelVersion{
		{Name: "1.0", Author: new("ada"), CustomProperties: value.Map{"auc": value.Double(0.87)}},
		{Name: "1.1", Author: new("ada"), CustomProperties: value.Map{"auc": value.Double(0.93)}},
		{Name: "2.0", State: new(model.ModelVersionStateArchived)},
	} {
		v.RegisteredModelID = res.ID
		if _, err := reg.ModelVersions().Upsert(ctx, &v); err != nil {
			log.Fatal(err)
		}
	}

	f := field.ModelVersion
	for i, condition := range []filter.Expr[*model.ModelVersion]{
		f.Author.Eq("ada").And(f.Custom("auc").Double().Gt(0.9)),
		f.Name.HasPrefix("1."),
		filter.Not(f.Author.Eq("ada")).Or(f.State.Eq(model.ModelVersionStateArchived)),
	} {
		for v, err := range reg.ModelVersions().Query().Where(condition).All(ctx) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(i, v.Name)
		}
	}
	// Output:
	// 0 1.1
	// 1 1.0
	// 1 1.1
	// 2 2.0
}
