package server_test

import (
	"crypto/tls"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/mlmd-go/sdk/internal/testtls"
	"github.com/mlmd-go/sdk/pkg/server"
)

func TestServe_LogsFailedHandshakes(t *testing.T) {
	ca, other := testtls.Issue(t, "ca", nil), testtls.Issue(t, "another ca", nil)
	leaf, foreign := testtls.Issue(t, "server", ca), testtls.Issue(t, "client", other)
	client := func(trusts, is *testtls.Pair) credentials.TransportCredentials {
		return credentials.NewTLS(testtls.Client(t, trusts, is))
	}
	with := func(p server.PEMCredentials) server.Option {
		c, err := p.TLSConfig()
		if err != nil {
			t.Fatal(err)
		}
		return server.WithTLS(c)
	}
	plain := server.WithTLS(nil)
	safe := with(server.PEMCredentials{Key: leaf.Key, Cert: leaf.Cert})
	mutual := with(server.PEMCredentials{Key: leaf.Key, Cert: leaf.Cert, ClientCA: ca.Cert, VerifyClient: true})

	for _, c := range []struct {
		name   string
		server server.Option
		client credentials.TransportCredentials
		want   string // empty: no log
	}{
		{"TLS on both sides", safe, client(ca, nil), ""},
		{"no TLS on either side", plain, insecure.NewCredentials(), ""},
		{"client without TLS", safe, insecure.NewCredentials(), "the client does not use TLS"},
		{"server without TLS", plain, client(ca, nil), "the client uses TLS, but the server does not"},
		{"client trusts another CA", safe, client(other, nil), "the client does not trust the server's certificate"},
		{"client without certificate", mutual, client(ca, nil), "the client sent no certificate"},
		{
			"client certificate of another CA", mutual, client(ca, foreign),
			"the client sent no certificate signed by a trusted CA",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log lines
			address := listen(t, c.server, server.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(c.client))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, err = healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
			if (err == nil) != (c.want == "") {
				t.Errorf("the call: %v", err)
			}
			if c.want == "" {
				if text := log.String(); text != "" {
					t.Errorf("logged: %s", text)
				}
				return
			}
			var text string
			for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				if text = log.String(); strings.Contains(text, c.want) {
					break
				}
			}
			if !strings.Contains(text, c.want) || !strings.Contains(text, "peer=127.0.0.1:") || !strings.Contains(
				text, "level=WARN",
			) {
				t.Errorf("logged: %s", text)
			}
			t.Log(text)
		})
	}
}

// TCP health checks connect and send nothing.
func TestServe_NoWarningForEmptyConnection(t *testing.T) {
	leaf := testtls.Issue(t, "server", testtls.Issue(t, "ca", nil))
	config, err := server.PEMCredentials{Key: leaf.Key, Cert: leaf.Cert}.TLSConfig()
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	level := &slog.HandlerOptions{Level: slog.LevelDebug}
	address := listen(t, server.WithTLS(config), server.WithLogger(slog.New(slog.NewTextHandler(&log, level))))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && log.String() == ""; time.Sleep(
		5 * time.Millisecond,
	) {
	}
	if text := log.String(); !strings.Contains(text, "level=DEBUG") || strings.Contains(text, "level=WARN") {
		t.Errorf("logged: %s", text)
	}
	if _, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// listen serves on a free port of the loopback address until the test ends.
func listen(t *testing.T, opts ...server.Option) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.New(service{}, opts...).Serve(t.Context(), lis)
	return lis.Addr().String()
}
