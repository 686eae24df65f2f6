// Package sharing_test checks that this module's store and the reference
// implementation can share a database: each reads what the other wrote, field by
// field, while both have the database open.
package sharing_test

import (
	"context"
	"database/sql"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	_ "modernc.org/sqlite"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

func TestSharing(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "sharing databases with the reference implementation")
}

type client = mlmdpb.MetadataStoreServiceClient

// A database is one kind of database as both see it.
type database struct {
	name, kind, driver string
	open               func(ctx context.Context, dsn string, opts ...store.Option) (*store.Store, error)
	migrate            func(ctx context.Context, dsn string, opts ...store.MigrateOption) ([]store.Step, error)
	opts               []store.Option
	unicode            bool // both read each other's text beyond ASCII
}

var databases = []database{
	{"SQLite", "sqlite", "sqlite", sqlite.Open, sqlite.Migrate, nil, true},
	{"PostgreSQL", "postgres", "pgx", postgres.Open, postgres.Migrate, nil, true},
	{"MySQL", "mysql", "mysql", mysql.Open, mysql.Migrate, nil, false},
	{
		"MySQL with the reference encoding", "mysql", "mysql", mysql.Open, mysql.Migrate,
		[]store.Option{mysql.WithReferenceEncoding()},
		true,
	},
}

// ours opens the database with our store, until the spec ends.
func (d database) ours(ctx context.Context, c *backend.CoreDatabase) client {
	GinkgoHelper()
	s, err := d.open(ctx, c.DSN, d.opts...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(s.Close)
	return s.Client()
}

// raw is the database without a store.
func (d database) raw(c *backend.CoreDatabase) *sql.DB {
	GinkgoHelper()
	db, err := sql.Open(d.driver, c.DSN)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(db.Close)
	return db
}

// shape lists the columns and indexes of a database.
func (d database) shape(ctx context.Context, c *backend.CoreDatabase) []string {
	GinkgoHelper()
	lines, err := testdb.Describe(ctx, d.raw(c), d.kind)
	Expect(err).NotTo(HaveOccurred())
	return lines
}
