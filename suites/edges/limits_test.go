package edges_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/examples/lineage/generated/edge"
	"github.com/mlmd-go/sdk/examples/lineage/generated/field"
	"github.com/mlmd-go/sdk/examples/lineage/generated/mapping"
	"github.com/mlmd-go/sdk/examples/lineage/generated/model"
	rootedge "github.com/mlmd-go/sdk/generated/edge"
	rootfield "github.com/mlmd-go/sdk/generated/field"
	rootmapping "github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	rootmodel "github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/server"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// atOnce calls f n times at once and returns the errors that are not nil.
func atOnce(n int, f func(i int) error) []error {
	var mu sync.Mutex
	var failed []error
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			if err := f(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			}
		})
	}
	close(begin)
	all.Wait()
	return failed
}

var _ = onEveryBackend("Calls at once", func(w func() *world) {
	It("store one run once, without events twice", func(ctx SpecContext) {
		project := w().project(ctx)
		for range 5 {
			run, day, weights := fresh("run"), fresh("dataset"), fresh("weights")
			ids := make([]string, 6)
			Expect(atOnce(len(ids), func(i int) error {
				v := &model.TrainingRun{Name: run, ProjectID: project.ID}
				_, err := registry.Record(ctx, w().runs, v,
					edge.TrainingRun.Inputs.To(&model.Dataset{Name: day}),
					edge.TrainingRun.Outputs.To(&model.ModelVersion{Name: weights}))
				ids[i] = v.ID
				return err
			})).To(BeEmpty())
			Expect(ids).To(HaveEach(ids[0]))
			Expect(w().events(ctx, ids[0])).To(HaveLen(2))
			n, err := w().datasets.Query().Where(field.Dataset.Name.Eq(day)).Count(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(n).To(Equal(1))
			n, err = w().runs.ChildrenOf(project.ID).Where(field.TrainingRun.Name.Eq(run)).Count(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(n).To(Equal(1))
		}
	})

	Describe("in an embedded store", func() {
		BeforeEach(func() {
			if !w().embedded() {
				Skip("a server does not check limits")
			}
		})
		recorded := func(ctx SpecContext, inputs ...*model.Dataset) *model.TrainingRun {
			GinkgoHelper()
			run := w().run(ctx)
			_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(inputs...))
			Expect(err).NotTo(HaveOccurred())
			return run
		}

		It("do not exceed the most neighbors of an edge", func(ctx SpecContext) {
			run := recorded(ctx, w().dataset(ctx))
			more := make([]*model.Dataset, 16)
			for i := range more {
				more[i] = w().dataset(ctx)
			}
			failed := atOnce(len(more), func(i int) error {
				return w().runs.Link(ctx, run.ID, edge.TrainingRun.Inputs.To(more[i]))
			})
			Expect(failed).To(HaveLen(7))
			Expect(failed).To(HaveEach(MatchError(registry.ErrInvalidArgument)))
			Expect(w().events(ctx, run.ID)).To(HaveLen(10))
		})

		It("do not give a unique neighbor to two", func(ctx SpecContext) {
			in := w().dataset(ctx)
			runs := make([]*model.TrainingRun, 6)
			for i := range runs {
				runs[i] = recorded(ctx, in)
			}
			for range 3 {
				made := &model.ModelVersion{Name: fresh("model")}
				_, err := w().models.Upsert(ctx, made)
				Expect(err).NotTo(HaveOccurred())
				failed := atOnce(len(runs), func(i int) error {
					return w().runs.Link(ctx, runs[i].ID, edge.TrainingRun.Outputs.ToID(made.ID))
				})
				Expect(failed).To(HaveLen(len(runs) - 1))
				Expect(failed).To(HaveEach(MatchError(registry.ErrAlreadyExists)))
			}
		})

		It("do not remove all neighbors of a required edge", func(ctx SpecContext) {
			for range 5 {
				all := []*model.Dataset{w().dataset(ctx), w().dataset(ctx), w().dataset(ctx)}
				run := recorded(ctx, all...)
				failed := atOnce(len(all), func(i int) error {
					return w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Inputs.To(all[i]))
				})
				Expect(failed).To(HaveLen(1))
				Expect(failed).To(HaveEach(MatchError(registry.ErrInvalidArgument)))
				Expect(w().events(ctx, run.ID)).To(HaveLen(1))
			}
		})

		It("that fail in a transaction leave nothing of theirs behind", func(ctx SpecContext) {
			first := w().dataset(ctx)
			made := &model.ModelVersion{Name: fresh("model")}
			other := recorded(ctx, first)
			Expect(w().runs.Link(ctx, other.ID, edge.TrainingRun.Outputs.To(made))).To(Succeed())
			kept, dropped, run := dataset(), dataset(), w().run(ctx)
			project := &model.Project{Name: fresh("project")}
			Expect(w().reg.Tx(ctx, func(tx *registry.Client) error {
				datasets, runs := registry.NewCollection(tx, mapping.Dataset), registry.NewCollection(tx, mapping.TrainingRun)
				if _, err := datasets.Upsert(ctx, kept); err != nil {
					return err
				}
				_, err := registry.Record(ctx, runs, run,
					edge.TrainingRun.Inputs.To(kept, dropped), edge.TrainingRun.Outputs.To(made))
				Expect(err).To(MatchError(registry.ErrAlreadyExists))
				Expect(run.ID).To(BeEmpty())
				Expect(dropped.ID).To(BeEmpty())
				err = runs.Link(ctx, other.ID, edge.TrainingRun.Cache.To(dropped), edge.TrainingRun.Outputs.To(made),
					edge.TrainingRun.Features.Dataset.At("age", first))
				Expect(err).To(MatchError(registry.ErrInvalidArgument))
				Expect(dropped.ID).To(BeEmpty())
				_, err = tx.Register(ctx, registry.NewCollection(tx, mapping.Project).Entity(project),
					runs.Entity(&model.TrainingRun{Name: "bad\x00", ProjectID: ""}))
				Expect(err).To(HaveOccurred())
				Expect(project.ID).To(BeEmpty())
				_, err = registry.Record(ctx, runs, run, edge.TrainingRun.Inputs.To(kept))
				return err
			})).To(Succeed())
			Expect(w().events(ctx, run.ID)).To(HaveLen(1))
			Expect(w().events(ctx, other.ID)).To(HaveLen(2))
			_, err := w().datasets.FindByName(ctx, dropped.Name)
			Expect(err).To(MatchError(registry.ErrNotFound))
			_, err = w().projects.FindByName(ctx, project.Name)
			Expect(err).To(MatchError(registry.ErrNotFound))
			got, err := w().datasets.FindByName(ctx, kept.Name)
			Expect(err).NotTo(HaveOccurred())
			Expect(got.ID).To(Equal(kept.ID))
		})
	})
})

var _ = onEveryBackend("Large and renamed", func(w func() *world) {
	It("runs have 1,000 links", func(ctx SpecContext) {
		const n = 1000
		e := &model.Evaluation{Name: fresh("evaluation")}
		m := &model.ModelVersion{Name: fresh("model")}
		all := make([]*model.Dataset, n)
		for i := range all {
			all[i] = dataset()
		}
		record := func(v *model.Evaluation) registry.Outcome {
			GinkgoHelper()
			r, err := registry.Record(ctx, w().evaluations, v,
				edge.Evaluation.Model.To(m), edge.Evaluation.Examples.To(all...))
			Expect(err).NotTo(HaveOccurred())
			return r.Outcome
		}
		Expect(record(e)).To(Equal(registry.Created))
		Expect(record(&model.Evaluation{Name: e.Name})).To(Equal(registry.Unchanged))
		Expect(w().events(ctx, e.ID)).To(HaveLen(n + 1))
		w().take()
		got, err := w().evaluations.Get(ctx, e.ID, registry.With(edge.Evaluation.Examples))
		Expect(err).NotTo(HaveOccurred())
		Expect(datasetIDs(got.Edges.Examples)).To(ConsistOf(datasetIDs(all)))
		Expect(len(w().take())).To(BeNumerically("<=", 2+n/100), "the run, its events, and 100 at a time")
		found, err := w().evaluations.Query().
			Where(edge.Evaluation.Examples.Any(field.Dataset.ID.In(datasetIDs(all)...))).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(HaveLen(1))
	})

	It("parents are found by their runs, and runs by their links", func(ctx SpecContext) {
		p, d := w().project(ctx), w().dataset(ctx)
		run := &model.TrainingRun{Name: fresh("run"), ProjectID: p.ID}
		_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(d))
		Expect(err).NotTo(HaveOccurred())
		renamed := fresh("renamed") // by another program
		read, err := w().rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{number64(p.ID)}})
		Expect(err).NotTo(HaveOccurred())
		read.Contexts[0].Name = &renamed
		_, err = w().rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: read.Contexts})
		Expect(err).NotTo(HaveOccurred())

		again := &model.TrainingRun{Name: run.Name, ProjectID: p.ID}
		r, err := registry.Record(ctx, w().runs, again, edge.TrainingRun.Inputs.To(d, dataset()))
		Expect(err).NotTo(HaveOccurred())
		Expect(r).To(Equal(registry.Result{ID: run.ID, Outcome: registry.Unchanged}))
		second := &model.TrainingRun{Name: fresh("run"), ProjectID: p.ID}
		_, err = registry.Record(ctx, w().runs, second, edge.TrainingRun.Inputs.To(d))
		Expect(err).NotTo(HaveOccurred())
		got, err := w().runs.Get(ctx, second.ID, registry.With(edge.TrainingRun.Project.With(edge.Project.OwnRuns)))
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Edges.Project.Name).To(Equal(renamed))
		Expect(runIDs(got.Edges.Project.Edges.OwnRuns)).To(ConsistOf(run.ID, second.ID))
		found, err := w().runs.Query().Where(edge.TrainingRun.Project.Any(field.Project.Name.Eq(renamed))).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(runIDs(found)).To(ConsistOf(run.ID, second.ID))
	})

	It("types with a prefix have their own entities", func(ctx SpecContext) {
		plain, prefixed := registry.New(w().rpc), registry.New(w().rpc, registry.WithTypePrefix(fresh("p")+"."))
		m := &rootmodel.RegisteredModel{Name: fresh("model")}
		one, two := &rootmodel.ModelVersion{Name: "1"}, &rootmodel.ModelVersion{Name: "2"}
		a := &rootmodel.ModelArtifact{Name: "a"}
		_, err := prefixed.Register(ctx, m, two, one, a)
		Expect(err).NotTo(HaveOccurred())
		artifacts := registry.NewCollection(prefixed, rootmapping.ModelArtifact)
		e := rootedge.ModelArtifact
		for range 2 {
			Expect(artifacts.Link(ctx, a.ID, e.Versions.To(two))).To(Succeed())
		}
		got, err := artifacts.Get(ctx, a.ID,
			registry.With(e.ModelVersion.With(rootedge.ModelVersion.RegisteredModel), e.Versions))
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Edges.ModelVersion.ID).To(Equal(one.ID))
		Expect(got.Edges.ModelVersion.Edges.RegisteredModel.ID).To(Equal(m.ID))
		Expect(got.Edges.Versions).To(HaveLen(2))
		loaded, err := prefixed.RegisteredModels().Get(ctx, m.ID,
			registry.With(rootedge.RegisteredModel.Versions.With(rootedge.ModelVersion.Artifacts)))
		Expect(err).NotTo(HaveOccurred())
		Expect(loaded.Edges.Versions).To(HaveLen(2))
		for _, v := range loaded.Edges.Versions {
			Expect(v.Edges.Artifacts).To(HaveLen(1))
		}
		for where, want := range map[*filter.Expr[*rootmodel.ModelArtifact]]int{
			new(e.Versions.Any(rootfield.ModelVersion.Name.Eq("2"))):     1,
			new(e.ModelVersion.Any(rootfield.ModelVersion.Name.Eq("1"))): 1,
			new(e.ModelVersion.Any(rootfield.ModelVersion.Name.Eq("2"))): 0,
		} {
			found, err := artifacts.Query().Where(*where, rootfield.ModelArtifact.ID.Eq(a.ID)).Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(found).To(HaveLen(want))
		}
		if w().embedded() {
			Expect(artifacts.Unlink(ctx, a.ID, e.Versions.To(two))).To(Succeed())
		}

		By("not being those without the prefix")
		_, err = plain.ModelArtifacts().Get(ctx, a.ID)
		Expect(err).To(MatchError(registry.ErrNotFound))
		err = registry.NewCollection(plain, rootmapping.ModelArtifact).Link(ctx, a.ID, e.Versions.To(two))
		Expect(err).To(MatchError(registry.ErrNotFound))
	})
})

// A server receives 4 MiB at a time, as gRPC does by default.
var _ = Describe("A server with a limit", Label("network"), func() {
	dial := func(ctx SpecContext) *world {
		GinkgoHelper()
		store, err := sqlite.OpenMemory(ctx)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(store.Close)
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		serving, stop := context.WithCancel(context.Background())
		served := make(chan error, 1)
		go func() { served <- server.New(store.Server()).Serve(serving, lis) }()
		DeferCleanup(func() error { stop(); return <-served })
		reg, err := registry.Dial(lis.Addr().String())
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(reg.Close)
		return newWorld(reg.RPC())
	}
	large := func(size int) value.Map { return value.Map{"notes": value.String(strings.Repeat("x", size))} }

	It("stores a run that is larger, an artifact at a time", func(ctx SpecContext) {
		w := dial(ctx)
		all := make([]*model.Dataset, 120)
		for i := range all {
			all[i] = &model.Dataset{Name: fmt.Sprint("day", i), CustomProperties: large(60_000)}
		}
		e, m := &model.Evaluation{Name: "night"}, &model.ModelVersion{Name: "m"}
		_, err := registry.Record(ctx, w.evaluations, e, edge.Evaluation.Model.To(m), edge.Evaluation.Examples.To(all...))
		Expect(err).NotTo(HaveOccurred())
		got, err := w.evaluations.Get(ctx, e.ID, registry.With(edge.Evaluation.Examples))
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Edges.Examples).To(HaveLen(len(all)))
		Expect(got.Edges.Examples[0].CustomProperties).To(Equal(all[0].CustomProperties))
	})

	It("refuses an artifact that is larger, and says the limit", func(ctx SpecContext) {
		w := dial(ctx)
		e, m := &model.Evaluation{Name: "night"}, &model.ModelVersion{Name: "m", CustomProperties: large(5 << 20)}
		_, err := registry.Record(ctx, w.evaluations, e, edge.Evaluation.Model.To(m))
		Expect(err).To(MatchError(ContainSubstring("larger than max")))
		Expect(err).To(MatchError(ContainSubstring("4194304")))
		Expect(failure(err).Key).To(Equal("m"))
		Expect(errors.Is(err, registry.ErrConflict)).To(BeFalse())
		_, err = w.evaluations.FindByName(ctx, "night")
		Expect(err).To(MatchError(registry.ErrNotFound))
	})
})
