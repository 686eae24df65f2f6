package main

import (
	"crypto/tls"
	"encoding/pem"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// certificates are the TLS configuration of a server. It is nil without TLS.
type certificates struct {
	now *reloaded[tlsByProtocol]
}

// tlsByProtocol has a TLS configuration for each protocol of the application.
type tlsByProtocol map[string]*tls.Config

// config returns the configuration of a listener of the protocol, which uses the
// certificates that were read last. It returns nil if c is nil.
func (c *certificates) config(protocol string) *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{protocol},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return c.now.get()[protocol], nil
		},
	}
}

// security returns the certificates of the configuration file's ssl_config or of
// the files that flags name, which are read again when they change. It is nil if
// there are none.
func (f *flags) security(config *mlmdpb.MetadataStoreServerConfig, read readFile, p *plan) (*certificates, error) {
	ssl := config.GetSslConfig()
	byFlag := f.tlsCert != "" || f.tlsKey != "" || f.tlsClientCA != ""
	c := &certificates{&reloaded[tlsByProtocol]{what: "certificates"}}
	switch {
	case ssl != nil && byFlag:
		return nil, usagef("the ssl_config of %s and the --tls flags are mutually exclusive", f.configFile)
	case ssl != nil:
		c.now.load = func(readFile) (tlsByProtocol, error) {
			return f.tlsConfig(server.PEMCredentials{
				Key:          ssl.GetServerKey(),
				Cert:         ssl.GetServerCert(),
				ClientCA:     ssl.GetCustomCa(),
				VerifyClient: ssl.GetClientVerify(),
			}, f.configFile+": ssl_config.")
		}
	case byFlag:
		c.now.load = f.tlsFiles
		for _, name := range []string{f.tlsCert, f.tlsKey, f.tlsClientCA} {
			if name != "" {
				c.now.files = append(c.now.files, name)
			}
		}
	default:
		return nil, nil
	}
	return c, p.watch(c.now, read)
}

func (f *flags) tlsFiles(read readFile) (tlsByProtocol, error) {
	required := []setting{{"cert_file", f.tlsCert != ""}, {"key_file", f.tlsKey != ""}}
	if err := needs("--tls_", required); err != nil {
		return nil, err
	}
	p := server.PEMCredentials{VerifyClient: f.tlsClientCA != ""}
	for _, part := range []struct {
		flag, file string
		into       *string
	}{
		{"--tls_cert_file", f.tlsCert, &p.Cert},
		{"--tls_key_file", f.tlsKey, &p.Key},
		{"--tls_client_ca_file", f.tlsClientCA, &p.ClientCA},
	} {
		if part.file == "" {
			continue
		}
		text, err := read(part.file)
		if err != nil {
			return nil, unreadable(part.flag, part.file, err)
		}
		if block, _ := pem.Decode(text); block == nil {
			return nil, usagef("%s: %s contains no PEM block (-----BEGIN …)", part.flag, part.file)
		}
		*part.into = string(text)
	}
	return f.tlsConfig(p, "the --tls files: ")
}

func (f *flags) tlsConfig(p server.PEMCredentials, from string) (tlsByProtocol, error) {
	all := tlsByProtocol{}
	for _, protocol := range []string{"h2", "http/1.1"} {
		config, err := p.TLSConfig()
		if err != nil {
			return nil, usagef("%s%w", from, err)
		}
		if config.NextProtos = []string{protocol}; p.VerifyClient && f.auth.clientCert == "optional" {
			config.ClientAuth = tls.VerifyClientCertIfGiven
		}
		all[protocol] = config
	}
	return all, nil
}
