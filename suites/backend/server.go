package backend

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// startServer starts mlmd-server as a process on a file of the test's own.
func startServer(_ context.Context, tb testing.TB) (service, error) {
	p, err := StartProcess("--db="+filepath.Join(tb.TempDir(), "mlmd.db"), "--max_receive_message_bytes=-1")
	if err != nil {
		return service{}, err
	}
	tb.Cleanup(func() {
		switch code, err := p.Stop(); {
		case err != nil:
			tb.Error(err)
		case code != 0:
			tb.Error(fmt.Errorf("mlmd-server ended with %d: %s", code, p.Log()))
		}
	})
	conn, err := dial(p.Address)
	if err != nil {
		return service{}, err
	}
	tb.Cleanup(func() { conn.Close() })
	return service{
		client: mlmdpb.NewMetadataStoreServiceClient(conn),
		has:    append(append(storetest.EngineCapabilities(), ofSQLite...), storetest.EmptyStore),
	}, nil
}

// Python finds the interpreter that has the published package: MLMD_PYTHON, or
// the environment of suites/reference. The error says what to do.
func Python(ctx context.Context) (string, error) { return corePython(ctx) }
