// Package registrytest helps to test programs that use a registry. [New]
// returns a registry in memory, [Recorder] records the RPCs that a program
// makes, [Faults] makes RPCs fail on demand, and [Clock] controls the create and
// update times. All of them use the real engine: there is no mock that could
// behave otherwise.
package registrytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// An Option configures [New]. A nil Option is ignored.
type Option func(*config)

type config struct {
	recorder *Recorder
	faults   *Faults
	store    []store.Option
	registry []registry.Option
}

// WithRecorder makes r record each RPC that the registry makes, including those
// that fail because of [WithFaults].
func WithRecorder(r *Recorder) Option { return func(c *config) { c.recorder = r } }

// WithFaults makes RPCs fail as f says.
func WithFaults(f *Faults) Option { return func(c *config) { c.faults = f } }

// WithClock makes the store take create and update times from the clock. The
// update time of an entity still moves with each change: by a millisecond if the
// clock stands.
func WithClock(clock *Clock) Option { return WithStoreOptions(store.WithClock(clock.Now)) }

// WithStoreOptions passes opts to [sqlite.OpenMemory].
func WithStoreOptions(opts ...store.Option) Option {
	return func(c *config) { c.store = append(c.store, opts...) }
}

// WithRegistryOptions passes opts to [registry.New].
func WithRegistryOptions(opts ...registry.Option) Option {
	return func(c *config) { c.registry = append(c.registry, opts...) }
}

// New returns a registry on an empty store in memory, which is closed when the
// test ends. It fails the test if the store cannot be opened.
func New(tb testing.TB, opts ...Option) *registry.Client {
	tb.Helper()
	var c config
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	s, err := sqlite.OpenMemory(context.Background(), c.store...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	rpc := s.Client()
	if c.faults != nil {
		rpc = c.faults.Wrap(rpc)
	}
	if c.recorder != nil {
		rpc = c.recorder.Wrap(rpc)
	}
	return registry.New(rpc, c.registry...)
}

// An interceptor runs around each call. call performs it.
type interceptor func(ctx context.Context, method string, request proto.Message, call func() error) error

// wrap returns a client that passes each call of rpc through the interceptor.
func wrap(rpc mlmdpb.MetadataStoreServiceClient, i interceptor) mlmdpb.MetadataStoreServiceClient {
	c := mlmdpb.NewMetadataStoreServiceClient(&conn{rpc: reflect.ValueOf(rpc), intercept: i})
	switch rpc := rpc.(type) {
	case transactor:
		return txClient{c, rpc, i}
	case binder:
		return restClient{c, rpc, i}
	}
	return c
}

// A transactor is a client of an embedded store, see [registry.Client.Tx].
type transactor interface {
	Transact(ctx context.Context, fn func(tx mlmdpb.MetadataStoreServiceClient) error) error
}

// txClient is a client whose transactions go through the interceptor too.
type txClient struct {
	mlmdpb.MetadataStoreServiceClient
	store     transactor
	intercept interceptor
}

func (c txClient) Transact(ctx context.Context, fn func(tx mlmdpb.MetadataStoreServiceClient) error) error {
	return c.store.Transact(ctx, func(tx mlmdpb.MetadataStoreServiceClient) error {
		return fn(wrap(tx, c.intercept))
	})
}

// An unlinker is a client that can remove links, see [registry.Collection.Unlink].
type unlinker interface {
	Unlink(ctx context.Context, events []*mlmdpb.Event, attributions []*mlmdpb.Attribution,
		associations []*mlmdpb.Association, parents []*mlmdpb.ParentContext) error
}

// Unlink does not go through the interceptor, because it is not an RPC.
func (c txClient) Unlink(
	ctx context.Context, events []*mlmdpb.Event, attributions []*mlmdpb.Attribution,
	associations []*mlmdpb.Association, parents []*mlmdpb.ParentContext,
) error {
	store, ok := c.store.(unlinker)
	if !ok {
		return status.Error(codes.Unimplemented, "registrytest: this store cannot remove links")
	}
	return store.Unlink(ctx, events, attributions, associations, parents)
}

// A locker is a client that can lock nodes.
type locker interface {
	LockNodes(ctx context.Context, artifacts, executions, contexts []int64) error
}

// LockNodes does not go through the interceptor either.
func (c txClient) LockNodes(ctx context.Context, artifacts, executions, contexts []int64) error {
	if store, ok := c.store.(locker); ok {
		return store.LockNodes(ctx, artifacts, executions, contexts)
	}
	return nil
}

// A binder is a client of a REST registry, see [registry.DialREST].
type binder interface {
	Bind(m mlmd.AnyMapping, t mlmd.Type) mlmdpb.MetadataStoreServiceClient
	To(typeName string) mlmdpb.MetadataStoreServiceClient
}

// restClient is a client of a REST registry whose calls about known entities go
// through the interceptor too.
type restClient struct {
	mlmdpb.MetadataStoreServiceClient
	rest      binder
	intercept interceptor
}

func (c restClient) Bind(m mlmd.AnyMapping, t mlmd.Type) mlmdpb.MetadataStoreServiceClient {
	return wrap(c.rest.Bind(m, t), c.intercept)
}

func (c restClient) To(typeName string) mlmdpb.MetadataStoreServiceClient {
	return wrap(c.rest.To(typeName), c.intercept)
}

// conn is a connection whose calls go through an interceptor to a client.
type conn struct {
	rpc       reflect.Value
	intercept interceptor
}

func (c *conn) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	name := method[strings.LastIndexByte(method, '/')+1:]
	request, ok := in.(proto.Message)
	reply, ok2 := out.(proto.Message)
	call := c.rpc.MethodByName(name)
	if !ok || !ok2 || !call.IsValid() {
		return status.Error(codes.Unimplemented, fmt.Sprintf("registrytest: unknown method %s", method))
	}
	args := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(in)}
	for _, opt := range opts {
		args = append(args, reflect.ValueOf(opt))
	}
	return c.intercept(ctx, name, request, func() error {
		results := call.Call(args)
		if err, _ := results[1].Interface().(error); err != nil {
			return err
		}
		proto.Reset(reply)
		proto.Merge(reply, results[0].Interface().(proto.Message))
		return nil
	})
}

func (c *conn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("registrytest: MetadataStoreService has no streaming methods")
}
