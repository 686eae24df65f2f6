// Package wire_test checks what a client of the gRPC service sees on the wire:
// of the server package in this process, and of mlmd-server as a process.
package wire_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

func TestWire(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "wire")
}

// patience is how long a spec waits for what should happen at once.
const patience = 10 * time.Second

// serve starts mlmd-server and ends it with the spec, which fails if it does
// not end well.
func serve(args ...string) *backend.Process {
	GinkgoHelper()
	p, err := backend.StartProcess(args...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		select {
		case <-p.Exited(): // the spec ended it
		default:
			code, err := p.Stop()
			Expect(err).NotTo(HaveOccurred())
			Expect(code).To(BeZero(), p.Log())
		}
	})
	return p
}

// run runs mlmd-server where it must end by itself.
func run(args ...string) (code int, stdout, stderr string) {
	GinkgoHelper()
	code, stdout, stderr, err := backend.RunProcess(args...)
	Expect(err).NotTo(HaveOccurred())
	return code, stdout, stderr
}

// connect opens a connection that ends with the spec; nil is plain text.
func connect(address string, security credentials.TransportCredentials) *grpc.ClientConn {
	GinkgoHelper()
	if security == nil {
		security = insecure.NewCredentials()
	}
	const unlimited = 1 << 30
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(security),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(unlimited), grpc.MaxCallSendMsgSize(unlimited)))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(conn.Close)
	return conn
}

// client speaks to the server at address in plain text.
func client(address string) mlmdpb.MetadataStoreServiceClient {
	GinkgoHelper()
	return mlmdpb.NewMetadataStoreServiceClient(connect(address, nil))
}

// contextType stores a type for contexts and answers its id.
func contextType(ctx SpecContext, rpc mlmdpb.MetadataStoreServiceClient) int64 {
	GinkgoHelper()
	reply, err := rpc.PutContextType(ctx,
		&mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{Name: new("wire.Project")}})
	Expect(err).NotTo(HaveOccurred())
	return reply.GetTypeId()
}
