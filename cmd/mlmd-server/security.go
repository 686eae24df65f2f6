package main

import (
	"crypto/tls"
	"encoding/pem"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// security returns the TLS configuration, with the certificates of the
// configuration file's ssl_config or of the files that flags name. It is nil if
// there are none.
func (f *flags) security(config *mlmdpb.MetadataStoreServerConfig, read readFile) (*tls.Config, error) {
	ssl := config.GetSslConfig()
	byFlag := f.tlsCert != "" || f.tlsKey != "" || f.tlsClientCA != ""
	switch {
	case ssl != nil && byFlag:
		return nil, usagef("the ssl_config of %s and the --tls flags are mutually exclusive", f.configFile)
	case ssl != nil:
		return tlsConfig(server.PEMCredentials{
			Key:          ssl.GetServerKey(),
			Cert:         ssl.GetServerCert(),
			ClientCA:     ssl.GetCustomCa(),
			VerifyClient: ssl.GetClientVerify(),
		}, f.configFile+": ssl_config.")
	case byFlag:
		return f.tlsFiles(read)
	}
	return nil, nil
}

func (f *flags) tlsFiles(read readFile) (*tls.Config, error) {
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
	return tlsConfig(p, "the --tls files: ")
}

func tlsConfig(p server.PEMCredentials, from string) (*tls.Config, error) {
	config, err := p.TLSConfig()
	if err != nil {
		return nil, usagef("%s%w", from, err)
	}
	return config, nil
}
