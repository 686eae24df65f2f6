package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

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
	if err := checkTarget(target, len(d.grpc) > 0); err != nil {
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
	monitor := &handshakeMonitor{}
	transport := monitoredCreds{insecure.NewCredentials(), monitor, nil}
	if d.tls != nil {
		for _, set := range d.tlsEdits {
			set(d.tls)
		}
		monitor.tls = true
		monitor.hasCert = len(d.tls.Certificates) > 0 || d.tls.GetClientCertificate != nil
		transport = monitoredCreds{credentials.NewTLS(d.tls), monitor, d.tls}
	}
	all := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		// A page of 100 nodes with large properties may exceed gRPC's default of 4 MiB.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
	}
	if d.token != nil {
		all = append(all, grpc.WithPerRPCCredentials(bearerToken{d.token, !d.insecureToken}))
	}
	all = append(all, (&retrier{target: target, limit: d.retry, monitor: monitor}).dialOptions()...)
	return append(all, d.grpc...)
}

// bearerToken adds a token to the metadata of each call.
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

const targetForms = `use HOST:PORT, as in "mlmd.example:8080", "[::1]:8080", or unix:/PATH`

// checkTarget returns an error if target is not valid for Dial. gRPC itself
// accepts nearly any text, and then fails at the first call or connects to port
// 443. custom reports that the caller may have added a resolver.
func checkTarget(target string, custom bool) error {
	if strings.TrimSpace(target) == "" {
		return errors.New("missing target: " + targetForms)
	}
	if trimmed := strings.TrimSpace(target); trimmed != target {
		return fmt.Errorf("target has surrounding white space: use %q", trimmed)
	}
	if strings.ContainsFunc(target, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return errors.New("target contains white space or control characters: " + targetForms)
	}
	scheme, rest, ok := strings.Cut(target, ":")
	if !ok {
		return missingPortError(target)
	}
	switch scheme = strings.ToLower(scheme); {
	case scheme == "unix":
		return checkSocket(rest)
	case resolver.Get(scheme) != nil:
		return checkEndpoint(scheme, rest)
	case !strings.HasPrefix(rest, "//"):
		return checkHostPort(target)
	case custom:
		return nil
	}
	return schemeError(scheme, strings.TrimPrefix(rest, "//"))
}

// schemeError returns the error for a URL. It names the target that is meant.
func schemeError(scheme, rest string) error {
	host, _, _ := strings.Cut(rest, "/")
	meant := fmt.Sprintf("use %q", host)
	if err := checkHostPort(host); err != nil {
		meant = targetForms
	}
	switch scheme {
	case "http", "grpc", "tcp", "h2c":
		return fmt.Errorf("target is a URL: %s", meant)
	case "https", "grpcs", "grpc+tls", "h2":
		return fmt.Errorf("target is a URL: %s, and registry.WithTLS(nil) for TLS", meant)
	}
	return fmt.Errorf("gRPC has no resolver for %s://: %s", scheme, meant)
}

// checkEndpoint checks what follows a scheme that gRPC has a resolver for. A DNS
// name needs a port, because gRPC's default is 443. Other schemes have rules of
// their own.
func checkEndpoint(scheme, rest string) error {
	if scheme != "dns" {
		return nil
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok { // the authority is the DNS server
		_, name, ok := strings.Cut(after, "/")
		if !ok {
			return fmt.Errorf("missing slash: use dns:///%s", after)
		}
		rest = name
	}
	if err := checkHostPort(rest); err != nil {
		return fmt.Errorf("after dns: %w", err)
	}
	return nil
}

// checkSocket checks what follows unix:.
func checkSocket(rest string) error {
	after, ok := strings.CutPrefix(rest, "//")
	switch {
	case ok && after != "" && !strings.HasPrefix(after, "/"):
		return fmt.Errorf("relative path after unix://: use unix:%s, or unix:///ABSOLUTE/PATH", after)
	case path.Clean("/"+rest) == "/":
		return errors.New("missing socket path: use unix:/PATH")
	}
	return nil
}

func checkHostPort(s string) error {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() {
		return fmt.Errorf("IPv6 address without brackets and port: use %q", "["+s+"]:8080")
	}
	if strings.Contains(s, "/") {
		return errors.New("target has a path: " + targetForms)
	}
	host, port, err := net.SplitHostPort(s)
	switch {
	case err != nil && strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"), err != nil && !strings.Contains(s, ":"):
		return missingPortError(s)
	case err != nil:
		return fmt.Errorf("malformed target (%w): %s", err, targetForms)
	case host == "":
		return fmt.Errorf("missing host: use %q for this machine", "localhost:"+port)
	case port == "":
		return missingPortError(strings.TrimSuffix(s, ":"))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("invalid port %q: must be a number from 1 to 65535", port)
	}
	return nil
}

func missingPortError(host string) error {
	return fmt.Errorf("missing port: use %q, or the port of the server", host+":8080")
}
