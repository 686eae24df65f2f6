package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/connection"
)

// DefaultRetryTimeout limits how long a client that [Dial] made retries a call.
// See [WithRetryTimeout].
const DefaultRetryTimeout = 10 * time.Second

// dialConfig holds the options of Dial.
type dialConfig struct {
	client        clientConfig
	tls           *tls.Config         // nil for no TLS
	tlsEdits      []func(*tls.Config) // applied to tls
	token         func() (string, error)
	insecureToken bool
	retry         time.Duration
	grpc          []grpc.DialOption
	errs          []error
}

// useTLS makes the connection use TLS, with a configuration that edit changes.
func (d *dialConfig) useTLS(edit func(*tls.Config)) {
	if d.tls == nil {
		d.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	d.tlsEdits = append(d.tlsEdits, edit)
}

func (d *dialConfig) addError(err error) { d.errs = append(d.errs, err) }

// WithTLS makes the connection use TLS with a copy of config. If config is nil,
// the connection uses TLS 1.2 or later and the root certificates of the system.
func WithTLS(config *tls.Config) DialOption {
	return dialOption(func(d *dialConfig) {
		d.useTLS(func(*tls.Config) {})
		if config != nil {
			d.tls = config.Clone()
		}
	})
}

// WithRootCAFile makes the connection use TLS and trust only the certificate
// authorities in a PEM file. [Dial] reads the file once.
func WithRootCAFile(file string) DialOption {
	return dialOption(func(d *dialConfig) {
		pem, err := os.ReadFile(file)
		if err != nil {
			d.addError(fmt.Errorf("root CA file: %w", err))
			return
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			d.addError(fmt.Errorf("root CA file %s has no PEM certificate", file))
			return
		}
		d.useTLS(func(c *tls.Config) { c.RootCAs = pool })
	})
}

// WithClientCert makes the connection use TLS and present the certificate in
// certFile, whose private key is in keyFile. Both are PEM files; [Dial] reads
// them once.
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

// WithToken sends a bearer token with each call. It requires TLS or
// [WithInsecureToken].
func WithToken(token string) DialOption {
	return dialOption(func(d *dialConfig) { d.token = func() (string, error) { return token, nil } })
}

// WithTokenFile sends the bearer token in a file with each call. It reads the
// file for each call, so that the token can be renewed, and removes surrounding
// white space. It requires TLS or [WithInsecureToken].
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

// WithInsecureToken allows a bearer token on a connection without TLS, such as
// one to a proxy on the same machine. Anyone who reads the traffic can use the
// token.
func WithInsecureToken() DialOption {
	return dialOption(func(d *dialConfig) { d.insecureToken = true })
}

// WithRetryTimeout limits how long a call is retried that fails because the
// server or its store is unavailable, as during a restart. The default is
// [DefaultRetryTimeout]; 0 disables retries. The context of a call limits its
// retries too.
//
// A call that may have reached the store is retried only if repeating it changes
// nothing: reads, and puts of nodes that have an ID, a name or an external ID.
// docs/connections.md has the rule for each RPC.
func WithRetryTimeout(d time.Duration) DialOption {
	return dialOption(func(c *dialConfig) { c.retry = d })
}

// WithGRPCDialOptions passes options such as interceptors, keepalive parameters
// or resolvers to [grpc.NewClient]. They override those of this package.
func WithGRPCDialOptions(opts ...grpc.DialOption) DialOption {
	return dialOption(func(d *dialConfig) {
		for _, opt := range opts {
			if opt != nil {
				d.grpc = append(d.grpc, opt)
			}
		}
	})
}

// Dial returns a client of the MLMD server at target, which is HOST:PORT, as in
// "mlmd.example:8080" or "[::1]:8080"; a Unix socket, as in
// "unix:/run/mlmd.sock"; or a target with a scheme of a gRPC resolver, as in
// "dns:///mlmd.example:8080". Without options the connection is not encrypted.
// The error is [ErrInvalidArgument] if the target or an option is not valid.
//
// Dial makes no RPC; the client connects at the first call. A call that fails
// because the server or its store is unavailable is retried for up to
// [DefaultRetryTimeout]; see [WithRetryTimeout]. It fails with
// [ErrUnavailable], or [ErrUnreachable] if no server answered, or [ErrTLS] if
// client and server do not agree on TLS.
//
// The caller must close the client.
func Dial(target string, opts ...DialOption) (*Client, error) {
	d := dialConfig{retry: DefaultRetryTimeout}
	for _, opt := range opts {
		if opt != nil {
			opt.applyDial(&d)
		}
	}
	if err := connection.CheckTarget(target, len(d.grpc) > 0); err != nil {
		d.addError(err)
	}
	if d.token != nil && d.tls == nil && !d.insecureToken {
		d.addError(errors.New("a token requires TLS: add registry.WithTLS(nil), " +
			"or registry.WithInsecureToken() if the network is trusted"))
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
// come last and override the others.
func (d *dialConfig) grpcOptions(target string) []grpc.DialOption {
	c := connection.Config{
		Target: target, TLS: d.tlsConfig(), Token: d.token, InsecureToken: d.insecureToken, RetryTimeout: d.retry,
	}
	return append(c.DialOptions(), d.grpc...)
}
