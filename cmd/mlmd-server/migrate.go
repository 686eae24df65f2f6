package main

import (
	"context"
	"fmt"
	"time"

	"github.com/mlmd-go/sdk/pkg/store"
)

// migrate converts the schema of the database, or prints how it would.
func (m *maintenance) migrate(ctx context.Context) error {
	switch {
	case m.db.readOnly && !m.dryRun:
		return usagef("migrate: the database is to be opened for reading only: remove --read_only, or add --dry_run")
	case m.to < 0 || m.to > store.SchemaVersion:
		return usagef("invalid --to_version %d: must be between 0 and %d", m.to, store.SchemaVersion)
	}
	out := printer{w: m.stdout}
	opts := []store.MigrateOption{store.WithTargetVersion(m.to)}
	if m.dryRun {
		opts = append(opts, store.WithDryRun(m.stdout))
	} else {
		opts = append(opts, store.WithProgress(func(p store.Progress) {
			out.printf("version %d to %d, statement %d of %d: %s\n", p.Step.From, p.Step.To,
				p.Statement+1, len(p.Step.Statements), firstLine(p.Step.Statements[p.Statement]))
		}))
	}
	began := time.Now()
	steps, err := kinds[m.db.kind].migrate(ctx, m.db.dsn, opts...)
	if err != nil {
		return fmt.Errorf("cannot migrate the database %s: %w", m.db, err)
	}
	statements := 0
	for _, s := range steps {
		statements += len(s.Statements)
	}
	switch {
	case len(steps) == 0:
		out.printf("the schema of %s has version %d already\n", m.db, m.to)
	case m.dryRun:
		out.printf("-- %s: version %d to %d in %d steps with %d statements; nothing was changed\n", m.db, steps[0].From, m.to,
			len(steps), statements)
	default:
		out.printf("migrated %s from version %d to %d in %v\n", m.db, steps[0].From, m.to,
			time.Since(began).Round(time.Millisecond))
	}
	return out.err
}
