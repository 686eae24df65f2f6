package backend

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// REST is the registry of this module on a file, through its REST API. Its client
// has the calls of the registry's collections only, so it is one of [Registries]
// and not of [All].
const REST = "rest"

var throughREST = &Backend{REST, startREST, &common{}}

// Registries are All, and the backend REST unless MLMD_BACKENDS leaves it out.
func Registries() []*Backend {
	out := All()
	if chosen("MLMD_BACKENDS", REST) {
		out = append(out[:len(out):len(out)], throughREST)
	}
	return out
}

// startREST serves a store in a file through HTTP, without leaving the process.
func startREST(ctx context.Context, tb testing.TB) (service, error) {
	s, err := sqlite.Open(ctx, filepath.Join(tb.TempDir(), "mlmd.db"))
	if err != nil {
		return service{}, err
	}
	out := embedded(tb, s)
	h, err := rest.NewHandler(registry.New(out.client), restapi.APIs, rest.WithMaxBody(1<<30))
	if err != nil {
		return service{}, err
	}
	server := httptest.NewServer(h)
	tb.Cleanup(server.Close)
	reg, err := registry.DialREST(server.URL)
	if err != nil {
		return service{}, err
	}
	tb.Cleanup(func() { reg.Close() })
	return service{client: reg.RPC()}, nil
}
