package registrytest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/store"
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

func TestClock_UpdateTimesIncrease(t *testing.T) {
	var clock registrytest.Clock
	reg := registrytest.New(t, registrytest.WithClock(&clock))
	start := clock.Now()
	m := model.RegisteredModel{Name: "fraud"}
	if _, err := reg.RegisteredModels().Upsert(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct{ advance, want time.Duration }{
		{time.Hour, time.Hour},
		{0, time.Hour + time.Millisecond},                // the clock stands
		{-2 * time.Hour, time.Hour + 2*time.Millisecond}, // the clock is behind
		{4 * time.Hour, 3 * time.Hour},
	} {
		clock.Advance(step.advance)
		err := reg.Tx(t.Context(), func(tx *registry.Client) error { // transactions have the clock too
			_, err := tx.RegisteredModels().Update(t.Context(), m.ID, func(v *model.RegisteredModel) error {
				v.Description = new(fmt.Sprint(i))
				return nil
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := reg.RegisteredModels().Get(t.Context(), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !got.CreateTime.Equal(start) || !got.UpdateTime.Equal(start.Add(step.want)) {
			t.Errorf("step %d: created %v, updated %v; want %v and %v",
				i, got.CreateTime, got.UpdateTime, start, start.Add(step.want))
		}
	}
}

func TestWithStoreOptions(t *testing.T) {
	var seen []string
	reg := registrytest.New(t, registrytest.WithStoreOptions(store.WithInterceptors(
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			seen = append(seen, info.FullMethod)
			return next(ctx, req)
		})))
	if _, err := reg.RegisteredModels().Get(t.Context(), "1"); !errors.Is(err, registry.ErrNotFound) {
		t.Fatal(err)
	}
	if want := []string{mlmdpb.MetadataStoreService_GetContextsByID_FullMethodName}; !slices.Equal(seen, want) {
		t.Errorf("the interceptor saw %v, want %v", seen, want)
	}
}
