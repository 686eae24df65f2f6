package registrytest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
)

// Publish is a function under test.
func publish(ctx context.Context, reg *registry.Client, name string) error {
	_, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: name})
	return err
}

func ExampleNew() {
	t := new(testing.T) // the argument of a test function

	var calls registrytest.Recorder
	reg := registrytest.New(t, registrytest.WithRecorder(&calls))
	if err := publish(context.Background(), reg, "fraud"); err != nil {
		t.Fatal(err)
	}
	fmt.Println(calls.Methods())
	// Output: [GetContextTypes GetContextType PutTypes PutContexts PutContextType]
}

func ExampleFaults() {
	t := new(testing.T) // the argument of a test function

	var faults registrytest.Faults
	reg := registrytest.New(t, registrytest.WithFaults(&faults))
	faults.Add(registrytest.Fault{Method: "PutContexts", Call: 1, Code: codes.Unavailable, AfterEffect: true})

	err := publish(context.Background(), reg, "fraud")
	fmt.Println(errors.Is(err, registry.ErrUnavailable))
	fmt.Println(publish(context.Background(), reg, "fraud"))
	// Output:
	// true
	// <nil>
}

func ExampleClock() {
	t := new(testing.T) // the argument of a test function
	ctx := context.Background()

	var clock registrytest.Clock
	reg := registrytest.New(t, registrytest.WithClock(&clock))
	m := model.RegisteredModel{Name: "fraud"}
	if _, err := reg.RegisteredModels().Upsert(ctx, &m); err != nil {
		t.Fatal(err)
	}
	clock.Advance(36 * time.Hour)
	if _, err := reg.RegisteredModels().Archive(ctx, m.ID); err != nil {
		t.Fatal(err)
	}

	got, err := reg.RegisteredModels().Get(ctx, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("created", got.CreateTime.UTC().Format(time.DateTime))
	fmt.Println("updated", got.UpdateTime.UTC().Format(time.DateTime))
	// Output:
	// created 2000-01-01 00:00:00
	// updated 2000-01-02 12:00:00
}

func ExampleRecorder() {
	t := new(testing.T) // the argument of a test function

	var calls registrytest.Recorder
	reg := registrytest.New(t, registrytest.WithRecorder(&calls))
	if err := publish(context.Background(), reg, "fraud"); err != nil {
		t.Fatal(err)
	}
	for _, call := range calls.Calls() {
		if put, ok := call.Request.(*mlmdpb.PutContextsRequest); ok {
			fmt.Println(call.Method, put.GetContexts()[0].GetName(), call.Err)
		}
	}
	// Output: PutContexts fraud <nil>
}
