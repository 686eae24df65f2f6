package wire_test

import (
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testtls"
)

// A keyring is the certificates of one spec.
type keyring struct {
	ca, other, server, client, foreign *testtls.Pair
}

func newKeyring() *keyring {
	t := GinkgoTB()
	k := &keyring{ca: testtls.Issue(t, "an authority", nil), other: testtls.Issue(t, "another authority", nil)}
	k.server, k.client, k.foreign = testtls.Issue(t, "server", k.ca), testtls.Issue(t, "client", k.ca),
		testtls.Issue(t, "client", k.other)
	return k
}

// config is a configuration file with the server's certificates in it.
func (k *keyring) config(verify bool) string {
	ssl := "server_key: " + strconv.Quote(k.server.Key) + " server_cert: " + strconv.Quote(k.server.Cert)
	if verify {
		ssl += " custom_ca: " + strconv.Quote(k.ca.Cert) + " client_verify: true"
	}
	return "--metadata_store_server_config_file=" +
		write("tls.pbtxt", "connection_config { fake_database {} } ssl_config { "+ssl+" }")
}

// files are the flags that name files with them.
func (k *keyring) files(verify bool) []string {
	flags := []string{
		"--db=:memory:", "--tls_key_file=" + write("key.pem", k.server.Key),
		"--tls_cert_file=" + write("cert.pem", k.server.Cert),
	}
	if verify {
		flags = append(flags, "--tls_client_ca_file="+write("ca.pem", k.ca.Cert))
	}
	return flags
}

var _ = Describe("TLS", func() {
	var keys *keyring
	BeforeEach(func() { keys = newKeyring() })

	call := func(ctx SpecContext, address string, security credentials.TransportCredentials) error {
		_, err := mlmdpb.NewMetadataStoreServiceClient(connect(address, security)).GetContextTypes(ctx,
			&mlmdpb.GetContextTypesRequest{})
		return err
	}
	as := func(trusts, is *testtls.Pair) credentials.TransportCredentials {
		return credentials.NewTLS(testtls.Client(GinkgoTB(), trusts, is))
	}

	for source, flags := range map[string]func(verify bool) []string{
		"of the configuration file": func(verify bool) []string { return []string{keys.config(verify)} },
		"of files named by flags":   func(verify bool) []string { return keys.files(verify) },
	} {
		It("admits who trusts the server, with certificates "+source, func(ctx SpecContext) {
			address := serve(flags(false)...).Address
			Expect(call(ctx, address, as(keys.ca, nil))).To(Succeed())
			Expect(status.Code(call(ctx, address, as(keys.other, nil)))).To(Equal(codes.Unavailable))
			Expect(status.Code(call(ctx, address, insecure.NewCredentials()))).To(Equal(codes.Unavailable))
		})

		It("verifies clients where asked to, with certificates "+source, func(ctx SpecContext) {
			address := serve(flags(true)...).Address
			Expect(call(ctx, address, as(keys.ca, keys.client))).To(Succeed())
			Expect(status.Code(call(ctx, address, as(keys.ca, keys.foreign)))).To(Equal(codes.Unavailable))
			Expect(status.Code(call(ctx, address, as(keys.ca, nil)))).To(Equal(codes.Unavailable))
		})
	}

	It("names the part of ssl_config that is wrong, and never shows a key", func() {
		keys.server.Cert = keys.client.Cert
		code, _, stderr := run(keys.config(false))
		Expect(code).To(Equal(2))
		Expect(stderr).To(And(ContainSubstring("tls.pbtxt: ssl_config.server_cert"), Not(ContainSubstring("PRIVATE KEY"))))
	})
})
