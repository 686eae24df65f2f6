package evolution_test

import (
	"errors"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	field2 "github.com/mlmd-go/sdk/suites/evolution/v2/field"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
	model2 "github.com/mlmd-go/sdk/suites/evolution/v2/model"
)

func old(project string) *model1.DataSet {
	return &model1.DataSet{
		ProjectID: project, Name: "a set", Description: new("first"), URI: new("s3://a"), Format: new(model1.FormatCSV),
		Rows: 7, Source: new("field trip"), Quality: new(0.5), Columns: []model1.Column{{Name: "height"}},
	}
}

func newer(project string) *model2.DataSet {
	return &model2.DataSet{
		ProjectID: project, Name: "a set", Description: new("second"), URI: new("s3://b"), Format: new(model2.FormatIceberg),
		Source: new("shop"), License: new("MIT"), Tags: []string{"daily"}, Quality: new(0.25),
		Columns: []model2.Column{{Name: "height", Unit: new("m")}},
	}
}

var _ = onEveryBackend("the new program", func(world func() *world) {
	It("reads what the old one wrote, whole", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		id := must(w.sets1.Upsert(ctx, old(project))).ID
		got := must(w.sets2.Get(ctx, id))
		Expect(got.CreateTime).NotTo(BeZero())
		want := &model2.DataSet{
			ID: id, CreateTime: got.CreateTime, UpdateTime: got.UpdateTime, State: got.State,
			ProjectID: project, Name: "a set", Description: new("first"), URI: new("s3://a"), Format: new(model2.FormatCSV),
			Rows: new(int64(7)), Source: new("field trip"), Quality: new(0.5), Columns: []model2.Column{{Name: "height"}},
		}
		Expect(got).To(Equal(want))
		Expect(must(w.sets2.FindByNameIn(ctx, project, "a set")).ID).To(Equal(id))
		Expect(must(registry.NewCollection(w.reg2, map2.Project).Get(ctx, project)).Owner).To(HaveValue(Equal("ada")))
	})

	It("updates what the old one wrote, under one id, and loses nothing of it", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		id := must(w.sets1.Upsert(ctx, old(project))).ID
		Expect(w.sets2.Upsert(ctx,
			&model2.DataSet{ProjectID: project, Name: "a set", License: new("MIT")})).To(HaveField("ID", id))
		got := must(w.sets1.Get(ctx, id))
		want := old(project)
		want.ID, want.CreateTime, want.UpdateTime, want.State = id, got.CreateTime, got.UpdateTime, got.State
		Expect(got).To(Equal(want))
		Expect(must(w.sets2.Get(ctx, id)).License).To(HaveValue(Equal("MIT")))
	})

	It("writes a renamed property by the name that the store has, until it is migrated", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		id := must(w.sets1.Upsert(ctx, old(project))).ID
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Source: new("shop")}))
		other := must(w.sets2.Upsert(ctx, &model2.DataSet{ProjectID: project, Name: "another", Source: new("mail")})).ID
		for id, source := range map[string]string{id: "shop", other: "mail"} {
			Expect(w.properties(ctx, id)).To(SatisfyAll(HaveKey("source"), Not(HaveKey("origin"))))
			Expect(must(w.sets1.Get(ctx, id)).Source).To(HaveValue(Equal(source)), "the old program sees it")
			Expect(must(w.sets2.Get(ctx, id)).Source).To(HaveValue(Equal(source)))
		}
		must(registry.MigrateAll(ctx, w.reg2, map2.Catalog))
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Source: new("field trip")}))
		Expect(w.properties(ctx, id)).To(SatisfyAll(HaveKey("origin"), Not(HaveKey("source"))))
	})

	It("writes a widened integer where the old program reads it, if it is whole", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		set := old(project)
		set.Size = new(int64(7))
		id := must(w.sets1.Upsert(ctx, set)).ID
		Expect(must(w.sets2.Get(ctx, id)).Size).To(HaveValue(Equal(7.0)))
		Expect(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Size: new(7.0)})).To(HaveField("Outcome", registry.Unchanged))

		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Size: new(8.0)}))
		Expect(must(w.sets1.Get(ctx, id)).Size).To(HaveValue(BeEquivalentTo(8)))
		Expect(must(w.sets2.Get(ctx, id)).Size).To(HaveValue(Equal(8.0)))
		Expect(w.properties(ctx, id)).NotTo(HaveKey("size_in_bytes"))

		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Size: new(8.5)}))
		Expect(must(w.sets1.Get(ctx, id)).Size).To(BeNil(), "not the number from before")
		Expect(must(w.sets2.Get(ctx, id)).Size).To(HaveValue(Equal(8.5)))
		Expect(w.properties(ctx, id)).To(SatisfyAll(HaveKey("size_in_bytes"), Not(HaveKey("size"))))

		other := old(project)
		other.Name, other.Size = "another", new(int64(9))
		second := must(w.sets1.Upsert(ctx, other)).ID
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: second, Size: new(10.0)}))
		Expect(must(w.sets1.Get(ctx, second)).Size).To(HaveValue(BeEquivalentTo(10)), "both names are written")
		Expect(must(w.sets2.Get(ctx, second)).Size).To(HaveValue(Equal(10.0)))
	})

	It("stores a required zero of a new entity although the type lacks its property", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		must(w.rpc.PutArtifactType(ctx, &mlmdpb.PutArtifactTypeRequest{
			ArtifactType: &mlmdpb.ArtifactType{Name: new(w.name + "DataSet")},
		}))
		id := must(w.sets1.Create(ctx, &model1.DataSet{ProjectID: project, Name: "empty"})).ID
		Expect(must(w.sets1.Get(ctx, id)).Unreadable).To(BeNil())
		Expect(w.properties(ctx, id)).To(HaveKey("rows"))
	})

	It("finds numbers that are stored as integers", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		f := field2.DataSet.Size
		var ids []string
		for i := range int64(4) {
			set := old(project)
			set.Name, set.Size = strconv.FormatInt(i, 10), &i
			ids = append(ids, must(w.sets1.Upsert(ctx, set)).ID)
		}
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: ids[2], Size: new(2.5)}))
		none := must(w.sets1.Upsert(ctx, &model1.DataSet{ProjectID: project, Name: "none", Rows: 1})).ID
		for range 2 { // before and after the migration
			for _, c := range []struct {
				where filter.Expr[*model2.DataSet]
				want  []string
			}{
				{f.Eq(1), ids[1:2]},
				{f.Gt(1.5), ids[2:]},
				{f.Ge(2.5), ids[2:]},
				{f.Lt(2.5), ids[:2]},
				{filter.Not(f.Eq(2.5)), []string{ids[0], ids[1], ids[3]}},
				{f.IsSet(), ids},
				{f.Eq(2.5).Or(field2.DataSet.ID.Eq(none)), []string{ids[2], none}},
			} {
				var got []string
				for _, v := range must(w.sets2.Query().Where(c.where).Collect(ctx)) {
					got = append(got, v.ID)
				}
				Expect(got).To(Equal(c.want))
			}
			sorted, err := w.sets2.Query().OrderByField(f).Desc().Limit(2).Collect(ctx)
			if !errors.Is(err, registry.ErrUnsupported) { // of the reference implementation
				Expect(err).NotTo(HaveOccurred())
				Expect([]string{sorted[0].ID, sorted[1].ID}).To(Equal([]string{ids[3], ids[2]}))
			}
			must(registry.MigrateAll(ctx, w.reg2, map2.Catalog))
		}
		text := "properties.size_in_bytes.double_value >= 0.0"
		Expect(must(w.sets2.Query().WhereText(text).Collect(ctx))).To(HaveLen(4))
	})

	It("writes both names where a node has the older one and the type declares both", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		must(w.sets1.Upsert(ctx, old(project)))
		must(registry.MigrateAll(ctx, w.reg2, map2.Catalog))
		id := must(w.sets1.Upsert(ctx,
			&model1.DataSet{ProjectID: project, Name: "from the old one", Rows: 1, Source: new("mail")})).ID
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Source: new("shop")}))
		Expect(must(w.sets1.Get(ctx, id)).Source).To(HaveValue(Equal("shop")))
		Expect(must(w.sets2.Get(ctx, id)).Source).To(HaveValue(Equal("shop")))
		Expect(w.properties(ctx, id)).To(SatisfyAll(HaveKey("origin"), HaveKey("source")))
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id}, registry.Clear(field2.DataSet.Source)))
		Expect(w.properties(ctx, id)).To(SatisfyAll(Not(HaveKey("origin")), Not(HaveKey("source"))))
	})

	It("finds what is stored under an older name, as it is read", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		store := func(name, source string) string {
			GinkgoHelper()
			set := old(project)
			set.Name, set.Source = name, &source
			return must(w.sets1.Upsert(ctx, set)).ID
		}
		trip, shop := store("trip", "field trip"), store("shop", "shop")
		without := must(w.sets1.Upsert(ctx, &model1.DataSet{ProjectID: project, Name: "without", Rows: 1})).ID
		// Both names, of which the older one is not read any more.
		stored := must(w.rpc.GetArtifactsByID(ctx,
			&mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{must(strconv.ParseInt(trip, 10, 64))}}))
		_, err := w.rpc.PutArtifactType(ctx, &mlmdpb.PutArtifactTypeRequest{
			CanAddFields: new(true), CanOmitFields: new(true),
			ArtifactType: &mlmdpb.ArtifactType{
				Name: stored.Artifacts[0].Type, Properties: map[string]mlmdpb.PropertyType{"origin": mlmdpb.PropertyType_STRING},
			},
		})
		Expect(err).NotTo(HaveOccurred())
		both := store("both", "shop")
		n := must(w.rpc.GetArtifactsByID(ctx,
			&mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{must(strconv.ParseInt(both, 10, 64))}})).Artifacts[0]
		n.Properties["origin"] = &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: "field trip"}}
		must(w.rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{n}}))

		f := field2.DataSet
		for _, c := range []struct {
			where filter.Expr[*model2.DataSet]
			want  []string
		}{
			{f.Source.Eq("field trip"), []string{trip, both}},
			{f.Source.Eq("shop"), []string{shop}},
			{filter.Not(f.Source.Eq("shop")), []string{trip, both}},
			{f.Source.IsSet(), []string{trip, shop, both}},
			{f.Source.Ge("f").And(f.Source.Lt("g")), []string{trip, both}},
			{f.Source.Eq("shop").Or(f.ID.Eq(without)), []string{shop, without}},
			{filter.Not(f.Source.Eq("shop").Or(f.Rows.Eq(1))), []string{trip, both}},
		} {
			for _, limit := range []int{0, 1} {
				var got []string
				for token := ""; ; {
					page := must(w.sets2.Query().Where(c.where).Limit(limit).Page(ctx, token))
					for _, v := range page.Items {
						got = append(got, v.ID)
					}
					if token = page.NextToken; token == "" {
						break
					}
				}
				Expect(got).To(Equal(c.want))
			}
		}
	})

	It("has an entity that the old one does not know", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		r := &model2.Report{ProjectID: project, Name: "a report", Findings: []string{"it rains"}}
		id := must(w.reports2.Upsert(ctx, r)).ID
		must(w.sets1.Upsert(ctx, old(project)))
		Expect(must(w.sets1.Query().Collect(ctx))).To(HaveLen(1))
		Expect(must(w.reports2.Get(ctx, id)).Findings).To(Equal([]string{"it rains"}))
	})

	It("plans what the old one's store lacks, and no conflict", func(ctx SpecContext) {
		w := world()
		must(w.sets1.Upsert(ctx, old(w.project1(ctx))))
		must(w.runs1.Upsert(ctx, &model1.Run{Name: "a run"}))
		changes := must(registry.PlanTypeChanges(ctx, w.reg2, map2.Catalog))
		Expect(changes.HasConflicts()).To(BeFalse(), changes.String())
		added := map[string][]string{}
		for _, c := range changes {
			if c.New {
				continue
			}
			for _, p := range c.Add {
				added[c.Entity] = append(added[c.Entity], p.Name)
			}
		}
		Expect(added).To(Equal(map[string][]string{
			"DataSet": {"license", "origin", "size_in_bytes", "tags"}, "Run": {"retries"},
		}))
	})
})

var _ = onEveryBackend("the old program", func(world func() *world) {
	It("reads what the new one wrote, but for a renamed property", func(ctx SpecContext) {
		w := world()
		project := w.project2(ctx)
		id := must(w.sets2.Upsert(ctx, newer(project))).ID
		got := must(w.sets1.Get(ctx, id))
		want := &model1.DataSet{
			ID: id, CreateTime: got.CreateTime, UpdateTime: got.UpdateTime, State: got.State,
			ProjectID: project, Name: "a set", Description: new("second"), URI: new("s3://b"),
			Format: new(model1.Format("iceberg")), Quality: new(0.25), Columns: []model1.Column{{Name: "height"}},
			Unreadable: value.Unreadable{"rows": {Why: "is missing, and the spec requires it"}},
		}
		Expect(got).To(Equal(want), "rows is missing, and source is under a name that it does not know")
		Expect(got.Format.Valid()).To(BeFalse())
		Expect(must(registry.NewCollection(w.reg1, map1.Project).Get(ctx, project)).Owner).To(HaveValue(Equal("ada")))
	})

	It("keeps what it does not know through an Upsert", func(ctx SpecContext) {
		w := world()
		project := w.project2(ctx)
		id := must(w.sets2.Upsert(ctx, newer(project))).ID
		Expect(w.sets1.Upsert(ctx, &model1.DataSet{ID: id, Description: new("third")})).To(HaveField("ID", id))
		got := must(w.sets2.Get(ctx, id))
		want := newer(project)
		want.ID, want.CreateTime, want.UpdateTime, want.State = id, got.CreateTime, got.UpdateTime, got.State
		want.Description = new("third")
		want.Rows = got.Rows
		Expect(got).To(Equal(want))
	})

	It("keeps what it does not know through a Replace", func(ctx SpecContext) {
		w := world()
		project := w.project2(ctx)
		id := must(w.sets2.Upsert(ctx, newer(project))).ID
		Expect(w.sets1.Replace(ctx, &model1.DataSet{ProjectID: project, Name: "a set", Rows: 3})).To(HaveField("ID", id))
		got := must(w.sets2.Get(ctx, id))
		want := &model2.DataSet{
			ID: id, CreateTime: got.CreateTime, UpdateTime: got.UpdateTime, State: got.State,
			ProjectID: project, Name: "a set", Rows: new(int64(3)), Source: new("shop"), License: new("MIT"),
			Tags: []string{"daily"},
		}
		Expect(got).To(Equal(want), "what it knows is emptied, all else is as it was")
	})

	It("keeps what it does not know of an execution", func(ctx SpecContext) {
		w := world()
		id := must(w.runs2.Upsert(ctx, &model2.Run{Name: "a run", Command: new("make"), Retries: new(int64(2))})).ID
		got := must(w.runs1.Get(ctx, id))
		Expect(got.Command).To(HaveValue(Equal("make")))
		got.Command = new("make all")
		must(w.runs1.Upsert(ctx, got))
		must(w.runs1.Replace(ctx, got))
		again := must(w.runs2.Get(ctx, id))
		Expect(again.Retries).To(HaveValue(BeNumerically("==", 2)))
		Expect(again.Command).To(HaveValue(Equal("make all")))
	})

	It("may write back a value of an enum that it does not know, and no other such value", func(ctx SpecContext) {
		w := world()
		id := must(w.sets2.Upsert(ctx, newer(w.project2(ctx)))).ID
		before := must(w.sets2.Get(ctx, id))
		got := must(w.sets1.Get(ctx, id))
		must(w.sets1.Upsert(ctx, got))
		must(w.sets1.Replace(ctx, got))
		Expect(must(w.sets2.Get(ctx, id))).To(Equal(before), "nothing changes, not even the time")
		got.Description = new("third")
		must(w.sets1.Replace(ctx, got))
		Expect(must(w.sets2.Get(ctx, id)).Format).To(Equal(before.Format))

		got.Format = new(model1.Format("avro"))
		before = must(w.sets2.Get(ctx, id))
		_, err := w.sets1.Upsert(ctx, got)
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		Expect(must(w.sets2.Get(ctx, id))).To(Equal(before))
	})

	It("writes a list whole, and so without the members that it does not know", func(ctx SpecContext) {
		w := world()
		id := must(w.sets2.Upsert(ctx, newer(w.project2(ctx)))).ID
		must(w.sets1.Upsert(ctx, &model1.DataSet{ID: id, Columns: []model1.Column{{Name: "height"}, {Name: "width"}}}))
		Expect(must(w.sets2.Get(ctx, id)).Columns).To(Equal([]model2.Column{{Name: "height"}, {Name: "width"}}))
	})

	It("keeps the members that it does not know through an Update", func(ctx SpecContext) {
		w := world()
		id := must(w.sets2.Upsert(ctx, newer(w.project2(ctx)))).ID
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Columns: []model2.Column{
			{Name: "height", Unit: new("m")}, {Name: "age", Unit: new("a")}, {Name: "weight", Unit: new("kg")},
		}}))
		must(w.sets1.Update(ctx, id, func(v *model1.DataSet) error {
			v.Columns = []model1.Column{{Name: "width"}, v.Columns[2], {Name: "height", Note: new("of people")}}
			return nil
		}))
		Expect(must(w.sets2.Get(ctx, id)).Columns).To(Equal([]model2.Column{
			{Name: "width"}, {Name: "weight", Unit: new("kg")}, {Name: "height", Unit: new("m"), Remark: new("of people")},
		}))
	})

	It("does not change a renamed property that has its new name already", func(ctx SpecContext) {
		w := world()
		id := must(w.sets2.Upsert(ctx, newer(w.project2(ctx)))).ID
		must(w.sets1.Upsert(ctx, &model1.DataSet{ID: id, Source: new("field trip")}))
		Expect(must(w.sets1.Get(ctx, id)).Source).To(HaveValue(Equal("field trip")))
		Expect(must(w.sets2.Get(ctx, id)).Source).To(HaveValue(Equal("shop")))
	})

	It("lists and finds what the new one wrote", func(ctx SpecContext) {
		w := world()
		project := w.project2(ctx)
		id := must(w.sets2.Upsert(ctx, newer(project))).ID
		Expect(must(w.sets1.FindByNameIn(ctx, project, "a set")).ID).To(Equal(id))
		Expect(must(w.sets1.ChildrenOf(project).Collect(ctx))).To(HaveLen(1))
		Expect(must(w.sets2.Query().Where(field2.DataSet.License.Eq("MIT")).Collect(ctx))).To(HaveLen(1))
	})
})
