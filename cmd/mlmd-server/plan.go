package main

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/telemetry"
)

// A plan is the configuration that flags and configuration file result in.
type plan struct {
	db               database
	migration        migration
	retries          int
	listen           address // of gRPC; zero if only the REST API is served
	rest             *restPlan
	monitoring       *monitoringPlan // nil for none
	options          []server.Option
	limitConcurrency bool
	auth             *authPlan // nil if clients are not identified
	audit            string    // file, or - for standard output; empty for none
	reloaders        []reloader
	interceptors     []grpc.UnaryServerInterceptor // of each RPC, also those of the REST API
	slowQueryTime    time.Duration
	maxTextSize      int64                                  // of the database, in bytes; 0 for its own limit
	statements       func(context.Context, store.Statement) // is told of each; nil for none
	telemetry        *telemetry.Telemetry                   // nil for none
	warnings         []string
	opening          string // what to log of a server that does not identify its clients
}

// A migration is a change of the schema before serving.
type migration struct {
	upgrade   bool
	downgrade int64 // target version; negative: no downgrade
}

// readFile is os.ReadFile, or a substitute in tests.
type readFile func(name string) ([]byte, error)

// plan checks the flags and returns the plan that they result in. Its errors are
// usage errors.
func (f *flags) plan(read readFile) (*plan, error) {
	p := &plan{retries: int(f.retries), audit: f.auth.audit}
	if !f.hostChanged {
		f.host = f.defaultHost()
	}
	p.opening = f.opening()
	var err error
	if p.listen, err = f.address(); err != nil {
		return nil, err
	}
	if p.rest, err = f.restPlan(); err != nil {
		return nil, err
	}
	if p.monitoring, err = f.monitoringPlan(); err != nil {
		return nil, err
	}
	if p.rest != nil && !f.portChanged && p.listen.network != "unix" {
		p.listen = address{}
	}
	web, err := f.webOption(p)
	if err != nil {
		return nil, err
	}
	config, err := f.planDatabase(read, p)
	if err != nil {
		return nil, err
	}
	limits, err := f.limits(p)
	if err != nil {
		return nil, err
	}
	security, err := f.security(config, read, p)
	if err != nil {
		return nil, err
	}
	if p.auth, err = f.authPlan(read, p); err != nil {
		return nil, err
	}
	if f.shutdown < 0 {
		return nil, usagef("--shutdown_timeout is negative: must be 0, which cancels running calls at once, or more")
	}
	if p.slowQueryTime = f.slowQueryTime; f.slowQueryTime < 0 {
		return nil, usagef("--slow_query_time is negative: must be 0, which logs no statement, or more")
	}
	if f.requestTimeout < 0 {
		return nil, usagef("--request_timeout is negative: must be 0, which sets no limit, or more")
	}
	p.limitConcurrency = f.limitConcurrency
	p.maxTextSize = int64(f.maxText)
	p.options = append(limits, server.WithTLS(security.config("h2")),
		server.WithShutdownTimeout(f.shutdown), server.WithRequestTimeout(f.requestTimeout),
		server.WithReplyMemory(f.replyMemory))
	p.options = append(p.options, web)
	if f.auth.reflection == "off" {
		p.options = append(p.options, server.WithoutReflection())
	}
	if p.rest != nil {
		p.rest.tls, p.rest.shutdown = security.config("http/1.1"), f.shutdown
		if f.maxReceive >= 0 {
			p.rest.options = append(p.rest.options, rest.WithMaxBody(int64(f.maxReceive)))
		}
	}
	return p, nil
}

// planDatabase sets the database of the plan and what to do with it. It returns the
// configuration file, or nil.
func (f *flags) planDatabase(read readFile, p *plan) (*mlmdpb.MetadataStoreServerConfig, error) {
	config, err := f.readConfig(read, p)
	if err != nil {
		return nil, err
	}
	if p.db, err = f.chooseDatabase(config, read, p); err != nil {
		return nil, err
	}
	if f.mysqlReferenceEncodingChanged {
		if p.db.kind != "mysql" {
			return nil, usagef("--mysql_reference_encoding requires a MySQL database, not %s", p.db)
		}
		p.db.referenceEncoding = f.mysqlReferenceEncoding
	}
	if p.migration, err = f.chooseMigration(config, p); err != nil {
		return nil, err
	}
	changes := p.migration.upgrade || p.migration.downgrade >= 0
	switch {
	case p.db == memory && p.migration.downgrade >= 0:
		return nil, usagef("--downgrade_db_schema_version cannot change a database in memory: name a database with --db")
	case p.db == memory && f.readOnly:
		return nil, usagef("--read_only requires a database that exists, not one in memory: name it with --db")
	case f.readOnly && changes:
		return nil, usagef("--read_only and a change of the schema are mutually exclusive: upgrade the database first, " +
			"with mlmd-server migrate")
	}
	p.db.readOnly = p.db.readOnly || f.readOnly
	return config, nil
}

func (p *plan) warn(text string) { p.warnings = append(p.warnings, text) }

// readConfig reads the configuration file. It returns nil if the flags name none,
// or another source.
func (f *flags) readConfig(read readFile, p *plan) (*mlmdpb.MetadataStoreServerConfig, error) {
	switch {
	case f.configFile == "" && f.configType == "config_file":
		return nil, usagef("--metadata_source_config_type=config_file requires --metadata_store_server_config_file")
	case f.configFile == "":
		return nil, nil
	case f.configType != "config_file" && f.configType != "default":
		p.warn("--metadata_store_server_config_file is ignored with --metadata_source_config_type=" + f.configType)
		return nil, nil
	}
	text, err := read(f.configFile)
	if err != nil {
		return nil, unreadable("--metadata_store_server_config_file", f.configFile, err)
	}
	config := &mlmdpb.MetadataStoreServerConfig{}
	if err := prototext.Unmarshal(text, config); err != nil {
		return nil, usagef("--metadata_store_server_config_file: %s is not a MetadataStoreServerConfig in text format: %s",
			f.configFile, whereOnly(err))
	}
	return config, nil
}

// chooseDatabase returns the database to serve.
func (f *flags) chooseDatabase(config *mlmdpb.MetadataStoreServerConfig, read readFile, p *plan) (database, error) {
	mysql, postgres := f.mysql != mysqlFlags{}, f.postgres != postgresFlags{}
	if f.db != "" || f.dbFile != "" {
		switch {
		case f.db != "" && f.dbFile != "":
			return database{}, conflict("--db_file")
		case config.GetConnectionConfig() != nil:
			return database{}, conflict("the connection_config of " + f.configFile)
		case f.configType != "default":
			return database{}, conflict("--metadata_source_config_type=" + f.configType)
		case mysql:
			return database{}, conflict("the --mysql_config flags")
		case postgres:
			return database{}, conflict("the --postgres_config flags")
		}
		return f.namedDatabase(read)
	}
	switch f.configType {
	case "default", "config_file":
		return f.defaultDatabase(config, p)
	case "mysql":
		if !mysql {
			return database{}, usagef("--metadata_source_config_type=mysql requires --mysql_config_host, _port and _database")
		}
		return f.mysql.source()
	case "postgresql":
		return f.postgres.source()
	}
	return database{}, usagef("invalid --metadata_source_config_type: must be default, config_file, mysql or postgresql")
}

// namedDatabase returns the database that --db or --db_file names.
func (f *flags) namedDatabase(read readFile) (database, error) {
	if f.dbFile == "" {
		return fromText("--db", f.db)
	}
	text, err := read(f.dbFile)
	if err != nil {
		return database{}, unreadable("--db_file", f.dbFile, err)
	}
	return fromText("--db_file: the text in "+f.dbFile, string(text))
}

// unreadable returns the error for a file that cannot be read. It includes the
// name unless that looks like the content of the file.
func unreadable(flag, name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	if strings.ContainsAny(name, "@=") || strings.Contains(name, "://") {
		return usagef("invalid %s: must be the name of a file: %w", flag, err)
	}
	return usagef("%s: %s: %w", flag, name, err)
}

var (
	position     = regexp.MustCompile(`line \d+:\d+`)
	unknownField = regexp.MustCompile(`unknown field: ([a-z_]+)$`)
)

// whereOnly returns the position of an error in a configuration file, without the
// text there, which may be a password.
func whereOnly(err error) string {
	at := position.FindString(err.Error())
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return at + ": unknown field " + m[1]
	}
	return at + ": must be NAME: VALUE or NAME { … }, with strings in quotes"
}

// defaultDatabase returns the database that the first of configuration file,
// MySQL flags and PostgreSQL flags names.
func (f *flags) defaultDatabase(config *mlmdpb.MetadataStoreServerConfig, p *plan) (database, error) {
	mysql, postgres := f.mysql != mysqlFlags{}, f.postgres != postgresFlags{}
	switch {
	case config.GetConnectionConfig() != nil, config != nil && !mysql && !postgres, f.configType == "config_file":
		if mysql || postgres {
			p.warn(
				"the --mysql_config and --postgres_config flags are ignored, because the configuration file names the database",
			)
		}
		return fromConfig(config.GetConnectionConfig(), f.configFile)
	case mysql:
		if postgres {
			p.warn("the --postgres_config flags are ignored, because the --mysql_config flags name the database: " +
				"to use them, set --metadata_source_config_type=postgresql")
		}
		return f.mysql.source()
	case postgres:
		return f.postgres.source()
	}
	return database{}, usagef("no database given: use --db FILE for a file, --db postgres://… or --db mysql://… " +
		"for a database server, " +
		"or --db :memory: for memory, whose content is lost on exit")
}

func conflict(other string) error {
	return usagef("--db and %s both name the database: use one of them", other)
}

// chooseMigration returns the schema change to make. If the configuration file
// names the database, only the file counts, as in metadata_store_server.
func (f *flags) chooseMigration(config *mlmdpb.MetadataStoreServerConfig, p *plan) (migration, error) {
	if f.upgrade && f.downgrade >= 0 {
		return migration{}, usagef("--enable_database_upgrade and --downgrade_db_schema_version are mutually exclusive")
	}
	if config.GetConnectionConfig() == nil {
		return migration{upgrade: f.upgrade, downgrade: f.downgrade}, nil
	}
	if f.upgrade || f.downgrade >= 0 {
		p.warn("--enable_database_upgrade and --downgrade_db_schema_version are ignored, " +
			"because the migration_options of the configuration file apply")
	}
	o := config.GetMigrationOptions()
	m := migration{upgrade: o.GetEnableUpgradeMigration(), downgrade: -1}
	if o != nil {
		m.downgrade = o.GetDowngradeToSchemaVersion()
	}
	if m.downgrade >= 0 {
		m.upgrade = false // downgrade wins, as in metadata_store_server
	}
	return m, nil
}
