package sqlite_test

import (
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite" // another driver of the same file

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// capabilities are those of a store on SQLite.
var capabilities = slices.Concat(storetest.EngineCapabilities(), []storetest.Capability{
	storetest.EmptyStore, storetest.Int64Values, storetest.NonUTF8Text, storetest.UnlimitedText,
})

func TestConformance_Memory(t *testing.T) {
	storetest.Run(t, capabilities, func(tb testing.TB) mlmdpb.MetadataStoreServiceClient {
		return clientOf(tb, must(sqlite.OpenMemory(tb.Context())))
	})
}

func TestConformance_File(t *testing.T) {
	storetest.Run(t, capabilities, func(tb testing.TB) mlmdpb.MetadataStoreServiceClient {
		return clientOf(tb, must(sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "mlmd.db"))))
	})
}

// must panics if a store cannot be opened.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func clientOf(tb testing.TB, s *store.Store) mlmdpb.MetadataStoreServiceClient {
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s.Client()
}
