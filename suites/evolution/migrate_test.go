package evolution_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	field2 "github.com/mlmd-go/sdk/suites/evolution/v2/field"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
)

// cutShort is a client that stores artifacts so often, and then fails.
type cutShort struct {
	mlmdpb.MetadataStoreServiceClient
	puts int
}

func (c *cutShort) PutArtifacts(ctx context.Context, in *mlmdpb.PutArtifactsRequest,
	opts ...grpc.CallOption,
) (*mlmdpb.PutArtifactsResponse, error) {
	if c.puts == 0 {
		return nil, status.Error(codes.Unavailable, "the line is cut")
	}
	c.puts--
	return c.MetadataStoreServiceClient.PutArtifacts(ctx, in, opts...)
}

var _ = onEveryBackend("a migration", func(world func() *world) {
	It("counts first, goes on where it was cut short, and loses nothing", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		var ids []string
		for i := range 3 {
			set := old(project)
			set.Name = fmt.Sprint("set ", i)
			ids = append(ids, must(w.sets1.Upsert(ctx, set)).ID)
		}
		must(w.sets1.Upsert(ctx, &model1.DataSet{ProjectID: project, Name: "without a source", Rows: 1}))
		other := newer(project)
		other.Name = "new"
		must(w.sets2.Upsert(ctx, other))
		migrate := func(opts ...registry.RenameOption) registry.RenameResult {
			GinkgoHelper()
			return must(registry.RenameProperties(ctx, w.reg2, map2.DataSet, opts...))
		}
		bySource := w.sets2.Query().Where(field2.DataSet.Source.Eq("field trip"))

		before := w.properties(ctx, ids[0])
		Expect(migrate(registry.WithDryRun())).To(Equal(registry.RenameResult{Entity: "DataSet", Examined: 5, Renamed: 4}))
		Expect(w.properties(ctx, ids[0])).To(HaveLen(len(before)))
		Expect(w.properties(ctx, ids[0])).To(HaveKey("source"))

		cut := &cutShort{MetadataStoreServiceClient: w.rpc, puts: 1}
		done, err := registry.RenameProperties(ctx, registry.New(cut, w.prefix), map2.DataSet)
		Expect(err).To(MatchError(ContainSubstring("the line is cut")))
		Expect(done.Renamed).To(Equal(1))

		left := registry.RenameResult{Entity: "DataSet", Examined: 5, Renamed: 3}
		Expect(migrate(registry.WithDryRun())).To(Equal(left))
		Expect(migrate()).To(Equal(left))
		Expect(migrate()).To(Equal(registry.RenameResult{Entity: "DataSet", Examined: 5}))
		for _, id := range ids {
			Expect(w.properties(ctx, id)).To(SatisfyAll(HaveKey("origin"), Not(HaveKey("source")), HaveLen(len(before))))
		}
		Expect(must(bySource.Collect(ctx))).To(HaveLen(3))
	})
})
