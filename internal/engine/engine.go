package engine

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// An Engine answers the RPCs of one database. It is safe for concurrent use.
type Engine struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer

	d        *Dialect
	readers  *pool
	writers  *pool
	types    typeCache
	log      *slog.Logger
	patience time.Duration
}

// A Config says how an [Engine] reaches its database.
type Config struct {
	Dialect *Dialect
	// Write runs the transactions that change something, at most Writers at
	// once. Read runs the others; where it is nil, Write and its limit serve
	// both. The engine closes them.
	Write, Read      *sql.DB
	Writers, Readers int
	// Patience is for how long a transaction that loses against others is run
	// again. The caller's deadline ends it earlier.
	Patience time.Duration
	// Log gets what clients must not see: the driver's messages.
	Log *slog.Logger
}

// Open makes an empty database an MLMD database, checks one that is not empty,
// and serves it. On error the handles of c are closed.
func Open(ctx context.Context, c Config) (*Engine, error) {
	e := &Engine{
		d:        c.Dialect,
		log:      c.Log,
		patience: c.Patience,
		writers:  newPool(c.Write, c.Dialect, c.Writers),
	}
	e.readers = e.writers
	if c.Read != nil {
		e.readers = newPool(c.Read, c.Dialect, c.Readers)
	}
	if err := c.Dialect.Schema.Open(ctx, c.Write); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close waits for the requests that run and closes the database. Later
// requests are answered UNAVAILABLE. It is called once.
func (e *Engine) Close() error {
	err := e.writers.close()
	if e.readers != e.writers {
		err = errors.Join(err, e.readers.close())
	}
	return err
}
