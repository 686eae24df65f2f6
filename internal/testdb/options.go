package testdb

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
