package main

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// The flags of metadata_store_server and the fields of its configuration file
// have the same names but for a prefix: --mysql_config_host is mysql.host.

// source returns the database that the --mysql_config flags name.
func (m mysqlFlags) source() (database, error) {
	required := []setting{{"host", m.host != ""}, {"port", m.port != 0}, {"database", m.database != ""}}
	if err := needs("--mysql_config_", required); err != nil {
		return database{}, err
	}
	return fromMySQL(&mlmdpb.MySQLDatabaseConfig{
		Host: &m.host, Port: new(int64(m.port)), Database: &m.database, User: &m.user, Password: &m.password,
	}, "--mysql_config_")
}

// source returns the database that the --postgres_config flags name.
func (p postgresFlags) source() (database, error) {
	return fromPostgres(&mlmdpb.PostgreSQLDatabaseConfig{
		Host: &p.host, Hostaddr: &p.hostaddr, Port: &p.port, User: &p.user, Password: &p.password,
		Passfile: &p.passfile, Dbname: &p.dbname, SkipDbCreation: &p.skipCreation,
		Ssloption: &mlmdpb.PostgreSQLDatabaseConfig_SSLOptions{
			Sslmode: &p.sslmode, Sslcert: &p.sslcert, Sslkey: &p.sslkey,
			Sslpassword: &p.sslpassword, Sslrootcert: &p.sslrootcert,
		},
	}, "--postgres_config_")
}

// fromConfig returns the database that a configuration file names.
func fromConfig(c *mlmdpb.ConnectionConfig, file string) (database, error) {
	at := file + ": connection_config."
	switch c := c.GetConfig().(type) {
	case *mlmdpb.ConnectionConfig_FakeDatabase:
		return memory, nil
	case *mlmdpb.ConnectionConfig_Sqlite:
		return fromSQLite(c.Sqlite), nil
	case *mlmdpb.ConnectionConfig_Mysql:
		return fromMySQL(c.Mysql, at+"mysql.")
	case *mlmdpb.ConnectionConfig_Postgresql:
		return fromPostgres(c.Postgresql, at+"postgresql.")
	}
	return database{}, usagef(
		"%s: invalid connection_config: must contain sqlite, mysql, postgresql or fake_database", file,
	)
}

// modes are SQLite's names of the connection modes that do not create a file.
var modes = map[mlmdpb.SqliteMetadataSourceConfig_ConnectionMode]string{
	mlmdpb.SqliteMetadataSourceConfig_READONLY:  "ro",
	mlmdpb.SqliteMetadataSourceConfig_READWRITE: "rw",
}

func fromSQLite(c *mlmdpb.SqliteMetadataSourceConfig) database {
	name, mode := c.GetFilenameUri(), modes[c.GetConnectionMode()]
	switch {
	case name == "" || mode == "":
	case !strings.HasPrefix(name, "file:"):
		name = "file:" + (&url.URL{Path: name}).EscapedPath() + "?mode=" + mode
	case strings.Contains(name, "?"):
		name += "&mode=" + mode
	default:
		name += "?mode=" + mode
	}
	return database{
		kind: "sqlite", dsn: name, readOnly: c.GetConnectionMode() == mlmdpb.SqliteMetadataSourceConfig_READONLY,
	}
}

// A setting is a flag or field, and whether it is set.
type setting struct {
	name string
	set  bool
}

// needs returns an error unless all settings are set.
func needs(prefix string, all []setting) error {
	var missing []string
	for _, s := range all {
		if !s.set {
			missing = append(missing, prefix+s.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return usagef("missing: %s", strings.Join(missing, ", "))
}

// oneOf returns an error unless exactly one of two settings is set.
func oneOf(prefix string, a, b setting) error {
	switch {
	case a.set && b.set:
		return usagef("%s%s and %s%s are mutually exclusive", prefix, a.name, prefix, b.name)
	case !a.set && !b.set:
		return usagef("missing: %s%s or %s%s", prefix, a.name, prefix, b.name)
	}
	return nil
}

// fromMySQL converts the settings into a URL for [mysql.Open].
func fromMySQL(c *mlmdpb.MySQLDatabaseConfig, prefix string) (database, error) {
	if err := oneOf(prefix, setting{"host", c.GetHost() != ""}, setting{"socket", c.GetSocket() != ""}); err != nil {
		return database{}, err
	}
	if err := needs(prefix, []setting{{"database", c.GetDatabase() != ""}}); err != nil {
		return database{}, err
	}
	u := url.URL{
		Scheme: "mysql", User: user(c.GetUser(), c.GetPassword()), Host: c.GetHost(), Path: "/" + c.GetDatabase(),
	}
	if c.GetHost() != "" && c.GetPort() != 0 {
		u.Host = net.JoinHostPort(c.GetHost(), strconv.FormatInt(c.GetPort(), 10))
	}
	ssl := c.GetSslOptions()
	verify := ""
	if ssl.GetVerifyServerCert() {
		verify = "true"
	}
	u.RawQuery = query([][2]string{
		{"socket", c.GetSocket()},
		{"ssl_key", ssl.GetKey()},
		{"ssl_cert", ssl.GetCert()},
		{"ssl_ca", ssl.GetCa()},
		{"ssl_capath", ssl.GetCapath()},
		{"ssl_cipher", ssl.GetCipher()},
		{"ssl_verify", verify},
	})
	// A database given by the settings of metadata_store_server is probably shared
	// with it.
	return database{
		kind: "mysql", dsn: u.String(), skipCreation: c.GetSkipDbCreation(), referenceEncoding: true,
	}, nil
}

// fromPostgres converts the settings into a URL for [postgres.Open].
func fromPostgres(c *mlmdpb.PostgreSQLDatabaseConfig, prefix string) (database, error) {
	if err := oneOf(prefix, setting{"host", c.GetHost() != ""}, setting{"hostaddr", c.GetHostaddr() != ""}); err != nil {
		return database{}, err
	}
	required := []setting{{"port", c.GetPort() != ""}, {"dbname", c.GetDbname() != ""}, {"user", c.GetUser() != ""}}
	if err := needs(prefix, required); err != nil {
		return database{}, err
	}
	if _, err := strconv.ParseUint(c.GetPort(), 10, 16); err != nil {
		return database{}, usagef("invalid %sport: must be a number between 0 and 65535", prefix)
	}
	u := url.URL{Scheme: "postgres", User: user(c.GetUser(), c.GetPassword()), Path: "/" + c.GetDbname()}
	host, directory := c.GetHost()+c.GetHostaddr(), ""
	port := c.GetPort()
	if strings.HasPrefix(host, "/") { // of a Unix socket
		directory = host
	} else {
		u.Host, port = net.JoinHostPort(host, port), ""
	}
	ssl := c.GetSsloption()
	u.RawQuery = query([][2]string{
		{"host", directory},
		{"port", port},
		{"passfile", c.GetPassfile()},
		{"sslmode", ssl.GetSslmode()},
		{"sslcert", ssl.GetSslcert()},
		{"sslkey", ssl.GetSslkey()},
		{"sslpassword", ssl.GetSslpassword()},
		{"sslrootcert", ssl.GetSslrootcert()},
	})
	return database{kind: "postgres", dsn: u.String(), skipCreation: c.GetSkipDbCreation()}, nil
}

func user(name, password string) *url.Userinfo {
	switch {
	case password != "":
		return url.UserPassword(name, password)
	case name != "":
		return url.User(name)
	}
	return nil
}

// query returns the URL query of the pairs that have a value.
func query(pairs [][2]string) string {
	q := url.Values{}
	for _, p := range pairs {
		if p[1] != "" {
			q.Set(p[0], p[1])
		}
	}
	return q.Encode()
}
