package registry

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A tokenService is an empty store that records the token of the last call.
type tokenService struct {
	mlmdpb.UnimplementedMetadataStoreServiceServer
	calls atomic.Int64
	token atomic.Value
}

func (d *tokenService) GetContextsByID(
	ctx context.Context, _ *mlmdpb.GetContextsByIDRequest,
) (*mlmdpb.GetContextsByIDResponse, error) {
	d.calls.Add(1)
	md, _ := metadata.FromIncomingContext(ctx)
	d.token.Store(strings.Join(md.Get("authorization"), ","))
	return &mlmdpb.GetContextsByIDResponse{}, nil
}

// serve starts the service and returns its address.
func (d *tokenService) serve(t *testing.T, opts ...grpc.ServerOption) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(opts...)
	mlmdpb.RegisterMetadataStoreServiceServer(s, d)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// A testCA is a certificate authority that writes certificates to files.
type testCA struct {
	t      *testing.T
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newTestCA(t *testing.T) *testCA {
	a := &testCA{t: t, folder: t.TempDir()}
	a.cert, a.key = a.sign(
		"ca",
		&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign},
	)
	return a
}

func (a *testCA) file(name string) string { return filepath.Join(a.folder, name) }

// sign writes NAME.pem and NAME.key.
func (a *testCA) sign(name string, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.Subject = pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for suffix, block := range map[string]*pem.Block{
		".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "EC PRIVATE KEY", Bytes: raw},
	} {
		if err := os.WriteFile(a.file(name+suffix), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return out, key
}

// server returns the credentials of a server. If mutual is set, it requires a
// client certificate of this authority.
func (a *testCA) server(mutual bool) grpc.ServerOption {
	a.t.Helper()
	a.sign("server", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	pair, err := tls.LoadX509KeyPair(a.file("server.pem"), a.file("server.key"))
	if err != nil {
		a.t.Fatal(err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}}
	if mutual {
		c.ClientCAs = x509.NewCertPool()
		c.ClientCAs.AddCert(a.cert)
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return grpc.Creds(credentials.NewTLS(c))
}

// ping makes one call. The store is empty, so not found means success.
func ping(t *testing.T, address string, opts ...DialOption) error {
	t.Helper()
	c, err := Dial(address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = c.RegisteredModels().Get(ctx, "1")
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func TestDial_MakesNoRPC(t *testing.T) {
	var d tokenService
	c, err := Dial(d.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	time.Sleep(20 * time.Millisecond)
	if n := d.calls.Load(); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestDial_TLS(t *testing.T) {
	a, other := newTestCA(t), newTestCA(t)
	for _, x := range []*testCA{a, other} {
		x.sign("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	}
	var d tokenService
	plain, safe, mutual := d.serve(t), d.serve(t, a.server(false)), d.serve(t, a.server(true))
	_, port, err := net.SplitHostPort(safe)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	ca, client := WithRootCAFile(a.file("ca.pem")), WithClientCert(a.file("client.pem"), a.file("client.key"))
	foreign := WithClientCert(other.file("client.pem"), other.file("client.key"))
	old := []DialOption{ca, WithTLS(&tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12})}
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		record    tls.RecordHeaderError
	)
	for _, c := range []struct {
		name    string
		address string
		opts    []DialOption
		want    string // part of the error; empty for success
		cause   any    // for errors.As; nil: any
	}{
		{"plain to plain", plain, nil, "", nil},
		{"plain to TLS", safe, nil, "registry.WithTLS(nil)", nil},
		{"plain to mutual TLS", mutual, nil, "registry.WithTLS(nil)", nil},
		{"TLS to plain", plain, []DialOption{ca}, "does not use TLS", &record},
		{"TLS with the authority", safe, []DialOption{ca}, "", nil},
		{"TLS with a configuration", safe, []DialOption{WithTLS(&tls.Config{RootCAs: pool})}, "", nil},
		{"TLS with the system's authorities", safe, []DialOption{WithTLS(nil)}, "registry.WithRootCAFile(file)", &authority},
		{
			"TLS with another authority", safe,
			[]DialOption{WithRootCAFile(other.file("ca.pem"))},
			"registry.WithRootCAFile(file)", &authority,
		},
		{"TLS to a name that the certificate lacks", "localhost:" + port, []DialOption{ca}, "is not for this host", &host},
		{"mutual TLS", mutual, []DialOption{client, ca}, "", nil},
		{"mutual TLS, a configuration after its parts", mutual, []DialOption{client, ca, WithTLS(&tls.Config{})}, "", nil},
		{"mutual TLS without a certificate", mutual, []DialOption{ca}, "registry.WithClientCert(certFile, keyFile)", nil},
		{"mutual TLS 1.2 without a certificate", mutual, old, "registry.WithClientCert(certFile, keyFile)", nil},
		{
			"mutual TLS with a certificate of another authority", mutual,
			[]DialOption{ca, foreign},
			"registry.WithClientCert",
			nil,
		},
		{
			"mutual TLS 1.2 with a certificate of another authority", mutual, append(old, foreign), "registry.WithClientCert",
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := ping(t, c.address, append(c.opts, WithRetryTimeout(time.Hour))...)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrTLS) || errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want ErrTLS with %q", err, c.want)
			}
			if c.cause != nil && !errors.As(err, c.cause) {
				t.Errorf("the cause of %v is not a %T", err, c.cause)
			}
			if status.Code(err) != codes.Unavailable {
				t.Errorf("the status of the call is lost: %v", status.Code(err))
			}
			t.Log(err)
		})
	}
}

func TestDial_Token(t *testing.T) {
	a := newTestCA(t)
	var d tokenService
	plain, safe := d.serve(t), d.serve(t, a.server(false))
	file := a.file("token")
	shown := func(want string, address string, opts ...DialOption) {
		t.Helper()
		if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := ping(t, address, opts...); err != nil {
			t.Fatal(err)
		}
		if got := d.token.Load(); got != "Bearer "+want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	shown("one", safe, WithRootCAFile(a.file("ca.pem")), WithToken("one"))
	shown("two", safe, WithRootCAFile(a.file("ca.pem")), WithTokenFile(file))
	shown("three", safe, WithRootCAFile(a.file("ca.pem")), WithTokenFile(file))
	shown("four", plain, WithTokenFile(file), WithInsecureToken())
}

func TestDial_InvalidOption(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		target string
		opts   []DialOption
		want   string
	}{
		{"a token without TLS", "x:1", []DialOption{WithToken("x")}, "requires TLS"},
		{"no authority", "x:1", []DialOption{WithRootCAFile("/no/such/file")}, "no such file"},
		{"a file without a certificate authority", "x:1", []DialOption{WithRootCAFile(text)}, "has no PEM certificate"},
		{"a file without a certificate", "x:1", []DialOption{WithClientCert(text, text)}, "client certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Dial(c.target, c.opts...)
			if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want invalid with %q", err, c.want)
			}
		})
	}
}

func TestDial_MissingTokenFile(t *testing.T) {
	a := newTestCA(t)
	var d tokenService
	err := ping(t, d.serve(t, a.server(false)), WithRootCAFile(a.file("ca.pem")), WithTokenFile("/no/such/token"))
	if err == nil || !strings.Contains(err.Error(), "/no/such/token") {
		t.Errorf("got %v", err)
	}
	if d.calls.Load() != 0 {
		t.Error("the call was made without a token")
	}
}
