package sharing_test

import (
	"crypto/rand"
	"encoding/hex"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

var _ = Describe("text that PostgreSQL's b-trees refuse", Label("postgres"), func() {
	// put stores an artifact whose URI is long and cannot be compressed much.
	put := func(ctx SpecContext, rpc client) (string, error) {
		bytes := make([]byte, 20_000)
		_, err := rand.Read(bytes)
		Expect(err).NotTo(HaveOccurred())
		uri := hex.EncodeToString(bytes)
		_, err = rpc.PutArtifacts(ctx,
			&mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{TypeId: new(int64(1)), Uri: new(uri)}}})
		return uri, err
	}

	It("is stored in a database of ours, where the core finds it", func(ctx SpecContext) {
		c := backend.NewCoreDatabase(GinkgoTB(), "postgres")
		uri, err := put(ctx, databases[1].ours(ctx, c))
		Expect(err).NotTo(HaveOccurred())
		found := must(c.Client().GetArtifactsByURI(ctx, &mlmdpb.GetArtifactsByURIRequest{Uris: []string{uri}}))
		Expect(found.GetArtifacts()).To(HaveLen(1))
		_, err = put(ctx, c.Client())
		Expect(err).NotTo(HaveOccurred(), "the core stores such text there too")
	})

	It("is a mistake of the client in a database that the core made", func(ctx SpecContext) {
		c := backend.NewCoreDatabase(GinkgoTB(), "postgres")
		must(c.Client().GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{}))
		_, err := put(ctx, databases[1].ours(ctx, c))
		Expect(status.Code(err)).To(Equal(codes.InvalidArgument))
	})
})
