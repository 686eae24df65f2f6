// Package registry_test runs the same specs of the registry on every backend: the
// embedded store, servers of it, and the reference implementation of MLMD.
package registry_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

func TestRegistry(t *testing.T) {
	RegisterFailHandler(failUnlessUnsupported)
	RunSpecs(t, "The registry")
}

// onEveryBackend describes behavior on every backend. rpc returns a client of the
// store of the running spec. In memory and in a file, each spec has a store of its
// own. Elsewhere setting one up takes longer than most specs, so they share one.
// Therefore specs take names from fresh.
func onEveryBackend(what string, body func(rpc func() mlmdpb.MetadataStoreServiceClient)) bool {
	return describe(what, body, func(b *backend.Backend) bool {
		return b.Name == backend.Memory || b.Name == backend.File
	})
}

// onEmptyStores is onEveryBackend for specs that need a store without any types.
func onEmptyStores(what string, body func(rpc func() mlmdpb.MetadataStoreServiceClient)) bool {
	return describe(what, body, func(*backend.Backend) bool { return true })
}

func describe(
	what string, body func(rpc func() mlmdpb.MetadataStoreServiceClient), fresh func(*backend.Backend) bool,
) bool {
	return Describe(what, func() {
		for _, b := range backend.Registries() {
			start := b.StartShared
			if fresh(b) {
				start = b.StartWith
			}
			Context("on "+b.Name, Label(b.Name), func() {
				var rpc mlmdpb.MetadataStoreServiceClient
				BeforeEach(func() { rpc, _ = start(GinkgoTB()) })
				body(func() mlmdpb.MetadataStoreServiceClient { return rpc })
			})
		}
	})
}

var (
	started = time.Now().UnixNano()
	number  atomic.Int64
)

// fresh returns a unique name.
func fresh(what string) string {
	return fmt.Sprintf("%s-%x-%d", what, started, number.Add(1))
}

// aModel stores a model and returns its ID.
func aModel(ctx SpecContext, reg *registry.Client) string {
	GinkgoHelper()
	res, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: fresh("model")})
	Expect(err).NotTo(HaveOccurred())
	return res.ID
}

// aVersion stores a version of a new model and returns its ID.
func aVersion(ctx SpecContext, reg *registry.Client) string {
	GinkgoHelper()
	res, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{
		RegisteredModelID: aModel(ctx, reg), Name: fresh("version"),
	})
	Expect(err).NotTo(HaveOccurred())
	return res.ID
}

// anEnvironment stores a serving environment and returns its ID.
func anEnvironment(ctx SpecContext, reg *registry.Client) string {
	GinkgoHelper()
	res, err := reg.ServingEnvironments().Upsert(ctx, &model.ServingEnvironment{Name: fresh("environment")})
	Expect(err).NotTo(HaveOccurred())
	return res.ID
}

// aService stores an inference service in a new environment and returns its ID.
func aService(ctx SpecContext, reg *registry.Client) string {
	GinkgoHelper()
	res, err := reg.InferenceServices().Upsert(ctx, &model.InferenceService{
		ServingEnvironmentID: anEnvironment(ctx, reg), RegisteredModelID: aModel(ctx, reg), Name: fresh("service"),
	})
	Expect(err).NotTo(HaveOccurred())
	return res.ID
}

// anExperimentID stores an experiment and returns its ID.
func anExperimentID(ctx SpecContext, reg *registry.Client) string {
	GinkgoHelper()
	res, err := reg.Experiments().Upsert(ctx, &model.Experiment{Name: fresh("experiment")})
	Expect(err).NotTo(HaveOccurred())
	return res.ID
}

// aRun stores a run of a new experiment and returns its ID.
func aRun(ctx SpecContext, reg *registry.Client) string {
	GinkgoHelper()
	res, err := reg.ExperimentRuns().Upsert(ctx, &model.ExperimentRun{
		ExperimentID: anExperimentID(ctx, reg), Name: fresh("run"),
	})
	Expect(err).NotTo(HaveOccurred())
	return res.ID
}

// failure returns err as a *registry.Error, or fails the spec.
func failure(err error) *registry.Error {
	GinkgoHelper()
	var e *registry.Error
	Expect(err).To(MatchError(func(err error) bool { ok := errorAs(err, &e); return ok }, "a *registry.Error"))
	return e
}

// long returns a name of n characters.
func long(n int) string { return strings.Repeat("x", n) }
