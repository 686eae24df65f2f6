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

func TestServe_TLS(t *testing.T) {
	ca, other := testtls.Issue(t, "ca", nil), testtls.Issue(t, "another ca", nil)
	leaf, known, foreign := testtls.Issue(t, "server", ca), testtls.Issue(t, "client", ca), testtls.Issue(
		t, "client", other,
	)
	client := func(trusts, is *testtls.Pair) credentials.TransportCredentials {
		return credentials.NewTLS(testtls.Client(t, trusts, is))
	}
	plain := server.PEMCredentials{Key: leaf.Key, Cert: leaf.Cert}
	mutual := server.PEMCredentials{Key: leaf.Key, Cert: leaf.Cert, ClientCA: ca.Cert, VerifyClient: true}

	for _, c := range []struct {
		name   string
		server server.PEMCredentials
		client credentials.TransportCredentials
		want   codes.Code
	}{
		{"TLS, client trusts the server", plain, client(ca, nil), codes.OK},
		{"TLS, client trusts another CA", plain, client(other, nil), codes.Unavailable},
		{"TLS, client without TLS", plain, insecure.NewCredentials(), codes.Unavailable},
		{"mutual TLS, client certificate", mutual, client(ca, known), codes.OK},
		{"mutual TLS, client certificate of another CA", mutual, client(ca, foreign), codes.Unavailable},
		{"mutual TLS, no client certificate", mutual, client(ca, nil), codes.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := c.server.TLSConfig()
			if err != nil {
				t.Fatal(err)
			}
			lis, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go server.New(service{}, server.WithTLS(config)).Serve(t.Context(), lis)
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

func TestPEMCredentials_Errors(t *testing.T) {
	ca := testtls.Issue(t, "ca", nil)
	leaf, second := testtls.Issue(t, "server", ca), testtls.Issue(t, "server", ca)
	for _, c := range []struct {
		name string
		pem  server.PEMCredentials
		want []string // in the error
	}{
		{"no key", server.PEMCredentials{Cert: leaf.Cert}, []string{"server_key", "empty"}},
		{"no certificate", server.PEMCredentials{Key: leaf.Key}, []string{"server_cert", "empty"}},
		{
			"file name instead of key",
			server.PEMCredentials{Key: "/etc/tls/key.pem", Cert: leaf.Cert},
			[]string{"server_key", "not a file name"},
		},
		{
			"key of another certificate",
			server.PEMCredentials{Key: second.Key, Cert: leaf.Cert},
			[]string{"server_cert", "server_key", "match"},
		},
		{
			"client verification without CA",
			server.PEMCredentials{Key: leaf.Key, Cert: leaf.Cert, VerifyClient: true},
			[]string{"custom_ca", "empty"},
		},
		{
			"key instead of CA",
			server.PEMCredentials{Key: leaf.Key, Cert: leaf.Cert, ClientCA: leaf.Key, VerifyClient: true},
			[]string{"custom_ca", "certificate"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.pem.TLSConfig()
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
