package connection

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

// The status of a call does not show which option of Dial is at fault if client
// and server do not agree on TLS: it may be "connection reset". So a
// handshakeMonitor records how each connection of the client begins, up to the
// first byte from the server, and diagnoses those that fail.

// A handshakeMonitor records the handshakes of a client's connections.
type handshakeMonitor struct {
	tls     bool // whether the client uses TLS
	hasCert bool // whether the client has a certificate

	mu        sync.Mutex
	succeeded bool            // whether any connection succeeded
	last      *handshakeError // of the latest connection; nil if it succeeded
}

// A handshakeError describes a connection that ended before the first byte from
// the server.
type handshakeError struct {
	errs    []error
	why     string
	certain bool // whether why is certain, not only likely
	times   int  // the number of such connections in a row
}

// failureFor returns the failure of the connection that the message of a call's
// status is about, or nil if it is not known.
func (h *handshakeMonitor) failureFor(text string) *handshakeError {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil || h.succeeded && !h.last.certain { // more likely a restart of the server
		return nil
	}
	for _, err := range h.last.errs {
		quoted := strconv.Quote(err.Error()) // as gRPC does in most messages
		if strings.Contains(text, err.Error()) || strings.Contains(text, quoted[1:len(quoted)-1]) {
			return h.last
		}
	}
	return nil
}

// permanent reports whether another connection would fail too.
func (f *handshakeError) permanent() bool { return f.certain || f.times > 1 }

func (h *handshakeMonitor) recordSuccess() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.succeeded, h.last = true, nil
}

// recordFailure records that a connection ended with errs. certRequested reports
// whether the server requested a client certificate.
func (h *handshakeMonitor) recordFailure(certRequested bool, errs ...error) {
	why, certain := h.diagnose(errors.Join(errs...), certRequested)
	h.mu.Lock()
	defer h.mu.Unlock()
	if why == "" { // not about TLS
		h.last = nil
		return
	}
	times := 1
	if h.last != nil {
		times += h.last.times
	}
	h.last = &handshakeError{errs, why, certain, times}
}

// diagnose returns what err means at the start of a connection, with the option
// of Dial to change, and whether that is certain. It returns "" if err is not
// about TLS.
func (h *handshakeMonitor) diagnose(err error, certRequested bool) (why string, certain bool) {
	if !h.tls {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return "", false
		}
		return "the server closed the connection without a response, probably because it requires TLS: " +
			"add registry.WithTLS(nil), or registry.WithRootCAFile(file) for a private certificate authority", false
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
	case certRequested && !h.hasCert:
		return "the server requires a client certificate (" + reason +
			"): add registry.WithClientCert(certFile, keyFile)", alert
	case certRequested:
		return "the server rejected the client certificate (" + reason +
			"): pass registry.WithClientCert one from an authority that the server trusts", alert
	case alert:
		return "the server rejected the TLS connection: " + reason, true
	}
	return "", false
}

// serverFault returns the reason that the client rejected the server, or "" if
// it did not.
func serverFault(err error) string {
	var (
		record  tls.RecordHeaderError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &record):
		return "the server does not use TLS: remove WithTLS, WithRootCAFile and WithClientCert, " +
			"or enable TLS in the server"
	case errors.As(err, &host):
		return "the server's certificate is not for this host (" + host.Error() +
			"): dial a name in the certificate, or set ServerName in the configuration of registry.WithTLS"
	case errors.As(err, &unknown):
		return "the server's certificate is from an unknown authority (" + unknown.Error() +
			"): add registry.WithRootCAFile(file) with the certificate of that authority"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + invalid.Error()
	case strings.Contains(err.Error(), "ALPN"):
		return "the server, or a proxy in front of it, does not offer HTTP/2 over TLS: " + err.Error()
	}
	return ""
}

// monitoredCreds are transport credentials that report handshakes to a monitor.
type monitoredCreds struct {
	credentials.TransportCredentials
	monitor *handshakeMonitor
	config  *tls.Config // nil without TLS
}

func (w monitoredCreds) Clone() credentials.TransportCredentials {
	return monitoredCreds{w.TransportCredentials.Clone(), w.monitor, w.config}
}

func (w monitoredCreds) ClientHandshake(
	ctx context.Context, authority string, raw net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	certRequested := false
	creds := w.TransportCredentials
	if w.config != nil { // a configuration for each connection, because its callback is not told which it is for
		creds = credentials.NewTLS(recordCertRequest(w.config, &certRequested))
	}
	conn, info, err := creds.ClientHandshake(ctx, authority, raw)
	if err != nil {
		if ctx.Err() == nil { // otherwise the handshake may still be running
			w.monitor.recordFailure(certRequested, err)
		}
		return nil, nil, err
	}
	return &monitoredConn{Conn: conn, monitor: w.monitor, certRequested: certRequested}, info, nil
}

// recordCertRequest returns a copy of c that sets *requested when the server
// requests a client certificate.
func recordCertRequest(c *tls.Config, requested *bool) *tls.Config {
	c = c.Clone()
	own := c.GetClientCertificate
	c.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		*requested = true
		if own != nil {
			return own(r)
		}
		for i := range c.Certificates { // as crypto/tls selects one without a callback
			if r.SupportsCertificate(&c.Certificates[i]) == nil {
				return &c.Certificates[i], nil
			}
		}
		return new(tls.Certificate), nil
	}
	return c
}

// A monitoredConn reports success to its monitor at the first byte from the
// server. The end of the handshake is too early: in TLS 1.3 a server rejects a
// client certificate only afterwards.
type monitoredConn struct {
	net.Conn
	monitor       *handshakeMonitor
	certRequested bool

	started atomic.Bool
	mu      sync.Mutex
	errs    []error // before the first byte
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

// Close reports a failure if the server has sent nothing. gRPC closes the
// connection before it fails the calls that wait for it.
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
