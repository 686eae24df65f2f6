package registry_test

import (
	"testing"

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
