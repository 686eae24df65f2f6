package backend

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testdb"
)

// A CoreDatabase is a database that the reference implementation and this
// module can both open.
type CoreDatabase struct {
	// DSN names it to ours: a file, or what postgres.Open and mysql.Open take.
	DSN string

	kind string // "sqlite", "postgres" or "mysql"
	core *coreOn
	name string
}

// coreOn is one process of the reference implementation that opens many
// databases.
type coreOn struct {
	shared
	base string // of the databases' names, as the core is told it
	dsn  func(name string) string
	drop func(ctx context.Context, name string) error
}

var (
	coresOn        = map[string]*coreOn{}
	coreDatabaseNo atomic.Int64
)

// NewCoreDatabase names a database of a kind ("sqlite", "postgres", "mysql")
// that does not exist yet, and starts the reference implementation beside it. The test is
// skipped, or fails under MLMD_REQUIRE, where one of the two is not there. Specs
// call it one after the other.
func NewCoreDatabase(tb testing.TB, kind string) *CoreDatabase {
	tb.Helper()
	on, ok := coresOn[kind]
	if !ok {
		var err error
		if on, err = startCoreOn(tb, kind); err != nil {
			backendOf(kind).refuse(tb, database(err))
		}
		coresOn[kind] = on
	}
	if err := on.dial(context.Background()); err != nil {
		Named(Core).refuse(tb, err)
	}
	report.started(Core, tb)
	name := fmt.Sprint("s", coreDatabaseNo.Add(1))
	d := &CoreDatabase{DSN: on.dsn(name), kind: kind, core: on, name: name}
	tb.Cleanup(func() {
		d.Close(tb)
		if err := on.drop(context.Background(), name); err != nil {
			tb.Logf("drop %s: %v", name, err)
		}
	})
	return d
}

// backendOf is the backend that stands for a kind of database in MLMD_REQUIRE.
func backendOf(kind string) *Backend {
	if kind == "sqlite" {
		return Named(File)
	}
	return Named(kind)
}

// Client returns a client of the reference implementation on the database. The
// first call opens or creates the database.
func (d *CoreDatabase) Client() mlmdpb.MetadataStoreServiceClient {
	return mlmdpb.NewMetadataStoreServiceClient(d.named())
}

func (d *CoreDatabase) named() *namedStore { return &namedStore{d.core.conn, d.name} }

// Close makes the core close the database. The next call opens it again.
func (d *CoreDatabase) Close(tb testing.TB) {
	tb.Helper()
	if err := d.named().Invoke(context.Background(), dropMethod, &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		tb.Errorf("the core does not close %s: %v", d.name, err)
	}
}

// Downgrade converts the database to an older schema version with the reference
// implementation.
func (d *CoreDatabase) Downgrade(tb testing.TB, version int) {
	tb.Helper()
	const script = `import sys
sys.path.insert(0, sys.argv[1])
import server
from ml_metadata.metadata_store import metadata_store
config = getattr(server, sys.argv[2])(sys.argv[3], sys.argv[4])
metadata_store.downgrade_schema(config, int(sys.argv[5]))
`
	d.Close(tb)
	python, err := corePython(context.Background())
	if err != nil {
		Named(Core).refuse(tb, err)
	}
	cmd := exec.Command(python, "-c", script, referenceFolder(), d.kind, d.core.base, d.name, strconv.Itoa(version))
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("the core cannot go down to version %d: %v\n%s", version, err, out)
	}
}

func startCoreOn(tb testing.TB, kind string) (*coreOn, error) {
	var on *coreOn
	var err error
	switch kind {
	case "sqlite":
		on, err = coreOnSQLite()
	case "postgres":
		on, err = coreOnPostgres(tb)
	case "mysql":
		on, err = coreOnMySQL(tb)
	default:
		return nil, fmt.Errorf("no database %q", kind)
	}
	if err != nil {
		return nil, err
	}
	on.start = func(ctx context.Context) (string, func() error, error) { return runCore(ctx, "--"+kind, on.base) }
	return on, nil
}

func coreOnSQLite() (*coreOn, error) {
	folder, err := os.MkdirTemp("", "mlmd-core-")
	if err != nil {
		return nil, err
	}
	onClose(func() error { return os.RemoveAll(folder) })
	base := filepath.Join(folder, "core")
	file := func(name string) string { return base + "-" + name }
	return &coreOn{base: base, dsn: file, drop: func(_ context.Context, name string) error {
		return os.RemoveAll(file(name))
	}}, nil
}

func coreOnPostgres(tb testing.TB) (*coreOn, error) {
	dsn, err := testdb.Postgres(tb)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, err
	}
	database := strings.TrimPrefix(u.Path, "/") + "_core"
	password, _ := u.User.Password()
	named := func(name string) string {
		other := *u
		other.Path = "/" + name
		return other.String()
	}
	return &coreOn{
		base: coreAddress(u.Host, database, u.User.Username(), password),
		dsn:  func(name string) string { return named(database + "_" + name) },
		drop: func(ctx context.Context, name string) error {
			return execute(ctx, "pgx", named("postgres"), "DROP DATABASE IF EXISTS "+database+"_"+name+" WITH (FORCE)")
		},
	}, nil
}

func coreOnMySQL(tb testing.TB) (*coreOn, error) {
	dsn, err := testdb.MySQL(tb)
	if err != nil {
		return nil, err
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if config.Net != "tcp" {
		return nil, errors.New("the core's front reaches MySQL over TCP only")
	}
	database := config.DBName + "_core"
	named := func(name string) string {
		other := config.Clone()
		other.DBName = name
		return other.FormatDSN()
	}
	return &coreOn{
		base: coreAddress(config.Addr, database, config.User, config.Passwd),
		dsn:  func(name string) string { return named(database + "_" + name) },
		drop: func(ctx context.Context, name string) error {
			return execute(ctx, "mysql", named(""), "DROP DATABASE IF EXISTS "+database+"_"+name)
		},
	}, nil
}

// coreAddress is how suites/reference/server.py takes a database.
func coreAddress(host, database, user, password string) string {
	return host + "/" + database + "?" + url.Values{"user": {user}, "password": {password}}.Encode()
}

func execute(ctx context.Context, driver, dsn, statement string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}
