package wire_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// endless is a filter that compares each four artifacts of a context of 1,000: no
// database finishes it.
const endless = "artifacts_a.id + artifacts_b.id + artifacts_c.id + artifacts_d.id = -1"

var _ = Describe("an overloaded mlmd-server on", func() {
	for kind, empty := range places {
		Context(kind, func() { overloaded(empty) })
	}
})

func overloaded(empty func() place) {
	It("reads, writes and stops while filters without end run", func(ctx SpecContext) {
		p := serve(append(empty().url, "--request_timeout=3s")...)
		rpc := client(p.Address)
		contextID, typeID := contextOfArtifacts(ctx, rpc, 1000)

		filters := make(chan error, 20)
		for range cap(filters) {
			go func() {
				_, err := rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{
					Options: &mlmdpb.ListOperationOptions{FilterQuery: new(endless)},
				})
				filters <- err
			}()
		}
		for i := range 20 {
			one, cancel := context.WithTimeout(ctx, 20*time.Second)
			got, err := rpc.GetContextsByID(one, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{contextID}})
			Expect(err).NotTo(HaveOccurred(), "read %d", i)
			Expect(got.GetContexts()).To(HaveLen(1))
			_, err = rpc.PutContexts(one, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
				{TypeId: &typeID, Name: new(fmt.Sprint("during ", i))},
			}})
			Expect(err).NotTo(HaveOccurred(), "write %d", i)
			cancel()
		}
		for range cap(filters) {
			err := <-filters
			Expect(status.Code(err)).To(Equal(codes.DeadlineExceeded), "%v", err)
			Expect(err).To(MatchError(ContainSubstring("server's limit of 3s")))
		}
		health, err := healthpb.NewHealthClient(connect(p.Address, nil)).Check(ctx, &healthpb.HealthCheckRequest{})
		Expect(err).NotTo(HaveOccurred())
		Expect(health.GetStatus()).To(Equal(healthpb.HealthCheckResponse_SERVING))
		Expect(p.Stop()).To(BeZero(), p.Log())
	})
}

// contextOfArtifacts stores a context of n artifacts and returns its ID and that
// of its type.
func contextOfArtifacts(ctx SpecContext, rpc mlmdpb.MetadataStoreServiceClient, n int) (id, typeID int64) {
	typeID = contextType(ctx, rpc)
	types, err := rpc.PutArtifactType(ctx, &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new("a")},
	})
	Expect(err).NotTo(HaveOccurred())
	contexts, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{
		Contexts: []*mlmdpb.Context{{TypeId: &typeID, Name: new("all")}},
	})
	Expect(err).NotTo(HaveOccurred())
	id = contexts.GetContextIds()[0]
	all := &mlmdpb.PutArtifactsRequest{}
	for range n {
		all.Artifacts = append(all.Artifacts, &mlmdpb.Artifact{TypeId: types.TypeId})
	}
	artifacts, err := rpc.PutArtifacts(ctx, all)
	Expect(err).NotTo(HaveOccurred())
	links := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for _, a := range artifacts.GetArtifactIds() {
		links.Attributions = append(links.Attributions, &mlmdpb.Attribution{ArtifactId: new(a), ContextId: new(id)})
	}
	_, err = rpc.PutAttributionsAndAssociations(ctx, links)
	Expect(err).NotTo(HaveOccurred())
	return id, typeID
}
