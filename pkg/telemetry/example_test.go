package telemetry_test

import (
	"context"
	"fmt"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/telemetry/export"
)

// The program exports traces if it is started with, for example,
// OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318.
func Example() {
	ctx := context.Background()
	t, shutdown, err := export.Setup(ctx, export.Service{Name: "trainer"})
	if err != nil {
		panic(err)
	}
	defer shutdown(ctx)
	st, err := sqlite.OpenMemory(ctx, t.StoreOption())
	if err != nil {
		panic(err)
	}
	defer st.Close()
	reg := registry.New(st.Client(), t.ClientOption())
	_, err = reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "fraud"})
	fmt.Println(err)
	// Output: <nil>
}

func Example_dial() {
	publish := func(ctx context.Context) error {
		t, shutdown, err := export.Setup(ctx, export.Service{Name: "trainer"})
		if err != nil {
			return err
		}
		defer shutdown(ctx)
		reg, err := registry.Dial("mlmd.example:8080", t.DialOptions()...)
		if err != nil {
			return err
		}
		return reg.Close()
	}
	fmt.Println(publish(context.Background()))
	// Output: <nil>
}
