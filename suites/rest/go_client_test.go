package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"

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

// operations records which operations of an API were requested.
type operations struct {
	mu   sync.Mutex
	seen map[string]bool
}

var pathParameter = regexp.MustCompile(`/(\{[^}]*\}|[0-9]+)`)

// operationOf returns the method and the path of an operation, without parameters.
func operationOf(method, path string) string {
	return method + " " + pathParameter.ReplaceAllString(path, "/{}")
}

// record returns a handler that records what it passes on to next.
func (o *operations) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.seen[operationOf(r.Method, r.URL.Path)] = true
		o.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// missing returns the operations of the document that were not requested, in no
// particular order.
func (o *operations) missing(document []byte) []string {
	GinkgoHelper()
	var doc struct{ Paths map[string]map[string]any }
	Expect(json.Unmarshal(document, &doc)).To(Succeed())
	var out []string
	for path, item := range doc.Paths {
		for method := range item {
			if op := operationOf(strings.ToUpper(method), path); method != "parameters" && !o.seen[op] {
				out = append(out, op)
			}
		}
	}
	return out
}

var _ = Describe("the published Go client", func() {
	for _, b := range backend.All() {
		It("makes its calls on "+b.Name, Label(b.Name), func(ctx SpecContext) {
			h, err := rest.NewHandler(registry.New(b.Start(GinkgoTB())), restapi.APIs)
			Expect(err).NotTo(HaveOccurred())
			requested := &operations{seen: map[string]bool{}}
			s := httptest.NewServer(requested.record(h))
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

			doc := done(c.CreateArtifact(ctx).ArtifactCreate(
				openapi.DocArtifactCreateAsArtifactCreate(openapi.NewDocArtifactCreate())).Execute())
			docChange := openapi.NewDocArtifactUpdate()
			docChange.SetUri("s3://d")
			doc = done(c.UpdateArtifact(ctx, doc.DocArtifact.GetId()).ArtifactUpdate(
				openapi.DocArtifactUpdateAsArtifactUpdate(docChange)).Execute())
			Expect(doc.DocArtifact.GetUri()).To(Equal("s3://d"))

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
			Expect(done(c.GetServingEnvironment(ctx, e.GetId()).Execute()).GetName()).To(Equal("e"))
			done(c.UpdateServingEnvironment(ctx, e.GetId()).
				ServingEnvironmentUpdate(*openapi.NewServingEnvironmentUpdate()).Execute())
			Expect(done(c.GetInferenceService(ctx, service.GetId()).Execute()).GetRegisteredModelId()).To(Equal(m.GetId()))
			Expect(done(c.FindInferenceService(ctx).Name(service.GetName()).ParentResourceId(e.GetId()).Execute()).GetId()).
				To(Equal(service.GetId()))
			undeployed := openapi.NewInferenceServiceUpdate()
			undeployed.SetDesiredState(openapi.INFERENCESERVICESTATE_UNDEPLOYED)
			Expect(done(c.UpdateInferenceService(ctx, service.GetId()).InferenceServiceUpdate(*undeployed).Execute()).
				GetDesiredState()).To(Equal(openapi.INFERENCESERVICESTATE_UNDEPLOYED))
			Expect(done(c.GetInferenceServiceModel(ctx, service.GetId()).Execute()).GetId()).To(Equal(m.GetId()))
			Expect(done(c.GetInferenceServiceVersion(ctx, service.GetId()).Execute()).GetId()).To(Equal(w.GetId()))
			done(c.CreateInferenceServiceServe(ctx, service.GetId()).
				ServeModelCreate(*openapi.NewServeModelCreate(v.GetId())).Execute())
			Expect(done(c.GetInferenceServiceServes(ctx, service.GetId()).Execute()).Items).To(HaveLen(1))

			x := done(c.CreateExperiment(ctx).ExperimentCreate(*openapi.NewExperimentCreate("x")).Execute())
			run := done(c.CreateExperimentRun(ctx).
				ExperimentRunCreate(*openapi.NewExperimentRunCreate(x.GetId())).Execute())
			Expect(done(c.GetExperimentExperimentRuns(ctx, x.GetId()).Execute()).Items).To(HaveLen(1))
			Expect(done(c.GetExperiment(ctx, x.GetId()).Execute()).GetName()).To(Equal("x"))
			Expect(done(c.FindExperiment(ctx).Name("x").Execute()).GetId()).To(Equal(x.GetId()))
			Expect(done(c.GetExperiments(ctx).Execute()).Items).To(HaveLen(1))
			owned := openapi.NewExperimentUpdate()
			owned.SetOwner("ada")
			Expect(done(c.UpdateExperiment(ctx, x.GetId()).ExperimentUpdate(*owned).Execute()).GetOwner()).To(Equal("ada"))
			named := openapi.NewExperimentRun(x.GetId())
			named.SetName("second")
			second := done(c.CreateExperimentExperimentRun(ctx, x.GetId()).ExperimentRun(*named).Execute())
			Expect(done(c.GetExperimentRun(ctx, second.GetId()).Execute()).GetName()).To(Equal("second"))
			Expect(done(c.FindExperimentRun(ctx).Name("second").ParentResourceId(x.GetId()).Execute()).GetId()).
				To(Equal(second.GetId()))
			Expect(done(c.GetExperimentRuns(ctx).Execute()).Items).To(HaveLen(2))
			ended := openapi.NewExperimentRunUpdate()
			ended.SetDescription("done")
			Expect(done(c.UpdateExperimentRun(ctx, second.GetId()).ExperimentRunUpdate(*ended).Execute()).GetDescription()).
				To(Equal("done"))
			done(c.UpsertExperimentRunArtifact(ctx, run.GetId()).Artifact(openapi.MetricAsArtifact(metric)).Execute())
			logged := done(c.GetExperimentRunArtifacts(ctx, run.GetId()).Execute())
			Expect(logged.Items[0].Metric.GetExperimentRunId()).To(Equal(run.GetId()))
			Expect(done(c.GetExperimentRunMetricHistory(ctx, run.GetId()).Name("auc").Execute()).Items).To(HaveLen(1))
			Expect(done(c.GetExperimentRunsMetricHistory(ctx).StepIds("3").Execute()).Items).To(HaveLen(1))

			ours := operationOf("POST", restapi.V1alpha3.Base+"/register") // the client does not know it
			Expect(requested.missing(restapi.V1alpha3.Document)).To(ConsistOf(ours))
		})
	}
})
