package registry_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
)

func TestTx_ReturnsErrorsThatCannotBeCompared(t *testing.T) {
	err := registrytest.New(t).Tx(t.Context(), func(*registry.Client) error {
		return mlmd.InvalidErrors{{Field: "name", Why: "is missing"}}
	})
	if _, ok := err.(mlmd.InvalidErrors); !ok {
		t.Errorf("got %v, want the error of the function", err)
	}
}

// expiring is a context that ends after a number of calls of Err.
type expiring struct {
	context.Context
	left int
}

func (e *expiring) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestTx_GoesOnAfterTheContextOfACallEnded(t *testing.T) {
	reg := registrytest.New(t)
	m := model.RegisteredModel{Name: "m"}
	failed := 0
	err := reg.Tx(t.Context(), func(tx *registry.Client) error {
		for n := range 100 {
			_, err := tx.RegisteredModels().Create(&expiring{t.Context(), n}, &model.RegisteredModel{Name: "canceled"})
			if err == nil {
				break
			}
			if failed++; !errors.Is(err, context.Canceled) {
				t.Errorf("after %d checks of the context: %v, want context.Canceled", n, err)
			}
		}
		_, err := tx.RegisteredModels().Create(t.Context(), &m)
		return err
	})
	if err != nil || failed < 10 {
		t.Fatalf("%d calls failed, the transaction: %v", failed, err)
	}
	if _, err := reg.RegisteredModels().Get(t.Context(), m.ID); err != nil {
		t.Error(err)
	}
}
