package evolution_test

import (
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	edge1 "github.com/mlmd-go/sdk/suites/evolution/v1/edge"
	field1 "github.com/mlmd-go/sdk/suites/evolution/v1/field"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	edge2 "github.com/mlmd-go/sdk/suites/evolution/v2/edge"
	field2 "github.com/mlmd-go/sdk/suites/evolution/v2/field"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
	model2 "github.com/mlmd-go/sdk/suites/evolution/v2/model"
)

// From v1 to v2 the edge reads of runs is called inputs, writes leads to reports
// too, scratch is gone, and about is new.
var _ = onEveryBackend("edges", func(used func() *world) {
	sets := func(ctx SpecContext, w *world, names ...string) (out []string) {
		GinkgoHelper()
		project := w.project1(ctx)
		for _, name := range names {
			out = append(out, must(w.sets1.Upsert(ctx, &model1.DataSet{ProjectID: project, Name: name, Rows: 1})).ID)
		}
		return out
	}
	ids2 := func(sets []*model2.DataSet) []string {
		out := []string{}
		for _, s := range sets {
			out = append(out, s.ID)
		}
		return out
	}
	ids1 := func(sets []*model1.DataSet) []string {
		out := []string{}
		for _, s := range sets {
			out = append(out, s.ID)
		}
		return out
	}
	eventsOf := func(ctx SpecContext, w *world, id string) []*mlmdpb.Event {
		GinkgoHelper()
		return must(w.rpc.GetEventsByExecutionIDs(ctx,
			&mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: []int64{must(strconv.ParseInt(id, 10, 64))}})).GetEvents()
	}

	It("that the old program stored are followed by the new one", func(ctx SpecContext) {
		w := used()
		s := sets(ctx, w, "a", "b", "c", "d")
		teams1, teams2 := registry.NewCollection(w.reg1, map1.Team), registry.NewCollection(w.reg2, map2.Team)
		team := must(teams1.Upsert(ctx, &model1.Team{Name: "a team"})).ID
		e := edge1.Run
		run := must(registry.Record(ctx, w.runs1, &model1.Run{Name: "a run"}, e.Reads.ToID(s[1], s[0]), e.Writes.ToID(s[2]),
			e.Scratch.ToID(s[3]), e.Teams.ToID(team))).ID

		got := must(w.runs2.Get(ctx, run, registry.With(edge2.Run.Inputs.With(edge2.DataSet.ReadBy),
			edge2.Run.Writes.DataSet, edge2.Run.Writes.Report, edge2.Run.About, edge2.Run.Teams)))
		Expect(ids2(got.Edges.Inputs)).To(Equal([]string{s[1], s[0]}), "in order")
		Expect(got.Edges.Inputs[0].Edges.ReadBy[0].ID).To(Equal(run))
		Expect(ids2(got.Edges.Writes.DataSet)).To(Equal([]string{s[2]}))
		Expect(got.Edges.Writes.Report).To(BeEmpty())
		Expect(got.Edges.About).To(BeEmpty())
		Expect(got.Edges.Teams[0].ID).To(Equal(team))
		Expect(must(teams2.Get(ctx, team, registry.With(edge2.Team.Runs))).Edges.Runs[0].ID).To(Equal(run))
		Expect(must(w.sets2.Get(ctx, s[2], registry.With(edge2.DataSet.WrittenBy))).Edges.WrittenBy[0].ID).To(Equal(run))
		for _, c := range []struct {
			where filter.Expr[*model2.Run]
			want  int
		}{
			{edge2.Run.Inputs.Any(field2.DataSet.ID.Eq(s[0])), 1},
			{edge2.Run.Inputs.Any(field2.DataSet.ID.Eq(s[2])), 0},
			{edge2.Run.Writes.DataSet.Any(field2.DataSet.ID.Eq(s[2])), 1},
			{edge2.Run.Writes.Report.Any(), 0},
			{filter.Not(edge2.Run.About.Any()), 1},
		} {
			Expect(must(w.runs2.Query().Where(c.where).Count(ctx))).To(Equal(c.want))
		}

		By("recording the run again, which keeps what the new program does not know")
		r := must(registry.Record(ctx, w.runs2, &model2.Run{ID: run}, edge2.Run.Inputs.ToID(s[1], s[0]),
			edge2.Run.Writes.DataSet.ToID(s[2]), edge2.Run.Teams.ToID(team)))
		Expect(r).To(Equal(registry.Result{ID: run, Outcome: registry.Unchanged}))
		Expect(eventsOf(ctx, w, run)).To(HaveLen(4))
		Expect(ids1(must(w.runs1.Get(ctx, run, registry.With(e.Scratch))).Edges.Scratch)).To(Equal([]string{s[3]}))
	})

	It("that the new program stored are followed by the old one", func(ctx SpecContext) {
		w := used()
		s := sets(ctx, w, "a", "b", "c")
		report := &model2.Report{Name: "a report", ProjectID: w.project2(ctx)}
		must(w.reports2.Upsert(ctx, report))
		e := edge2.Run
		run := must(registry.Record(ctx, w.runs2, &model2.Run{Name: "a run"}, e.Inputs.ToID(s[1], s[0]),
			e.Writes.DataSet.ToID(s[2]), e.Writes.Report.To(report), e.About.To(report))).ID

		got := must(w.runs1.Get(ctx, run, registry.With(edge1.Run.Reads, edge1.Run.Writes, edge1.Run.Scratch)))
		Expect(ids1(got.Edges.Reads)).To(Equal([]string{s[1], s[0]}))
		Expect(ids1(got.Edges.Writes)).To(Equal([]string{s[2]}), "it does not know reports")
		Expect(got.Edges.Scratch).To(BeEmpty())
		Expect(must(w.sets1.Get(ctx, s[0], registry.With(edge1.DataSet.ReadBy))).Edges.ReadBy[0].ID).To(Equal(run))
		Expect(must(w.runs1.Query().Where(edge1.Run.Writes.Any(field1.DataSet.ID.Eq(s[2]))).Count(ctx))).To(Equal(1))

		By("linking more, after what the new program linked")
		Expect(w.runs1.Link(ctx, run, edge1.Run.Reads.ToID(s[0], s[2]))).To(Succeed())
		all := must(w.runs2.Get(ctx, run, registry.With(e.Inputs, e.Writes.Report, e.About)))
		Expect(ids2(all.Edges.Inputs)).To(Equal([]string{s[1], s[0], s[2]}))
		Expect(all.Edges.Writes.Report).To(HaveLen(1))
		Expect(all.Edges.About).To(HaveLen(1))
		by := must(w.reports2.Get(ctx, report.ID, registry.With(edge2.Report.WrittenBy))).Edges.WrittenBy
		Expect(by[0].ID).To(Equal(run))
	})
})
