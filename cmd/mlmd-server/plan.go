package main

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// A plan is what the flags and the configuration file come to.
type plan struct {
	db        database
	migration migration
	retries   int
	listen    address
	options   []server.Option
	warnings  []string
}

// A migration is what may be done to the schema before serving.
type migration struct {
	upgrade   bool
	downgrade int64 // the version to end at; negative: none
}

// readFile is os.ReadFile, or what stands for it in a test.
type readFile func(name string) ([]byte, error)

// plan checks the flags against each other and decides. Its errors are usage
// errors.
func (f *flags) plan(read readFile) (*plan, error) {
	p := &plan{retries: int(f.retries)}
	var err error
	if p.listen, err = f.address(); err != nil {
		return nil, err
	}
	config, err := f.readConfig(read, p)
	if err != nil {
		return nil, err
	}
	if p.db, err = f.chooseDatabase(config, read, p); err != nil {
		return nil, err
	}
	if f.mysqlSharedChanged {
		if p.db.kind != "mysql" {
			return nil, usagef("--mysql_shared_with_original is for MySQL; the database is %s", p.db)
		}
		p.db.shared = f.mysqlShared
	}
	if p.migration, err = f.chooseMigration(config, p); err != nil {
		return nil, err
	}
	if p.db == memory && p.migration.downgrade >= 0 {
		return nil, usagef("there is nothing in memory that --downgrade_db_schema_version could change; --db says which database")
	}
	limits, err := f.limits(p)
	if err != nil {
		return nil, err
	}
	security, err := f.security(config, read)
	if err != nil {
		return nil, err
	}
	if f.shutdown < 0 {
		return nil, usagef("--shutdown_timeout is negative; 0 cuts off running calls at once")
	}
	p.options = append(append(limits, security...), server.DrainTimeout(f.shutdown))
	return p, nil
}

func (p *plan) warn(text string) { p.warnings = append(p.warnings, text) }

// readConfig reads the configuration file, if one is named and asked for. It
// returns nil where there is none.
func (f *flags) readConfig(read readFile, p *plan) (*mlmdpb.MetadataStoreServerConfig, error) {
	switch {
	case f.configFile == "" && f.configType == "config_file":
		return nil, usagef("--metadata_source_config_type=config_file needs --metadata_store_server_config_file")
	case f.configFile == "":
		return nil, nil
	case f.configType != "config_file" && f.configType != "default":
		p.warn("--metadata_store_server_config_file is not used with --metadata_source_config_type=" + f.configType)
		return nil, nil
	}
	text, err := read(f.configFile)
	if err != nil {
		return nil, unreadable("--metadata_store_server_config_file", f.configFile, err)
	}
	config := &mlmdpb.MetadataStoreServerConfig{}
	if err := prototext.Unmarshal(text, config); err != nil {
		return nil, usagef("--metadata_store_server_config_file: %s is no MetadataStoreServerConfig in text format: %s", f.configFile, whereOnly(err))
	}
	return config, nil
}

// chooseDatabase decides where the data is.
func (f *flags) chooseDatabase(config *mlmdpb.MetadataStoreServerConfig, read readFile, p *plan) (database, error) {
	mysql, postgres := f.mysql != mysqlFlags{}, f.postgres != postgresFlags{}
	if f.db != "" || f.dbFile != "" {
		switch {
		case f.db != "" && f.dbFile != "":
			return database{}, twice("--db_file")
		case config.GetConnectionConfig() != nil:
			return database{}, twice("the connection_config of " + f.configFile)
		case f.configType != "default":
			return database{}, twice("--metadata_source_config_type=" + f.configType)
		case mysql:
			return database{}, twice("the --mysql_config flags")
		case postgres:
			return database{}, twice("the --postgres_config flags")
		}
		return f.namedDatabase(read)
	}
	switch f.configType {
	case "default", "config_file":
		return f.defaultDatabase(config, p)
	case "mysql":
		if !mysql {
			return database{}, usagef("--metadata_source_config_type=mysql needs --mysql_config_host, _port and _database")
		}
		return f.mysql.source()
	case "postgresql":
		return f.postgres.source()
	}
	return database{}, usagef("--metadata_source_config_type is none of default, config_file, mysql, postgresql")
}

// namedDatabase is that of --db or --db_file.
func (f *flags) namedDatabase(read readFile) (database, error) {
	if f.dbFile == "" {
		return fromText("--db", f.db)
	}
	text, err := read(f.dbFile)
	if err != nil {
		return database{}, unreadable("--db_file", f.dbFile, err)
	}
	return fromText("the text in "+f.dbFile, string(text))
}

// unreadable is the error of a file that a flag names. The name is shown, unless
// it may be what should be in the file.
func unreadable(flag, name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	if strings.ContainsAny(name, "@=") || strings.Contains(name, "://") {
		return usagef("%s takes the name of a file: %w", flag, err)
	}
	return usagef("%s: %s: %w", flag, name, err)
}

var (
	position     = regexp.MustCompile(`line \d+:\d+`)
	unknownField = regexp.MustCompile(`unknown field: ([a-z_]+)$`)
)

// whereOnly is what an error of a configuration file says about the place. The
// text there may be a password.
func whereOnly(err error) string {
	at := position.FindString(err.Error())
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return at + ": there is no field " + m[1]
	}
	return at + " is not NAME: VALUE or NAME { … }; text is in quotes"
}

// defaultDatabase takes the first of configuration file, MySQL flags and
// PostgreSQL flags that says where the data is.
func (f *flags) defaultDatabase(config *mlmdpb.MetadataStoreServerConfig, p *plan) (database, error) {
	mysql, postgres := f.mysql != mysqlFlags{}, f.postgres != postgresFlags{}
	switch {
	case config.GetConnectionConfig() != nil, config != nil && !mysql && !postgres, f.configType == "config_file":
		if mysql || postgres {
			p.warn("the --mysql_config and --postgres_config flags are not used, because the configuration file says where the data is")
		}
		return fromConfig(config.GetConnectionConfig(), f.configFile)
	case mysql:
		if postgres {
			p.warn("the --postgres_config flags are not used, because the --mysql_config flags say where the data is; " +
				"--metadata_source_config_type=postgresql uses them")
		}
		return f.mysql.source()
	case postgres:
		return f.postgres.source()
	}
	return database{}, usagef("nothing says where the data is; --db FILE keeps it in a file, --db postgres://… or --db mysql://… in a database, " +
		"and --db :memory: keeps it in memory, where it is lost at the end")
}

func twice(other string) error {
	return usagef("--db and %s both say where the data is; give one of them", other)
}

// chooseMigration decides what may be done to the schema. With a configuration
// file that names the database, only the file decides, as in the original.
func (f *flags) chooseMigration(config *mlmdpb.MetadataStoreServerConfig, p *plan) (migration, error) {
	if f.upgrade && f.downgrade >= 0 {
		return migration{}, usagef("--enable_database_upgrade and --downgrade_db_schema_version exclude each other")
	}
	if config.GetConnectionConfig() == nil {
		return migration{upgrade: f.upgrade, downgrade: f.downgrade}, nil
	}
	if f.upgrade || f.downgrade >= 0 {
		p.warn("--enable_database_upgrade and --downgrade_db_schema_version are not used, because the migration_options of the configuration file decide")
	}
	o := config.GetMigrationOptions()
	m := migration{upgrade: o.GetEnableUpgradeMigration(), downgrade: -1}
	if o != nil {
		m.downgrade = o.GetDowngradeToSchemaVersion()
	}
	if m.downgrade >= 0 {
		m.upgrade = false // when a file asks for both, the original downgrades
	}
	return m, nil
}
