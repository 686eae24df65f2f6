package rest_test

import (
	"net/http"
	"net/http/httptest"

	openapi "github.com/kubeflow/model-registry/pkg/openapi"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/suites/backend"
)

// done returns what a call of the Go client returns.
func done[T any](v *T, _ *http.Response, err error) *T {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	return v
}

// refused expects a call of the Go client to fail with the status.
func refused[T any](status int) func(*T, *http.Response, error) {
	return func(_ *T, r *http.Response, err error) {
		GinkgoHelper()
		Expect(err).To(HaveOccurred())
		Expect(r.StatusCode).To(Equal(status))
	}
}

var _ = Describe("the published Go client", func() {
	for _, b := range backend.All() {
		It("makes its calls on "+b.Name, Label(b.Name), func(ctx SpecContext) {
			h, err := rest.NewHandler(registry.New(b.Start(GinkgoTB())), restapi.APIs)
			Expect(err).NotTo(HaveOccurred())
			s := httptest.NewServer(h)
			DeferCleanup(s.Close)
			config := openapi.NewConfiguration()
			config.Servers = openapi.ServerConfigurations{{URL: s.URL}}
			c := openapi.NewAPIClient(config).ModelRegistryServiceAPI

			m := done(c.CreateRegisteredModel(ctx).RegisteredModelCreate(*openapi.NewRegisteredModelCreate("m")).Execute())
			refused[openapi.RegisteredModel](409)(
				c.CreateRegisteredModel(ctx).RegisteredModelCreate(*openapi.NewRegisteredModelCreate("m")).Execute())
			refused[openapi.RegisteredModel](404)(c.FindRegisteredModel(ctx).Name("x").Execute())
			Expect(done(c.FindRegisteredModel(ctx).Name("m").Execute()).GetId()).To(Equal(m.GetId()))
			Expect(done(c.GetRegisteredModel(ctx, m.GetId()).Execute()).GetState()).To(Equal(openapi.REGISTEREDMODELSTATE_LIVE))
			Expect(done(c.GetRegisteredModels(ctx).Execute()).Size).To(Equal(int32(1)))
			properties := map[string]openapi.MetadataValue{
				"k": openapi.MetadataStringValueAsMetadataValue(openapi.NewMetadataStringValue("v", "MetadataStringValue")),
			}
			change := openapi.RegisteredModelUpdate{Description: openapi.PtrString("d"), CustomProperties: &properties}
			m = done(c.UpdateRegisteredModel(ctx, m.GetId()).RegisteredModelUpdate(change).Execute())
			Expect(m.GetDescription()).To(Equal("d"))
			Expect(m.GetCustomProperties()).To(HaveKey("k"))

			v := done(c.CreateModelVersion(ctx).
				ModelVersionCreate(*openapi.NewModelVersionCreate("v", m.GetId())).Execute())
			w := done(c.CreateRegisteredModelVersion(ctx, m.GetId()).
				ModelVersion(*openapi.NewModelVersion("w", m.GetId())).Execute())
			Expect(w.GetRegisteredModelId()).To(Equal(m.GetId()))
			Expect(done(c.FindModelVersion(ctx).Name("v").ParentResourceId(m.GetId()).Execute()).GetId()).To(Equal(v.GetId()))
			Expect(done(c.GetRegisteredModelVersions(ctx, m.GetId()).Execute()).Items).To(HaveLen(2))
			Expect(done(c.GetModelVersions(ctx).Execute()).Items).To(HaveLen(2))
			Expect(done(c.GetModelVersion(ctx, v.GetId()).Execute()).GetName()).To(Equal("v"))
			done(c.UpdateModelVersion(ctx, w.GetId()).ModelVersionUpdate(*openapi.NewModelVersionUpdate()).Execute())

			a := openapi.NewModelArtifact()
			a.SetName("a")
			a.SetUri("s3://a")
			up := func(x openapi.Artifact) *openapi.Artifact {
				return done(c.UpsertModelVersionArtifact(ctx, v.GetId()).Artifact(x).Execute())
			}
			id := up(openapi.ModelArtifactAsArtifact(a)).ModelArtifact.GetId()
			metric := openapi.NewMetric()
			metric.SetName("auc")
			metric.SetValue(0.5)
			metric.SetStep(3)
			Expect(up(openapi.MetricAsArtifact(metric)).Metric.GetStep()).To(Equal(int64(3)))
			up(openapi.DocArtifactAsArtifact(openapi.NewDocArtifact()))
			up(openapi.DataSetAsArtifact(openapi.NewDataSet()))
			up(openapi.ParameterAsArtifact(openapi.NewParameter()))
			Expect(done(c.GetModelVersionArtifacts(ctx, v.GetId()).Execute()).Items).To(HaveLen(5))
			Expect(done(c.GetArtifacts(ctx).Execute()).Items).To(HaveLen(5))
			Expect(done(c.GetArtifact(ctx, id).Execute()).ModelArtifact.GetUri()).NotTo(BeEmpty())
			Expect(done(c.GetModelArtifact(ctx, id).Execute()).GetUri()).To(Equal("s3://a"))
			Expect(done(c.GetModelArtifacts(ctx).Execute()).Items).To(HaveLen(1))
			Expect(done(c.FindModelArtifact(ctx).Name("a").ParentResourceId(v.GetId()).Execute()).GetId()).To(Equal(id))
			done(c.FindArtifact(ctx).Name("a").ParentResourceId(v.GetId()).Execute())
			done(c.UpdateModelArtifact(ctx, id).ModelArtifactUpdate(*openapi.NewModelArtifactUpdate()).Execute())
			done(c.CreateModelArtifact(ctx).ModelArtifactCreate(*openapi.NewModelArtifactCreate()).Execute())

			e := done(c.CreateServingEnvironment(ctx).
				ServingEnvironmentCreate(*openapi.NewServingEnvironmentCreate("e")).Execute())
			Expect(done(c.FindServingEnvironment(ctx).Name("e").Execute()).GetId()).To(Equal(e.GetId()))
			Expect(done(c.GetServingEnvironments(ctx).Execute()).Items).To(HaveLen(1))
			service := done(c.CreateInferenceService(ctx).
				InferenceServiceCreate(*openapi.NewInferenceServiceCreate(m.GetId(), e.GetId())).Execute())
			done(c.CreateEnvironmentInferenceService(ctx, e.GetId()).
				InferenceServiceCreate(*openapi.NewInferenceServiceCreate(m.GetId(), e.GetId())).Execute())
			Expect(done(c.GetEnvironmentInferenceServices(ctx, e.GetId()).Execute()).Items).To(HaveLen(2))
			Expect(done(c.GetInferenceServices(ctx).Execute()).Items).To(HaveLen(2))
			Expect(done(c.GetInferenceServiceModel(ctx, service.GetId()).Execute()).GetId()).To(Equal(m.GetId()))
			Expect(done(c.GetInferenceServiceVersion(ctx, service.GetId()).Execute()).GetId()).To(Equal(w.GetId()))
			done(c.CreateInferenceServiceServe(ctx, service.GetId()).
				ServeModelCreate(*openapi.NewServeModelCreate(v.GetId())).Execute())
			Expect(done(c.GetInferenceServiceServes(ctx, service.GetId()).Execute()).Items).To(HaveLen(1))

			x := done(c.CreateExperiment(ctx).ExperimentCreate(*openapi.NewExperimentCreate("x")).Execute())
			run := done(c.CreateExperimentRun(ctx).
				ExperimentRunCreate(*openapi.NewExperimentRunCreate(x.GetId())).Execute())
			Expect(done(c.GetExperimentExperimentRuns(ctx, x.GetId()).Execute()).Items).To(HaveLen(1))
			done(c.UpsertExperimentRunArtifact(ctx, run.GetId()).Artifact(openapi.MetricAsArtifact(metric)).Execute())
			logged := done(c.GetExperimentRunArtifacts(ctx, run.GetId()).Execute())
			Expect(logged.Items[0].Metric.GetExperimentRunId()).To(Equal(run.GetId()))
			Expect(done(c.GetExperimentRunMetricHistory(ctx, run.GetId()).Name("auc").Execute()).Items).To(HaveLen(1))
			Expect(done(c.GetExperimentRunsMetricHistory(ctx).StepIds("3").Execute()).Items).To(HaveLen(1))
		})
	}
})
