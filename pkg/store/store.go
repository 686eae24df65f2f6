// Package store embeds an MLMD service: a complete MetadataStoreService over a
// database, without a network or another process. Packages sqlite, postgres and
// mysql open and migrate databases.
package store

import (
	"context"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/storeconfig"
)

// A Store is an MLMD service with an open database. Its methods, its client and
// its server are safe for concurrent use.
type Store storeconfig.Store

func (s *Store) inner() *storeconfig.Store { return (*storeconfig.Store)(s) }

// Client returns a client that calls the service in this process. Requests and
// replies are copied, as over a network.
func (s *Store) Client() mlmdpb.MetadataStoreServiceClient { return s.inner().Client() }

// Server returns the service itself, to be registered with a gRPC server.
func (s *Store) Server() mlmdpb.MetadataStoreServiceServer { return s.inner().Engine() }

// Ping returns an error unless the database answers a query. Like a call, it
// retries for the time of [WithRetryTimeout], but not beyond the deadline of ctx.
func (s *Store) Ping(ctx context.Context) error { return s.inner().Engine().Ping(ctx) }

// Stats describes the database connections of a [Store], and what it has done
// since it was opened.
type Stats struct {
	MaxConns int // the limit; see WithMaxConns
	InUse    int // connections in use by calls
	Idle     int // open connections that are not in use

	Statements int64 // sent to the database
	Retries    int64 // of transactions, after conflicts and lost connections

	Waits    int64 // for a connection
	WaitTime time.Duration

	// A connection keeps statements, which may be prepared; a store keeps types.
	StatementCache, TypeCache CacheStats
}

// CacheStats describes a cache.
type CacheStats struct{ Hits, Misses int64 }

// Stats returns the present numbers. SQLite in a file counts its
// connections for reading and the one for writing together.
func (s *Store) Stats() Stats {
	all := s.inner().Engine().Stats()
	db := all.DB
	return Stats{
		MaxConns: db.MaxConns, InUse: db.InUse, Idle: db.Idle, Statements: db.Statements, Retries: db.Retries,
		Waits: db.Waits, WaitTime: db.WaitTime,
		StatementCache: CacheStats{db.CacheHits, db.CacheMisses},
		TypeCache:      CacheStats{all.TypeCacheHits, all.TypeCacheMisses},
	}
}

// Close waits for running calls and closes the database. Later calls fail with
// UNAVAILABLE. Further calls of Close do nothing.
func (s *Store) Close() error { return s.inner().Close() }
