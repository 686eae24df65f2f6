package registry

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

func TestOptions_NilIsIgnored(t *testing.T) {
	c := New(newStore(t), nil, WithTypePrefix("odh."), nil)
	v := model.RegisteredModel{Name: "m", Owner: new("ada")}
	clear := Clear(field.RegisteredModel.Description)
	if _, err := c.RegisteredModels().Upsert(t.Context(), &v, nil, clear, nil); err != nil {
		t.Fatal(err)
	}
	var none filter.Clearable[*model.RegisteredModel]
	if _, err := c.RegisteredModels().Upsert(t.Context(), &v, Clear(none)); err != nil {
		t.Fatal(err)
	}
	got, err := MigrateAll(t.Context(), c, []mlmd.AnyMapping{&mapping.RegisteredModel}, nil, WithDryRun())
	if err != nil || len(got) != 1 || got[0].Examined != 1 {
		t.Fatalf("MigrateAll = %+v, %v; want 1 examined", got, err)
	}

	c, err = Dial("localhost:1", nil, WithTypePrefix("odh."), WithGRPCDialOptions(nil, grpc.WithUserAgent("test")))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
