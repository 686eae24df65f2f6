package testdb

import (
	"context"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
)

// RejectsOptions checks that open rejects options with invalid values, with an
// error that names the option.
func RejectsOptions(t *testing.T, open func(...store.Option) (*store.Store, error)) {
	t.Helper()
	for _, c := range []struct {
		option store.Option
		want   string
	}{
		{store.WithMaxConns(-1), "store.WithMaxConns(-1)"},
		{store.WithRetryTimeout(-time.Second), "store.WithRetryTimeout(-1s)"},
		{store.WithSlowQueryTime(-time.Second), "store.WithSlowQueryTime(-1s)"},
	} {
		s, err := open(c.option)
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", c.want)
			continue
		}
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v (%v), want INVALID_ARGUMENT and %q", err, status.Code(err), c.want)
		}
	}
}

// AppliesOptions checks that a store which open opens has the clock and the
// interceptors of its options.
func AppliesOptions(t *testing.T, open func(...store.Option) (*store.Store, error)) {
	t.Helper()
	at := time.Date(2030, time.May, 1, 0, 0, 0, int(time.Millisecond), time.UTC)
	var seen []string
	s, err := open(
		store.WithClock(func() time.Time { return at }),
		store.WithInterceptors(
			func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
				seen = append(seen, path.Base(info.FullMethod))
				return next(ctx, req)
			}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rpc := s.Client()
	typ, err := rpc.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("testdb.options")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{
		Contexts: []*mlmdpb.Context{{TypeId: typ.TypeId, Name: new("node")}},
	}); err != nil {
		t.Fatal(err)
	}
	got, err := rpc.GetContextByTypeAndName(t.Context(), &mlmdpb.GetContextByTypeAndNameRequest{
		TypeName: new("testdb.options"), ContextName: new("node"),
	})
	if err != nil {
		t.Fatal(err)
	}
	n := got.GetContext()
	if want := at.UnixMilli(); n.GetCreateTimeSinceEpoch() != want || n.GetLastUpdateTimeSinceEpoch() != want {
		t.Errorf("the times of the node are not %d: %v", want, n)
	}
	if want := []string{"PutContextType", "PutContexts", "GetContextByTypeAndName"}; !slices.Equal(seen, want) {
		t.Errorf("the interceptor saw %q, want %q", seen, want)
	}
}
