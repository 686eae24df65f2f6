package edges_test

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/examples/lineage/generated/edge"
	"github.com/mlmd-go/sdk/examples/lineage/generated/mapping"
	"github.com/mlmd-go/sdk/examples/lineage/generated/model"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/relation"
)

var _ = onEveryBackend("Record", func(w func() *world) {
	It("stores a run with what it used and made, and twice is once", func(ctx SpecContext) {
		day1, day2 := w().dataset(ctx), dataset()
		weights := &model.ModelVersion{Name: fresh("weights")}
		run := w().run(ctx)
		links := []relation.Link[*model.TrainingRun]{
			edge.TrainingRun.Inputs.To(day1, day2), edge.TrainingRun.Outputs.To(weights),
		}
		r, err := registry.Record(ctx, w().runs, run, links...)
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Outcome).To(Equal(registry.Created))
		Expect(run.ID).To(Equal(r.ID))
		Expect(day2.ID).NotTo(BeEmpty())
		Expect(weights.ID).NotTo(BeEmpty())
		Expect(w().events(ctx, run.ID)).To(HaveLen(3))

		for range 2 {
			again := &model.TrainingRun{Name: run.Name, ProjectID: run.ProjectID}
			r, err = registry.Record(ctx, w().runs, again,
				edge.TrainingRun.Inputs.To(day1, &model.Dataset{Name: day2.Name}),
				edge.TrainingRun.Outputs.To(&model.ModelVersion{Name: weights.Name}))
			Expect(err).NotTo(HaveOccurred())
			Expect(r).To(Equal(registry.Result{ID: run.ID, Outcome: registry.Unchanged}))
		}
		Expect(w().events(ctx, run.ID)).To(HaveLen(3))

		got, err := w().runs.Get(ctx, run.ID, registry.With(edge.TrainingRun.Inputs, edge.TrainingRun.Outputs))
		Expect(err).NotTo(HaveOccurred())
		Expect(datasetIDs(got.Edges.Inputs)).To(Equal([]string{day1.ID, day2.ID}))
		Expect(got.Edges.Outputs).To(HaveLen(1))
		Expect(got.Edges.Outputs[0].Name).To(Equal(weights.Name))
		Expect(got.Edges.Features.Dataset).To(BeNil(), "it was not loaded")
	})

	It("writes a new run with new artifacts in one RPC where there are no transactions", func(ctx SpecContext) {
		warm := &model.Evaluation{Name: fresh("evaluation")}
		input := &model.ModelVersion{Name: fresh("model")}
		record := func(e *model.Evaluation, m *model.ModelVersion) {
			GinkgoHelper()
			_, err := registry.Record(ctx, w().evaluations, e,
				edge.Evaluation.Model.To(m), edge.Evaluation.Examples.To(dataset()))
			Expect(err).NotTo(HaveOccurred())
		}
		record(warm, input)
		if w().embedded() {
			Skip("an embedded store takes a transaction of several calls")
		}
		w().take()
		record(&model.Evaluation{Name: fresh("evaluation")}, &model.ModelVersion{Name: fresh("model")})
		Expect(w().take()).To(Equal([]string{"PutExecution"}))
		record(&model.Evaluation{Name: fresh("evaluation")}, input)
		Expect(w().take()).To(Equal([]string{"GetArtifactsByID", "PutExecution"}), "one looks at what is stored")
	})

	It("keeps positions and keys in the paths of events", func(ctx SpecContext) {
		a, b, c := w().dataset(ctx), w().dataset(ctx), w().dataset(ctx)
		view := &model.FeatureView{Name: fresh("view"), DatasetIDs: []string{a.ID}}
		run := w().run(ctx)
		_, err := registry.Record(ctx, w().runs, run,
			edge.TrainingRun.Inputs.To(c, a), edge.TrainingRun.Features.Dataset.At("age", b),
			edge.TrainingRun.Features.FeatureView.At("income", view))
		Expect(err).NotTo(HaveOccurred())
		got, err := w().runs.Get(ctx, run.ID,
			registry.With(edge.TrainingRun.Inputs, edge.TrainingRun.Features.Dataset, edge.TrainingRun.Features.FeatureView))
		Expect(err).NotTo(HaveOccurred())
		Expect(datasetIDs(got.Edges.Inputs)).To(Equal([]string{c.ID, a.ID}), "in the order of To, not of IDs")
		Expect(datasetIDs(got.Edges.Features.Dataset)).To(Equal([]string{b.ID}))
		Expect(got.Edges.Features.FeatureView[0].DatasetIDs).To(Equal([]string{a.ID}))
		var paths []string
		for _, e := range w().events(ctx, run.ID) {
			path := ""
			for _, s := range e.GetPath().GetSteps() {
				path += "/" + s.GetKey()
				if _, ok := s.GetValue().(*mlmdpb.Event_Path_Step_Index); ok {
					path += string(rune('0' + s.GetIndex()))
				}
			}
			paths = append(paths, path)
		}
		Expect(paths).To(ConsistOf("/examples/0", "/examples/1", "/features/age", "/features/income"))

		Expect(w().runs.Link(ctx, run.ID, edge.TrainingRun.Inputs.To(w().dataset(ctx)))).To(Succeed())
		got, err = w().runs.Get(ctx, run.ID, registry.With(edge.TrainingRun.Inputs))
		Expect(err).NotTo(HaveOccurred())
		Expect(datasetIDs(got.Edges.Inputs)[:2]).To(Equal([]string{c.ID, a.ID}))
		Expect(got.Edges.Inputs).To(HaveLen(3))
	})

	It("stores all kinds of events and memberships", func(ctx SpecContext) {
		m := &model.ModelVersion{Name: fresh("model")}
		ds := []*model.Dataset{dataset(), dataset(), dataset(), dataset()}
		e := &model.Evaluation{Name: fresh("evaluation")}
		_, err := registry.Record(ctx, w().evaluations, e, edge.Evaluation.Model.To(m), edge.Evaluation.Examples.To(ds[0]),
			edge.Evaluation.Planned.To(ds[1]), edge.Evaluation.Scratch.To(ds[2]), edge.Evaluation.Predictions.To(ds[3]))
		Expect(err).NotTo(HaveOccurred())
		got, err := w().evaluations.Get(ctx, e.ID, registry.With(edge.Evaluation.Model, edge.Evaluation.Examples,
			edge.Evaluation.Planned, edge.Evaluation.Scratch, edge.Evaluation.Predictions))
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Edges.Model.ID).To(Equal(m.ID))
		for i, list := range [][]*model.Dataset{
			got.Edges.Examples, got.Edges.Planned, got.Edges.Scratch, got.Edges.Predictions,
		} {
			Expect(datasetIDs(list)).To(Equal([]string{ds[i].ID}))
		}

		run, other, input := w().run(ctx), w().project(ctx), w().dataset(ctx)
		_, err = registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(input), edge.TrainingRun.Projects.To(other))
		Expect(err).NotTo(HaveOccurred())
		read, err := w().runs.Get(ctx, run.ID, registry.With(edge.TrainingRun.Projects, edge.TrainingRun.Project))
		Expect(err).NotTo(HaveOccurred())
		Expect(read.Edges.Project.ID).To(Equal(run.ProjectID))
		Expect(ids(read.Edges.Projects, func(p *model.Project) string { return p.ID })).To(ConsistOf(run.ProjectID, other.ID))
		members, err := w().rpc.GetArtifactsByContext(ctx, &mlmdpb.GetArtifactsByContextRequest{
			ContextId: new(number64(other.ID)),
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(members.GetArtifacts()).To(BeEmpty(), "the project of a run is not that of its inputs")
	})

	Describe("refuses, and stores nothing,", func() {
		stored := func(ctx SpecContext) (n int) {
			for _, count := range []func() (int, error){
				func() (int, error) { return w().runs.Query().Count(ctx) },
				func() (int, error) { return w().datasets.Query().Count(ctx) },
				func() (int, error) { return w().models.Query().Count(ctx) },
			} {
				i, err := count()
				Expect(err).NotTo(HaveOccurred())
				n += i
			}
			return n
		}
		refused := func(ctx SpecContext, kind error, field, message string, record func() error) {
			GinkgoHelper()
			before := stored(ctx)
			err := record()
			Expect(err).To(MatchError(kind))
			e := failure(err)
			Expect(e.Field).To(Equal(field))
			Expect(e.Error()).To(ContainSubstring(message))
			Expect(stored(ctx)).To(Equal(before))
		}

		It("an ID that does not exist, or is of another entity", func(ctx SpecContext) {
			run, m := w().run(ctx), &model.ModelVersion{Name: fresh("model")}
			_, err := w().models.Upsert(ctx, m)
			Expect(err).NotTo(HaveOccurred())
			refused(ctx, registry.ErrNotFound, "inputs", `"987654321" does not exist: want the ID of a Dataset`, func() error {
				_, err := registry.Record(ctx, w().runs, run,
					edge.TrainingRun.Inputs.To(dataset()), edge.TrainingRun.Inputs.ToID("987654321"))
				return err
			})
			refused(ctx, registry.ErrNotFound, "inputs", "is the ID of a ModelVersion, not of a Dataset", func() error {
				_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.ToID(m.ID))
				return err
			})
			refused(ctx, registry.ErrInvalidArgument, "inputs", "must be a positive decimal number", func() error {
				_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.ToID("seven"))
				return err
			})
		})

		It("a missing, a surplus and a nil neighbor", func(ctx SpecContext) {
			run := w().run(ctx)
			none := "has no neighbor: a TrainingRun needs at least one"
			refused(ctx, registry.ErrInvalidArgument, "inputs", none, func() error {
				_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Outputs.To(&model.ModelVersion{Name: fresh("m")}))
				return err
			})
			refused(ctx, registry.ErrInvalidArgument, "inputs", "has more than 10 neighbors", func() error {
				var many []*model.Dataset
				for range 11 {
					many = append(many, dataset())
				}
				_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(many...))
				return err
			})
			refused(ctx, registry.ErrInvalidArgument, "inputs", "a neighbor is nil", func() error {
				_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(nil))
				return err
			})
			refused(ctx, registry.ErrInvalidArgument, "features", "use At", func() error {
				_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(dataset()),
					edge.TrainingRun.Features.Dataset.To(dataset()))
				return err
			})
		})

		It("what another run made already", func(ctx SpecContext) {
			m := &model.ModelVersion{Name: fresh("model")}
			first, in := w().run(ctx), w().dataset(ctx)
			_, err := registry.Record(ctx, w().runs, first, edge.TrainingRun.Inputs.To(in), edge.TrainingRun.Outputs.To(m))
			Expect(err).NotTo(HaveOccurred())
			second := w().run(ctx)
			refused(ctx, registry.ErrAlreadyExists, "outputs", "is already linked to TrainingRun "+first.ID, func() error {
				_, err := registry.Record(ctx, w().runs, second, edge.TrainingRun.Inputs.To(in), edge.TrainingRun.Outputs.To(m))
				Expect(failure(err).ExistingID).To(Equal(first.ID))
				return err
			})
		})
	})

	It("finds the unique neighbor that the same run has already", func(ctx SpecContext) {
		in, m := w().dataset(ctx), &model.ModelVersion{Name: fresh("model")}
		run := w().run(ctx)
		for _, want := range []registry.Outcome{registry.Created, registry.Unchanged} {
			again := &model.TrainingRun{Name: run.Name, ProjectID: run.ProjectID}
			r, err := registry.Record(ctx, w().runs, again, edge.TrainingRun.Inputs.To(in), edge.TrainingRun.Outputs.To(m))
			Expect(err).NotTo(HaveOccurred())
			Expect(r.Outcome).To(Equal(want))
			Expect(m.ID).NotTo(BeEmpty())
			Expect(w().events(ctx, r.ID)).To(HaveLen(2))
		}
	})

	It("counts a neighbor that is given twice once", func(ctx SpecContext) {
		stored := &model.ModelVersion{Name: fresh("model")}
		_, err := w().models.Upsert(ctx, stored)
		Expect(err).NotTo(HaveOccurred())
		for _, m := range []*model.ModelVersion{stored, {Name: fresh("model")}} {
			e := &model.Evaluation{Name: fresh("evaluation")}
			_, err := registry.Record(ctx, w().evaluations, e, edge.Evaluation.Model.To(m, m))
			Expect(err).NotTo(HaveOccurred(), "it may have one model")
			Expect(w().events(ctx, e.ID)).To(HaveLen(1))
		}
	})

	It("refuses one artifact along two edges of one type, since MLMD keeps one event", func(ctx SpecContext) {
		d := w().dataset(ctx)
		_, err := registry.Record(ctx, w().runs, w().run(ctx),
			edge.TrainingRun.Inputs.To(d), edge.TrainingRun.Features.Dataset.At("age", d))
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		Expect(err).To(MatchError(ContainSubstring("at most one event of type INPUT")))
	})

	It("refuses a key for an event that another program stored without a path", func(ctx SpecContext) {
		run, d := w().run(ctx), w().dataset(ctx)
		_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(w().dataset(ctx)))
		Expect(err).NotTo(HaveOccurred())
		_, err = w().rpc.PutEvents(ctx, &mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{{
			ExecutionId: new(number64(run.ID)), ArtifactId: new(number64(d.ID)), Type: mlmdpb.Event_INTERNAL_INPUT.Enum(),
		}}})
		Expect(err).NotTo(HaveOccurred())
		err = w().runs.Link(ctx, run.ID, edge.TrainingRun.Notes.At("why", d))
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		Expect(err).To(MatchError(ContainSubstring(`is linked under the key ""`)))
	})

	It("is undone by a transaction that fails", func(ctx SpecContext) {
		if !w().embedded() {
			Skip("a server has no transactions of several calls")
		}
		run, d := w().run(ctx), dataset()
		wanted := errors.New("no")
		err := registry.New(w().rpc).Tx(ctx, func(tx *registry.Client) error {
			in := newWorld(tx.RPC())
			_, err := registry.Record(ctx, in.runs, run, edge.TrainingRun.Inputs.To(d))
			Expect(err).NotTo(HaveOccurred())
			return wanted
		})
		Expect(err).To(MatchError(wanted))
		_, err = w().datasets.FindByName(ctx, d.Name)
		Expect(err).To(MatchError(registry.ErrNotFound))
	})
})

var _ = onEveryBackend("Link", func(w func() *world) {
	It("links an entity to others, and twice is once", func(ctx SpecContext) {
		d, p, q := w().dataset(ctx), w().project(ctx), w().project(ctx)
		for range 2 {
			Expect(w().datasets.Link(ctx, d.ID, edge.Dataset.Projects.To(p, q))).To(Succeed())
			Expect(w().projects.Link(ctx, p.ID, edge.Project.PartOf.ToID(q.ID))).To(Succeed())
		}
		got, err := w().datasets.Get(ctx, d.ID, registry.With(edge.Dataset.Projects.With(edge.Project.PartOf)))
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Edges.Projects).To(HaveLen(2))
		Expect(got.Edges.Projects[0].Edges.PartOf).To(HaveLen(1))
		Expect(got.Edges.Projects[1].Edges.PartOf).To(Equal([]*model.Project{}))

		whole, err := w().projects.Get(ctx, q.ID, registry.With(edge.Project.Parts, edge.Project.Datasets))
		Expect(err).NotTo(HaveOccurred())
		Expect(whole.Edges.Parts[0].ID).To(Equal(p.ID))
		Expect(datasetIDs(whole.Edges.Datasets)).To(Equal([]string{d.ID}))
	})

	It("stores new neighbors, and refuses an entity that does not exist", func(ctx SpecContext) {
		d := w().dataset(ctx)
		p := &model.Project{Name: fresh("project")}
		Expect(w().datasets.Link(ctx, d.ID, edge.Dataset.Projects.To(p))).To(Succeed())
		Expect(p.ID).NotTo(BeEmpty())
		Expect(w().datasets.Link(ctx, "987654321", edge.Dataset.Projects.To(p))).To(MatchError(registry.ErrNotFound))
	})

	It("refuses a circle of parts", func(ctx SpecContext) {
		p, q := w().project(ctx), w().project(ctx)
		Expect(w().projects.Link(ctx, p.ID, edge.Project.PartOf.To(q))).To(Succeed())
		Expect(w().projects.Link(ctx, q.ID, edge.Project.PartOf.To(p))).NotTo(Succeed())
	})
})

var _ = onEveryBackend("References", func(w func() *world) {
	It("are checked when they are written", func(ctx SpecContext) {
		base := &model.ModelVersion{Name: fresh("base")}
		_, err := w().models.Upsert(ctx, base)
		Expect(err).NotTo(HaveOccurred())
		tuned := &model.ModelVersion{Name: fresh("tuned"), BaseID: new(base.ID)}
		_, err = w().models.Upsert(ctx, tuned)
		Expect(err).NotTo(HaveOccurred())

		d := w().dataset(ctx)
		_, err = w().models.Upsert(ctx, &model.ModelVersion{Name: fresh("m"), BaseID: new(d.ID)})
		e := failure(err)
		Expect(e).To(MatchError(registry.ErrNotFound))
		Expect(e.Field).To(Equal("baseId"))
		Expect(e.Error()).To(ContainSubstring("is the ID of a Dataset, not of a ModelVersion"))
		_, err = w().models.Update(ctx, tuned.ID, func(v *model.ModelVersion) error {
			v.BaseID = new("987654321")
			return nil
		})
		Expect(err).To(MatchError(registry.ErrNotFound))
		_, err = w().views.Create(ctx, &model.FeatureView{Name: fresh("view"), DatasetIDs: []string{d.ID, base.ID}})
		Expect(err).To(MatchError(registry.ErrNotFound))
		_, err = w().views.CreateAll(ctx, []*model.FeatureView{
			{Name: fresh("view"), DatasetIDs: []string{d.ID}}, {Name: fresh("view"), DatasetIDs: []string{"987654321"}},
		})
		Expect(err).To(MatchError(registry.ErrNotFound))

		got, err := w().models.Get(ctx, tuned.ID, registry.With(edge.ModelVersion.Base))
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Edges.Base.ID).To(Equal(base.ID))
		walk := lineage.Of(w().reg, w().models.Entity(base), w().models.Entity(tuned)).Catalog(mapping.Catalog...)
		g, err := walk.Graph(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(g.Edges).To(Equal([]lineage.Edge{{
			From: lineage.Ref{Kind: mlmd.Artifact, ID: tuned.ID}, To: lineage.Ref{Kind: mlmd.Artifact, ID: base.ID},
			Kind: lineage.Reference, Path: []lineage.Step{{Key: "baseId"}},
		}}))
		back, err := w().models.Get(ctx, base.ID, registry.With(edge.ModelVersion.FineTuned))
		Expect(err).NotTo(HaveOccurred())
		Expect(back.Edges.FineTuned[0].ID).To(Equal(tuned.ID))
	})
})
