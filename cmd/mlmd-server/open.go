package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/callinfo"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// The pauses between attempts to open the database.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 8 * time.Second
)

// kinds are the kinds of database by name.
var kinds = map[string]struct {
	open    func(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error)
	migrate func(ctx context.Context, dsn string, opts ...store.MigrateOption) ([]store.Step, error)
}{
	"sqlite":   {sqlite.Open, sqlite.Migrate},
	"postgres": {postgres.Open, postgres.Migrate},
	"mysql":    {mysql.Open, mysql.Migrate},
}

// open opens the database, and upgrades its schema first if configured. It retries
// while the database is busy or unreachable, because servers start together with
// their databases.
func (p *plan) open(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		st, err := p.openOnce(ctx, log)
		if err == nil {
			return st, nil
		}
		if attempt > p.retries || !p.isTransient(err) {
			return nil, fmt.Errorf("cannot open the database %s: %w", p.db, err)
		}
		log.Warn("cannot open the database yet",
			"database", p.db.String(), "error", err, "attempt", attempt, "next_in", pause)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

func (p *plan) openOnce(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	opts := []store.Option{
		store.WithLogger(slog.New(callinfo.LogHandler(log.Handler()))), store.WithInterceptors(p.interceptors...),
		store.WithSlowQueryTime(p.slowQueryTime), store.WithStatementObserver(p.statements),
		p.telemetry.StoreOption(), store.WithMaxTextSize(p.maxTextSize),
	}
	if p.db == memory {
		return sqlite.OpenMemory(ctx, opts...)
	}
	if p.db.readOnly {
		opts = append(opts, store.WithReadOnly())
	}
	if p.db.skipCreation {
		opts = append(opts, store.WithoutCreate())
	}
	if p.db.referenceEncoding {
		opts = append(opts, mysql.WithReferenceEncoding())
	}
	kind := kinds[p.db.kind]
	st, err := kind.open(ctx, p.db.dsn, opts...)
	if !p.migration.upgrade || !errors.Is(err, store.ErrSchemaOlder) {
		return st, err
	}
	steps, err := kind.migrate(ctx, p.db.dsn, logProgress(log))
	if err != nil {
		return nil, err
	}
	logSteps(log, steps)
	return kind.open(ctx, p.db.dsn, opts...)
}

// downgrade migrates the database to an older schema version, which cannot be
// served.
func (p *plan) downgrade(ctx context.Context, log *slog.Logger) error {
	steps, err := kinds[p.db.kind].migrate(ctx, p.db.dsn, store.WithTargetVersion(p.migration.downgrade),
		logProgress(log))
	if err != nil {
		return fmt.Errorf("cannot downgrade the database %s: %w", p.db, err)
	}
	logSteps(log, steps)
	log.Info("downgrade complete; exiting", "database", p.db.String(), "version", p.migration.downgrade)
	return nil
}

// logProgress logs each statement of a migration before it runs, because it may take
// long.
func logProgress(log *slog.Logger) store.MigrateOption {
	return store.WithProgress(func(p store.Progress) {
		log.Info("migrating the schema", "from", p.Step.From, "to", p.Step.To,
			"statement", fmt.Sprintf("%d/%d", p.Statement+1, len(p.Step.Statements)),
			"sql", firstLine(p.Step.Statements[p.Statement]))
	})
}

func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}

func logSteps(log *slog.Logger, steps []store.Step) {
	for _, s := range steps {
		log.Info("schema migrated", "from", s.From, "to", s.To, "change", s.Title)
	}
}

// isTransient reports whether a retry may succeed: the database server is not
// reachable yet, or other processes use the file.
func (p *plan) isTransient(err error) bool {
	switch status.Code(err) {
	case codes.Aborted:
		return true
	case codes.Unavailable:
		return p.db.kind != "sqlite"
	}
	var unreachable *net.OpError
	return errors.As(err, &unreachable)
}
