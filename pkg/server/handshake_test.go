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

func TestFailedHandshakesAreLoggedWithPeerAndReason(t *testing.T) {
	ca, other := testtls.Issue(t, "ca", nil), testtls.Issue(t, "another ca", nil)
	leaf, foreign := testtls.Issue(t, "server", ca), testtls.Issue(t, "client", other)
	client := func(trusts, is *testtls.Pair) credentials.TransportCredentials {
		return credentials.NewTLS(testtls.Client(t, trusts, is))
	}
	with := func(p server.PEM) server.Option {
		c, err := p.Config()
		if err != nil {
			t.Fatal(err)
		}
		return server.TLS(c)
	}
	plain := server.TLS(nil)
	safe := with(server.PEM{Key: leaf.Key, Cert: leaf.Cert})
	mutual := with(server.PEM{Key: leaf.Key, Cert: leaf.Cert, ClientCA: ca.Cert, VerifyClient: true})

	for _, c := range []struct {
		name   string
		server server.Option
		client credentials.TransportCredentials
		want   string // empty: nothing is logged
	}{
		{"both have TLS", safe, client(ca, nil), ""},
		{"neither has", plain, insecure.NewCredentials(), ""},
		{"the client has none", safe, insecure.NewCredentials(), "the client does not use TLS"},
		{"the server has none", plain, client(ca, nil), "the client uses TLS, which is not turned on"},
		{"the client does not trust the server", safe, client(other, nil), "the client does not trust the certificate"},
		{"the client has no certificate", mutual, client(ca, nil), "the client shows no certificate"},
		{"the client has a foreign certificate", mutual, client(ca, foreign), "the client shows no certificate of an authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log lines
			address := listen(t, c.server, server.Logger(slog.New(slog.NewTextHandler(&log, nil))))
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
			if !strings.Contains(text, c.want) || !strings.Contains(text, "peer=127.0.0.1:") || !strings.Contains(text, "level=WARN") {
				t.Errorf("logged: %s", text)
			}
			t.Log(text)
		})
	}
}

// A health check that only connects is no fault of a client.
func TestAConnectionThatIsOnlyOpenedIsNoWarning(t *testing.T) {
	leaf := testtls.Issue(t, "server", testtls.Issue(t, "ca", nil))
	config, err := server.PEM{Key: leaf.Key, Cert: leaf.Cert}.Config()
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	level := &slog.HandlerOptions{Level: slog.LevelDebug}
	address := listen(t, server.TLS(config), server.Logger(slog.New(slog.NewTextHandler(&log, level))))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && log.String() == ""; time.Sleep(5 * time.Millisecond) {
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
