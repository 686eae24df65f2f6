package sqlite_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// capabilities are what SQLite can hold besides what every database can.
var capabilities = slices.Concat(storetest.EngineCapabilities(), []storetest.Capability{
	storetest.EmptyStore, storetest.Int64Values, storetest.NonUTF8Text, storetest.UnlimitedText,
})

func TestAStoreInMemoryBehavesAsTheOriginal(t *testing.T) {
	storetest.Run(t, capabilities, func(tb testing.TB) mlmdpb.MetadataStoreServiceClient {
		return clientOf(tb, must(sqlite.OpenMemory(tb.Context())))
	})
}

func TestAStoreInAFileBehavesAsTheOriginal(t *testing.T) {
	storetest.Run(t, capabilities, func(tb testing.TB) mlmdpb.MetadataStoreServiceClient {
		return clientOf(tb, must(sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "mlmd.db"))))
	})
}

// must ends the test run where a store cannot even be opened.
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
