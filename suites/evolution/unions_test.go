package evolution_test

import (
	"errors"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/onsi/gomega/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	field1 "github.com/mlmd-go/sdk/suites/evolution/v1/field"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	field2 "github.com/mlmd-go/sdk/suites/evolution/v2/field"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
	model2 "github.com/mlmd-go/sdk/suites/evolution/v2/model"
)

// stream is a variant that only the new spec has.
func stream(topic string) model2.Storage {
	return model2.Storage{Value: &model2.StreamStorage{
		Kind: "stream", Topic: topic, From: new(int64(7)),
		Before: model2.Storage{Value: &model2.TableStorage{Kind: "table", Address: new("db.t")}},
	}}
}

func file2(path string) model2.Storage {
	return model2.Storage{Value: &model2.FileStorage{Kind: "file", Path: path}}
}

var _ = onEveryBackend("unions", func(world func() *world) {
	It("are read as they were written, without the discriminator too", func(ctx SpecContext) {
		w := world()
		set := newer(w.project2(ctx))
		set.Storage = stream("clicks")
		set.Mirrors = []model2.Storage{
			{Value: &model2.FileStorage{Path: "a.csv"}},
			{Value: &model2.TableStorage{Kind: "view", Address: new("db.t")}},
		}
		id := must(w.sets2.Upsert(ctx, set)).ID
		got := must(w.sets2.Get(ctx, id))
		Expect(got.Storage).To(Equal(stream("clicks")))
		Expect(got.Mirrors).To(Equal([]model2.Storage{
			file2("a.csv"), {Value: &model2.TableStorage{Kind: "view", Address: new("db.t")}},
		}))
		Expect(w.sets2.Upsert(ctx, set)).To(HaveField("Outcome", registry.Unchanged))
		Expect(w.sets2.Replace(ctx, got)).To(HaveField("Outcome", registry.Unchanged))

		must(w.sets2.Update(ctx, id, func(s *model2.DataSet) error {
			s.Storage.Value.(*model2.StreamStorage).Topic = "views" // in place
			return nil
		}))
		Expect(must(w.sets2.Get(ctx, id)).Storage.Value).To(HaveField("Topic", "views"))
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Storage: file2("b.csv")}))
		Expect(must(w.sets2.Get(ctx, id)).Storage).To(Equal(file2("b.csv")))
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id}, registry.Clear(field2.DataSet.Storage)))
		Expect(must(w.sets2.Get(ctx, id)).Storage.IsZero()).To(BeTrue())
	})

	It("keep a variant that the old program does not know, whatever it writes", func(ctx SpecContext) {
		w := world()
		set := newer(w.project2(ctx))
		set.Rows = new(int64(1)) // v1 requires it
		set.Storage, set.Mirrors = stream("clicks"), []model2.Storage{stream("views"), file2("a.csv")}
		id := must(w.sets2.Upsert(ctx, set)).ID
		stored := w.properties(ctx, id)["storage"]

		seen := must(w.sets1.Get(ctx, id))
		Expect(seen.Unreadable).To(BeNil())
		Expect(seen.Storage.Kind()).To(Equal("stream"))
		Expect(seen.Storage.Value).To(BeAssignableToTypeOf(&model1.UnknownStorage{}))
		seen.Description = new("by the old program")
		seen.Mirrors = append(seen.Mirrors, model1.Storage{Value: &model1.FileStorage{Path: "b.csv"}})
		Expect(w.sets1.Replace(ctx, seen)).To(HaveField("Outcome", registry.Updated))
		must(w.sets1.Update(ctx, id, func(s *model1.DataSet) error {
			s.Source = new("by the old program")
			return nil
		}))
		Expect(w.properties(ctx, id)["storage"]).To(matchProto(stored))

		got := must(w.sets2.Get(ctx, id))
		Expect(got.Description).To(HaveValue(Equal("by the old program")))
		Expect(got.Storage).To(Equal(stream("clicks")))
		Expect(got.Mirrors).To(Equal([]model2.Storage{stream("views"), file2("a.csv"), file2("b.csv")}))
	})

	It("are refused with a path", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		for _, c := range []struct {
			storage     model1.Storage
			mirrors     []model1.Storage
			field, text string
		}{
			{storage: model1.Storage{Value: &model1.FileStorage{}}, field: "storage.path", text: "has 0 characters"},
			{
				storage: model1.Storage{Value: &model1.FileStorage{Kind: "table", Path: "x"}},
				field:   "storage.kind", text: `must be file, or empty`,
			},
			{
				storage: model1.Storage{Value: &model1.UnknownStorage{Members: map[string]any{"kind": "stream"}}},
				field:   "storage.kind", text: `must be one of file, table`,
			},
			{storage: model1.Storage{Value: (*model1.FileStorage)(nil)}, field: "storage", text: "is missing"},
			{mirrors: []model1.Storage{{Value: &model1.TableStorage{}}, {}}, field: "mirrors[1]", text: "is missing"},
			{
				mirrors: []model1.Storage{{Value: &model1.FileStorage{}}},
				field:   "mirrors[0].path", text: "has 0 characters",
			},
		} {
			_, err := w.sets1.Create(ctx, &model1.DataSet{
				ProjectID: project, Name: "a set", Storage: c.storage, Mirrors: c.mirrors,
			})
			var refused *registry.Error
			Expect(errors.As(err, &refused)).To(BeTrue(), "%v", err)
			Expect(err).To(MatchError(registry.ErrInvalidArgument))
			Expect(refused.Field).To(Equal(c.field))
			Expect(err).To(MatchError(ContainSubstring(c.text)))
		}
	})

	It("are found by variant and by members", func(ctx SpecContext) {
		w := world()
		project := w.project2(ctx)
		ids := map[string]string{}
		for name, storage := range map[string]model2.Storage{
			"stream": stream("clicks"), "file": file2("a.csv"), "none": {},
		} {
			set := &model2.DataSet{ProjectID: project, Name: name, Storage: storage}
			if name != "none" {
				set.Mirrors = []model2.Storage{file2("m.csv"), storage}
			}
			ids[name] = must(w.sets2.Upsert(ctx, set)).ID
		}
		f := field2.DataSet
		for _, c := range []struct {
			where filter.Expr[*model2.DataSet]
			want  []string
		}{
			{f.Storage.Kind.Eq("stream"), []string{"stream"}},
			{f.Storage.Kind.In("file", "table"), []string{"file"}},
			{f.Storage.StreamStorage.Topic.HasPrefix("cl"), []string{"stream"}},
			{f.Storage.StreamStorage.From.Ge(7), []string{"stream"}},
			{f.Storage.FileStorage.Path.Eq("a.csv"), []string{"file"}},
			{f.Storage.FileStorage.IsSet(), []string{"file"}},
			{f.Storage.IsSet(), []string{"stream", "file"}},
			{f.Storage.IsUnset(), []string{"none"}},
			{f.Mirrors.Any.Kind.Eq("stream"), []string{"stream"}},
			{f.Mirrors.Any.FileStorage.Path.Eq("a.csv"), []string{"file"}},
			{f.Mirrors.Any.FileStorage.Path.Eq("m.csv"), []string{"stream", "file"}},
		} {
			var want []string
			for _, name := range c.want {
				want = append(want, ids[name])
			}
			var got []string
			for _, v := range must(w.sets2.Query().Where(c.where).Collect(ctx)) {
				got = append(got, v.ID)
			}
			Expect(got).To(ConsistOf(want), "%v", c.want)
		}
		old := must(w.sets1.Query().Where(field1.DataSet.Storage.Kind.Eq("stream")).Collect(ctx))
		Expect(old).To(HaveLen(1), "a variant that it does not know")
	})

	It("move the members of variants that have another name", func(ctx SpecContext) {
		w := world()
		set := old(w.project1(ctx))
		set.Storage = model1.Storage{Value: &model1.TableStorage{Place: new("db.t")}}
		set.Mirrors = []model1.Storage{{Value: &model1.FileStorage{Path: "a.csv"}}, set.Storage}
		id := must(w.sets1.Upsert(ctx, set)).ID
		table := model2.Storage{Value: &model2.TableStorage{Kind: "table", Address: new("db.t")}}
		Expect(must(w.sets2.Get(ctx, id)).Storage).To(Equal(table))

		must(registry.MigrateAll(ctx, w.reg2, map2.Catalog))
		Expect(w.properties(ctx, id)["storage"].GetStructValue().GetFields()).To(SatisfyAll(
			HaveKey("address"), Not(HaveKey("place"))))
		got := must(w.sets2.Get(ctx, id))
		Expect(got.Storage).To(Equal(table))
		Expect(got.Mirrors).To(Equal([]model2.Storage{file2("a.csv"), table}))
	})

	It("say what is stored where no variant can be read, and leave it", func(ctx SpecContext) {
		w := world()
		id := must(w.sets2.Upsert(ctx, newer(w.project2(ctx)))).ID
		s := must(structpb.NewStruct(map[string]any{"path": "a.csv"}))
		r := must(w.rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{number64(id)}}))
		n := r.Artifacts[0]
		n.Properties["storage"] = &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}
		must(w.rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{n}}))

		got := must(w.sets2.Get(ctx, id))
		Expect(got.Storage.IsZero()).To(BeTrue())
		Expect(got.Unreadable.String()).To(ContainSubstring(`is not an object with a text in "kind"`))
		got.Description = new("third")
		must(w.sets2.Upsert(ctx, got))
		Expect(w.properties(ctx, id)["storage"].GetStructValue()).To(matchProto(s))
	})
})

func number64(id string) int64 {
	GinkgoHelper()
	return must(strconv.ParseInt(id, 10, 64))
}

// matchProto matches a message that is equal to want.
func matchProto(want proto.Message) types.GomegaMatcher {
	return WithTransform(func(got proto.Message) bool { return proto.Equal(got, want) }, BeTrue())
}
