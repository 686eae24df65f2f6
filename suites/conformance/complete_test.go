package conformance

import (
	"context"
	"path"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/inproc"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// A listener notes the methods that are called.
type listener struct {
	grpc.ClientConnInterface
	mu    sync.Mutex
	calls map[string]bool
}

// Invoke notes the method and calls it.
func (l *listener) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	l.mu.Lock()
	l.calls[path.Base(method)] = true
	l.mu.Unlock()
	return l.ClientConnInterface.Invoke(ctx, method, in, out, opts...)
}

func TestMethods_HaveCases(t *testing.T) {
	called := map[string]int{}
	for _, c := range storetest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			s, err := sqlite.OpenMemory(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			l := &listener{
				ClientConnInterface: inproc.New(&mlmdpb.MetadataStoreService_ServiceDesc, s.Server()),
				calls:               map[string]bool{},
			}
			has := append(storetest.EngineCapabilities(), storetest.EmptyStore, storetest.Int64Values, storetest.NonUTF8Text,
				storetest.UnlimitedText)
			c.Check(t, mlmdpb.NewMetadataStoreServiceClient(l), has)
			if len(l.calls) == len(mlmdpb.MetadataStoreService_ServiceDesc.Methods) {
				return // a case that calls whatever there is says nothing about a method
			}
			for method := range l.calls {
				called[method]++
			}
		})
	}
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		if called[m.MethodName] == 0 {
			t.Errorf("no case calls %s", m.MethodName)
		}
	}
}

// Those of databases and of the server are shown by the tests of their
// packages.
var areasOfCases = []string{"RPCs", "types", "nodes", "values", "events", "edges", "filters", "lists"}

func TestDifferences_HaveCases(t *testing.T) {
	for _, d := range storetest.Differences() {
		if !slices.Contains(areasOfCases, d.Area) {
			continue
		}
		if !slices.ContainsFunc(storetest.Cases(), func(c storetest.Case) bool {
			return slices.Contains(c.Requires, d.Name)
		}) {
			t.Errorf("no case needs the difference %q", d.Name)
		}
	}
}

func TestCases_UniqueNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range storetest.Cases() {
		if seen[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		seen[c.Name] = true
	}
}
