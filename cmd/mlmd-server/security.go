package main

import (
	"encoding/pem"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// security returns the options for TLS, with the certificates of the
// configuration file's ssl_config or of the files that flags name.
func (f *flags) security(config *mlmdpb.MetadataStoreServerConfig, read readFile) ([]server.Option, error) {
	ssl := config.GetSslConfig()
	byFlag := f.tlsCert != "" || f.tlsKey != "" || f.tlsClientCA != ""
	switch {
	case ssl != nil && byFlag:
		return nil, usagef("the ssl_config of %s and the --tls flags are mutually exclusive", f.configFile)
	case ssl != nil:
		return tls(server.PEMCredentials{
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

func (f *flags) tlsFiles(read readFile) ([]server.Option, error) {
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
	return tls(p, "the --tls files: ")
}

func tls(p server.PEMCredentials, from string) ([]server.Option, error) {
	config, err := p.TLSConfig()
	if err != nil {
		return nil, usagef("%s%w", from, err)
	}
	return []server.Option{server.WithTLS(config)}, nil
}
