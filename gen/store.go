//go:build stores

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/catalog"
	"github.com/mlmd-go/sdk/gen/internal/config"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/stored"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// storeFlags say which store a command works on.
type storeFlags struct {
	store, tokenFile, caFile string
	tls, insecureToken       bool
}

const storeForms = "must be FILE, sqlite:FILE, postgres://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE, HOST:PORT " +
	"of a gRPC server, grpc://HOST:PORT, grpcs://HOST:PORT (TLS) or unix:PATH"

func (f *storeFlags) add(flags *flag.FlagSet) {
	flags.StringVar(&f.store, "store", "",
		"a store: a file of SQLite, a URL of PostgreSQL or MySQL, or HOST:PORT of a server")
	flags.StringVar(&f.tokenFile, "token-file", "", "a file with the bearer token for a server")
	flags.BoolVar(&f.tls, "tls", false, "connect to the server with TLS")
	flags.StringVar(&f.caFile, "ca-file", "", "a PEM file with the authorities that the server's certificate may be of")
	flags.BoolVar(&f.insecureToken, "insecure-token", false, "send the token without TLS too")
}

// A connection is a store that a command works on.
type connection struct {
	*registry.Client
	name  string // without passwords
	close func()
}

var (
	hostPort  = regexp.MustCompile(`^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$`)
	keywords  = regexp.MustCompile(`(?i)^(host|hostaddr|port|user|dbname|service|sslmode)\s*=`)
	driverDSN = regexp.MustCompile(`^[^/\\]*@?(tcp|unix)\(`)
	urlScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
)

// open connects to the store. Databases are opened for reading only unless write
// is set; one that does not exist is not created.
func (f *storeFlags) open(ctx context.Context, write bool) (*connection, error) {
	text := strings.TrimSpace(f.store)
	lower := strings.ToLower(text)
	has := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(lower, p) {
				return true
			}
		}
		return false
	}
	switch {
	case text == "":
		return nil, errors.New("-store is missing: it " + storeForms)
	case strings.Contains(text, "@") && !urlScheme.MatchString(text) && !driverDSN.MatchString(text) &&
		!keywords.MatchString(text), has("grpc://", "grpcs://") && strings.Contains(text, "@"):
		return nil, errors.New("-store has a user, but no scheme of a database: it " + storeForms) // may be a password
	case has("grpc://", "grpcs://"):
		scheme, target, _ := strings.Cut(text, "://")
		f.tls = f.tls || strings.EqualFold(scheme, "grpcs")
		return f.dial(strings.TrimSuffix(target, "/"))
	case has("unix:", "dns:"), hostPort.MatchString(text):
		return f.dial(text)
	case has("postgres://", "postgresql://"), keywords.MatchString(text):
		return openDatabase(ctx, postgres.Open, text, write)
	case has("mariadb://"):
		return openDatabase(ctx, mysql.Open, "mysql"+text[len("mariadb"):], write)
	case has("mysql://"), driverDSN.MatchString(text):
		return openDatabase(ctx, mysql.Open, text, write)
	case has("http://", "https://"):
		return nil, errors.New("-store is the URL of a REST API, which cannot change types: name the server's gRPC port")
	case has("sqlite://"), urlScheme.MatchString(text) && !has("file:"):
		return nil, errors.New("-store has an unknown scheme: it " + storeForms)
	}
	file := text
	if has("sqlite:") {
		file = text[len("sqlite:"):]
	}
	if !has("file:") {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("-store: the file %s does not exist: it %s", file, storeForms)
		}
	}
	return openDatabase(ctx, sqlite.Open, file, write)
}

func (f *storeFlags) dial(target string) (*connection, error) {
	var opts []registry.DialOption
	if f.tls {
		opts = append(opts, registry.WithTLS(nil))
	}
	if f.caFile != "" {
		opts = append(opts, registry.WithRootCAFile(f.caFile))
	}
	if f.tokenFile != "" {
		opts = append(opts, registry.WithTokenFile(f.tokenFile))
	}
	if f.insecureToken {
		opts = append(opts, registry.WithInsecureToken())
	}
	c, err := registry.Dial(target, opts...)
	if err != nil {
		return nil, err
	}
	return &connection{c, target, func() { c.Close() }}, nil
}

func openDatabase(
	ctx context.Context, open func(context.Context, string, ...store.Option) (*store.Store, error), dsn string, write bool,
) (*connection, error) {
	opts := []store.Option{store.WithoutCreate(), store.WithLogger(slog.New(slog.DiscardHandler))}
	if !write {
		opts = append(opts, store.WithReadOnly())
	}
	s, err := open(ctx, dsn, opts...)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", shown(dsn), err)
	}
	return &connection{registry.New(s.Client()), shown(dsn), func() { s.Close() }}, nil
}

// shown returns a DSN without what may be secret.
func shown(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host + u.Path
	}
	if keywords.MatchString(dsn) || strings.Contains(dsn, "@") || driverDSN.MatchString(dsn) {
		return "the database"
	}
	return dsn
}

// A storeCommand is what the commands on a store have in common.
type storeCommand struct {
	stdout, stderr io.Writer
	cfg            config.Config
	graph          *ir.Graph
	catalog        []mlmd.AnyMapping
	conn           *connection
	json           bool
}

// beginStore parses the flags of a command on a store, reads the spec and opens
// the store. It returns nil with the exit code if the command is complete.
func beginStore(
	ctx context.Context, flags *flag.FlagSet, args []string, stdout, stderr io.Writer, write func() bool,
) (c *storeCommand, code int) {
	flags.SetOutput(stderr)
	configFile := flags.String("config", "", "the config file; without it "+config.DefaultFile+", where there is one")
	root := flags.String("root", "", rootUsage)
	format := flags.String("format", "text", "how to print: json, text")
	var on storeFlags
	on.add(flags)
	if code, done := parse(flags, args); done {
		return nil, code
	}
	failed := func(err error) (*storeCommand, int) {
		fmt.Fprintf(stderr, "%s: %v\n", flags.Name(), err)
		return nil, exitFailed
	}
	if *format != "text" && *format != "json" {
		return failed(fmt.Errorf("unknown format %q; want json or text", *format))
	}
	cfg, err := config.LoadSpec(".", *configFile, *root)
	if err != nil {
		return failed(err)
	}
	g, err := codegen.Load(ctx, cfg.Config)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return nil, exitFailed
	}
	conn, err := on.open(ctx, write())
	if err != nil {
		return failed(err)
	}
	return &storeCommand{stdout, stderr, cfg, g, catalog.Of(g), conn, *format == "json"}, exitOK
}

// judge counts the stored entities that findings concern.
func (f *storeFlags) judge(ctx context.Context) (codegen.Judge, func(), error) {
	conn, err := f.open(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	return stored.Judge(conn.RPC()), conn.close, nil
}
