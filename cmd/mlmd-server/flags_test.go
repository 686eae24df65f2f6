package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParse_GflagsSyntax(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want func(*flags) bool
	}{
		{"two dashes and =", []string{"--grpc_port=9000"}, func(f *flags) bool { return f.port == 9000 }},
		{"two dashes and a space", []string{"--grpc_port", "9000"}, func(f *flags) bool { return f.port == 9000 }},
		{"one dash and =", []string{"-grpc_port=9000"}, func(f *flags) bool { return f.port == 9000 }},
		{
			"one dash and a space",
			[]string{"-grpc_port", "9000", "-db", "x.db"},
			func(f *flags) bool { return f.port == 9000 && f.db == "x.db" },
		},
		{"dashes within the name", []string{"--grpc-port=9000"}, func(f *flags) bool { return f.port == 9000 }},
		{
			"a negative value after a space",
			[]string{"--downgrade_db_schema_version", "-1"},
			func(f *flags) bool { return f.downgrade == -1 },
		},
		{
			"a value that looks like a flag",
			[]string{"--mysql_config_password", "--db"},
			func(f *flags) bool { return f.mysql.password == "--db" && f.db == "" },
		},
		{
			"a value with =",
			[]string{"--grpc_channel_arguments=a=1,b=2"},
			func(f *flags) bool { return f.channelArguments == "a=1,b=2" },
		},
		{
			"an empty value",
			[]string{"--metadata_store_server_config_file="},
			func(f *flags) bool { return f.configFile == "" },
		},
		{"a boolean alone", []string{"-enable_database_upgrade"}, func(f *flags) bool { return f.upgrade }},
		{
			"a boolean alone takes no value",
			[]string{"--enable_database_upgrade", "--db", "x.db"},
			func(f *flags) bool { return f.upgrade && f.db == "x.db" },
		},
		{"a boolean with true", []string{"--enable_database_upgrade=true"}, func(f *flags) bool { return f.upgrade }},
		{"a boolean with yes", []string{"--enable_database_upgrade=Yes"}, func(f *flags) bool { return f.upgrade }},
		{
			"a boolean with n",
			[]string{"--enable_database_upgrade", "--enable_database_upgrade=n"},
			func(f *flags) bool { return !f.upgrade },
		},
		{
			"a boolean turned off by no",
			[]string{"--enable_database_upgrade", "--noenable_database_upgrade"},
			func(f *flags) bool { return !f.upgrade },
		},
		{"-h", []string{"-h"}, func(f *flags) bool { return f.help }},
		{"-version", []string{"-version"}, func(f *flags) bool { return f.version }},
		{"a repeated flag", []string{"--db=a", "--db=b"}, func(f *flags) bool { return f.db == "b" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := parse(c.args)
			if err != nil {
				t.Fatal(err)
			}
			if !c.want(f) {
				t.Errorf("%q: got %+v", c.args, f)
			}
		})
	}
}

func TestParse_Errors(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"an unknown flag", []string{"--grpc_prot=1"}, []string{"grpc_prot"}},
		{"an unknown flag turned off", []string{"--nosuch"}, []string{"nosuch"}},
		{"a missing value", []string{"--db"}, []string{"--db", "requires a value"}},
		{"invalid port", []string{"--grpc_port=http"}, []string{"--grpc_port", "int32"}},
		{"a port that is too large", []string{"--grpc_port=70000"}, []string{"--grpc_port", "70000"}},
		{"a negative port", []string{"--grpc_port=-1"}, []string{"--grpc_port", "-1"}},
		{"invalid boolean", []string{"--enable_database_upgrade=maybe"}, []string{"enable_database_upgrade", "bool"}},
		{"argument that is not a flag", []string{"registry.db"}, []string{"not a flag", "--db"}},
		{
			"negative tries",
			[]string{"--metadata_store_connection_retries=-1"},
			[]string{"--metadata_store_connection_retries -1"},
		},
		{"a negative port of MySQL", []string{"--mysql_config_port=-3306"}, []string{"--mysql_config_port -3306"}},
		{"a negative size", []string{"--max_send_message_bytes=-2"}, []string{"--max_send_message_bytes -2"}},
		{"a negative version", []string{"--downgrade_db_schema_version=-2"}, []string{"--downgrade_db_schema_version -2"}},
		{
			"unknown schema version",
			[]string{"--downgrade_db_schema_version=11"},
			[]string{"--downgrade_db_schema_version 11"},
		},
		{"a word after --", []string{"--", "--db"}, []string{"--db"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(c.args)
			var usage *usageError
			if !errors.As(err, &usage) {
				t.Fatalf("got %v, want a usage error", err)
			}
			contains(t, err.Error(), c.want)
		})
	}
}

func TestRun_HelpAndVersion(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"--help"}, []string{
			"--db", "--grpc_port", "(default 8080)", "--mysql_config_host", "--postgres_config_dbname", "PostgreSQL:",
			"metadata_store_server",
		}},
		{[]string{"--version"}, []string{"mlmd-server ", "go1."}},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), c.args, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
			t.Errorf("%q: exit code %d, stderr %q", c.args, code, stderr.String())
		}
		contains(t, stdout.String(), c.want)
	}
}

func TestRun_UsageErrors(t *testing.T) {
	for _, args := range [][]string{
		{"--nosuch"},
		{"--log_level=loud"},
		{"--log_format=xml"},
		{"--metadata_source_config_type=oracle"},
		{"--metadata_store_server_config_file=/no/such/file"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != 2 {
			t.Errorf("%q: exit code %d", args, code)
		}
		contains(t, stderr.String(), []string{"mlmd-server: ", "--help"})
	}
}

func contains(t *testing.T, text string, parts []string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
}
