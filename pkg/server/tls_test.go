package server_test

import (
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/testtls"
	"github.com/mlmd-go/sdk/pkg/server"
)

func TestTLSAdmitsWhomItShould(t *testing.T) {
	ca, other := testtls.Issue(t, "ca", nil), testtls.Issue(t, "another ca", nil)
	leaf, known, foreign := testtls.Issue(t, "server", ca), testtls.Issue(t, "client", ca), testtls.Issue(t, "client", other)
	client := func(trusts, is *testtls.Pair) credentials.TransportCredentials {
		return credentials.NewTLS(testtls.Client(t, trusts, is))
	}
	plain := server.PEM{Key: leaf.Key, Cert: leaf.Cert}
	mutual := server.PEM{Key: leaf.Key, Cert: leaf.Cert, ClientCA: ca.Cert, VerifyClient: true}

	for _, c := range []struct {
		name   string
		server server.PEM
		client credentials.TransportCredentials
		want   codes.Code
	}{
		{"TLS, and a client that trusts the server", plain, client(ca, nil), codes.OK},
		{"TLS, and a client that trusts another", plain, client(other, nil), codes.Unavailable},
		{"TLS, and a client in plain text", plain, insecure.NewCredentials(), codes.Unavailable},
		{"mutual TLS, and a client with a certificate", mutual, client(ca, known), codes.OK},
		{"mutual TLS, and a client with a foreign one", mutual, client(ca, foreign), codes.Unavailable},
		{"mutual TLS, and a client with none", mutual, client(ca, nil), codes.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := c.server.Config()
			if err != nil {
				t.Fatal(err)
			}
			lis, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go server.New(service{}, server.TLS(config)).Serve(t.Context(), lis)
			conn, err := grpc.NewClient(lis.Addr().String(), grpc.WithTransportCredentials(c.client))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, err = healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
			if status.Code(err) != c.want {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestBadCertificatesAreNamed(t *testing.T) {
	ca := testtls.Issue(t, "ca", nil)
	leaf, second := testtls.Issue(t, "server", ca), testtls.Issue(t, "server", ca)
	for _, c := range []struct {
		name string
		pem  server.PEM
		want []string // in the error
	}{
		{"no key", server.PEM{Cert: leaf.Cert}, []string{"server_key", "empty"}},
		{"no certificate", server.PEM{Key: leaf.Key}, []string{"server_cert", "empty"}},
		{"a file's name for the key", server.PEM{Key: "/etc/tls/key.pem", Cert: leaf.Cert}, []string{"server_key", "not the name of a file"}},
		{"another's key", server.PEM{Key: second.Key, Cert: leaf.Cert}, []string{"server_cert", "server_key", "match"}},
		{"clients verified without authorities", server.PEM{Key: leaf.Key, Cert: leaf.Cert, VerifyClient: true}, []string{"custom_ca", "empty"}},
		{"a key in place of authorities", server.PEM{Key: leaf.Key, Cert: leaf.Cert, ClientCA: leaf.Key, VerifyClient: true}, []string{"custom_ca", "certificate"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.pem.Config()
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "PRIVATE KEY") {
				t.Errorf("%q shows the key", err)
			}
		})
	}
}
