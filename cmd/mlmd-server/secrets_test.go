package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// secretForms are valid and invalid ways to pass a password to a server. %s stands
// for the password, %e for the URL-encoded password, and %f for the name of a file
// that contains what follows.
var secretForms = [][]string{
	{"--db=postgres://ada:%e@127.0.0.1:1/mlmd"},
	{"--db=postgres://ada:%s@127.0.0.1:1/mlmd"},
	{"--db=postgresql+psycopg2://ada:%s@127.0.0.1:1/mlmd"},
	{"--db=postgres://127.0.0.1:1/mlmd?user=ada&password=%e"},
	{"--db=postgres://127.0.0.1:1/mlmd?user=ada&password=%s"},
	{"--db=postgres://ada@127.0.0.1:1/mlmd?sslpassword=%e"},
	{"--db=postgres://ada@127.0.0.1:1/mlmd#%s"},
	{"--db=postgres:ada:%s@127.0.0.1:1/mlmd"},
	{"--db=mysql://ada:%e@127.0.0.1:1/mlmd"},
	{"--db=mysql://ada:%s@127.0.0.1:1/mlmd"},
	{"--db=mysql://127.0.0.1:1/mlmd?password=%s"},
	{"--db=mysql://ada@127.0.0.1:1/mlmd#%s"},
	{"--db=oracle://ada:%s@127.0.0.1:1/mlmd"},
	{"--db= mysql://ada:%s@127.0.0.1:1/mlmd"},
	{"--db='mysql://ada:%s@127.0.0.1:1/mlmd'"},
	{"--db=//ada:%s@127.0.0.1:1/mlmd"},
	{"--db=ada:%s@tcp(127.0.0.1:1)/mlmd"},
	{"--db=host=127.0.0.1 port=1 user=ada password='%s' dbname=mlmd"},
	{"--db=host=127.0.0.1 port=1 user=ada password=%s dbname=mlmd"},
	{"--db=password=%s host=127.0.0.1 port=1 user=ada"},
	{"--db=Server=127.0.0.1;Uid=ada;Pwd=%s"},
	{"--db_file=postgres://ada:%s@127.0.0.1:1/mlmd"},
	{"--db_file=host=127.0.0.1 password=%s"},
	{"--db_file=%fpostgres://ada:%s@127.0.0.1:1/mlmd"},
	{"--db_file=%fmysql://ada:%e@127.0.0.1:1/mlmd\n"},
	{"--dbpostgres://ada:%s@127.0.0.1:1/mlmd"},
	{"postgres://ada:%s@127.0.0.1:1/mlmd"},
	{
		"--mysql_config_host=127.0.0.1", "--mysql_config_port=1", "--mysql_config_database=mlmd",
		"--mysql_config_user=ada", "--mysql_config_password=%s",
	},
	{"--mysql_config_password=x", "%s"},
	{"--mysql_config_port", "%s"},
	{"--mysql_config_port", "--mysql_config_password=%s"},
	{"--enable_database_upgrade=%s"},
	{"--request_timeout", "%s"},
	{"--shutdown_timeout", "%s"},
	{"--log_level=%s"},
	{"--metadata_source_config_type=%s"},
	{
		"--postgres_config_host=127.0.0.1", "--postgres_config_port=1", "--postgres_config_dbname=mlmd",
		"--postgres_config_user=ada", "--postgres_config_password=%s",
	},
	{
		"--postgres_config_host=127.0.0.1", "--postgres_config_port=%s", "--postgres_config_dbname=mlmd",
		"--postgres_config_user=ada",
	},
	{
		"--metadata_store_server_config_file=%fconnection_config { mysql { host: '127.0.0.1' port: 1 database: 'mlmd' " +
			"user: 'ada' password: '%s' } }",
	},
	{"--metadata_store_server_config_file=%fconnection_config { mysql { host: '127.0.0.1' password: %s } }"},
	{"--metadata_store_server_config_file=%fconnection_config {\n postgresql {\n host: '127.0.0.1' passwort: '%s' } }"},
	{"--metadata_store_server_config_file=%fconnection_config { postgresql { password: '%s } }"},
	{"--metadata_store_server_config_file=%fssl_config { server_key: '%s' server_cert: 'x' }", "--db=:memory:"},
}

// leaks returns the parts of secret, four bytes long, that output contains.
func leaks(secret, output string) (found []string) {
	for _, s := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
		for i := range len(s) - 3 {
			if strings.Contains(output, s[i:i+4]) {
				found = append(found, s[i:i+4])
			}
		}
	}
	return found
}

// outputOf returns all that a server prints for the arguments, and the names of
// the files that it creates.
func outputOf(t *testing.T, form []string, secret string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	args := make([]string, len(form))
	fill := strings.NewReplacer("%s", secret, "%e", url.QueryEscape(secret))
	for i, arg := range form {
		before, content, isFile := strings.Cut(arg, "%f")
		args[i] = fill.Replace(arg)
		if isFile {
			name := filepath.Join(t.TempDir(), "given")
			if err := os.WriteFile(name, []byte(fill.Replace(content)), 0o600); err != nil {
				t.Fatal(err)
			}
			args[i] = before + name
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out bytes.Buffer
	code := run(
		ctx,
		append(args, "--metadata_store_connection_retries=0", "--log_level=debug", "--host=127.0.0.1", "--grpc_port=0"),
		stopOnWrite{cancel}, &out,
	)
	if code == 0 {
		t.Errorf("%q: exit code 0", form)
	}
	made, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range made {
		fmt.Fprintf(&out, "file %s\n", f.Name())
	}
	return out.String()
}

func TestRun_HidesPasswords(t *testing.T) {
	for n, secret := range []string{
		"Qx7Zw9Kq", "Qx7Z/w9Kq", "Qx7Z#w9Kq", "Qx7Z?w9Kq", "Qx7Z@w9Kq", "Qx7Z%w9Kq", "Qx7Z:w9Kq", "Qx7Z w9Kq",
		"4711/Qx7Zw9K", "Qx7Z'w9Kq", "Qx7Z\nw9Kq",
	} {
		for i, form := range secretForms {
			t.Run(fmt.Sprintf("password %d, form %d", n, i), func(t *testing.T) {
				output := outputOf(t, form, secret)
				if found := leaks(secret, output); len(found) > 0 {
					t.Errorf("%q with the password %q shows %q:\n%s", form, secret, found, output)
				}
			})
		}
	}
}

// FuzzRun_HidesPasswords inserts text between two parts of a password, of which
// no output may contain either.
func FuzzRun_HidesPasswords(f *testing.F) {
	for i := range secretForms {
		f.Add("/", uint(i))
		f.Add("", uint(i))
	}
	for _, middle := range []string{
		"#", "?", "@", "%", ":", " ", "'", "\"", "\\", "\n", "\x00", "&", "=", ";", "%zz", "@[::1", "/@", "?x=@", "é",
	} {
		f.Add(middle, uint(1))
	}
	f.Fuzz(func(t *testing.T, middle string, form uint) {
		args := secretForms[form%uint(len(secretForms))]
		output := outputOf(t, args, "Qx7Z"+middle+"w9Kq")
		for _, part := range []string{"Qx7Z", "w9Kq"} {
			if strings.Contains(output, part) {
				t.Errorf("%q with %q in the password shows %q:\n%s", args, middle, part, output)
			}
		}
	})
}
