package edges_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/examples/lineage/generated/edge"
	"github.com/mlmd-go/sdk/examples/lineage/generated/field"
	"github.com/mlmd-go/sdk/examples/lineage/generated/model"
	rootedge "github.com/mlmd-go/sdk/generated/edge"
	rootfield "github.com/mlmd-go/sdk/generated/field"
	rootmapping "github.com/mlmd-go/sdk/generated/mapping"
	rootmodel "github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
)

var _ = onEveryBackend("Queries", func(w func() *world) {
	// setUp stores runs 0 to n-1 of one project; run i used data set i, and even ones
	// made a model.
	setUp := func(ctx SpecContext, n int) (*model.Project, []*model.TrainingRun, []*model.Dataset) {
		GinkgoHelper()
		p := w().project(ctx)
		var runs []*model.TrainingRun
		var ds []*model.Dataset
		for i := range n {
			run, d := &model.TrainingRun{Name: fmt.Sprint("run", i), ProjectID: p.ID}, dataset()
			d.Rows = new(int64(i))
			_, err := registry.Record(ctx, w().runs, run, edge.TrainingRun.Inputs.To(d))
			Expect(err).NotTo(HaveOccurred())
			if i%2 == 0 {
				made := &model.ModelVersion{Name: fresh("model")}
				Expect(w().runs.Link(ctx, run.ID, edge.TrainingRun.Outputs.To(made))).To(Succeed())
			}
			runs, ds = append(runs, run), append(ds, d)
		}
		return p, runs, ds
	}
	names := func(vs []*model.TrainingRun) []string {
		return ids(vs, func(v *model.TrainingRun) string { return v.Name })
	}

	It("load neighbors in a number of RPCs that does not grow", func(ctx SpecContext) {
		p, _, ds := setUp(ctx, 5)
		q := w().runs.ChildrenOf(p.ID).With(edge.TrainingRun.Inputs.With(edge.Dataset.UsedBy), edge.TrainingRun.Outputs)
		w().take()
		_, err := q.Limit(2).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		two := w().take()
		got, err := q.Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(w().take()).To(Equal(two))
		Expect(two).To(HaveLen(7), "one for the runs, two for each edge")
		Expect(got).To(HaveLen(5))
		for i, run := range got {
			Expect(datasetIDs(run.Edges.Inputs)).To(Equal([]string{ds[i].ID}))
			Expect(names(run.Edges.Inputs[0].Edges.UsedBy)).To(Equal([]string{run.Name}))
			Expect(run.Edges.Outputs).To(HaveLen(1 - i%2))
		}
		page, err := q.Limit(3).Page(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(page.Items[2].Edges.Inputs).To(HaveLen(1))
		first, err := q.First(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(first.Edges.Inputs).To(HaveLen(1))
	})

	It("load the members of one context in one RPC", func(ctx SpecContext) {
		p, q, d := w().project(ctx), w().project(ctx), w().dataset(ctx)
		Expect(w().datasets.Link(ctx, d.ID, edge.Dataset.Projects.To(p, q))).To(Succeed())
		w().take()
		got, err := w().projects.Get(ctx, p.ID, registry.With(edge.Project.Datasets))
		Expect(err).NotTo(HaveOccurred())
		Expect(w().take()).To(Equal([]string{"GetContextsByID", "GetArtifactsByType"}))
		Expect(datasetIDs(got.Edges.Datasets)).To(Equal([]string{d.ID}))
	})

	It("filter by neighbors", func(ctx SpecContext) {
		p, runs, ds := setUp(ctx, 6)
		e, f := edge.TrainingRun, field.TrainingRun
		small := e.Inputs.Any(field.Dataset.Rows.Lt(3))
		for what, c := range map[string]struct {
			where filter.Expr[*model.TrainingRun]
			want  []string
		}{
			"a condition":      {small, []string{"run0", "run1", "run2"}},
			"an ID":            {e.Inputs.Any(field.Dataset.ID.Eq(ds[4].ID)), []string{"run4"}},
			"any neighbor":     {e.Outputs.Any(), []string{"run0", "run2", "run4"}},
			"none":             {filter.Not(e.Outputs.Any()), []string{"run1", "run3", "run5"}},
			"both":             {small.And(e.Outputs.Any()), []string{"run0", "run2"}},
			"either":           {small.Or(e.Outputs.Any()), []string{"run0", "run1", "run2", "run4"}},
			"neither":          {filter.Not(small.Or(e.Outputs.Any())), []string{"run3", "run5"}},
			"beside a field":   {small.And(f.Name.Eq("run1")), []string{"run1"}},
			"or a field":       {e.Inputs.Any(field.Dataset.Rows.Eq(5)).Or(f.Name.Eq("run1")), []string{"run1", "run5"}},
			"another edge":     {e.Features.Dataset.Any(), []string{}},
			"the parent":       {e.Project.Any(field.Project.ID.Eq(p.ID)), names(runs)},
			"not the parent":   {filter.Not(e.Project.Any(field.Project.ID.Eq(p.ID))), []string{}},
			"its neighbors":    {e.Inputs.Any(edge.Dataset.UsedBy.Any(f.ID.Eq(runs[3].ID))), []string{"run3"}},
			"nothing matches":  {e.Inputs.Any(field.Dataset.Rows.Gt(100)), []string{}},
			"not what matches": {filter.Not(e.Inputs.Any(field.Dataset.Rows.Gt(1))), []string{"run0", "run1"}},
		} {
			got, err := w().runs.ChildrenOf(p.ID).Where(c.where).Collect(ctx)
			Expect(err).NotTo(HaveOccurred(), what)
			Expect(names(got)).To(Equal(c.want), what)
			n, err := w().runs.ChildrenOf(p.ID).Where(c.where).Count(ctx)
			Expect(err).NotTo(HaveOccurred(), what)
			Expect(n).To(Equal(len(c.want)), what)
		}
		used, err := w().datasets.Query().Where(edge.Dataset.UsedBy.Any(f.ID.In(runs[1].ID, runs[5].ID))).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(datasetIDs(used)).To(Equal([]string{ds[1].ID, ds[5].ID}))
		projects, err := w().projects.Query().Where(edge.Project.OwnRuns.Any(f.ID.Eq(runs[2].ID))).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(projects).To(HaveLen(1))
		Expect(projects[0].ID).To(Equal(p.ID))
	})

	It("filter by references and by parts of projects", func(ctx SpecContext) {
		base := &model.ModelVersion{Name: fresh("base")}
		_, err := w().models.Upsert(ctx, base)
		Expect(err).NotTo(HaveOccurred())
		tuned := &model.ModelVersion{Name: fresh("tuned"), BaseID: new(base.ID)}
		_, err = w().models.Upsert(ctx, tuned)
		Expect(err).NotTo(HaveOccurred())
		f := field.ModelVersion
		both := f.ID.In(base.ID, tuned.ID)
		for what, c := range map[string]struct {
			where filter.Expr[*model.ModelVersion]
			want  string
		}{
			"forward":      {edge.ModelVersion.Base.Any(f.Name.Eq(base.Name)), tuned.ID},
			"back":         {edge.ModelVersion.FineTuned.Any(f.Name.Eq(tuned.Name)), base.ID},
			"not forward":  {filter.Not(edge.ModelVersion.Base.Any()), base.ID},
			"not backward": {filter.Not(edge.ModelVersion.FineTuned.Any(f.Name.Eq(tuned.Name))), tuned.ID},
		} {
			got, err := w().models.Query().Where(both, c.where).Collect(ctx)
			Expect(err).NotTo(HaveOccurred(), what)
			Expect(got).To(HaveLen(1), what)
			Expect(got[0].ID).To(Equal(c.want), what)
		}
		p, q := w().project(ctx), w().project(ctx)
		Expect(w().projects.Link(ctx, p.ID, edge.Project.PartOf.To(q))).To(Succeed())
		parts, err := w().projects.Query().Where(edge.Project.PartOf.Any(field.Project.ID.Eq(q.ID))).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(parts[0].ID).To(Equal(p.ID))
		wholes, err := w().projects.Query().Where(edge.Project.Parts.Any(field.Project.ID.Eq(p.ID))).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(wholes[0].ID).To(Equal(q.ID))
		d := w().dataset(ctx)
		view := &model.FeatureView{Name: fresh("view"), DatasetIDs: []string{d.ID}}
		_, err = w().views.Upsert(ctx, view)
		Expect(err).NotTo(HaveOccurred())
		views, err := w().views.Query().Where(edge.FeatureView.Dataset.Any(field.Dataset.ID.Eq(d.ID))).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(views[0].ID).To(Equal(view.ID))
	})

	It("find the parent that With loads, of several that a node is linked to", func(ctx SpecContext) {
		p, q := w().project(ctx), w().project(ctx)
		run := &model.TrainingRun{Name: fresh("run"), ProjectID: p.ID}
		_, err := registry.Record(ctx, w().runs, run,
			edge.TrainingRun.Inputs.To(dataset()), edge.TrainingRun.Projects.To(q))
		Expect(err).NotTo(HaveOccurred())
		e := edge.TrainingRun
		is := func(id string) filter.Expr[*model.Project] { return field.Project.ID.Eq(id) }
		for what, c := range map[string]struct {
			where filter.Expr[*model.TrainingRun]
			want  int
		}{
			"the parent":            {e.Project.Any(is(p.ID)), 1},
			"another project":       {e.Project.Any(is(q.ID)), 0},
			"not another project":   {filter.Not(e.Project.Any(is(q.ID))), 1},
			"a member of the other": {e.Projects.Any(is(q.ID)), 1},
			"either":                {e.Project.Any(is(q.ID)).Or(e.Projects.Any(is(q.ID))), 1},
		} {
			got, err := w().runs.Query().Where(field.TrainingRun.ID.Eq(run.ID), c.where).With(e.Project).Collect(ctx)
			Expect(err).NotTo(HaveOccurred(), what)
			Expect(got).To(HaveLen(c.want), what)
			for _, run := range got {
				Expect(run.Edges.Project.ID).To(Equal(p.ID))
			}
		}

		By("for artifacts of the model registry")
		reg := w().reg
		m := &rootmodel.RegisteredModel{Name: fresh("model")}
		_, err = reg.RegisteredModels().Upsert(ctx, m)
		Expect(err).NotTo(HaveOccurred())
		one, two := &rootmodel.ModelVersion{RegisteredModelID: m.ID, Name: "1"},
			&rootmodel.ModelVersion{RegisteredModelID: m.ID, Name: "2"}
		a := &rootmodel.ModelArtifact{Name: "weights"}
		_, err = reg.Register(ctx, two, one, a)
		Expect(err).NotTo(HaveOccurred())
		artifacts := registry.NewCollection(reg, rootmapping.ModelArtifact)
		Expect(artifacts.Link(ctx, a.ID, rootedge.ModelArtifact.Versions.To(two))).To(Succeed())
		for v, want := range map[*rootmodel.ModelVersion]int{one: 1, two: 0} {
			found, err := artifacts.Query().Where(rootedge.ModelArtifact.ModelVersion.Any(rootfield.ModelVersion.ID.Eq(v.ID))).
				Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(found).To(HaveLen(want), v.Name)
			listed, err := reg.ModelArtifacts().OfVersion(v.ID).Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(listed).To(HaveLen(1), "an artifact of several versions is listed for each")
			loaded, err := reg.ModelVersions().Get(ctx, v.ID, registry.With(rootedge.ModelVersion.Artifacts))
			Expect(err).NotTo(HaveOccurred())
			Expect(loaded.Edges.Artifacts).To(HaveLen(1))
		}
	})

	It("go on at a page token although neighbors were added", func(ctx SpecContext) {
		p, _, _ := setUp(ctx, 4)
		q := w().runs.ChildrenOf(p.ID).Where(edge.TrainingRun.Inputs.Any()).Limit(2)
		page, err := q.Page(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(names(page.Items)).To(Equal([]string{"run0", "run1"}))
		more := &model.TrainingRun{Name: "run4", ProjectID: p.ID}
		_, err = registry.Record(ctx, w().runs, more, edge.TrainingRun.Inputs.To(dataset()))
		Expect(err).NotTo(HaveOccurred())
		page, err = q.Page(ctx, page.NextToken)
		Expect(err).NotTo(HaveOccurred())
		Expect(names(page.Items)).To(Equal([]string{"run2", "run3"}))
		_, err = w().runs.ChildrenOf(p.ID).Where(edge.TrainingRun.Outputs.Any()).Limit(2).Page(ctx, page.NextToken)
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
	})
})
