package contention_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// aChain makes an artifact, an execution that reads it, and an artifact that
// nothing ties to them yet.
func aChain(ctx context.Context, rpc client) (first, step, last int64) {
	GinkgoHelper()
	types, err := putTypes(ctx, rpc, "t")
	Expect(err).NotTo(HaveOccurred())
	artifact := &mlmdpb.Artifact{TypeId: &types.ArtifactTypeIds[0]}
	artifacts, err := rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{artifact, artifact}})
	Expect(err).NotTo(HaveOccurred())
	executions, err := rpc.PutExecutions(ctx,
		&mlmdpb.PutExecutionsRequest{Executions: []*mlmdpb.Execution{{TypeId: &types.ExecutionTypeIds[0]}}})
	Expect(err).NotTo(HaveOccurred())
	first, step, last = artifacts.ArtifactIds[0], executions.ExecutionIds[0], artifacts.ArtifactIds[1]
	Expect(putEvent(ctx, rpc, first, step, mlmdpb.Event_INPUT)).To(Succeed())
	return first, step, last
}

func putEvent(ctx context.Context, rpc client, artifact, execution int64, typ mlmdpb.Event_Type) error {
	_, err := rpc.PutEvents(ctx,
		&mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{{ArtifactId: &artifact, ExecutionId: &execution, Type: &typ}}})
	return err
}

var _ = onEveryDatabase("a walk and a writer", func(stores func() [2]client) {
	walks := map[string]func(context.Context, client) (*mlmdpb.LineageGraph, error){
		"GetLineageSubgraph": func(ctx context.Context, rpc client) (*mlmdpb.LineageGraph, error) {
			r, err := rpc.GetLineageSubgraph(ctx,
				&mlmdpb.GetLineageSubgraphRequest{LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{
					StartingNodes: &mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts{
						StartingArtifacts: &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: new("id = 1")},
					},
				}})
			return r.GetLineageSubgraph(), err
		},
		"GetLineageGraph": func(ctx context.Context, rpc client) (*mlmdpb.LineageGraph, error) {
			r, err := rpc.GetLineageGraph(ctx, &mlmdpb.GetLineageGraphRequest{Options: &mlmdpb.LineageGraphQueryOptions{
				QueryNodes: &mlmdpb.LineageGraphQueryOptions_ArtifactsOptions{
					ArtifactsOptions: &mlmdpb.ListOperationOptions{FilterQuery: new("id = 1")},
				},
			}})
			return r.GetSubgraph(), err
		},
	}
	for name, walk := range walks {
		It("do not meet in "+name, func(ctx SpecContext) {
			first, step, last := aChain(ctx, stores()[0])
			Expect(first).To(BeEquivalentTo(1))
			wrote := 0
			watched := sqldb.WithTracer(ctx, func(text string, _ []any) {
				// The walk has read where it begins, and is about to read events.
				if strings.Contains(text, "FROM Event") && wrote == 0 {
					wrote++
					Expect(putEvent(ctx, stores()[1], last, step, mlmdpb.Event_OUTPUT)).To(Succeed())
				}
			})
			graph, err := walk(watched, stores()[0])
			Expect(err).NotTo(HaveOccurred())
			Expect(wrote).To(Equal(1), "the walk has not read events")
			Expect(graph.Events).To(HaveLen(1), "the walk saw what was written after it began")
			Expect(graph.Artifacts).To(HaveLen(1))

			graph, err = walk(ctx, stores()[0])
			Expect(err).NotTo(HaveOccurred())
			Expect(graph.Events).To(HaveLen(2))
			Expect(graph.Artifacts).To(HaveLen(2))
		})
	}
})
