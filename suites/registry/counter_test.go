package registry_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func errorAs[T any](err error, target *T) bool { return errors.As(err, target) }

// A counter is a connection that records the names of the methods called on a
// client, and can fail the calls of one.
type counter struct {
	rpc mlmdpb.MetadataStoreServiceClient

	mu     sync.Mutex
	calls  []string
	before func(method string) error // nil: nothing
}

// counting returns a client that passes its calls through a counter.
func counting(rpc mlmdpb.MetadataStoreServiceClient) (mlmdpb.MetadataStoreServiceClient, *counter) {
	c := &counter{rpc: rpc}
	return mlmdpb.NewMetadataStoreServiceClient(c), c
}

// Invoke records the call and passes it on.
func (c *counter) Invoke(ctx context.Context, method string, in, out any, _ ...grpc.CallOption) error {
	name := method[strings.LastIndexByte(method, '/')+1:]
	c.mu.Lock()
	c.calls = append(c.calls, name)
	before := c.before
	c.mu.Unlock()
	if before != nil {
		if err := before(name); err != nil {
			return err
		}
	}
	answer := reflect.ValueOf(c.rpc).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(in)})
	if err, _ := answer[1].Interface().(error); err != nil {
		return err
	}
	proto.Merge(out.(proto.Message), answer[0].Interface().(proto.Message))
	return nil
}

// NewStream fails: the service has no streams.
func (c *counter) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("the service has no streams")
}

// take returns the methods called since the last take.
func (c *counter) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls = nil
	return calls
}

// writes returns the calls that write.
func writes(calls []string) []string {
	return slices.DeleteFunc(slices.Clone(calls), func(m string) bool { return !strings.HasPrefix(m, "Put") })
}

// refuse makes calls of the method fail with err.
func (c *counter) refuse(method string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = func(m string) error {
		if m == method {
			return err
		}
		return nil
	}
}

// allow ends refuse.
func (c *counter) allow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = nil
}
