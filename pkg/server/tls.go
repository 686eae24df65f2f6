package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// PEM holds certificates and keys as PEM text, as the ssl_config of a server
// configuration file does.
type PEM struct {
	Key, Cert string // the server's private key, and its certificate with any intermediates
	// ClientCA has the certificates that a client's certificate must come from.
	ClientCA string
	// VerifyClient asks every client for a certificate and refuses it without.
	VerifyClient bool
}

// Config returns the TLS configuration for [TLS]. Its errors name the part
// that is at fault.
func (p PEM) Config() (*tls.Config, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(p.Cert), []byte(p.Key))
	if err != nil {
		return nil, fmt.Errorf("server_cert and server_key: %w", err)
	}
	c := &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
	}
	if !p.VerifyClient {
		return c, nil
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM([]byte(p.ClientCA)) {
		return nil, errors.New("custom_ca: no usable certificate in it; it must be PEM text")
	}
	return c, nil
}

// check finds what is missing, and file names where text belongs.
func (p PEM) check() error {
	parts := []struct{ name, text, why string }{
		{"server_key", p.Key, "TLS needs the server's private key"},
		{"server_cert", p.Cert, "TLS needs the server's certificate"},
		{"custom_ca", p.ClientCA, ""},
	}
	if p.VerifyClient {
		parts[2].why = "verifying clients needs the certificates that theirs come from"
	}
	for _, part := range parts {
		if part.text == "" && part.why != "" {
			return fmt.Errorf("%s: it is empty, but %s", part.name, part.why)
		}
		if part.text == "" {
			continue
		}
		if block, _ := pem.Decode([]byte(part.text)); block == nil {
			return fmt.Errorf("%s: no PEM block (-----BEGIN …) in it; it must be the text itself, not the name of a file", part.name)
		}
	}
	return nil
}
