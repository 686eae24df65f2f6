package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
)

// handshakeMonitor watches how the connections of a client begin, since the status
// of a call does not say which option of Dial is at fault.
type handshakeMonitor struct {
	tls     bool // the client uses TLS
	hasCert bool // and has a certificate of its own

	mu        sync.Mutex
	succeeded bool            // a connection went well once
	last      *handshakeError // of the latest connection; nil if it went well
}

// A handshakeError is a connection that ended before the server said anything.
type handshakeError struct {
	errs    []error
	why     string
	certain bool // what why says is certain; else it is only likely
	times   int  // how many connections in a row ended so
}

// failureFor returns why the connection failed that a call speaks of in text, or
// nil if that is not known.
func (h *handshakeMonitor) failureFor(text string) *handshakeError {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil || h.succeeded && !h.last.certain { // what went well once is restarting, say
		return nil
	}
	for _, err := range h.last.errs {
		quoted := strconv.Quote(err.Error()) // gRPC quotes most of them
		if strings.Contains(text, err.Error()) || strings.Contains(text, quoted[1:len(quoted)-1]) {
			return h.last
		}
	}
	return nil
}

// permanent reports whether there is no point in connecting again.
func (f *handshakeError) permanent() bool { return f.certain || f.times > 1 }

func (h *handshakeMonitor) recordSuccess() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.succeeded, h.last = true, nil
}

// recordFailure keeps why a connection ended with errs. asked reports that the server
// asked for a certificate.
func (h *handshakeMonitor) recordFailure(asked bool, errs ...error) {
	why, certain := h.diagnose(errors.Join(errs...), asked)
	h.mu.Lock()
	defer h.mu.Unlock()
	if why == "" { // not a matter of TLS
		h.last = nil
		return
	}
	times := 1
	if h.last != nil {
		times += h.last.times
	}
	h.last = &handshakeError{errs, why, certain, times}
}

// diagnose says what err means at the start of a connection and which option
// of Dial mends it, and whether that is certain. It returns "" for what has
// nothing to do with TLS.
func (h *handshakeMonitor) diagnose(err error, asked bool) (why string, certain bool) {
	if !h.tls {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return "", false
		}
		return "the server closed the connection before it said anything, as one that wants TLS does: if so, " +
			"add registry.WithTLS(nil), or registry.WithRootCAFile(file) where its certificate authority is your own", false
	}
	if why := serverFault(err); why != "" {
		return why, true
	}
	var op *net.OpError
	alert := errors.As(err, &op) && op.Op == "remote error"
	reason := "it closed the connection"
	if alert {
		reason = op.Err.Error()
	}
	switch {
	case asked && !h.hasCert:
		return "the server wants a certificate of its clients (" + reason + "): add registry.WithClientCert(certFile, keyFile)", alert
	case asked:
		return "the server refuses the certificate of this client (" + reason +
			"): registry.WithClientCert needs one of an authority that the server trusts", alert
	case alert:
		return "the server refuses the TLS connection: " + reason, true
	}
	return "", false
}

// serverFault says what the client finds wrong with the server, and "" for
// anything else.
func serverFault(err error) string {
	var (
		record  tls.RecordHeaderError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &record):
		return "the server does not use TLS, but this client does: leave out WithTLS, WithRootCAFile and WithClientCert, " +
			"or turn TLS on in the server"
	case errors.As(err, &host):
		return "the server's certificate is not for this host (" + host.Error() +
			"): dial a name that is in the certificate, or set ServerName in the configuration for registry.WithTLS"
	case errors.As(err, &unknown):
		return "this client does not trust the authority of the server's certificate (" + unknown.Error() +
			"): add registry.WithRootCAFile(file) with the certificate of that authority"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + invalid.Error()
	case strings.Contains(err.Error(), "ALPN"):
		return "the server, or a proxy before it, does not offer HTTP/2 over TLS: " + err.Error()
	}
	return ""
}

// A monitoredCreds credential reports to a handshakes how its connections begin.
type monitoredCreds struct {
	credentials.TransportCredentials
	monitor *handshakeMonitor
	config  *tls.Config // nil: without TLS
}

func (w monitoredCreds) Clone() credentials.TransportCredentials {
	return monitoredCreds{w.TransportCredentials.Clone(), w.monitor, w.config}
}

func (w monitoredCreds) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	asked := false
	by := w.TransportCredentials
	if w.config != nil { // one for each connection, as its callback has no other way to tell them apart
		by = credentials.NewTLS(recordCertRequest(w.config, &asked))
	}
	conn, info, err := by.ClientHandshake(ctx, authority, raw)
	if err != nil {
		if ctx.Err() == nil { // else the handshake may still run
			w.monitor.recordFailure(asked, err)
		}
		return nil, nil, err
	}
	return &monitoredConn{Conn: conn, monitor: w.monitor, certRequested: asked}, info, nil
}

// recordCertRequest returns a copy of c that sets *asked where the server asks for a
// certificate.
func recordCertRequest(c *tls.Config, asked *bool) *tls.Config {
	c = c.Clone()
	own := c.GetClientCertificate
	c.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		*asked = true
		if own != nil {
			return own(r)
		}
		for i := range c.Certificates { // as crypto/tls does without a callback
			if r.SupportsCertificate(&c.Certificates[i]) == nil {
				return &c.Certificates[i], nil
			}
		}
		return new(tls.Certificate), nil
	}
	return c
}

// monitoredConn is a connection that reports whether the server said anything. In
// TLS 1.3 a server refuses a client's certificate only after the handshake.
type monitoredConn struct {
	net.Conn
	monitor       *handshakeMonitor
	certRequested bool

	started atomic.Bool
	mu      sync.Mutex
	errs    []error // from before it began
}

func (c *monitoredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.started.Load() && !c.started.Swap(true) {
		c.monitor.recordSuccess()
	}
	c.recordErr(err)
	return n, err
}

func (c *monitoredConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.recordErr(err)
	return n, err
}

func (c *monitoredConn) recordErr(err error) {
	if err == nil || c.started.Load() || errors.Is(err, net.ErrClosed) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// Close reports the connection if it ends before the server said anything.
// gRPC closes it before the calls that wait for it fail.
func (c *monitoredConn) Close() error {
	if !c.started.Swap(true) {
		c.mu.Lock()
		errs := c.errs
		c.mu.Unlock()
		if len(errs) > 0 {
			c.monitor.recordFailure(c.certRequested, errs...)
		}
	}
	return c.Conn.Close()
}
