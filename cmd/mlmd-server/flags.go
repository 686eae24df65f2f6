package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store"
)

// flags holds the values of the command line. Flags of metadata_store_server keep
// their names, types and defaults.
type flags struct {
	groups  []group
	config  string
	origins origins

	subcommand string         // empty for the server
	own        *pflag.FlagSet // flags of the subcommand; may be nil
	args       []string       // arguments of the subcommand

	db, dbFile             string
	readOnly               bool
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
	maxText                      int
	replyMemory                  int64
	shutdown                     time.Duration
	requestTimeout               time.Duration
	limitConcurrency             bool
	tlsCert, tlsKey, tlsClientCA string
	auth                         authFlags
	monitoring                   monitoringFlags
	slowQueryTime                time.Duration
	http                         httpFlags
	web                          webFlags
	logLevel, logFormat          string
	help, version                bool

	mysqlReferenceEncoding            bool
	mysqlReferenceEncodingChanged     bool
	maxReceiveChanged, maxSendChanged bool
	portChanged, hostChanged          bool
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

// httpFlags are the flags of the REST API.
type httpFlags struct {
	host    string
	port    int32 // -1 for no REST API
	origins []string
	sunset  string
	read    time.Duration
}

// webFlags are the flags of gRPC-Web.
type webFlags struct {
	on      bool
	origins []string
}

// A group is a set of flags with a heading in the help.
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

// define declares all flags.
func (f *flags) define() {
	s := f.group("Database")
	s.StringVar(&f.db, "db", "", "database: FILE, sqlite:FILE, :memory:, postgres://… or mysql://… "+
		"(behind PgBouncer in transaction mode, postgres://…?default_query_exec_mode=exec avoids retries of first calls); "+
		"other users of this machine can read a password here: prefer --db_file")
	s.StringVar(&f.dbFile, "db_file", "", "file that contains the value of --db")
	s.BoolVar(&f.readOnly, "read_only", false, "serve an existing database for reading only; calls that write fail with "+
		"FAILED_PRECONDITION, or 403 in the REST API")
	s.StringVar(&f.configType, "metadata_source_config_type", "default", "source of the database settings, without --db: "+
		"default, config_file, mysql or postgresql")
	s.StringVar(
		&f.configFile, "metadata_store_server_config_file", "", "file with a MetadataStoreServerConfig in text format",
	)
	s.BoolVar(&f.upgrade, "enable_database_upgrade", false, "upgrade an older database schema before serving")
	s.Int64Var(
		&f.downgrade, "downgrade_db_schema_version", -1,
		"downgrade the database to this schema version and exit; -1 for no downgrade",
	)
	s.Int32Var(
		&f.retries, "metadata_store_connection_retries", 5,
		"how often to retry at startup if the database is busy or unreachable",
	)

	s = f.group("MySQL and MariaDB")
	s.StringVar(&f.mysql.host, "mysql_config_host", "", "host name or address")
	s.Int32Var(&f.mysql.port, "mysql_config_port", 0, "port")
	s.StringVar(&f.mysql.database, "mysql_config_database", "", "database name")
	s.StringVar(&f.mysql.user, "mysql_config_user", "", "user name")
	s.StringVar(&f.mysql.password, "mysql_config_password", "", "password; "+
		"other users of this machine can read it here: prefer a configuration file")
	s.BoolVar(&f.mysqlReferenceEncoding, "mysql_reference_encoding", false, "store non-ASCII text as the reference "+
		"implementation does, "+
		"encoded twice, so that it can read the text; default true for a database given by the --mysql_config flags or a "+
		"configuration file, false for --db")

	p := &f.postgres
	s = f.group("PostgreSQL")
	s.StringVar(&p.host, "postgres_config_host", "", "host name, or directory of a Unix socket")
	s.StringVar(&p.hostaddr, "postgres_config_hostaddr", "", "IP address, instead of the host name")
	s.StringVar(&p.port, "postgres_config_port", "", "port")
	s.StringVar(&p.user, "postgres_config_user", "", "user name")
	s.StringVar(&p.password, "postgres_config_password", "", "password; "+
		"other users of this machine can read it here: prefer a passfile")
	s.StringVar(&p.passfile, "postgres_config_passfile", "", "password file (.pgpass)")
	s.StringVar(&p.dbname, "postgres_config_dbname", "", "database name")
	s.BoolVar(&p.skipCreation, "postgres_config_skip_db_creation", false, "do not create a missing database")
	s.StringVar(&p.sslmode, "postgres_config_sslmode", "", "disable, allow, prefer, require, verify-ca or verify-full")
	s.StringVar(&p.sslcert, "postgres_config_sslcert", "", "file with the client certificate")
	s.StringVar(&p.sslkey, "postgres_config_sslkey", "", "file with the client key")
	s.StringVar(&p.sslpassword, "postgres_config_sslpassword", "", "password of the key")
	s.StringVar(&p.sslrootcert, "postgres_config_sslrootcert", "", "file with the CA certificates that verify the server")

	s = f.group("REST API")
	s.Int32Var(&f.http.port, "http_port", -1, "port to serve the REST API on, as HTTP and JSON; 0 for a free port, "+
		"which is logged; without --grpc_port, nothing else is served; -1 for no REST API")
	s.StringVar(&f.http.host, "http_host", "", "address to serve the REST API on; default that of --host")
	s.StringSliceVar(&f.http.origins, "http_cors_origins", nil,
		"origins whose web pages may call the REST API, separated by commas; * for all")
	s.StringVar(&f.http.sunset, "http_sunset", "", "day on which deprecated versions of the REST API will be turned off, "+
		"as YYYY-MM-DD: their responses announce it")

	s.DurationVar(&f.http.read, "http_read_timeout", 30*time.Second,
		"how long a client of the REST API may take to send a request")

	s = f.group("Monitoring")
	s.Int32Var(&f.monitoring.port, "monitoring_port", -1, "port of /livez, /readyz and /metrics, as HTTP without TLS "+
		"and without authentication; 0 for a free port, which is logged; -1 for none")
	s.StringVar(&f.monitoring.host, "monitoring_host", "", "address of the monitoring port; default that of --host")
	s.BoolVar(&f.monitoring.pprof, "pprof", false, "serve profiles at /debug/pprof/ of the monitoring port, which show "+
		"what is in memory; clients need the role admin, if any")

	s.DurationVar(&f.slowQueryTime, "slow_query_time", time.Second, "log statements of the database that take this long, "+
		"with their plans; 0 for none")

	s = f.group("Security")
	s.StringVar(&f.tlsCert, "tls_cert_file", "", "PEM file with the server certificate; enables TLS")
	s.StringVar(&f.tlsKey, "tls_key_file", "", "PEM file with the server key")
	s.StringVar(&f.tlsClientCA, "tls_client_ca_file", "", "PEM file with the CA certificates for client certificates; "+
		"enables mutual TLS")
	s.StringVar(&f.auth.clientCert, "tls_client_auth", "require", "require a certificate of each client, or make it "+
		"optional, for clients that send a token")
	s.StringVar(&f.auth.usersFile, "auth_file", "", "file of users: lines with a name, a role (read, write, admin), "+
		"and the hash of a token or a name in a client certificate; see mlmd-server token --help")
	s.StringVar(&f.auth.jwtKeys, "jwt_keys", "", "file or https URL of the JSON web keys (JWKS) that verify tokens in "+
		"JWT form; enables them")
	s.StringVar(&f.auth.jwtIssuer, "jwt_issuer", "", "issuer (iss) of tokens in JWT form")
	s.StringVar(&f.auth.jwtAudience, "jwt_audience", "", "audience (aud) of tokens in JWT form")
	s.StringVar(&f.auth.jwtClaim, "jwt_role_claim", "roles", "claim with the roles of the client, a text or a list; "+
		"a.b is b within a")
	s.StringSliceVar(&f.auth.jwtRoles, "jwt_roles", []string{"read=read", "write=write", "admin=admin"},
		"roles of the values of the claim, as VALUE=ROLE, separated by commas")
	s.StringVar(&f.auth.reflection, "reflection", "read", "which clients may read descriptions of the services, by gRPC "+
		"reflection and as OpenAPI documents: open (all), read (clients with a role), or off (no reflection)")
	s.StringVar(&f.auth.audit, "audit_log", "", "file to append a line of JSON to for each write; - for standard output")

	s = f.group("Server")
	s.StringVar(&f.host, "host", "", "address to listen on, :: for all, or unix:PATH for a Unix socket; default :: if "+
		"clients are authenticated, or if the database is given as for metadata_store_server, and otherwise 127.0.0.1")
	s.Int32Var(&f.port, "grpc_port", 8080, "port to listen on; 0 for a free port, which is logged")
	s.BoolVar(&f.web.on, "grpc_web", false, "also answer gRPC-Web on --grpc_port, which browsers speak: the UI of "+
		"Kubeflow Pipelines does not need Envoy then")
	s.StringSliceVar(&f.web.origins, "grpc_web_cors_origins", nil,
		"origins whose web pages may call the server with gRPC-Web, separated by commas; * for all")
	s.StringVar(&f.channelArguments, "grpc_channel_arguments", "", "gRPC server settings by their C core names: k=v,k=v")
	s.IntVar(
		&f.maxReceive, "max_receive_message_bytes", server.DefaultMaxRecvMsgSize,
		"maximum request size; -1 for no limit",
	)
	s.IntVar(&f.maxSend, "max_send_message_bytes", -1, "maximum reply size; -1 for no limit")
	s.IntVar(&f.maxText, "max_text_bytes", defaultMaxText,
		"maximum size of a text or row in SQLite, also of what the functions of a filter make; 0 for no limit")
	s.Int64Var(&f.replyMemory, "reply_memory_bytes", defaultReplyMemory(),
		"maximum memory of all replies that are built or not received yet; 0 for no limit")
	s.DurationVar(&f.requestTimeout, "request_timeout", time.Minute,
		"time limit of one request, also in the database; 0 for no limit")
	s.BoolVar(&f.limitConcurrency, "limit_concurrency", true,
		"share the connections of the database between kinds of requests, and refuse requests when too many wait")
	s.DurationVar(&f.shutdown, "shutdown_timeout", server.DefaultShutdownTimeout,
		"how long to wait for running calls after SIGTERM or SIGINT")
	s.StringVar(&f.logLevel, "log_level", "info", "debug (every call), info, warn or error")
	s.StringVar(&f.logFormat, "log_format", "text", "text or json, on standard error")
	s.StringVar(&f.config, "config", "", "YAML file with the values of flags by their names, for those that neither the "+
		"command line nor the environment sets")
	s.BoolVar(&f.version, "version", false, "print the version and exit")
	s.BoolVarP(&f.help, "help", "h", false, "print this help and exit")
}

// defaultReplyMemory returns 256 MiB, or a quarter of GOMEMLIMIT if that is less.
func defaultReplyMemory() int64 {
	return min(256<<20, debug.SetMemoryLimit(-1)/4)
}

// defaultMaxText is eight times the default size of a request, so that what a
// request stores can be read, and one filter takes little memory.
const defaultMaxText = 8 * server.DefaultMaxRecvMsgSize

// parse reads the arguments of the server. Its errors are usage errors.
func parse(args []string) (*flags, error) {
	f := &flags{}
	return f, f.parse(args)
}

// parse reads the arguments of the server or of the subcommand.
func (f *flags) parse(args []string) error {
	f.define()
	all := pflag.NewFlagSet("mlmd-server", pflag.ContinueOnError)
	all.SetOutput(io.Discard)
	all.Usage = func() {}
	for _, g := range f.groups {
		all.AddFlagSet(g.set)
	}
	if f.own != nil {
		all.AddFlagSet(f.own)
	}
	args = fromGflags(args, all)
	if err := all.Parse(args); err != nil {
		if slices.Contains(args, "--log_format=json") { // it may follow the invalid flag
			f.logFormat = "json"
		}
		return wrongFlag(err)
	}
	f.args = all.Args()
	if len(f.args) > 0 && !f.help && f.subcommand == "" {
		return usagef(
			"unexpected argument that is not a flag: name the database file with --db, and quote values that contain spaces",
		)
	}
	if !f.help && !f.version {
		var err error
		if f.origins, err = fromSources(all, os.Getenv, os.ReadFile); err != nil {
			return err
		}
	}
	f.mysqlReferenceEncodingChanged = all.Changed("mysql_reference_encoding")
	f.maxReceiveChanged, f.maxSendChanged = all.Changed("max_receive_message_bytes"), all.Changed("max_send_message_bytes")
	f.portChanged, f.hostChanged = all.Changed("grpc_port"), all.Changed("host")
	for _, n := range []struct {
		flag          string
		value, lowest int64
		highest       int64
	}{
		{"grpc_port", int64(f.port), 0, 65535},
		{"http_port", int64(f.http.port), -1, 65535},
		{"monitoring_port", int64(f.monitoring.port), -1, 65535},
		{"mysql_config_port", int64(f.mysql.port), 0, 65535},
		{"metadata_store_connection_retries", int64(f.retries), 0, math.MaxInt32},
		{"downgrade_db_schema_version", f.downgrade, -1, store.SchemaVersion},
		{"max_receive_message_bytes", int64(f.maxReceive), -1, math.MaxInt32},
		{"max_send_message_bytes", int64(f.maxSend), -1, math.MaxInt32},
		{"reply_memory_bytes", f.replyMemory, 0, math.MaxInt64},
		{"max_text_bytes", int64(f.maxText), 0, math.MaxInt32},
	} {
		if n.value < n.lowest || n.value > n.highest {
			return usagef("invalid --%s %d: must be between %d and %d", n.flag, n.value, n.lowest, n.highest)
		}
	}
	return nil
}

// wrongFlag returns an error that names the flag, but not its value, which may be
// a misplaced password.
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
		return usagef("unknown flag --%s", name(unknown.GetSpecifiedName()))
	case errors.As(err, &alone):
		return usagef("--%s requires a value", name(alone.GetSpecifiedName()))
	case errors.As(err, &bad):
		return usagef("invalid value of --%s: must be of type %s", bad.GetFlag().Name, bad.GetFlag().Value.Type())
	case errors.As(err, &syntax):
		return usagef("invalid argument: must have the form --NAME=VALUE")
	}
	return &usageError{err}
}

// flagName matches a flag's name, without what may be its value.
var flagName = regexp.MustCompile(`^[a-z0-9_]*`)

// usage prints the help.
func (f *flags) usage(w io.Writer) error {
	if _, err := fmt.Fprint(w, `mlmd-server serves the MLMD service (ml_metadata.MetadataStoreService) over gRPC,
and the model registry's REST API over HTTP.

  mlmd-server --db registry.db --grpc_port 8080
  mlmd-server --db registry.db --http_port 8080
  mlmd-server --db postgres://mlmd@db.example/mlmd
  mlmd-server --mysql_config_host=db --mysql_config_port=3306 --mysql_config_database=mlmd --mysql_config_user=mlmd

The flags of metadata_store_server have the same meaning as there.
Flags may have one dash or two, and - instead of _. A flag that is not given is
taken from the environment, as MLMD_GRPC_PORT for --grpc_port, or else from the
file that --config names.

  mlmd-server config FLAGS   prints the settings in force, and where they come from
  mlmd-server token --help   explains the file of users, and makes a token
  mlmd-server backup FLAGS FILE
                             copies a database while it is served
  mlmd-server verify FLAGS   checks a database
  mlmd-server migrate FLAGS [--dry_run]
                             upgrades the schema of a database
  mlmd-server dump FLAGS [FILE]
                             writes the content of a database as lines of JSON
  mlmd-server load FLAGS [FILE]
                             stores a dump in an empty database
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
