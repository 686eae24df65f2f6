package registrytest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/mlmd-go/sdk/generated/fake"
	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
)

// Fakes fill a registry with values that the spec allows. An ID that a fake must
// have is set to one that exists.
func Example_fakes() {
	t := new(testing.T) // the argument of a test function
	ctx := context.Background()

	reg := registrytest.New(t)
	m := fake.RegisteredModel(1)
	if _, err := reg.RegisteredModels().Upsert(ctx, m); err != nil {
		t.Fatal(err)
	}
	for seed := range int64(3) {
		v := fake.ModelVersion(seed, func(v *model.ModelVersion) { v.RegisteredModelID = m.ID })
		if _, err := reg.ModelVersions().Upsert(ctx, v); err != nil {
			t.Fatal(err)
		}
	}
	versions, err := reg.ModelVersions().Query().Where(field.ModelVersion.RegisteredModelID.Eq(m.ID)).Collect(ctx)
	fmt.Println(len(versions), err)
	// Output: 3 <nil>
}
