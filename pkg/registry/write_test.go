package registry_test

import (
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/value"
)

func TestResult_ChangedIsInOrder(t *testing.T) {
	models := registrytest.New(t).RegisteredModels()
	v := model.RegisteredModel{
		Name: "m", Description: new("d"), Owner: new("o"), Readme: new("r"),
		CustomProperties: value.Map{"a": value.Int(1), "b": value.Int(2), "c": value.Int(3), "d": value.Int(4)},
	}
	if _, err := models.Upsert(t.Context(), &v); err != nil {
		t.Fatal(err)
	}
	f := field.RegisteredModel
	res, err := models.Upsert(t.Context(), &model.RegisteredModel{Name: "m", Owner: new("other")},
		registry.Clear(f.Readme, f.Description, f.Readme, f.Custom("b"), f.CustomProperties))
	want := []string{
		"description", "customProperties.a", "customProperties.b", "customProperties.c", "customProperties.d",
		"owner", "readme",
	}
	if err != nil || !slices.Equal(res.Changed, want) {
		t.Errorf("%q, %v, want %q", res.Changed, err, want)
	}
}
