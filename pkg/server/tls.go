package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// PEMCredentials holds certificates and keys as PEM text, as the ssl_config of a
// server configuration file does.
type PEMCredentials struct {
	Key  string // the server's private key
	Cert string // the server's certificate, followed by any intermediates
	// ClientCA holds the CA certificates for client certificates.
	ClientCA string
	// VerifyClient requires each client to present a certificate signed by
	// ClientCA.
	VerifyClient bool
}

// TLSConfig returns the configuration for [WithTLS]. Its errors name the field of
// ssl_config that is invalid.
func (p PEMCredentials) TLSConfig() (*tls.Config, error) {
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
		return nil, errors.New("custom_ca: no valid certificate found: must be certificates as PEM text")
	}
	return c, nil
}

// check returns an error if a part is missing or not PEM, such as a file name.
func (p PEMCredentials) check() error {
	parts := []struct{ name, text, why string }{
		{"server_key", p.Key, "TLS requires the server's private key"},
		{"server_cert", p.Cert, "TLS requires the server's certificate"},
		{"custom_ca", p.ClientCA, ""},
	}
	if p.VerifyClient {
		parts[2].why = "client verification requires the CA certificates of the clients"
	}
	for _, part := range parts {
		if part.text == "" && part.why != "" {
			return fmt.Errorf("%s is empty: %s", part.name, part.why)
		}
		if part.text == "" {
			continue
		}
		if block, _ := pem.Decode([]byte(part.text)); block == nil {
			return fmt.Errorf("%s contains no PEM block (-----BEGIN …): must be PEM text, not a file name", part.name)
		}
	}
	return nil
}
