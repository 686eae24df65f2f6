package wire_test

import (
	"fmt"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

var _ = Describe("the memory of mlmd-server", func() {
	It("is small while filters make large texts", func(ctx SpecContext) {
		p := serve("--db=" + filepath.Join(GinkgoT().TempDir(), "registry.db"))
		rpc := client(p.Address)
		id := contextType(ctx, rpc)
		long := strings.Repeat("é", 1_900_000) // a legal request has up to 4 MiB
		put, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
			TypeId: &id, Name: new("aaaaaaaaaaaaaaaaaaaa"),
			CustomProperties: map[string]*mlmdpb.Value{
				"long": {Value: &mlmdpb.Value_StringValue{StringValue: long}},
			},
		}}})
		Expect(err).NotTo(HaveOccurred())

		replaced := "name"
		for range 20 {
			replaced = "REPLACE(" + replaced + ",'a','aaaa')"
		}
		filter := "LENGTH(" + replaced + ") > 1000000000"
		for range 3 {
			_, err = rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{
				Options: &mlmdpb.ListOperationOptions{FilterQuery: new(filter)},
			})
			Expect(status.Code(err)).To(Equal(codes.InvalidArgument), "%v", err)
			Expect(err).To(MatchError(ContainSubstring("the functions of its filter")))
		}
		_, highest, err := p.Memory()
		Expect(err).NotTo(HaveOccurred())
		AddReportEntry(fmt.Sprintf("%d bytes of filter took at most %d MiB", len(filter), highest>>20))
		Expect(highest).To(BeNumerically("<", 256<<20), "bytes of memory")

		got, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
			FilterQuery: new("LENGTH(REPLACE(custom_properties.long.string_value, 'é', 'éé')) = 3800000"),
		}})
		Expect(err).NotTo(HaveOccurred())
		Expect(got.GetContexts()).To(HaveLen(1))
		Expect(got.GetContexts()[0].GetId()).To(Equal(put.GetContextIds()[0]))
		Expect(got.GetContexts()[0].GetCustomProperties()["long"].GetStringValue() == long).To(BeTrue())
	})

	It("is small while clients list everything, and others read pages", func(ctx SpecContext) {
		p := serve("--db="+filepath.Join(GinkgoT().TempDir(), "registry.db"), "--reply_memory_bytes=33554432")
		rpc := client(p.Address)
		id := contextType(ctx, rpc)
		const stored, batch = 60_000, 10_000
		for i := 0; i < stored; i += batch {
			put := &mlmdpb.PutContextsRequest{}
			for j := range batch {
				put.Contexts = append(put.Contexts, &mlmdpb.Context{TypeId: &id, Name: new(fmt.Sprintf("a context %d", i+j))})
			}
			_, err := rpc.PutContexts(ctx, put)
			Expect(err).NotTo(HaveOccurred())
		}

		all := make(chan error, 12)
		for range cap(all) {
			go func() {
				_, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{})
				all <- err
			}()
		}
		o := &mlmdpb.ListOperationOptions{MaxResultSize: new(int32(100))}
		read := 0
		for page := range 20 {
			got, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: o})
			Expect(err).NotTo(HaveOccurred(), "page %d", page)
			read += len(got.GetContexts())
			o.NextPageToken = got.NextPageToken
		}
		Expect(read).To(Equal(2000))
		for range cap(all) {
			err := <-all
			Expect(status.Code(err)).To(Equal(codes.ResourceExhausted), "%v", err)
			Expect(err).To(MatchError(And(ContainSubstring("the reply is too large"), ContainSubstring("max_result_size"))))
		}
		some, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{
			Options: &mlmdpb.ListOperationOptions{FilterQuery: new("id <= 20000"), MaxResultSize: new(int32(100))},
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(some.GetContexts()).To(HaveLen(100))
	})
})
