// Package edges_test runs the specs of edges on every backend, with the entities of
// examples/lineage, which have an edge of each kind.
package edges_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/examples/lineage/generated/mapping"
	"github.com/mlmd-go/sdk/examples/lineage/generated/model"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

func TestEdges(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Edges")
}

// A world has a collection for each entity, on the store of the running spec.
type world struct {
	rpc         mlmdpb.MetadataStoreServiceClient
	calls       *registrytest.Recorder
	reg         *registry.Client
	projects    *registry.Collection[model.Project, *mlmdpb.Context]
	datasets    *registry.Collection[model.Dataset, *mlmdpb.Artifact]
	views       *registry.Collection[model.FeatureView, *mlmdpb.Artifact]
	runs        *registry.Collection[model.TrainingRun, *mlmdpb.Execution]
	models      *registry.Collection[model.ModelVersion, *mlmdpb.Artifact]
	evaluations *registry.Collection[model.Evaluation, *mlmdpb.Execution]
}

func newWorld(rpc mlmdpb.MetadataStoreServiceClient) *world {
	calls := new(registrytest.Recorder)
	reg := registry.New(calls.Wrap(rpc))
	return &world{
		rpc: rpc, reg: reg, calls: calls,
		projects:    registry.NewCollection(reg, mapping.Project),
		datasets:    registry.NewCollection(reg, mapping.Dataset),
		views:       registry.NewCollection(reg, mapping.FeatureView),
		runs:        registry.NewCollection(reg, mapping.TrainingRun),
		models:      registry.NewCollection(reg, mapping.ModelVersion),
		evaluations: registry.NewCollection(reg, mapping.Evaluation),
	}
}

// onEveryBackend describes behavior on every service that has events. w returns the
// world of the running spec, whose store other specs use too.
func onEveryBackend(what string, body func(w func() *world)) bool {
	return Describe(what, func() {
		for _, b := range backend.All() {
			Context("on "+b.Name, Label(b.Name), func() {
				var w *world
				BeforeEach(func() {
					rpc, _ := b.StartShared(GinkgoTB())
					w = newWorld(rpc)
				})
				body(func() *world { return w })
			})
		}
	})
}

var (
	started = time.Now().UnixNano()
	number  atomic.Int64
)

// fresh returns a unique name.
func fresh(what string) string { return fmt.Sprintf("%s-%x-%d", what, started, number.Add(1)) }

func dataset() *model.Dataset { return &model.Dataset{Name: fresh("dataset")} }

func (w *world) dataset(ctx SpecContext) *model.Dataset {
	GinkgoHelper()
	d := dataset()
	_, err := w.datasets.Upsert(ctx, d)
	Expect(err).NotTo(HaveOccurred())
	return d
}

func (w *world) project(ctx SpecContext) *model.Project {
	GinkgoHelper()
	p := &model.Project{Name: fresh("project")}
	_, err := w.projects.Upsert(ctx, p)
	Expect(err).NotTo(HaveOccurred())
	return p
}

// run returns a run that is not stored yet, in a stored project.
func (w *world) run(ctx SpecContext) *model.TrainingRun {
	GinkgoHelper()
	return &model.TrainingRun{Name: fresh("run"), ProjectID: w.project(ctx).ID}
}

// embedded reports whether the store has transactions of several calls.
func (w *world) embedded() bool {
	_, ok := w.rpc.(interface {
		Transact(context.Context, func(mlmdpb.MetadataStoreServiceClient) error) error
	})
	return ok
}

// events returns the events of an execution.
func (w *world) events(ctx SpecContext, id string) []*mlmdpb.Event {
	GinkgoHelper()
	r, err := w.rpc.GetEventsByExecutionIDs(ctx, &mlmdpb.GetEventsByExecutionIDsRequest{
		ExecutionIds: []int64{number64(id)},
	})
	Expect(err).NotTo(HaveOccurred())
	return r.GetEvents()
}

func number64(id string) int64 {
	GinkgoHelper()
	n, err := strconv.ParseInt(id, 10, 64)
	Expect(err).NotTo(HaveOccurred())
	return n
}

// failure returns err as a *registry.Error, or fails the spec.
func failure(err error) *registry.Error {
	GinkgoHelper()
	var e *registry.Error
	Expect(errors.As(err, &e)).To(BeTrue(), "%v", err)
	return e
}

func ids[T any](values []*T, id func(*T) string) []string {
	out := []string{}
	for _, v := range values {
		out = append(out, id(v))
	}
	return out
}

func datasetIDs(ds []*model.Dataset) []string {
	return ids(ds, func(d *model.Dataset) string { return d.ID })
}

// take returns the RPCs since the last take.
func (w *world) take() []string {
	methods := w.calls.Methods()
	w.calls.Reset()
	return methods
}
