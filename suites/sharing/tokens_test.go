package sharing_test

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

// The two servers take turns, page by page, each with the other's token.
var _ = Describe("a list", func() {
	for _, d := range databases {
		It("goes on across servers on "+d.name, Label(d.kind), func(ctx SpecContext) {
			c := backend.NewCoreDatabase(GinkgoTB(), d.kind)
			ours := d.ours(ctx, c)
			typ, err := ours.PutArtifactType(ctx,
				&mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{Name: new("listed")}})
			Expect(err).NotTo(HaveOccurred())
			var ids []int64
			for range 7 {
				put, err := ours.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{TypeId: typ.TypeId}}})
				Expect(err).NotTo(HaveOccurred())
				ids = append(ids, put.ArtifactIds...)
				time.Sleep(2 * time.Millisecond)
			}
			servers := []client{ours, c.Client()}
			for _, field := range []mlmdpb.ListOperationOptions_OrderByField_Field{
				mlmdpb.ListOperationOptions_OrderByField_ID,
				mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME,
				mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME,
			} {
				for _, first := range []int{0, 1} {
					want := slices.Clone(ids)
					if first == 1 {
						slices.Reverse(want)
					}
					options := &mlmdpb.ListOperationOptions{
						MaxResultSize: new(int32(2)),
						OrderByField:  &mlmdpb.ListOperationOptions_OrderByField{Field: &field, IsAsc: new(first == 0)},
					}
					var got []int64
					for turn := first; ; turn++ {
						reply, err := servers[turn%2].GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{Options: options})
						Expect(err).NotTo(HaveOccurred())
						for _, a := range reply.Artifacts {
							got = append(got, a.GetId())
						}
						if reply.GetNextPageToken() == "" {
							break
						}
						Expect(len(got)).To(BeNumerically("<", len(ids)), "the list ends")
						options.NextPageToken = reply.NextPageToken
					}
					Expect(got).To(Equal(want), "by %v", field)
				}
			}
		})
	}
})
