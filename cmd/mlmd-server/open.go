package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// The pauses between tries to open the database.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 8 * time.Second
)

// kinds are the kinds of database by their name.
var kinds = map[string]struct {
	open     func(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error)
	database func(dsn string) store.Database // for migrations
}{
	"sqlite":   {sqlite.Open, sqlite.Database},
	"postgres": {postgres.Open, postgres.Database},
	"mysql":    {mysql.Open, mysql.Database},
}

// open opens the database, upgraded before if that is asked for. It tries again,
// after a pause, while the database is busy or cannot be reached: servers start
// together with their databases.
func (p *plan) open(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	pause := firstPause
	for try := 1; ; try++ {
		st, err := p.openOnce(ctx, log)
		if err == nil {
			return st, nil
		}
		if try > p.retries || !p.passing(err) {
			return nil, fmt.Errorf("cannot open the database %s: %w", p.db, err)
		}
		log.Warn("the database cannot be opened yet", "database", p.db.String(), "error", err, "try", try, "next_in", pause)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

func (p *plan) openOnce(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	opts := []store.Option{store.WithLogger(log)}
	if p.db == memory {
		return sqlite.OpenMemory(ctx, opts...)
	}
	if p.db.skipCreation {
		opts = append(opts, store.WithoutCreating())
	}
	if p.db.shared {
		opts = append(opts, mysql.SharedWithOriginal())
	}
	kind := kinds[p.db.kind]
	st, err := kind.open(ctx, p.db.dsn, opts...)
	if !p.migration.upgrade || !errors.Is(err, store.ErrSchemaOlder) {
		return st, err
	}
	steps, err := store.Migrate(ctx, kind.database(p.db.dsn))
	if err != nil {
		return nil, err
	}
	logSteps(log, steps)
	return kind.open(ctx, p.db.dsn, opts...)
}

// downgrade takes the database to an older schema version, for which it is not
// served afterwards.
func (p *plan) downgrade(ctx context.Context, log *slog.Logger) error {
	steps, err := store.Migrate(ctx, kinds[p.db.kind].database(p.db.dsn), store.To(p.migration.downgrade))
	if err != nil {
		return fmt.Errorf("cannot downgrade the database %s: %w", p.db, err)
	}
	logSteps(log, steps)
	log.Info("the database has the schema version that was asked for; it is not served", "database", p.db.String(), "version", p.migration.downgrade)
	return nil
}

func logSteps(log *slog.Logger, steps []store.Step) {
	for _, s := range steps {
		log.Info("schema migrated", "from", s.From, "to", s.To, "change", s.Title)
	}
}

// passing tells errors that may be gone a moment later: that a server is not
// there yet, or that others use the file. A file that cannot be opened stays so.
func (p *plan) passing(err error) bool {
	switch status.Code(err) {
	case codes.Aborted:
		return true
	case codes.Unavailable:
		return p.db.kind != "sqlite"
	}
	var unreachable *net.OpError
	return errors.As(err, &unreachable)
}
