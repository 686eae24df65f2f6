package testdb

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/store"
)

// RefusesOptions tests that open refuses options that make no sense, with an
// error that names the option.
func RefusesOptions(t *testing.T, open func(...store.Option) (*store.Store, error)) {
	for _, c := range []struct {
		option store.Option
		want   string
	}{
		{store.WithConnections(-1), "store.WithConnections(-1)"},
		{store.WithBusyTimeout(-time.Second), "store.WithBusyTimeout(-1s)"},
		{nil, "nil"},
	} {
		s, err := open(c.option)
		if err == nil {
			s.Close()
			t.Errorf("a store was opened with %s", c.want)
			continue
		}
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v (%v), want INVALID_ARGUMENT and %q", err, status.Code(err), c.want)
		}
	}
}
