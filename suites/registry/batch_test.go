package registry_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
)

var _ = onEveryBackend("a batch", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("reports its progress after each 500 values", func(ctx SpecContext) {
		reg := registry.New(rpc())
		values := make([]*model.RegisteredModel, 501)
		for i := range values {
			values[i] = &model.RegisteredModel{Name: fresh("model")}
		}
		var done []int
		progress := registry.OnProgress[model.RegisteredModel](func(n int) { done = append(done, n) })
		_, err := reg.RegisteredModels().CreateAll(ctx, values, progress)
		Expect(err).NotTo(HaveOccurred())
		Expect(done).To(Equal([]int{500, 501}))
		_, err = reg.RegisteredModels().UpsertAll(ctx, values[:1], progress)
		Expect(err).NotTo(HaveOccurred())
		Expect(done).To(Equal([]int{500, 501, 1}))
	})

	It("creates executions and their links in one request, after the first one", func(ctx SpecContext) {
		client, sent := counting(rpc())
		reg := registry.New(client)
		service := aService(ctx, reg)
		version := aVersion(ctx, reg)
		first := &model.ServeModel{InferenceServiceID: service, ModelVersionID: version, Name: fresh("serve")}
		_, err := reg.ServeModels().Upsert(ctx, first)
		Expect(err).NotTo(HaveOccurred())
		values := make([]*model.ServeModel, 30)
		for i := range values {
			values[i] = &model.ServeModel{InferenceServiceID: service, ModelVersionID: version, Name: fresh("serve")}
		}
		sent.take()
		results, err := reg.ServeModels().UpsertAll(ctx, values)
		Expect(err).NotTo(HaveOccurred())
		Expect(results).To(HaveLen(30))
		// A transaction's client does not know yet how the names of siblings are stored.
		want := Or(Equal([]string{"PutLineageSubgraph"}), Equal([]string{"PutExecution", "PutLineageSubgraph"}))
		if onREST() { // which creates one at a time
			want = And(HaveLen(30), HaveEach("PutExecution"))
		}
		Expect(writes(sent.take())).To(want)
		found, err := reg.ServeModels().OfService(service).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(HaveLen(31))
	})
})
