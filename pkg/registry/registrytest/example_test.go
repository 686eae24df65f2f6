package registrytest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"

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
	// Output: [GetContextType PutTypes PutContexts]
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
