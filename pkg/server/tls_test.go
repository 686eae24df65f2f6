package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/server"
)

// A pair is a certificate and its key as PEM text.
type pair struct {
	cert, key string
	x509      *x509.Certificate
	private   *ecdsa.PrivateKey
}

// issue makes a certificate for localhost; by nil it signs itself.
func issue(t *testing.T, name string, by *pair) *pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		DNSNames:              []string{"localhost"},
		NotBefore:             time.Now().Add(-time.Minute),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  by == nil,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.x509, by.private
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{
		cert: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:  string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})),
		x509: parsed, private: key,
	}
}

// client is the client's half of TLS: whom it trusts, and who it is.
func client(t *testing.T, trusts, is *pair) credentials.TransportCredentials {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(trusts.x509)
	c := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	if is != nil {
		own, err := tls.X509KeyPair([]byte(is.cert), []byte(is.key))
		if err != nil {
			t.Fatal(err)
		}
		c.Certificates = []tls.Certificate{own}
	}
	return credentials.NewTLS(c)
}

func TestTLSAdmitsWhomItShould(t *testing.T) {
	ca, other := issue(t, "ca", nil), issue(t, "another ca", nil)
	leaf, known, foreign := issue(t, "server", ca), issue(t, "client", ca), issue(t, "client", other)
	plain := server.PEM{Key: leaf.key, Cert: leaf.cert}
	mutual := server.PEM{Key: leaf.key, Cert: leaf.cert, ClientCA: ca.cert, VerifyClient: true}

	for _, c := range []struct {
		name   string
		server server.PEM
		client credentials.TransportCredentials
		want   codes.Code
	}{
		{"TLS, and a client that trusts the server", plain, client(t, ca, nil), codes.OK},
		{"TLS, and a client that trusts another", plain, client(t, other, nil), codes.Unavailable},
		{"TLS, and a client in plain text", plain, insecure.NewCredentials(), codes.Unavailable},
		{"mutual TLS, and a client with a certificate", mutual, client(t, ca, known), codes.OK},
		{"mutual TLS, and a client with a foreign one", mutual, client(t, ca, foreign), codes.Unavailable},
		{"mutual TLS, and a client with none", mutual, client(t, ca, nil), codes.Unavailable},
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
	ca := issue(t, "ca", nil)
	leaf, second := issue(t, "server", ca), issue(t, "server", ca)
	for _, c := range []struct {
		name string
		pem  server.PEM
		want []string // in the error
	}{
		{"no key", server.PEM{Cert: leaf.cert}, []string{"server_key", "empty"}},
		{"no certificate", server.PEM{Key: leaf.key}, []string{"server_cert", "empty"}},
		{"a file's name for the key", server.PEM{Key: "/etc/tls/key.pem", Cert: leaf.cert}, []string{"server_key", "not the name of a file"}},
		{"another's key", server.PEM{Key: second.key, Cert: leaf.cert}, []string{"server_cert", "server_key", "match"}},
		{"clients verified without authorities", server.PEM{Key: leaf.key, Cert: leaf.cert, VerifyClient: true}, []string{"custom_ca", "empty"}},
		{"a key in place of authorities", server.PEM{Key: leaf.key, Cert: leaf.cert, ClientCA: leaf.key, VerifyClient: true}, []string{"custom_ca", "certificate"}},
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
