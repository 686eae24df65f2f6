package wire_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

var _ = Describe("message limits", func() {
	DescribeTable("of requests are as the flags say", func(ctx SpecContext, flag string, bytes int, want codes.Code) {
		rpc := client(serve("--db=:memory:", flag).Address)
		_, err := rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new(strings.Repeat("x", bytes))})
		Expect(status.Code(err)).To(Equal(want), "%.200v", err)
	},
		Entry("raised by our flag", "--max_receive_message_bytes=8388608", 5<<20, codes.NotFound),
		Entry("lowered by our flag", "--max_receive_message_bytes=1000", 2000, codes.ResourceExhausted),
		Entry("taken away", "--max_receive_message_bytes=-1", 20<<20, codes.NotFound),
		Entry("raised by the reference implementation's flag",
			"--grpc_channel_arguments=grpc.max_receive_message_length=8388608", 5<<20, codes.NotFound),
		Entry("removed by the reference implementation's flag", "-grpc_channel_arguments=grpc.max_receive_message_length=-1",
			20<<20, codes.NotFound),
	)

	It("of replies are as the flags say", func(ctx SpecContext) {
		p := serve("--db=:memory:", "--max_send_message_bytes=100000")
		rpc := client(p.Address)
		id := contextType(ctx, rpc)
		put, err := rpc.PutContexts(ctx,
			&mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{TypeId: &id, Name: new(strings.Repeat("x", 200_000))}}})
		Expect(err).NotTo(HaveOccurred())
		_, err = rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: put.GetContextIds()})
		Expect(status.Code(err)).To(Equal(codes.ResourceExhausted))
	})

	It("of metadata follow the reference implementation's flag", func(ctx SpecContext) {
		p := serve("--db=:memory:", "--grpc_channel_arguments=grpc.max_metadata_size=16384")
		contextType(ctx, client(p.Address))
		Expect(p.Log()).NotTo(ContainSubstring("is ignored"))
	})
})
