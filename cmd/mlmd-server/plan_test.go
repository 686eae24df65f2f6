package main

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

// files maps file names to contents.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

var someFiles = files{
	"url":             "postgres://ada:pw@db/mlmd\n",
	"blank":           "\n",
	"fake.pbtxt":      `connection_config { fake_database {} }`,
	"sqlite.pbtxt":    `connection_config { sqlite { filename_uri: "/data/a.db" connection_mode: READWRITE_OPENCREATE } }`,
	"readonly.pbtxt":  `connection_config { sqlite { filename_uri: "/data/a.db" connection_mode: READONLY } }`,
	"readwrite.pbtxt": `connection_config { sqlite { filename_uri: "file:/data/a.db?x=1" connection_mode: READWRITE } }`,
	"nofile.pbtxt":    `connection_config { sqlite {} }`,
	"mysql.pbtxt": `connection_config { mysql { host: "db" port: 3307 database: "mlmd"
		user: "ada" password: "a/b?c" skip_db_creation: true
		ssl_options { ca: "/ca.pem" verify_server_cert: true } } }`,
	"mysqlsocket.pbtxt": `connection_config { mysql { socket: "/run/mysqld.sock" database: "mlmd" } }`,
	"mysqlboth.pbtxt":   `connection_config { mysql { host: "db" socket: "/run/mysqld.sock" database: "mlmd" } }`,
	"postgres.pbtxt": `connection_config { postgresql { host: "db" port: "5433" user: "ada" password: "p w" ` +
		`dbname: "mlmd" ssloption { sslmode: "disable" } } }`,
	"pgsocket.pbtxt": `connection_config { postgresql { host: "/run/pg" port: "5433" user: "ada" dbname: "mlmd" } }`,
	"pgnouser.pbtxt": `connection_config { postgresql { host: "db" port: "5433" dbname: "mlmd" } }`,
	"up.pbtxt": `connection_config { sqlite { filename_uri: "a" } } migration_options { ` +
		`enable_upgrade_migration: true }`,
	"both.pbtxt": `connection_config { sqlite { filename_uri: "a" } } migration_options { ` +
		`enable_upgrade_migration: true downgrade_to_schema_version: 7 }`,
	"none.pbtxt":    `migration_options {}`,
	"sslonly.pbtxt": `ssl_config { server_key: "k" server_cert: "c" }`,
	"broken.pbtxt":  "connection_config {\n  sqlite { filename: 3 }\n}",
	"empty.pbtxt":   ``,
}

func TestPlan_Database(t *testing.T) {
	mysql := []string{"--mysql_config_host=db", "--mysql_config_port=3306", "--mysql_config_database=mlmd"}
	postgres := []string{
		"--postgres_config_host=db", "--postgres_config_port=5432", "--postgres_config_dbname=mlmd",
		"--postgres_config_user=ada",
	}
	mysqlDB := database{kind: "mysql", dsn: "mysql://db:3306/mlmd", referenceEncoding: true}
	postgresDB := database{kind: "postgres", dsn: "postgres://ada@db:5432/mlmd"}
	file := func(name string) []string { return []string{"--metadata_store_server_config_file=" + name} }
	with := func(parts ...[]string) (all []string) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	kind := func(name string) []string { return []string{"--metadata_source_config_type=" + name} }

	for _, c := range []struct {
		name string
		args []string
		want database
		warn string // part of the only warning
	}{
		{"--db with a file", []string{"--db=a.db"}, database{kind: "sqlite", dsn: "a.db"}, ""},
		{"--db with sqlite:", []string{"--db=sqlite:/data/a.db"}, database{kind: "sqlite", dsn: "/data/a.db"}, ""},
		{"--db with three slashes", []string{"--db=sqlite:///data/a.db"}, database{kind: "sqlite", dsn: "data/a.db"}, ""},
		{"--db with four slashes", []string{"--db=sqlite:////data/a.db"}, database{kind: "sqlite", dsn: "/data/a.db"}, ""},
		{"--db with SQLAlchemy's memory", []string{"--db=sqlite://"}, memory, ""},
		{"--db with three slashes in memory", []string{"--db=sqlite:///:memory:"}, memory, ""},
		{
			"--db with two slashes at the front",
			[]string{"--db=//data/a.db"},
			database{kind: "sqlite", dsn: "//data/a.db"},
			"",
		},
		{
			"--db with blanks around it",
			[]string{"--db= postgres://db/mlmd\n"},
			database{kind: "postgres", dsn: "postgres://db/mlmd"},
			"",
		},
		{
			"--db with a driver of SQLAlchemy",
			[]string{"--db=mysql+pymysql://db/mlmd"},
			database{kind: "mysql", dsn: "mysql://db/mlmd"},
			"",
		},
		{
			"--db with keywords",
			[]string{"--db=host=db user=ada password=pw dbname=mlmd"},
			database{kind: "postgres", dsn: "host=db user=ada password=pw dbname=mlmd"},
			"",
		},
		{"--db_file", []string{"--db_file=url"}, database{kind: "postgres", dsn: "postgres://ada:pw@db/mlmd"}, ""},
		{"--db with a drive", []string{`--db=C:\data\a.db`}, database{kind: "sqlite", dsn: `C:\data\a.db`}, ""},
		{"--db in memory", []string{"--db=:memory:"}, memory, ""},
		{"--db with sqlite in memory", []string{"--db=sqlite::memory:"}, memory, ""},
		{"--db with file:", []string{"--db=file:a.db?x=1"}, database{kind: "sqlite", dsn: "file:a.db?x=1"}, ""},
		{
			"--db with file:, read-only",
			[]string{"--db=file:a.db?mode=ro"},
			database{kind: "sqlite", dsn: "file:a.db?mode=ro", readOnly: true},
			"",
		},
		{
			"--db with postgres",
			[]string{"--db=postgres://ada:pw@db/mlmd?sslmode=disable"},
			database{kind: "postgres", dsn: "postgres://ada:pw@db/mlmd?sslmode=disable"},
			"",
		},
		{
			"--db with postgresql",
			[]string{"--db=postgresql://db/mlmd"},
			database{kind: "postgres", dsn: "postgres://db/mlmd"},
			"",
		},
		{
			"--db with mysql",
			[]string{"--db=mysql://ada@db:3306/mlmd"},
			database{kind: "mysql", dsn: "mysql://ada@db:3306/mlmd"},
			"",
		},
		{"--db with mariadb", []string{"--db=mariadb://db/mlmd"}, database{kind: "mysql", dsn: "mysql://db/mlmd"}, ""},
		{"MySQL flags", mysql, mysqlDB, ""},
		{
			"MySQL flags with the password", with(mysql, []string{"--mysql_config_user=ada", "--mysql_config_password=p@ss"}),
			database{kind: "mysql", dsn: "mysql://ada:p%40ss@db:3306/mlmd", referenceEncoding: true},
			"",
		},
		{
			"MySQL flags without reference encoding", with(mysql, []string{"--mysql_reference_encoding=false"}),
			database{kind: "mysql", dsn: "mysql://db:3306/mlmd"},
			"",
		},
		{
			"--db with mysql and reference encoding",
			[]string{"--db=mysql://db/mlmd", "--mysql_reference_encoding"},
			database{kind: "mysql", dsn: "mysql://db/mlmd", referenceEncoding: true},
			"",
		},
		{"MySQL flags, asked for", with(kind("mysql"), mysql), mysqlDB, ""},
		{"PostgreSQL flags, asked for", with(kind("postgresql"), postgres), postgresDB, ""},
		{"PostgreSQL flags alone", postgres, postgresDB, ""},
		{"both kinds of flags", with(mysql, postgres), mysqlDB, "--postgres_config flags are ignored"},
		{"both kinds of flags, PostgreSQL asked for", with(kind("postgresql"), mysql, postgres), postgresDB, ""},
		{"a file", file("sqlite.pbtxt"), database{kind: "sqlite", dsn: "/data/a.db"}, ""},
		{
			"a file, asked for", with(kind("config_file"), file("sqlite.pbtxt")),
			database{kind: "sqlite", dsn: "/data/a.db"},
			"",
		},
		{
			"a file and flags", with(file("sqlite.pbtxt"), mysql),
			database{kind: "sqlite", dsn: "/data/a.db"},
			"flags are ignored",
		},
		{"a file that is not asked for", with(kind("mysql"), file("nosuch.pbtxt"), mysql), mysqlDB, "is ignored"},
		{
			"a file with certificates only, and flags",
			with(mysql, []string{"--metadata_store_server_config_file=none.pbtxt"}), mysqlDB, "",
		},
		{"the fake database", file("fake.pbtxt"), memory, ""},
		{"sqlite without a file", file("nofile.pbtxt"), memory, ""},
		{
			"sqlite, read-only", file("readonly.pbtxt"),
			database{kind: "sqlite", dsn: "file:/data/a.db?mode=ro", readOnly: true},
			"",
		},
		{"sqlite, read-write", file("readwrite.pbtxt"), database{kind: "sqlite", dsn: "file:/data/a.db?x=1&mode=rw"}, ""},
		{"mysql in a file", file("mysql.pbtxt"), database{
			kind: "mysql", skipCreation: true, referenceEncoding: true,
			dsn: "mysql://ada:a%2Fb%3Fc@db:3307/mlmd?ssl_ca=%2Fca.pem&ssl_verify=true",
		}, ""},
		{
			"mysql by a socket", file("mysqlsocket.pbtxt"),
			database{kind: "mysql", dsn: "mysql:///mlmd?socket=%2Frun%2Fmysqld.sock", referenceEncoding: true},
			"",
		},
		{
			"postgresql in a file", file("postgres.pbtxt"),
			database{kind: "postgres", dsn: "postgres://ada:p%20w@db:5433/mlmd?sslmode=disable"},
			"",
		},
		{
			"postgresql by a socket", file("pgsocket.pbtxt"),
			database{kind: "postgres", dsn: "postgres://ada@/mlmd?host=%2Frun%2Fpg&port=5433"},
			"",
		},
		{"postgresql by its address", []string{
			"--postgres_config_hostaddr=::1", "--postgres_config_port=5432", "--postgres_config_dbname=mlmd",
			"--postgres_config_user=ada", "--postgres_config_skip_db_creation",
		}, database{kind: "postgres", dsn: "postgres://ada@[::1]:5432/mlmd", skipCreation: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planned(t, c.args)
			if p.db != c.want {
				t.Errorf("got  %+v\nwant %+v", p.db, c.want)
			}
			if c.warn == "" && len(p.warnings) > 0 || c.warn != "" && (len(p.warnings) != 1 || !strings.Contains(
				p.warnings[0], c.warn,
			)) {
				t.Errorf("warnings %q, want %q", p.warnings, c.warn)
			}
		})
	}
}

func TestPlan_Errors(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{
			"missing file",
			[]string{"--metadata_store_server_config_file=nosuch"},
			[]string{"--metadata_store_server_config_file", "nosuch", "not exist"},
		},
		{
			"unparsable file",
			[]string{"--metadata_store_server_config_file=broken.pbtxt"},
			[]string{"broken.pbtxt", "2:12", "filename"},
		},
		{
			"origins without gRPC-Web",
			[]string{"--db=a", "--grpc_web_cors_origins=*"},
			[]string{"--grpc_web_cors_origins", "--grpc_web"},
		},
		{
			"gRPC-Web without gRPC",
			[]string{"--db=a", "--http_port=8080", "--grpc_web"},
			[]string{"--grpc_web", "--grpc_port"},
		},
		{
			"an empty file",
			[]string{"--metadata_store_server_config_file=empty.pbtxt"},
			[]string{"empty.pbtxt", "connection_config"},
		},
		{
			"a file without a database",
			[]string{"--metadata_store_server_config_file=none.pbtxt"},
			[]string{"none.pbtxt", "connection_config"},
		},
		{
			"config_file without a file",
			[]string{"--metadata_source_config_type=config_file"},
			[]string{"--metadata_store_server_config_file"},
		},
		{
			"an unknown type",
			[]string{"--metadata_source_config_type=oracle"},
			[]string{"--metadata_source_config_type", "postgresql"},
		},
		{"mysql without flags", []string{"--metadata_source_config_type=mysql"}, []string{"--mysql_config_host"}},
		{"some MySQL flags", []string{"--mysql_config_host=db"}, []string{"--mysql_config_port", "--mysql_config_database"}},
		{
			"postgresql without flags",
			[]string{"--metadata_source_config_type=postgresql"},
			[]string{"--postgres_config_host"},
		},
		{
			"some PostgreSQL flags",
			[]string{"--postgres_config_host=db"},
			[]string{"--postgres_config_port", "--postgres_config_dbname", "--postgres_config_user"},
		},
		{
			"host and hostaddr",
			[]string{"--postgres_config_host=db", "--postgres_config_hostaddr=::1"},
			[]string{"mutually exclusive", "hostaddr"},
		},
		{
			"invalid PostgreSQL port",
			[]string{
				"--postgres_config_host=db", "--postgres_config_port=x", "--postgres_config_dbname=d",
				"--postgres_config_user=u",
			},
			[]string{"--postgres_config_port", "number"},
		},
		{
			"a file with host and socket",
			[]string{"--metadata_store_server_config_file=mysqlboth.pbtxt"},
			[]string{"mysqlboth.pbtxt", "mysql.host", "mysql.socket"},
		},
		{
			"a file without the user",
			[]string{"--metadata_store_server_config_file=pgnouser.pbtxt"},
			[]string{"pgnouser.pbtxt", "postgresql.user"},
		},
		{"--db and flags", []string{"--db=a", "--mysql_config_host=db"}, []string{"--db", "--mysql_config"}},
		{
			"--db and a file",
			[]string{"--db=a", "--metadata_store_server_config_file=sqlite.pbtxt"},
			[]string{"--db", "sqlite.pbtxt"},
		},
		{
			"--db and a type",
			[]string{"--db=a", "--metadata_source_config_type=mysql"},
			[]string{"--db", "--metadata_source_config_type"},
		},
		{"an unknown kind of database", []string{"--db=oracle://x/y"}, []string{"oracle://", "postgres://"}},
		{"postgres without slashes", []string{"--db=postgres:mlmd"}, []string{"postgres:", "postgres://"}},
		{"a URL without a database", []string{"--db=postgres://ada:secret@db"}, []string{"names no database"}},
		{"invalid URL", []string{"--db=mysql://ada:se%cret@db/mlmd"}, []string{"--db", "password", "%25"}},
		{"no flags", nil, []string{"--db FILE", "--db :memory:"}},
		{"empty --db", []string{"--db= "}, []string{"--db is empty"}},
		{"empty --db_file", []string{"--db_file=blank"}, []string{"blank is empty"}},
		{"--db_file and --db", []string{"--db_file=url", "--db=a"}, []string{"--db_file"}},
		{"missing --db_file", []string{"--db_file=nosuch"}, []string{"--db_file: nosuch", "not exist"}},
		{
			"two slashes",
			[]string{"--db=sqlite://a.db"},
			[]string{"sqlite:///FILE is relative", "sqlite:////FILE is absolute"},
		},
		{"parameters of a file", []string{"--db=sqlite:a.db?mode=ro"}, []string{"file:FILE?mode=ro"}},
		{"unexpanded ~", []string{"--db=~/a.db"}, []string{"$HOME"}},
		{"quotes", []string{`--db="postgres://db/mlmd"`}, []string{"quotes"}},
		{"a URL without its scheme", []string{"--db=//ada:secret@db/mlmd"}, []string{"postgres://"}},
		{"the DSN of a driver for MySQL", []string{"--db=ada@tcp(db)/mlmd"}, []string{"mysql://"}},
		{"keywords with semicolons", []string{"--db=Server=db;Password=secret"}, []string{"semicolons"}},
		{"a URL with a fragment", []string{"--db=postgres://ada:x@db/mlmd#secret"}, []string{"#", "%23"}},
		{
			"negative keepalive time",
			[]string{"--db=a", "--grpc_channel_arguments=grpc.keepalive_time_ms=-1"},
			[]string{"grpc.keepalive_time_ms -1"},
		},
		{
			"negative streams",
			[]string{"--db=a", "--grpc_channel_arguments=grpc.max_concurrent_streams=-1"},
			[]string{"grpc.max_concurrent_streams -1"},
		},
		{
			"negative message size",
			[]string{"--db=a", "--grpc_channel_arguments=grpc.max_send_message_length=-2"},
			[]string{"grpc.max_send_message_length -2"},
		},
		{"negative request timeout", []string{"--db=a", "--request_timeout=-1s"}, []string{"--request_timeout"}},
		{"negative shutdown timeout", []string{"--db=a", "--shutdown_timeout=-1s"}, []string{"--shutdown_timeout"}},
		{"a host with a port", []string{"--db=a", "--host=127.0.0.1:80"}, []string{"--grpc_port"}},
		{"a host of IPv6 with a port", []string{"--db=a", "--host=[::1]:80"}, []string{"--grpc_port"}},
		{"a host that is a URL", []string{"--db=a", "--host=http://localhost"}, []string{"not a URL"}},
		{"host *", []string{"--db=a", "--host=*"}, []string{"--host=::"}},
		{"a socket without a path", []string{"--db=a", "--host=unix:"}, []string{"path"}},
		{"a socket with a port", []string{"--db=a", "--host=unix:/s", "--grpc_port=80"}, []string{"no port"}},
		{
			"upgrade and downgrade",
			[]string{"--db=a", "--enable_database_upgrade", "--downgrade_db_schema_version=7"},
			[]string{"mutually exclusive"},
		},
		{
			"reference encoding with SQLite",
			[]string{"--db=a", "--mysql_reference_encoding"},
			[]string{"--mysql_reference_encoding", "sqlite:a"},
		},
		{"downgrade without a database", []string{"--downgrade_db_schema_version=7"}, []string{"--db"}},
		{
			"invalid key in file",
			[]string{"--db=a", "--metadata_store_server_config_file=sslonly.pbtxt"},
			[]string{"sslonly.pbtxt", "ssl_config.server_key"},
		},
		{"half of TLS", []string{"--db=a", "--tls_cert_file=cert.pem"}, []string{"--tls_key_file"}},
		{
			"missing certificate file",
			[]string{"--db=a", "--tls_cert_file=cert.pem", "--tls_key_file=key.pem"},
			[]string{"--tls_cert_file", "cert.pem"},
		},
		{
			"invalid certificate",
			[]string{"--db=a", "--tls_cert_file=none.pbtxt", "--tls_key_file=none.pbtxt"},
			[]string{"--tls_cert_file", "PEM block", "none.pbtxt"},
		},
		{
			"two sources of TLS",
			[]string{"--db=a", "--metadata_store_server_config_file=sslonly.pbtxt", "--tls_key_file=k"},
			[]string{"ssl_config", "--tls"},
		},
		{
			"a channel argument without =",
			[]string{"--db=a", "--grpc_channel_arguments=x"},
			[]string{"--grpc_channel_arguments", "name=value"},
		},
		{
			"invalid channel argument",
			[]string{"--db=a", "--grpc_channel_arguments=grpc.max_receive_message_length=4MiB"},
			[]string{"4MiB", "integer"},
		},
		{
			"a size given twice",
			[]string{"--db=a", "--max_receive_message_bytes=1", "--grpc_channel_arguments=grpc.max_receive_message_length=2"},
			[]string{"mutually exclusive"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := parse(c.args)
			if err == nil {
				_, err = f.plan(someFiles.read)
			}
			var usage *usageError
			if !errors.As(err, &usage) {
				t.Fatalf("got %v, want a usage error", err)
			}
			contains(t, err.Error(), c.want)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%q shows the password", err)
			}
		})
	}
}

func TestPlan_Migration(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want migration
		warn bool
	}{
		{"not asked", []string{"--db=a"}, migration{downgrade: -1}, false},
		{"upgrade by flag", []string{"--db=a", "--enable_database_upgrade"}, migration{upgrade: true, downgrade: -1}, false},
		{"downgrade by flag", []string{"--db=a", "--downgrade_db_schema_version=8"}, migration{downgrade: 8}, false},
		{"downgrade to the oldest", []string{"--db=a", "--downgrade_db_schema_version=0"}, migration{downgrade: 0}, false},
		{
			"upgrade by file",
			[]string{"--metadata_store_server_config_file=up.pbtxt"},
			migration{upgrade: true, downgrade: -1},
			false,
		},
		{"both by file", []string{"--metadata_store_server_config_file=both.pbtxt"}, migration{downgrade: 7}, false},
		{
			"flags beside a file",
			[]string{"--metadata_store_server_config_file=sqlite.pbtxt", "--enable_database_upgrade"},
			migration{downgrade: -1},
			true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planned(t, c.args)
			if p.migration != c.want {
				t.Errorf("got %+v, want %+v", p.migration, c.want)
			}
			if (len(p.warnings) > 0) != c.warn {
				t.Errorf("warnings %q", p.warnings)
			}
		})
	}
}

func TestPlan_UnsupportedChannelArguments(t *testing.T) {
	p := planned(t, []string{
		"--db=a",
		"--grpc_channel_arguments=grpc.max_metadata_size=16384,grpc.so_reuseport=0, grpc.max_receive_message_length=-1",
	})
	if len(p.warnings) != 1 || !strings.Contains(p.warnings[0], "grpc.so_reuseport") {
		t.Errorf("warnings %q", p.warnings)
	}
}

func TestDatabase_StringHidesPasswords(t *testing.T) {
	got := map[string]string{}
	want := map[string]string{}
	for dsn, shown := range map[string]string{
		"postgres://ada:secret@db/mlmd":                             "postgres://ada:xxxxx@db/mlmd",
		"mysql://db/mlmd?password=secret&socket=x":                  "mysql://db/mlmd?socket=x",
		"postgres://db/mlmd?sslpassword=secret&sslmode=verify-full": "postgres://db/mlmd?sslmode=verify-full",
	} {
		kind, _, _ := strings.Cut(dsn, ":")
		got[dsn], want[dsn] = database{kind: kind, dsn: dsn}.String(), shown
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func planned(t *testing.T, args []string) *plan {
	t.Helper()
	f, err := parse(args)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.plan(someFiles.read)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
