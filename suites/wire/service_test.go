package wire_test

import (
	"context"
	"net"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// ways are the ways to reach a fresh store over gRPC.
var ways = map[string]func() *grpc.ClientConn{
	"within the process": overBufconn,
	"as a process":       func() *grpc.ClientConn { return connect(serve("--db=:memory:").Address, nil) },
}

func overBufconn() *grpc.ClientConn {
	GinkgoHelper()
	st, err := sqlite.OpenMemory(context.Background())
	Expect(err).NotTo(HaveOccurred())
	lis := bufconn.Listen(1 << 20)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.New(st.Server()).Serve(ctx, lis) }()
	conn, err := grpc.NewClient("passthrough:bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		Expect(conn.Close()).To(Succeed())
		stop()
		Eventually(done, patience).Should(Receive(BeNil()))
		Expect(st.Close()).To(Succeed())
	})
	return conn
}

var _ = Describe("the service over gRPC", func() {
	for way, open := range ways {
		Context(way, func() { theService(open) })
	}
})

func theService(open func() *grpc.ClientConn) {
	var conn *grpc.ClientConn
	var rpc mlmdpb.MetadataStoreServiceClient
	BeforeEach(func() {
		conn = open()
		rpc = mlmdpb.NewMetadataStoreServiceClient(conn)
	})

	It("is healthy", func(ctx SpecContext) {
		for _, name := range []string{"", "ml_metadata.MetadataStoreService"} {
			reply, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: name})
			Expect(err).NotTo(HaveOccurred())
			Expect(reply.GetStatus()).To(Equal(healthpb.HealthCheckResponse_SERVING))
		}
	})

	It("describes itself as its contract does", func(ctx SpecContext) {
		file := described(ctx, conn, "ml_metadata.MetadataStoreService")
		Expect(proto.Equal(file,
			protodesc.ToFileDescriptorProto(mlmdpb.File_ml_metadata_proto_metadata_store_service_proto))).To(BeTrue())
	})

	DescribeTable("answers UNIMPLEMENTED to a method that is not there", func(ctx SpecContext, method string) {
		err := conn.Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{})
		Expect(status.Code(err)).To(Equal(codes.Unimplemented))
	},
		Entry("of the service", "/ml_metadata.MetadataStoreService/DropEverything"),
		Entry("of another service", "/ml_metadata.Other/GetArtifacts"),
	)

	It("has every method of the contract", func(ctx SpecContext) {
		methods := mlmdpb.MetadataStoreService_ServiceDesc.Methods
		Expect(methods).To(HaveLen(52))
		for _, m := range methods {
			// a message without fields is the request of any method
			err := conn.Invoke(ctx, "/ml_metadata.MetadataStoreService/"+m.MethodName, &emptypb.Empty{}, &emptypb.Empty{})
			Expect(status.Code(err)).NotTo(Equal(codes.Unimplemented), "%s: %v", m.MethodName, err)
		}
	})

	DescribeTable("sends code and message of an error", func(ctx SpecContext,
		call func(context.Context, mlmdpb.MetadataStoreServiceClient) error, code codes.Code, text string,
	) {
		err := call(ctx, rpc)
		Expect(status.Code(err)).To(Equal(code), "%v", err)
		Expect(status.Convert(err).Message()).To(ContainSubstring(text))
	},
		Entry("a type without a name", func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
			_, err := rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{}})
			return err
		}, codes.InvalidArgument, "No type name is specified."),
		Entry("a type that is not there", func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
			_, err := rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new("Nichts für Žofie")})
			return err
		}, codes.NotFound, "Nichts für Žofie"),
		Entry("an event without its type", func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
			_, err := rpc.PutEvents(ctx,
				&mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{{ArtifactId: new(int64(1)), ExecutionId: new(int64(1))}}})
			return err
		}, codes.InvalidArgument, ""),
		Entry("a type with a name of 1 MB", func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) error {
			_, err := rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new(strings.Repeat("ž", 1<<19))})
			return err
		}, codes.NotFound, ""),
	)

	It("keeps what it was given, of any text", func(ctx SpecContext) {
		id := contextType(ctx, rpc)
		name := "日本 \" ' ` % \\ \n \x00 ¿"
		put, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{TypeId: &id, Name: &name}}})
		Expect(err).NotTo(HaveOccurred())
		got, err := rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: put.GetContextIds()})
		Expect(err).NotTo(HaveOccurred())
		Expect(got.GetContexts()).To(HaveLen(1))
		Expect(got.GetContexts()[0].GetName()).To(Equal(name))
	})

	It("refuses requests that are too large, and says the limit", func(ctx SpecContext) {
		_, err := rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new(strings.Repeat("x", 5<<20))})
		Expect(status.Code(err)).To(Equal(codes.ResourceExhausted))
		Expect(status.Convert(err).Message()).To(ContainSubstring("4194304"))
	})
}

// described asks the reflection service for the file that declares a symbol.
func described(ctx context.Context, conn *grpc.ClientConn, symbol string) *descriptorpb.FileDescriptorProto {
	GinkgoHelper()
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(stream.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: symbol},
	})).To(Succeed())
	reply, err := stream.Recv()
	Expect(err).NotTo(HaveOccurred())
	for _, raw := range reply.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := &descriptorpb.FileDescriptorProto{}
		Expect(proto.Unmarshal(raw, file)).To(Succeed())
		if len(file.GetService()) > 0 {
			return file
		}
	}
	Fail("no file declares " + symbol)
	return nil
}
