// Command scale fills stores with 1,000, 100,000 and 1,000,000 artifacts and as many
// contexts, and measures requests whose duration must not depend on the size: get by ID,
// find by name, the first and the 10,000th page in each order, and filters. It prints
// p50, p99 and the plan of each query.
//
//	go run ./bench/scale -sizes 1000,100000 -databases sqlite
//
// Filling takes most of the time. SQLite files in the directory of -folder and databases on
// the server of -postgres are kept, and not filled again.
//
// Without -postgres, the command starts an installed PostgreSQL server.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	testdb.Stop()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// options are the values of the command line.
type options struct {
	sizes     []int
	databases []string
	postgres  string
	folder    string
	keep      bool
	only      *regexp.Regexp
	calls     int
	plans     bool
}

func run(ctx context.Context) error {
	o := options{}
	sizes := flag.String("sizes", "1000,100000,1000000", "numbers of artifacts and of contexts in a store")
	databases := flag.String("databases", "sqlite,postgres", "databases to measure")
	flag.StringVar(
		&o.postgres, "postgres", os.Getenv("MLMD_TEST_POSTGRES"),
		"URL of an empty PostgreSQL database, in which SIZE stands for the size; empty: start a server",
	)
	flag.StringVar(&o.folder, "folder", "", "directory of SQLite files, which are kept; empty: a temporary directory")
	only := flag.String("only", "", "measure only requests whose names match this regular expression")
	flag.IntVar(&o.calls, "calls", 200, "number of calls of each request")
	flag.BoolVar(&o.plans, "plans", true, "print the plans of the queries at the largest size")
	flag.Parse()
	for _, word := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 100 {
			return fmt.Errorf("-sizes: %q is not a number of at least 100", word)
		}
		o.sizes = append(o.sizes, n)
	}
	o.databases = strings.Split(*databases, ",")
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	o.keep = o.folder != ""
	if !o.keep {
		folder, err := os.MkdirTemp("", "mlmd-scale-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		o.folder = folder
	}
	for _, name := range o.databases {
		if err := o.measure(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// measure fills a database of each size, measures them alternately, and prints the
// table.
func (o options) measure(ctx context.Context, name string) (err error) {
	var all []*database
	defer func() {
		for _, d := range all {
			err = d.close(err)
		}
	}()
	for _, size := range o.sizes {
		d, err := o.open(ctx, name, size)
		if err != nil {
			return err
		}
		all = append(all, d)
		if err := d.prepare(ctx); err != nil {
			return err
		}
	}
	t, err := o.compare(ctx, all)
	if err != nil {
		return err
	}
	return t.print(os.Stdout, name)
}

// A database is a store with a separate connection for plans and statistics.
type database struct {
	store   *store.Store
	db      *sql.DB
	explain string // statement prefix that returns the plan of a query
	analyze string // statement that updates statistics
	release func()

	size     int
	requests []request
	random   *rand.Rand
}

func (d *database) close(err error) error {
	for _, c := range []interface{ Close() error }{d.store, d.db} {
		if failed := c.Close(); err == nil {
			err = failed
		}
	}
	d.release()
	return err
}

func (o options) open(ctx context.Context, name string, size int) (*database, error) {
	switch name {
	case "sqlite":
		file := filepath.Join(o.folder, fmt.Sprintf("scale-%d.db", size))
		release := func() {}
		if !o.keep {
			release = func() { os.Remove(file) }
		}
		s, err := sqlite.Open(ctx, file)
		if err != nil {
			return nil, err
		}
		db, err := sql.Open("sqlite", file)
		return &database{store: s, db: db, explain: "EXPLAIN QUERY PLAN ", release: release, size: size}, err
	case "postgres":
		release := func() {}
		dsn := strings.ReplaceAll(o.postgres, "SIZE", strconv.Itoa(size))
		if dsn == "" {
			own := testdb.NewOwner(ctx)
			var err error
			if dsn, err = testdb.Postgres(own); err != nil {
				return nil, err
			}
			release = own.Release
		}
		s, err := postgres.Open(ctx, dsn)
		if err != nil {
			return nil, err
		}
		db, err := sql.Open("pgx", dsn)
		return &database{store: s, db: db, explain: "EXPLAIN ", analyze: "ANALYZE", release: release, size: size}, err
	}
	return nil, fmt.Errorf("no such database; there are sqlite and postgres")
}
