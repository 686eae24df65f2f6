package registry_test

import (
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
)

func errorAs[T any](err error, target *T) bool { return errors.As(err, target) }

// A counter records the calls of a client, and can fail those of one method.
type counter struct {
	calls  registrytest.Recorder
	faults registrytest.Faults
}

// counting returns a client that passes its calls through a counter.
func counting(rpc mlmdpb.MetadataStoreServiceClient) (mlmdpb.MetadataStoreServiceClient, *counter) {
	c := new(counter)
	return c.calls.Wrap(c.faults.Wrap(rpc)), c
}

// take returns the methods called since the last take.
func (c *counter) take() []string {
	methods := c.calls.Methods()
	c.calls.Reset()
	return methods
}

// writes returns the calls that write.
func writes(calls []string) []string {
	return slices.DeleteFunc(slices.Clone(calls), func(m string) bool { return !strings.HasPrefix(m, "Put") })
}

// refuse makes calls of the method fail, before they take effect, with
// UNAVAILABLE.
func (c *counter) refuse(method string) {
	c.faults.Add(registrytest.Fault{Method: method, Code: codes.Unavailable})
}

// allow ends refuse.
func (c *counter) allow() { c.faults.Clear() }
