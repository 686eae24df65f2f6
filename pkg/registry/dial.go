package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// dialConfig is what the options of Dial say.
type dialConfig struct {
	client        clientConfig
	tls           *tls.Config         // nil: not encrypted
	tlsEdits      []func(*tls.Config) // to be set in it
	token         func() (string, error)
	insecureToken bool
	retry         time.Duration
	grpc          []grpc.DialOption
	errs          []error
}

// useTLS makes the connection use TLS, with part set in its configuration.
func (d *dialConfig) useTLS(part func(*tls.Config)) {
	if d.tls == nil {
		d.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	d.tlsEdits = append(d.tlsEdits, part)
}

func (d *dialConfig) addError(err error) { d.errs = append(d.errs, err) }

// WithTLS makes the connection use TLS, with a copy of config. With nil it is
// TLS 1.2 or later and the certificate authorities of the system.
func WithTLS(config *tls.Config) DialOption {
	return dialOption(func(d *dialConfig) {
		d.useTLS(func(*tls.Config) {})
		if config != nil {
			d.tls = config.Clone()
		}
	})
}

// WithRootCAFile makes the connection use TLS and trust only the certificate
// authorities in a file in PEM.
func WithRootCAFile(file string) DialOption {
	return dialOption(func(d *dialConfig) {
		pem, err := os.ReadFile(file)
		if err != nil {
			d.addError(fmt.Errorf("certificate authority: %w", err))
			return
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			d.addError(fmt.Errorf("certificate authority: %s holds no certificate in PEM", file))
			return
		}
		d.useTLS(func(c *tls.Config) { c.RootCAs = pool })
	})
}

// WithClientCert makes the connection use TLS and show the server the certificate
// in certFile, whose key is in keyFile; both are PEM.
func WithClientCert(certFile, keyFile string) DialOption {
	return dialOption(func(d *dialConfig) {
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			d.addError(fmt.Errorf("client certificate: %w", err))
			return
		}
		d.useTLS(func(c *tls.Config) { c.Certificates = []tls.Certificate{cert} })
	})
}

// WithToken sends a bearer token with every call. It needs TLS, or [WithInsecureToken].
func WithToken(token string) DialOption {
	return dialOption(func(d *dialConfig) { d.token = func() (string, error) { return token, nil } })
}

// WithTokenFile sends the bearer token in a file with every call. The file is read
// each time, so that a token may be renewed. It needs TLS, or [WithInsecureToken].
func WithTokenFile(file string) DialOption {
	return dialOption(func(d *dialConfig) {
		d.token = func() (string, error) {
			raw, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			token := strings.TrimSpace(string(raw))
			if token == "" {
				return "", fmt.Errorf("%s is empty", file)
			}
			return token, nil
		}
	})
}

// WithInsecureToken lets a bearer token go over a connection without TLS: to a proxy
// on the same machine, say. Whoever sees the traffic can use the token.
func WithInsecureToken() DialOption {
	return dialOption(func(d *dialConfig) { d.insecureToken = true })
}

// WithGRPCDialOptions passes options to the gRPC client: interceptors, keepalive, a resolver.
func WithGRPCDialOptions(opts ...grpc.DialOption) DialOption {
	return dialOption(func(d *dialConfig) {
		for _, opt := range opts {
			if opt != nil {
				d.grpc = append(d.grpc, opt)
			}
		}
	})
}

// Dial returns a client of the MLMD server at target: HOST:PORT, as in
// "mlmd.example:8080" or "[::1]:8080", a Unix socket, as in
// "unix:/run/mlmd.sock", or a target with a scheme that gRPC has a resolver for,
// as in "dns:///mlmd.example:8080". Without options the connection is not
// encrypted.
//
// Dial sends nothing; the client connects at the first call. A call that finds
// the server or its store unavailable is repeated, as [WithRetryTimeout] says, and is
// [ErrUnavailable] in the end: [ErrUnreachable] where there is no server at
// all. It is [ErrTLS] where client and server do not agree on TLS.
//
// Close the client when it is no longer needed.
func Dial(target string, opts ...DialOption) (*Client, error) {
	d := dialConfig{retry: DefaultRetryTimeout}
	for _, opt := range opts {
		if opt != nil {
			opt.applyDial(&d)
		}
	}
	if err := checkTarget(target, len(d.grpc) > 0); err != nil {
		d.addError(err)
	}
	if d.token != nil && d.tls == nil && !d.insecureToken {
		d.addError(errors.New("a token needs TLS, or whoever sees the traffic can use it: add registry.WithTLS(nil), or registry.WithInsecureToken() where the network is safe"))
	}
	invalid := func(err error) error { return &Error{Op: "dial", Key: target, Kind: ErrInvalidArgument, Err: err} }
	if err := errors.Join(d.errs...); err != nil {
		return nil, invalid(err)
	}
	conn, err := grpc.NewClient(target, d.grpcOptions(target)...)
	if err != nil {
		return nil, invalid(err)
	}
	c := newClient(mlmdpb.NewMetadataStoreServiceClient(conn), d.client)
	c.conn = conn
	return c, nil
}

// grpcOptions returns the options of the gRPC connection. Those of the caller
// come last, so that they hold.
func (d *dialConfig) grpcOptions(target string) []grpc.DialOption {
	watch := &handshakeMonitor{}
	transport := monitoredCreds{insecure.NewCredentials(), watch, nil}
	if d.tls != nil {
		for _, set := range d.tlsEdits {
			set(d.tls)
		}
		watch.tls = true
		watch.hasCert = len(d.tls.Certificates) > 0 || d.tls.GetClientCertificate != nil
		transport = monitoredCreds{credentials.NewTLS(d.tls), watch, d.tls}
	}
	all := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		// A page of a hundred nodes with large properties may pass gRPC's 4 MiB.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
	}
	if d.token != nil {
		all = append(all, grpc.WithPerRPCCredentials(bearerToken{d.token, !d.insecureToken}))
	}
	all = append(all, (&retrier{target: target, limit: d.retry, monitor: watch}).dialOptions()...)
	return append(all, d.grpc...)
}

// bearerToken puts a token into the metadata of every call.
type bearerToken struct {
	token    func() (string, error)
	needsTLS bool
}

func (b bearerToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := b.token()
	if err != nil {
		return nil, fmt.Errorf("bearer token: %w", err)
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

func (b bearerToken) RequireTransportSecurity() bool { return b.needsTLS }
