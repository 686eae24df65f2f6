package registrytest_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
)

func TestNew_StoresAreIndependent(t *testing.T) {
	one, other := registrytest.New(t), registrytest.New(t, nil)
	if _, err := one.RegisteredModels().Upsert(t.Context(), &model.RegisteredModel{Name: "fraud"}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.RegisteredModels().FindByName(t.Context(), "fraud"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("the other store: %v, want ErrNotFound", err)
	}
}

func TestRecorder(t *testing.T) {
	var calls registrytest.Recorder
	reg := registrytest.New(t, registrytest.WithRecorder(&calls))
	m := model.RegisteredModel{Name: "fraud"}
	for range 2 {
		if _, err := reg.RegisteredModels().Upsert(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
	}
	if got := calls.Methods(); !slices.Contains(got, "PutContexts") {
		t.Errorf("recorded %v, want a PutContexts among them", got)
	}
	calls.Reset()
	if got := calls.Calls(); len(got) != 0 {
		t.Errorf("%v after Reset", got)
	}
	_, err := reg.RegisteredModels().Get(t.Context(), "12345")
	if got := calls.Calls(); err == nil || len(got) != 1 || got[0].Method != "GetContextsByID" || got[0].Err != nil {
		t.Errorf("Get returned %v and was recorded as %v", err, got)
	}
}

func TestFaults(t *testing.T) {
	put := func(reg *registry.Client, ctx context.Context, name string) error {
		_, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: name})
		return err
	}
	for _, after := range []bool{false, true} {
		var faults registrytest.Faults
		reg := registrytest.New(t, registrytest.WithFaults(&faults))
		faults.Add(registrytest.Fault{Method: "PutContexts", Call: 2, Code: codes.Unavailable, AfterEffect: after})
		if err := put(reg, t.Context(), "first"); err != nil {
			t.Fatal(err)
		}
		if err := put(reg, t.Context(), "second"); !errors.Is(err, registry.ErrUnavailable) {
			t.Errorf("the second put: %v, want ErrUnavailable", err)
		}
		_, err := reg.RegisteredModels().FindByName(t.Context(), "second")
		if stored := err == nil; stored != after {
			t.Errorf("AfterEffect %t: the entity is stored: %t (%v)", after, stored, err)
		}
		if err := put(reg, t.Context(), "second"); err != nil {
			t.Errorf("the same call again: %v", err)
		}

		faults.Add(registrytest.Fault{Code: codes.ResourceExhausted})
		for range 2 {
			if _, err := reg.RegisteredModels().FindByName(t.Context(), "first"); err == nil {
				t.Error("every call fails, but a find succeeded")
			}
		}
		faults.Clear()
		if _, err := reg.RegisteredModels().FindByName(t.Context(), "first"); err != nil {
			t.Errorf("after Clear: %v", err)
		}
	}
}
