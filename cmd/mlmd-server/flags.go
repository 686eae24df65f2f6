package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store"
)

// flags are the values of the command line. Those of the original server have
// its names, types and defaults.
type flags struct {
	groups []group

	db, dbFile             string
	configType, configFile string
	upgrade                bool
	downgrade              int64
	retries                int32
	mysql                  mysqlFlags
	postgres               postgresFlags

	host                         string
	port                         int32
	channelArguments             string
	maxReceive, maxSend          int
	shutdown                     time.Duration
	tlsCert, tlsKey, tlsClientCA string
	logLevel, logFormat          string
	help, version                bool

	mysqlShared                       bool
	mysqlSharedChanged                bool
	maxReceiveChanged, maxSendChanged bool
	portChanged                       bool
}

type mysqlFlags struct {
	host                     string
	port                     int32
	database, user, password string
}

type postgresFlags struct {
	host, hostaddr, port, user, password, passfile, dbname string
	skipCreation                                           bool
	sslmode, sslcert, sslkey, sslpassword, sslrootcert     string
}

// A group is a part of the flags with its heading in the help.
type group struct {
	title string
	set   *pflag.FlagSet
}

func (f *flags) group(title string) *pflag.FlagSet {
	set := pflag.NewFlagSet(title, pflag.ContinueOnError)
	set.SortFlags = false
	f.groups = append(f.groups, group{title, set})
	return set
}

// define declares every flag.
func (f *flags) define() {
	s := f.group("Database")
	s.StringVar(&f.db, "db", "", "where the data is: FILE, sqlite:FILE, :memory:, postgres://… or mysql://… "+
		"(behind PgBouncer in transaction mode, postgres://…?default_query_exec_mode=exec spares the first calls a second try); "+
		"others on this machine can read a password here, so better use --db_file")
	s.StringVar(&f.dbFile, "db_file", "", "a file that holds what --db would")
	s.StringVar(&f.configType, "metadata_source_config_type", "default", "what says where the data is, without --db: default, config_file, mysql or postgresql")
	s.StringVar(&f.configFile, "metadata_store_server_config_file", "", "a MetadataStoreServerConfig in text format")
	s.BoolVar(&f.upgrade, "enable_database_upgrade", false, "upgrade a database of an older schema version before serving")
	s.Int64Var(&f.downgrade, "downgrade_db_schema_version", -1, "downgrade the database to this schema version and end; -1 does not")
	s.Int32Var(&f.retries, "metadata_store_connection_retries", 5, "how often to try again when the database is busy or not there at start")

	s = f.group("MySQL and MariaDB")
	s.StringVar(&f.mysql.host, "mysql_config_host", "", "host name or address")
	s.Int32Var(&f.mysql.port, "mysql_config_port", 0, "port")
	s.StringVar(&f.mysql.database, "mysql_config_database", "", "database name")
	s.StringVar(&f.mysql.user, "mysql_config_user", "", "user name")
	s.StringVar(&f.mysql.password, "mysql_config_password", "", "password; others on this machine can read it here, so better use a configuration file")
	s.BoolVar(&f.mysqlShared, "mysql_shared_with_original", false, "store text that is not ASCII as the original does, encoded twice, so that both can read it; default true for a database named by the --mysql_config flags or a configuration file, false for --db")

	p := &f.postgres
	s = f.group("PostgreSQL")
	s.StringVar(&p.host, "postgres_config_host", "", "host name, or directory of a socket")
	s.StringVar(&p.hostaddr, "postgres_config_hostaddr", "", "address, in place of the host name")
	s.StringVar(&p.port, "postgres_config_port", "", "port")
	s.StringVar(&p.user, "postgres_config_user", "", "user name")
	s.StringVar(&p.password, "postgres_config_password", "", "password; others on this machine can read it here, so better use a passfile")
	s.StringVar(&p.passfile, "postgres_config_passfile", "", "file with passwords")
	s.StringVar(&p.dbname, "postgres_config_dbname", "", "database name")
	s.BoolVar(&p.skipCreation, "postgres_config_skip_db_creation", false, "do not create the database when it is missing")
	s.StringVar(&p.sslmode, "postgres_config_sslmode", "", "disable, allow, prefer, require, verify-ca or verify-full")
	s.StringVar(&p.sslcert, "postgres_config_sslcert", "", "file with the client's certificate")
	s.StringVar(&p.sslkey, "postgres_config_sslkey", "", "file with the client's key")
	s.StringVar(&p.sslpassword, "postgres_config_sslpassword", "", "password of the key")
	s.StringVar(&p.sslrootcert, "postgres_config_sslrootcert", "", "file with the authorities that the server's certificate must come from")

	s = f.group("Server")
	s.StringVar(&f.host, "host", "", "address to listen on, all when empty; or unix:PATH for a socket")
	s.Int32Var(&f.port, "grpc_port", 8080, "port to listen on; 0 takes a free one and logs it")
	s.StringVar(&f.channelArguments, "grpc_channel_arguments", "", "settings of the gRPC server by their gRPC names: k=v,k=v")
	s.IntVar(&f.maxReceive, "max_receive_message_bytes", server.DefaultMaxReceive, "largest request; -1 for no limit")
	s.IntVar(&f.maxSend, "max_send_message_bytes", -1, "largest reply; -1 for no limit")
	s.DurationVar(&f.shutdown, "shutdown_timeout", server.DefaultDrainTimeout, "how long running calls may take after SIGTERM or SIGINT")
	s.StringVar(&f.tlsCert, "tls_cert_file", "", "PEM file with the server's certificate; turns TLS on")
	s.StringVar(&f.tlsKey, "tls_key_file", "", "PEM file with its key")
	s.StringVar(&f.tlsClientCA, "tls_client_ca_file", "", "PEM file with the authorities that clients' certificates must come from; turns mutual TLS on")
	s.StringVar(&f.logLevel, "log_level", "info", "debug (every call), info, warn or error")
	s.StringVar(&f.logFormat, "log_format", "text", "text or json, on standard error")
	s.BoolVar(&f.version, "version", false, "print the version and end")
	s.BoolVarP(&f.help, "help", "h", false, "print this and end")
}

// parse reads the arguments. Its errors are usage errors.
func parse(args []string) (*flags, error) {
	f := &flags{}
	f.define()
	all := pflag.NewFlagSet("mlmd-server", pflag.ContinueOnError)
	all.SetOutput(io.Discard)
	all.Usage = func() {}
	for _, g := range f.groups {
		all.AddFlagSet(g.set)
	}
	args = fromGflags(args, all)
	if err := all.Parse(args); err != nil {
		if slices.Contains(args, "--log_format=json") { // it may stand behind the mistake
			f.logFormat = "json"
		}
		return f, wrongFlag(err)
	}
	if len(all.Args()) > 0 && !f.help {
		return f, usagef("there is an argument that is no flag; the file of the database is given with --db, and a value with blanks is in quotes")
	}
	f.mysqlSharedChanged = all.Changed("mysql_shared_with_original")
	f.maxReceiveChanged, f.maxSendChanged = all.Changed("max_receive_message_bytes"), all.Changed("max_send_message_bytes")
	f.portChanged = all.Changed("grpc_port")
	for _, n := range []struct {
		flag          string
		value, lowest int64
		highest       int64
	}{
		{"grpc_port", int64(f.port), 0, 65535},
		{"mysql_config_port", int64(f.mysql.port), 0, 65535},
		{"metadata_store_connection_retries", int64(f.retries), 0, math.MaxInt32},
		{"downgrade_db_schema_version", f.downgrade, -1, store.SchemaVersion},
		{"max_receive_message_bytes", int64(f.maxReceive), -1, math.MaxInt32},
		{"max_send_message_bytes", int64(f.maxSend), -1, math.MaxInt32},
	} {
		if n.value < n.lowest || n.value > n.highest {
			return f, usagef("--%s is %d, and not from %d to %d", n.flag, n.value, n.lowest, n.highest)
		}
	}
	return f, nil
}

// wrongFlag names the flag that is wrong and not its value, which may be a
// password that has got into the wrong place.
func wrongFlag(err error) error {
	var (
		unknown *pflag.NotExistError
		alone   *pflag.ValueRequiredError
		bad     *pflag.InvalidValueError
		syntax  *pflag.InvalidSyntaxError
	)
	name := func(text string) string { return flagName.FindString(text) }
	switch {
	case errors.As(err, &unknown):
		return usagef("there is no flag --%s", name(unknown.GetSpecifiedName()))
	case errors.As(err, &alone):
		return usagef("--%s needs an argument", name(alone.GetSpecifiedName()))
	case errors.As(err, &bad):
		return usagef("the value of --%s is not of type %s", bad.GetFlag().Name, bad.GetFlag().Value.Type())
	case errors.As(err, &syntax):
		return usagef("there is an argument of a form that is not --NAME=VALUE")
	}
	return &usageError{err}
}

// flagName is the part of a flag before what may be its value.
var flagName = regexp.MustCompile(`^[a-z0-9_]*`)

// usage prints the help.
func (f *flags) usage(w io.Writer) error {
	if _, err := fmt.Fprint(w, `mlmd-server serves the MLMD service (ml_metadata.MetadataStoreService) over gRPC.

  mlmd-server --db registry.db --grpc_port 8080
  mlmd-server --db postgres://mlmd@db.example/mlmd
  mlmd-server --mysql_config_host=db --mysql_config_port=3306 --mysql_config_database=mlmd --mysql_config_user=mlmd

The flags of the original metadata_store_server mean here what they mean there.
Flags may have one dash or two, and - in place of _.
`); err != nil {
		return err
	}
	for _, g := range f.groups {
		if _, err := fmt.Fprintf(w, "\n%s:\n%s", g.title, g.set.FlagUsagesWrapped(110)); err != nil {
			return err
		}
	}
	return nil
}
