package registry

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func TestDial_InvalidTarget(t *testing.T) {
	for target, want := range map[string]string{
		"":                          "missing target",
		" ":                         "missing target",
		"mlmd.example:8080 ":        `use "mlmd.example:8080"`,
		"\tmlmd.example:8080\n":     `use "mlmd.example:8080"`,
		"mlmd example:8080":         "contains white space",
		"mlmd\x00:8080":             "contains white space",
		"mlmd.example":              `missing port: use "mlmd.example:8080"`,
		"mlmd.example:":             `missing port: use "mlmd.example:8080"`,
		"127.0.0.1":                 `missing port: use "127.0.0.1:8080"`,
		"mlmd.example:0":            "from 1 to 65535",
		"mlmd.example:65536":        "from 1 to 65535",
		"mlmd.example:http":         "from 1 to 65535",
		":8080":                     `use "localhost:8080"`,
		"::1":                       `use "[::1]:8080"`,
		"[::1]":                     `missing port: use "[::1]:8080"`,
		"fe80::1:8080":              `use "[fe80::1:8080]:8080"`,
		"mlmd.example:8080/path":    "has a path",
		"http://mlmd.example:8080":  `use "mlmd.example:8080"`,
		"http://mlmd.example:8080/": `use "mlmd.example:8080"`,
		"https://mlmd.example:8080": `use "mlmd.example:8080", and registry.WithTLS(nil)`,
		"https://mlmd.example":      "and registry.WithTLS(nil)",
		"grpc://mlmd.example:8080":  `use "mlmd.example:8080"`,
		"GRPC://mlmd.example:8080":  `use "mlmd.example:8080"`,
		"grpcs://mlmd.example:8080": `use "mlmd.example:8080", and registry.WithTLS(nil)`,
		"mysql://mlmd.example:3306": "no resolver for mysql://",
		"dns:mlmd.example":          "missing port",
		"dns:///mlmd.example":       "missing port",
		"dns://mlmd.example:8080":   "use dns:///mlmd.example:8080",
		"unix:":                     "missing socket path",
		"unix://":                   "missing socket path",
		"unix:///":                  "missing socket path",
		"unix://run/mlmd.sock":      "use unix:run/mlmd.sock",
	} {
		c, err := Dial(target)
		if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want invalid with %q", target, err, want)
		}
		if c != nil {
			t.Errorf("%q: got a client", target)
		}
	}
}

func TestDial_GRPCTarget(t *testing.T) {
	for _, target := range []string{
		"mlmd.example:8080", "localhost:1", "127.0.0.1:65535", "[::1]:8080", "mlmd:8080",
		"dns:mlmd.example:8080", "dns:///mlmd.example:8080", "dns://8.8.8.8/mlmd.example:8080", "passthrough:///anything",
		"unix:/run/mlmd.sock", "unix:///run/mlmd.sock", "unix:mlmd.sock", "unix-abstract:mlmd",
	} {
		c, err := Dial(target)
		if err != nil {
			t.Errorf("%q: %v", target, err)
			continue
		}
		c.Close()
	}
}

func TestDial_UnixSocket(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	var d tokenService
	mlmdpb.RegisterMetadataStoreServiceServer(s, &d)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	for _, target := range []string{"unix:" + file, "unix://" + file} {
		if err := ping(t, target); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
	if d.calls.Load() != 2 {
		t.Errorf("%d calls", d.calls.Load())
	}
}
