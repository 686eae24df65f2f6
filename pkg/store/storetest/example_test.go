package storetest_test

import (
	"fmt"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// Check a service of your own against all cases, in a test function. This one
// checks the embedded store.
func ExampleRun() {
	var t *testing.T // the argument of the test function

	has := append(storetest.EngineCapabilities(), storetest.EmptyStore)
	storetest.Run(t, has, func(tb testing.TB) mlmdpb.MetadataStoreServiceClient {
		s, err := sqlite.OpenMemory(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { s.Close() })
		return s.Client()
	})
}

// Count the deliberate differences from the reference implementation by area.
func ExampleDifferences() {
	areas := map[string]int{}
	for _, d := range storetest.Differences() {
		areas[d.Area]++
	}
	fmt.Println(areas["schema"], "of the schema,", areas["server"], "of the server")
	// Output: 4 of the schema, 4 of the server
}
