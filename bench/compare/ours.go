package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/mlmd-go/sdk/bench/internal/loopback"
	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// ours is this SDK on one of its stores.
type ours struct {
	serve         bool // through a server
	reads, writes *registry.Client
	ids           []string // of the models
	calls         int
	closers       []func() error
}

var quiet = store.WithLogger(slog.New(slog.DiscardHandler))

const sqliteVersion = "SELECT 'SQLite ' || sqlite_version()"

func openMemory(ctx context.Context, o options, _ string) (system, string, error) {
	s := &ours{}
	err := s.fill(ctx, o, func(string) (*store.Store, error) { return sqlite.OpenMemory(ctx, quiet) })
	return s.finish(ctx, err, "sqlite", ":memory:", sqliteVersion)
}

func openFile(ctx context.Context, o options, dir string) (system, string, error) {
	return (&ours{}).onFiles(ctx, o, dir)
}

func openGRPC(ctx context.Context, o options, dir string) (system, string, error) {
	return (&ours{serve: true}).onFiles(ctx, o, dir)
}

func (s *ours) onFiles(ctx context.Context, o options, dir string) (system, string, error) {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = s.fill(ctx, o, func(name string) (*store.Store, error) {
			return sqlite.Open(ctx, filepath.Join(dir, name), quiet)
		})
	}
	return s.finish(ctx, err, "sqlite", ":memory:", sqliteVersion)
}

func openPostgres(ctx context.Context, o options, _ string) (system, string, error) {
	s, owner := &ours{}, testdb.NewOwner(ctx)
	s.closers = append(s.closers, func() error { owner.Release(); return nil })
	var dsns []string
	err := s.fill(ctx, o, func(string) (*store.Store, error) {
		dsn, err := testdb.Postgres(owner)
		if err != nil {
			return nil, err
		}
		dsns = append(dsns, dsn)
		return postgres.Open(ctx, dsn, quiet)
	})
	for _, dsn := range dsns { // PostgreSQL would do so by itself within a minute
		if err == nil {
			err = query(ctx, "pgx", dsn, "ANALYZE")
		}
	}
	return s.finish(ctx, err, "pgx", last(dsns),
		"SELECT 'PostgreSQL ' || setting FROM pg_settings WHERE name = 'server_version'")
}

func openMySQL(ctx context.Context, o options, _ string) (system, string, error) {
	s, owner := &ours{}, testdb.NewOwner(ctx)
	s.closers = append(s.closers, func() error { owner.Release(); return nil })
	var dsns []string
	err := s.fill(ctx, o, func(string) (*store.Store, error) {
		dsn, err := testdb.MySQL(owner)
		if err != nil {
			return nil, err
		}
		dsns = append(dsns, dsn)
		return mysql.Open(ctx, dsn, quiet)
	})
	return s.finish(ctx, err, "mysql", last(dsns), "SELECT VERSION()")
}

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// fill opens both stores and stores the models.
func (s *ours) fill(ctx context.Context, o options, open func(name string) (*store.Store, error)) error {
	for _, client := range []**registry.Client{&s.writes, &s.reads} {
		st, err := open(fmt.Sprintf("%d.db", len(s.closers)))
		if err != nil {
			return err
		}
		s.closers = append(s.closers, st.Close)
		*client = registry.New(st.Client())
		if s.serve {
			var stop func() error
			if *client, stop, err = loopback.Serve(st); err != nil {
				return err
			}
			s.closers = append(s.closers, stop)
		}
		models := make([]*model.RegisteredModel, o.models)
		for i := range models {
			models[i] = newModel(modelName(i), ownerName(i))
		}
		results, err := (*client).RegisteredModels().UpsertAll(ctx, models)
		if err != nil {
			return err
		}
		s.ids = s.ids[:0]
		for _, r := range results {
			s.ids = append(s.ids, r.ID)
		}
	}
	return nil
}

// finish returns the system with the version of its database, or closes it if there is an
// error.
func (s *ours) finish(ctx context.Context, err error, driver, dsn, statement string) (system, string, error) {
	var version string
	if err == nil {
		err = query(ctx, driver, dsn, statement, &version)
	}
	if err != nil {
		return nil, "", errors.Join(err, s.close())
	}
	return s, version, nil
}

// query runs a statement and reads the row that it returns, if into has places for it.
func query(ctx context.Context, driver, dsn, statement string, into ...any) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	if len(into) == 0 {
		_, err = db.ExecContext(ctx, statement)
		return err
	}
	return db.QueryRowContext(ctx, statement).Scan(into...)
}

func (s *ours) close() error {
	var errs []error
	for _, f := range slices.Backward(s.closers) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

func modelName(i int) string { return fmt.Sprintf("model-%d", i) }

// ownerName returns the owner of model i. An owner has 10 models.
func ownerName(i int) string { return fmt.Sprintf("owner-%d", i/10) }

func newModel(name, owner string) *model.RegisteredModel {
	return &model.RegisteredModel{Name: name, Description: new("card fraud"), Owner: &owner}
}

func (s *ours) times(ctx context.Context, op string, d time.Duration) ([]time.Duration, error) {
	var took []time.Duration
	for end := time.Now().Add(d); len(took) == 0 || time.Now().Before(end); {
		began := time.Now()
		found, want, err := s.call(ctx, op)
		took = append(took, time.Since(began))
		if err != nil {
			return nil, err
		}
		if found != want {
			return nil, fmt.Errorf("%s found %d models, want %d", op, found, want)
		}
	}
	return took, nil
}

// call returns the number of models that the operation found and should have found.
func (s *ours) call(ctx context.Context, op string) (found, want int, err error) {
	s.calls++
	i := s.calls * 7919 % len(s.ids)
	models := s.reads.RegisteredModels()
	switch op {
	case "register":
		_, err = s.writes.Register(ctx, newModel(fmt.Sprintf("registered-%d", s.calls), "new"),
			&model.ModelVersion{Name: "v1", Author: new("ada")},
			&model.ModelArtifact{Name: "weights", URI: new("s3://models/fraud/1")})
		return 0, 0, err
	case "get":
		_, err = models.Get(ctx, s.ids[i])
		return 0, 0, err
	case "find":
		_, err = models.FindByName(ctx, modelName(i))
		return 0, 0, err
	case "page":
		page, err := models.Query().Limit(pageSize).Collect(ctx)
		return len(page), min(pageSize, len(s.ids)), err
	case "filter":
		page, err := models.Query().Where(field.RegisteredModel.Owner.Eq(ownerName(i))).Limit(pageSize).Collect(ctx)
		return len(page), 10, err
	}
	return 0, 0, fmt.Errorf("no operation %q", op)
}

const pageSize = 100

func (s *ours) write(ctx context.Context, writers int, d time.Duration) (written, error) {
	s.calls++
	all := make([]written, writers)
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i, now := 0, time.Now(); now.Before(end) && ctx.Err() == nil; i++ {
				name := fmt.Sprintf("written-%d-%d-%d", s.calls, w, i)
				_, err := s.writes.RegisteredModels().Upsert(ctx, newModel(name, "new"))
				began := now
				now = time.Now()
				all[w].Longest = max(all[w].Longest, now.Sub(began))
				switch {
				case err != nil:
					all[w].Failed, all[w].Failure = all[w].Failed+1, err.Error()
				case !now.After(end):
					all[w].Stored++
				}
			}
		})
	}
	wg.Wait()
	var sum written
	for _, w := range all {
		sum.add(w)
	}
	return sum, ctx.Err()
}
