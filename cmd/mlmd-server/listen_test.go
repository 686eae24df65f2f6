package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlan_Host(t *testing.T) {
	for host, want := range map[string]address{
		"":                      {"tcp", ":8080"},
		"127.0.0.1":             {"tcp", "127.0.0.1:8080"},
		" localhost ":           {"tcp", "localhost:8080"},
		"::1":                   {"tcp", "[::1]:8080"},
		"[::1]":                 {"tcp", "[::1]:8080"},
		"fe80::1%eth0":          {"tcp", "[fe80::1%eth0]:8080"},
		"unix:mlmd.sock":        {"unix", "mlmd.sock"},
		"unix:/run/mlmd.sock":   {"unix", "/run/mlmd.sock"},
		"unix:///run/mlmd.sock": {"unix", "/run/mlmd.sock"},
	} {
		if p := planned(t, []string{"--db=a", "--host=" + host}); p.listen != want {
			t.Errorf("%q: got %+v, want %+v", host, p.listen, want)
		}
	}
}

func TestPlan_DefaultHost(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // the host
		log  string
	}{
		{[]string{"--db=a"}, "127.0.0.1", "listening on this machine only"},
		{[]string{"--db=a", "--host=::"}, "[::]", "every client that reaches this server"},
		{[]string{"--db=a", "--host=127.0.0.1"}, "127.0.0.1", ""},
		{[]string{"--db=a", "--auth_file=users"}, "", ""},
		// As metadata_store_server does.
		{
			[]string{"--mysql_config_host=h", "--mysql_config_port=1", "--mysql_config_database=d"},
			"", "every client that reaches this server",
		},
		{[]string{"--metadata_store_server_config_file=fake"}, "", "every client that reaches this server"},
	} {
		f, err := parse(append(c.args, "--grpc_port=1", "--http_port=2"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.plan(func(name string) ([]byte, error) {
			if name == "fake" {
				return []byte("connection_config { fake_database {} }"), nil
			}
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := []string{p.listen.name, p.rest.listen.name}; got[0] != c.want+":1" || got[1] != c.want+":2" {
			t.Errorf("%q: listens on %q, want %s", c.args, got, c.want)
		}
		if !strings.HasPrefix(p.opening, c.log) || (c.log == "") != (p.opening == "") {
			t.Errorf("%q: logs %q, want %q", c.args, p.opening, c.log)
		}
	}
}

// serveOnce runs a server that stops as soon as it serves.
func serveOnce(t *testing.T, args ...string) (code int, log string) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var stderr bytes.Buffer
	code = run(ctx, args, stopOnWrite{end}, &stderr)
	return code, stderr.String()
}

func TestRun_UnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	code, log := serveOnce(t, "--db=:memory:", "--host=unix:"+path)
	if code != 1 || !strings.Contains(log, "in use") {
		t.Errorf("beside another server: %d, %s", code, log)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	code, log = serveOnce(t, "--db=:memory:", "--host=unix:"+path)
	if code != 0 || !strings.Contains(log, "Server listening on unix:"+path) {
		t.Errorf("after another server: %d, %s", code, log)
	}
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, log = serveOnce(
		t, "--db=:memory:", "--host=unix:"+path,
	); code != 1 || !strings.Contains(log, "not a socket") {
		t.Errorf("in place of a file: %d, %s", code, log)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "mine" {
		t.Errorf("the file: %q, %v", content, err)
	}
}

func TestRun_JSONLog(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"serving": {
			[]string{"--log_format=json", "--db=:memory:", "--host=127.0.0.1", "--grpc_port=0"}, 0, `"timeout_seconds":20`,
		},
		"a wrong flag":         {[]string{"--nosuch", "--log_format=json"}, 2, "nosuch"},
		"a wrong flag, before": {[]string{"--log_format", "json", "--nosuch"}, 2, "nosuch"},
		"a wrong level":        {[]string{"--log_level=loud", "--log_format=json"}, 2, "--log_level"},
		"no database":          {[]string{"--log_format=json"}, 2, "--db"},
		"a missing directory":  {[]string{"--log_format=json", "--db=" + dir + "/no/r.db"}, 1, "create it first"},
	} {
		t.Run(name, func(t *testing.T) {
			code, log := serveOnce(t, c.args...)
			if code != c.code || !strings.Contains(log, c.want) {
				t.Errorf("exit code %d: %s", code, log)
			}
			for line := range strings.Lines(log) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
		})
	}
}
