package registry_test

import (
	"reflect"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/fake"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// keepFake stores a fake, reads it back, and returns its ID.
func keepFake[T any, N mlmd.Node](ctx SpecContext, reg *registry.Client, m mlmd.Mapping[T, N], v *T) string {
	GinkgoHelper()
	name := reflect.ValueOf(v).Elem().FieldByName("Name")
	name.SetString(fresh(name.String())) // since specs share a store
	if id := reflect.ValueOf(v).Elem().FieldByName("ExternalID"); !id.IsNil() {
		id.Elem().SetString(fresh(id.Elem().String()))
	}
	c := registry.NewCollection(reg, m)
	res, err := c.Upsert(ctx, v)
	Expect(err).NotTo(HaveOccurred(), m.Entity)
	got, err := c.Get(ctx, res.ID)
	Expect(err).NotTo(HaveOccurred(), m.Entity)
	m.SetID(v, res.ID)
	for _, f := range []string{"CreateTime", "UpdateTime"} {
		reflect.ValueOf(v).Elem().FieldByName(f).Set(reflect.ValueOf(got).Elem().FieldByName(f))
	}
	Expect(got).To(Equal(v), m.Entity)
	return res.ID
}

var _ = onEveryBackend("fakes", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("are stored, and read as they are", func(ctx SpecContext) {
		reg := registry.New(rpc())
		for seed := range int64(10) {
			models := keepFake(ctx, reg, mapping.RegisteredModel, fake.RegisteredModel(seed))
			version := keepFake(ctx, reg, mapping.ModelVersion, fake.ModelVersion(seed, func(v *model.ModelVersion) {
				v.RegisteredModelID = models
			}))
			keepFake(ctx, reg, mapping.ModelArtifact, fake.ModelArtifact(seed))
			keepFake(ctx, reg, mapping.DocArtifact, fake.DocArtifact(seed))
			keepFake(ctx, reg, mapping.DataSet, fake.DataSet(seed))
			keepFake(ctx, reg, mapping.Metric, fake.Metric(seed))
			keepFake(ctx, reg, mapping.Parameter, fake.Parameter(seed))
			environment := keepFake(ctx, reg, mapping.ServingEnvironment, fake.ServingEnvironment(seed))
			service := keepFake(
				ctx, reg, mapping.InferenceService, fake.InferenceService(seed, func(v *model.InferenceService) {
					v.ServingEnvironmentID, v.RegisteredModelID = environment, models
				}),
			)
			keepFake(ctx, reg, mapping.ServeModel, fake.ServeModel(seed, func(v *model.ServeModel) {
				v.InferenceServiceID, v.ModelVersionID = service, version
			}))
			experiment := keepFake(ctx, reg, mapping.Experiment, fake.Experiment(seed))
			run := keepFake(ctx, reg, mapping.ExperimentRun, fake.ExperimentRun(seed, func(v *model.ExperimentRun) {
				v.ExperimentID = experiment
			}))
			keepFake(ctx, reg, mapping.MetricHistory, fake.MetricHistory(seed, func(v *model.MetricHistory) {
				v.ExperimentRunID = run
			}))
		}
	})
})
