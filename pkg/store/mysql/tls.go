package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// tlsOptions are the keys of a URL that correspond to ssl_options in MLMD's
// configuration: PEM files, and whether to verify the server's name.
type tlsOptions struct {
	ca, capath, cert, key string
	verify                bool
}

// takeTLS removes the ssl_… keys from a query and returns their TLS configuration, or
// nil if there are none.
//
// The server's certificate is verified if a CA is given. The server's name is
// verified only with ssl_verify=true, as by the reference implementation. ssl_cipher
// is ignored: it names ciphers of OpenSSL, and Go has no weak ciphers.
func takeTLS(query url.Values) (*tls.Config, error) {
	var o tlsOptions
	found := false
	for key, target := range map[string]*string{
		"ssl_ca": &o.ca, "ssl_capath": &o.capath, "ssl_cert": &o.cert, "ssl_key": &o.key, "ssl_cipher": new(string),
	} {
		if *target = query.Get(key); *target != "" {
			found = true
		}
		query.Del(key)
	}
	if verify := query.Get("ssl_verify"); verify != "" {
		found = true
		o.verify = verify == "true" || verify == "1"
	}
	query.Del("ssl_verify")
	if !found {
		return nil, nil
	}
	return o.config()
}

func (o tlsOptions) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.cert != "" || o.key != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, fmt.Errorf("ssl_cert and ssl_key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	var err error
	if config.RootCAs, err = o.authorities(); err != nil {
		return nil, err
	}
	if !o.verify {
		config.InsecureSkipVerify = true
		if config.RootCAs != nil {
			config.VerifyConnection = chainOnly(config.RootCAs)
		}
	}
	return config, nil
}

// authorities returns the CA certificates of ssl_ca and ssl_capath, or nil for those
// of the system.
func (o tlsOptions) authorities() (*x509.CertPool, error) {
	var files []string
	if o.ca != "" {
		files = append(files, o.ca)
	}
	if o.capath != "" {
		found, err := filepath.Glob(filepath.Join(o.capath, "*.pem"))
		if err != nil {
			return nil, fmt.Errorf("ssl_capath: %w", err)
		}
		files = append(files, found...)
	}
	if o.ca == "" && o.capath == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	added := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read CA certificates: %w", err)
		}
		added = pool.AppendCertsFromPEM(text) || added
	}
	if !added {
		return nil, errors.New("ssl_ca and ssl_capath contain no PEM certificate")
	}
	return pool, nil
}

// chainOnly verifies the server's certificate chain, but not its name.
func chainOnly(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the server sent no certificate")
		}
		between := x509.NewCertPool()
		for _, c := range state.PeerCertificates[1:] {
			between.AddCert(c)
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
		return err
	}
}
