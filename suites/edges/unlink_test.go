package edges_test

import (
	"errors"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/examples/lineage/generated/edge"
	"github.com/mlmd-go/sdk/examples/lineage/generated/mapping"
	"github.com/mlmd-go/sdk/examples/lineage/generated/model"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
)

var _ = onEveryBackend("Unlink", func(w func() *world) {
	// recorded stores a run with the inputs.
	recorded := func(ctx SpecContext, inputs ...*model.Dataset) *model.TrainingRun {
		GinkgoHelper()
		run := w().run(ctx)
		_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(inputs...))
		Expect(err).NotTo(HaveOccurred())
		return run
	}
	read := func(ctx SpecContext, id string) *model.TrainingRun {
		GinkgoHelper()
		e := edge.TrainingRun
		run, err := w().runs.Get(ctx, id, registry.With(e.Inputs, e.Features.Dataset, e.Outputs, e.Cache, e.Projects))
		Expect(err).NotTo(HaveOccurred())
		return run
	}

	It("is unsupported by a server, which changes nothing", func(ctx SpecContext) {
		if w().embedded() {
			Skip("an embedded store can remove links")
		}
		a, b := w().dataset(ctx), w().dataset(ctx)
		run := recorded(ctx, a, b)
		p := w().project(ctx)
		Expect(w().datasets.Link(ctx, a.ID, edge.Dataset.Projects.To(p))).To(Succeed())
		w().take()
		Expect(w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Inputs.To(b))).To(MatchError(registry.ErrUnsupported))
		Expect(w().datasets.Unlink(ctx, a.ID, edge.Dataset.Projects.To(p))).To(MatchError(registry.ErrUnsupported))
		Expect(w().take()).To(BeEmpty(), "it sends nothing")
		Expect(datasetIDs(read(ctx, run.ID).Edges.Inputs)).To(Equal([]string{a.ID, b.ID}))
	})

	Describe("in an embedded store", func() {
		BeforeEach(func() {
			if !w().embedded() {
				Skip("a server cannot remove links")
			}
		})

		It("removes events with their paths, and twice is once", func(ctx SpecContext) {
			a, b, c := w().dataset(ctx), w().dataset(ctx), w().dataset(ctx)
			run, other := recorded(ctx, a, b, c), recorded(ctx, a, b)
			for range 2 {
				Expect(w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Inputs.To(b))).To(Succeed())
				Expect(datasetIDs(read(ctx, run.ID).Edges.Inputs)).To(Equal([]string{a.ID, c.ID}))
			}
			Expect(w().events(ctx, run.ID)).To(HaveLen(2))
			Expect(datasetIDs(read(ctx, other.ID).Edges.Inputs)).To(Equal([]string{a.ID, b.ID}), "another run keeps its events")
			_, err := w().datasets.Get(ctx, b.ID)
			Expect(err).NotTo(HaveOccurred(), "the neighbor stays")

			By("linking again, after the last position")
			Expect(w().runs.Link(ctx, run.ID, edge.TrainingRun.Inputs.To(b))).To(Succeed())
			Expect(datasetIDs(read(ctx, run.ID).Edges.Inputs)).To(Equal([]string{a.ID, c.ID, b.ID}))
			var indices []int64
			for _, e := range w().events(ctx, run.ID) {
				Expect(e.GetPath().GetSteps()).To(HaveLen(2), "the path of the removed event is gone")
				indices = append(indices, e.GetPath().GetSteps()[1].GetIndex())
			}
			Expect(indices).To(ConsistOf(BeEquivalentTo(0), BeEquivalentTo(2), BeEquivalentTo(3)))
		})

		It("removes what is linked along the given edge only", func(ctx SpecContext) {
			a, b, c := w().dataset(ctx), w().dataset(ctx), w().dataset(ctx)
			run := recorded(ctx, a, b)
			e := edge.TrainingRun
			Expect(w().runs.Link(ctx, run.ID, e.Features.Dataset.At("age", c), e.Cache.To(b))).To(Succeed())
			Expect(w().runs.Unlink(ctx, run.ID,
				e.Inputs.To(c), e.Cache.To(a), e.Features.Dataset.At("height", c), e.Features.Dataset.At("age", b))).To(Succeed())
			Expect(w().events(ctx, run.ID)).To(HaveLen(4), "no link was along these edges")
			Expect(w().runs.Unlink(ctx, run.ID, e.Features.Dataset.At("age", c), e.Inputs.To(b))).To(Succeed())
			got := read(ctx, run.ID)
			Expect(datasetIDs(got.Edges.Inputs)).To(Equal([]string{a.ID}))
			Expect(got.Edges.Features.Dataset).To(BeEmpty())
			Expect(datasetIDs(got.Edges.Cache)).To(Equal([]string{b.ID}), "it is an event of another type")
		})

		It("frees the neighbor of a unique edge", func(ctx SpecContext) {
			in, m := w().dataset(ctx), &model.ModelVersion{Name: fresh("model")}
			first, second := recorded(ctx, in), recorded(ctx, in)
			out := edge.TrainingRun.Outputs
			Expect(w().runs.Link(ctx, first.ID, out.To(m))).To(Succeed())
			Expect(w().runs.Link(ctx, second.ID, out.To(m))).To(MatchError(registry.ErrAlreadyExists))
			Expect(w().runs.Unlink(ctx, first.ID, out.To(m))).To(Succeed())
			Expect(w().runs.Link(ctx, second.ID, out.To(m))).To(Succeed())
		})

		It("removes attributions, associations and parent contexts", func(ctx SpecContext) {
			p, q := w().project(ctx), w().project(ctx)
			d := w().dataset(ctx)
			run := recorded(ctx, d)
			Expect(w().datasets.Link(ctx, d.ID, edge.Dataset.Projects.To(p, q))).To(Succeed())
			Expect(w().runs.Link(ctx, run.ID, edge.TrainingRun.Projects.To(p, q))).To(Succeed())
			Expect(w().projects.Link(ctx, p.ID, edge.Project.PartOf.To(q))).To(Succeed())
			for range 2 {
				Expect(w().datasets.Unlink(ctx, d.ID, edge.Dataset.Projects.To(p))).To(Succeed())
				Expect(w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Projects.ToID(q.ID))).To(Succeed())
				Expect(w().projects.Unlink(ctx, p.ID, edge.Project.PartOf.To(q))).To(Succeed())
				of, err := w().projects.Get(ctx, p.ID,
					registry.With(edge.Project.PartOf, edge.Project.Datasets, edge.Project.Runs))
				Expect(err).NotTo(HaveOccurred())
				Expect(of.Edges.PartOf).To(BeEmpty())
				Expect(of.Edges.Datasets).To(BeEmpty())
				Expect(of.Edges.Runs).To(HaveLen(1))
				of, err = w().projects.Get(ctx, q.ID,
					registry.With(edge.Project.Parts, edge.Project.Datasets, edge.Project.Runs))
				Expect(err).NotTo(HaveOccurred())
				Expect(of.Edges.Parts).To(BeEmpty())
				Expect(of.Edges.Datasets).To(HaveLen(1))
				Expect(of.Edges.Runs).To(BeEmpty())
			}
			Expect(w().projects.Link(ctx, q.ID, edge.Project.PartOf.To(p))).To(Succeed(), "that would have been a circle")
		})

		It("keeps the last neighbor of a required edge", func(ctx SpecContext) {
			a, b := w().dataset(ctx), w().dataset(ctx)
			run := recorded(ctx, a, b)
			Expect(w().runs.Link(ctx, run.ID, edge.TrainingRun.Cache.To(b))).To(Succeed())
			err := w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Cache.To(b), edge.TrainingRun.Inputs.To(a, b))
			Expect(err).To(MatchError(registry.ErrInvalidArgument))
			Expect(failure(err).Field).To(Equal("inputs"))
			Expect(err).To(MatchError(ContainSubstring("would have no neighbor left: a TrainingRun needs at least one")))
			Expect(w().events(ctx, run.ID)).To(HaveLen(3), "nothing was removed")
			Expect(w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Inputs.To(a))).To(Succeed())
			Expect(w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Inputs.To(a))).To(Succeed(), "it is not linked any more")
			Expect(w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Inputs.To(b))).To(MatchError(registry.ErrInvalidArgument))

			By("not minding an execution that never had one")
			bare := w().run(ctx)
			_, err = w().runs.Upsert(ctx, bare)
			Expect(err).NotTo(HaveOccurred())
			Expect(w().runs.Unlink(ctx, bare.ID, edge.TrainingRun.Inputs.To(a))).To(Succeed())
		})

		It("keeps the parent whose ID the entity has", func(ctx SpecContext) {
			q := w().project(ctx)
			run := recorded(ctx, w().dataset(ctx))
			Expect(w().runs.Link(ctx, run.ID, edge.TrainingRun.Projects.To(q))).To(Succeed())
			err := w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Projects.ToID(q.ID, run.ProjectID))
			Expect(err).To(MatchError(registry.ErrInvalidArgument))
			Expect(failure(err).Field).To(Equal("projects"))
			Expect(failure(err).Value).To(Equal(run.ProjectID))
			Expect(read(ctx, run.ID).Edges.Projects).To(HaveLen(2))
			n, err := w().runs.ChildrenOf(run.ProjectID).Count(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(n).To(Equal(1))
		})

		It("refuses what has no ID, does not exist or is another entity", func(ctx SpecContext) {
			d := w().dataset(ctx)
			run := recorded(ctx, d)
			in := edge.TrainingRun.Inputs
			Expect(w().runs.Unlink(ctx, run.ID, in.To(dataset()))).To(MatchError(registry.ErrInvalidArgument))
			Expect(w().runs.Unlink(ctx, run.ID, in.To(nil))).To(MatchError(registry.ErrInvalidArgument))
			Expect(w().runs.Unlink(ctx, "", in.To(d))).To(MatchError(registry.ErrInvalidArgument))
			for _, id := range []string{"987654321", "9000000000000000000"} {
				Expect(w().runs.Unlink(ctx, id, in.To(d))).To(MatchError(registry.ErrNotFound), id)
				Expect(w().runs.Unlink(ctx, run.ID, in.ToID(id))).To(MatchError(registry.ErrNotFound), id)
			}
			view := &model.FeatureView{Name: fresh("view")}
			Expect(w().runs.Link(ctx, run.ID, edge.TrainingRun.Features.FeatureView.At("age", view))).To(Succeed())
			Expect(w().runs.Unlink(ctx, run.ID, edge.TrainingRun.Features.Dataset.At("age", &model.Dataset{ID: view.ID}))).
				To(MatchError(registry.ErrNotFound))
			Expect(w().events(ctx, run.ID)).To(HaveLen(2))
		})

		It("is part of a transaction", func(ctx SpecContext) {
			a, b := w().dataset(ctx), w().dataset(ctx)
			run := recorded(ctx, a, b)
			wanted := errors.New("no")
			unlink := func(end error) error {
				return w().reg.Tx(ctx, func(tx *registry.Client) error {
					runs, inputs := registry.NewCollection(tx, mapping.TrainingRun), edge.TrainingRun.Inputs
					in := &world{rpc: tx.RPC()}
					Expect(runs.Unlink(ctx, run.ID, inputs.To(a, b))).To(MatchError(registry.ErrInvalidArgument))
					Expect(in.events(ctx, run.ID)).To(HaveLen(2), "a call that fails leaves nothing behind")
					Expect(runs.Unlink(ctx, run.ID, inputs.To(a))).To(Succeed())
					Expect(in.events(ctx, run.ID)).To(HaveLen(1))
					return end
				})
			}
			Expect(unlink(wanted)).To(MatchError(wanted))
			Expect(w().events(ctx, run.ID)).To(HaveLen(2))
			Expect(unlink(nil)).To(Succeed())
			Expect(w().events(ctx, run.ID)).To(HaveLen(1))
		})

		It("removes many links at once", func(ctx SpecContext) {
			d := w().dataset(ctx)
			var ps []*model.Project
			for i := range 100 {
				ps = append(ps, &model.Project{Name: fmt.Sprint(fresh("project"), i)})
			}
			Expect(w().datasets.Link(ctx, d.ID, edge.Dataset.Projects.To(ps...))).To(Succeed())
			Expect(w().datasets.Unlink(ctx, d.ID, edge.Dataset.Projects.To(ps[1:]...))).To(Succeed())
			left, err := w().rpc.GetContextsByArtifact(ctx, &mlmdpb.GetContextsByArtifactRequest{
				ArtifactId: new(number64(d.ID)),
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(left.GetContexts()).To(HaveLen(1))
			Expect(fmt.Sprint(left.GetContexts()[0].GetId())).To(Equal(ps[0].ID))
		})
	})
})
