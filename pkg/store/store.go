// Package store is the front of the embedded MLMD service: a complete
// MetadataStoreService over a database, without a network and without another
// process. The packages below it open one: sqlite, postgres and mysql.
package store

import (
	"context"
	"sync"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/inproc"
)

// A Store is an open database that answers the MLMD service. It is safe for
// concurrent use, and so are its client and its server.
type Store struct {
	engine *engine.Service
	client mlmdpb.MetadataStoreServiceClient
	close  func() error
}

// Open serves the database that c reaches; the packages below make c. An empty
// database is set up; one of another schema version is refused, see [Migrate].
func Open(ctx context.Context, c engine.Config) (*Store, error) {
	e, err := engine.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	conn := inproc.New(&mlmdpb.MetadataStoreService_ServiceDesc, e)
	return &Store{engine: e, client: mlmdpb.NewMetadataStoreServiceClient(conn), close: sync.OnceValue(e.Close)}, nil
}

// Client calls the service in this process. Its messages are its own: what it
// gets may be changed, what it gave may be used again.
func (s *Store) Client() mlmdpb.MetadataStoreServiceClient { return s.client }

// Server is the service itself, for a gRPC server to register.
func (s *Store) Server() mlmdpb.MetadataStoreServiceServer { return s.engine }

// Close waits for the calls that run and closes the database. Later calls fail
// with UNAVAILABLE. Closing again does nothing.
func (s *Store) Close() error {
	return s.close()
}
