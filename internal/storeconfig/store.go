package storeconfig

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/inproc"
	"github.com/mlmd-go/sdk/internal/schema"
)

// A Store is the inside of a store.Store, which has the same underlying type and
// to which it converts.
type Store struct {
	engine *engine.Service
	client mlmdpb.MetadataStoreServiceClient
	close  func() error
}

// Open serves the database of c, through the interceptors. It creates the schema
// of an empty database, and returns an error for a database of another schema
// version.
func Open(ctx context.Context, c engine.Config, interceptors ...grpc.UnaryServerInterceptor) (*Store, error) {
	e, err := engine.Open(ctx, c)
	if err != nil {
		return nil, publicError(err)
	}
	return &Store{engine: e, client: newClient(e, interceptors), close: sync.OnceValue(e.Close)}, nil
}

// client calls a service in this process. It is used by pointer, so that clients
// can be compared.
type client struct {
	mlmdpb.MetadataStoreServiceClient
	service      *engine.Service
	interceptors []grpc.UnaryServerInterceptor
}

func newClient(s *engine.Service, interceptors []grpc.UnaryServerInterceptor) *client {
	return &client{inproc.NewClient(s, interceptors...), s, interceptors}
}

// Transact calls fn with a client whose RPCs are one transaction, see
// [engine.Service.Transact]. Package registry finds this method by its name.
func (c *client) Transact(ctx context.Context, fn func(tx mlmdpb.MetadataStoreServiceClient) error) error {
	return c.service.Transact(ctx, func(_ context.Context, s *engine.Service) error {
		return fn(newClient(s, c.interceptors))
	})
}

// Unlink removes links, see [engine.Service.Unlink]. Package registry finds this
// method by its name. No interceptor sees the call.
func (c *client) Unlink(
	ctx context.Context, events []*mlmdpb.Event, attributions []*mlmdpb.Attribution,
	associations []*mlmdpb.Association, parents []*mlmdpb.ParentContext,
) error {
	return c.service.Unlink(ctx, events, attributions, associations, parents)
}

// LockNodes locks nodes, see [engine.Service.LockNodes]. Package registry finds this
// method by its name. No interceptor sees the call.
func (c *client) LockNodes(ctx context.Context, artifacts, executions, contexts []int64) error {
	return c.service.LockNodes(ctx, artifacts, executions, contexts)
}

// Engine returns the service.
func (s *Store) Engine() *engine.Service { return s.engine }

// Client returns a client that calls the service in this process.
func (s *Store) Client() mlmdpb.MetadataStoreServiceClient { return s.client }

// Close closes the database. Further calls return the result of the first.
func (s *Store) Close() error { return s.close() }

// SchemaError converts an error of package schema that err wraps to a
// store.SchemaError that wraps err. Package store sets it.
var SchemaError func(found *schema.Error, err error) error

func publicError(err error) error {
	var found *schema.Error
	if errors.As(err, &found) {
		return SchemaError(found, err)
	}
	return err
}
