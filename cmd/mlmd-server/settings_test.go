package main

import (
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A flag goes before the environment, the environment before the file, and the
// file before the default.
func TestSettings_Precedence(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "mlmd.yaml", `
# each from another source
grpc_port: 1111
host: 127.0.0.1
request_timeout: 11s
max_send_message_bytes: 11
http_cors_origins: [https://a.example, https://b.example]
http_port: 0
db_file: `+write(t, dir, "dsn", "in-file.db")+`
`)
	t.Setenv("MLMD_CONFIG", file)
	t.Setenv("MLMD_GRPC_PORT", "2222")
	t.Setenv("MLMD_REQUEST_TIMEOUT", "22s")
	t.Setenv("MLMD_MYSQL_CONFIG_PORT", "tcp://10.0.0.1:3306") // of Kubernetes
	t.Setenv("MLMD_ENABLE_DATABASE_UPGRADE", "true")
	f, err := parse([]string{"--grpc_port=3333", "--db=flag.db"})
	if err != nil {
		t.Fatal(err)
	}
	if f.port != 3333 || f.requestTimeout.Seconds() != 22 || f.maxSend != 11 || f.maxReceive != 4<<20 || !f.upgrade {
		t.Errorf("got %+v", f)
	}
	if strings.Join(f.http.origins, " ") != "https://a.example https://b.example" {
		t.Errorf("origins %q", f.http.origins)
	}
	if f.db != "flag.db" || f.dbFile != "" {
		t.Errorf("database %q and %q", f.db, f.dbFile)
	}
	if !f.portChanged || !f.hostChanged || !f.maxSendChanged || f.maxReceiveChanged {
		t.Error("what a file sets counts as set")
	}
	var out strings.Builder
	if err := f.printSettings(&out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"grpc_port: 3333 # flag", "request_timeout: 22s # MLMD_REQUEST_TIMEOUT", "max_send_message_bytes: 11 # " + file,
		"max_receive_message_bytes: 4194304 # default", "db: sqlite:flag.db # flag", `db_file: "" # default`,
		"limit_concurrency: true # default",
	} {
		if !strings.Contains(out.String(), line+"\n") {
			t.Errorf("lacks %q:\n%s", line, &out)
		}
	}
	var again map[string]any
	if err := yaml.Unmarshal([]byte(out.String()), &again); err != nil || len(again) < 50 {
		t.Errorf("%d settings, %v", len(again), err)
	}
}

func TestSettings_Errors(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"grpc_prot: 1":               ":1: unknown setting grpc_prot",
		"\ngrpc_port: http":          "invalid value of grpc_port",
		"grpc_port: [1]":             ":1: grpc_port must have one value",
		"- a":                        "must be YAML",
		"help: true":                 "unknown setting help",
		"db: postgres://u:S3cret@h/": "names no database",
		"grpc_port: S3cret":          "invalid value of grpc_port",
	} {
		stdout, stderr := new(lockedBuffer), new(lockedBuffer)
		code := run(t.Context(), []string{"config", "--config=" + write(t, dir, "c.yaml", text)}, stdout, stderr)
		if code != 2 || !strings.Contains(stderr.String(), want) || strings.Contains(stderr.String(), "S3cret") {
			t.Errorf("%q: exit code %d: %s", text, code, stderr)
		}
	}
}

func TestConfig_HidesSecrets(t *testing.T) {
	t.Setenv("MLMD_POSTGRES_CONFIG_PASSWORD", "S3cret")
	for _, args := range [][]string{
		{"--db=postgres://u:S3cret@h/d?sslpassword=S3cret"},
		{"--db=host=h user=u password=S3cret dbname=d"},
		{"--db_file=" + write(t, t.TempDir(), "dsn", "postgres://u:S3cret@h/d")},
		{
			"--mysql_config_host=h", "--mysql_config_port=1", "--mysql_config_database=d", "--mysql_config_password=S3cret",
			"--metadata_source_config_type=mysql",
		},
	} {
		if strings.HasPrefix(args[0], "--db") {
			t.Setenv("MLMD_POSTGRES_CONFIG_PASSWORD", "")
		} else {
			t.Setenv("MLMD_POSTGRES_CONFIG_PASSWORD", "S3cret")
		}
		stdout, stderr := new(lockedBuffer), new(lockedBuffer)
		code := run(t.Context(), append([]string{"config"}, args...), stdout, stderr)
		if code != 0 || strings.Contains(stdout.String()+stderr.String(), "S3cret") {
			t.Errorf("%q: exit code %d: %s%s", args, code, stdout, stderr)
		}
	}
}

func TestConfig_WithoutDatabase(t *testing.T) {
	stdout, stderr := new(lockedBuffer), new(lockedBuffer)
	code := run(t.Context(), []string{"config", "--config=" + filepath.Join(t.TempDir(), "none")}, stdout, stderr)
	if code != 2 || !strings.Contains(stderr.String(), "--config") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	code = run(t.Context(), nil, stdout, stderr)
	if code != 2 || !strings.Contains(stderr.String(), "no database given: use --db FILE") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
