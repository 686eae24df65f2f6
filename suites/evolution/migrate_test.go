package evolution_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	field2 "github.com/mlmd-go/sdk/suites/evolution/v2/field"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
	model2 "github.com/mlmd-go/sdk/suites/evolution/v2/model"
)

// cutShort is a client whose calls of PutArtifacts fail after some, and that counts
// all calls by name.
type cutShort struct {
	mlmdpb.MetadataStoreServiceClient
	puts  int
	calls map[string]int
	// before runs before each PutArtifacts; nil for nothing.
	before func(*mlmdpb.PutArtifactsRequest)
}

func (c *cutShort) PutArtifacts(ctx context.Context, in *mlmdpb.PutArtifactsRequest,
	opts ...grpc.CallOption,
) (*mlmdpb.PutArtifactsResponse, error) {
	if c.puts == 0 {
		return nil, status.Error(codes.Unavailable, "the line is cut")
	}
	c.puts--
	if c.before != nil {
		c.before(in)
	}
	c.count("PutArtifacts")
	return c.MetadataStoreServiceClient.PutArtifacts(ctx, in, opts...)
}

func (c *cutShort) count(call string) {
	if c.calls == nil {
		c.calls = make(map[string]int)
	}
	c.calls[call]++
}

func (c *cutShort) GetArtifactsByType(ctx context.Context, in *mlmdpb.GetArtifactsByTypeRequest,
	opts ...grpc.CallOption,
) (*mlmdpb.GetArtifactsByTypeResponse, error) {
	c.count("GetArtifactsByType")
	return c.MetadataStoreServiceClient.GetArtifactsByType(ctx, in, opts...)
}

// store1 has the old program store sets whose values are in each place that a
// migration moves, and returns their IDs.
func (w *world) store1(ctx SpecContext, project string, n int) (ids []string) {
	GinkgoHelper()
	sets := make([]*model1.DataSet, n)
	for i := range sets {
		sets[i] = old(project)
		sets[i].Name, sets[i].Size = fmt.Sprintf("set %d", i), new(int64(i))
		sets[i].Columns = []model1.Column{{Name: "height", Note: new("in m")}}
		sets[i].CustomProperties = value.Map{"license": value.String("MIT"), "other": value.Int(1)}
	}
	for _, r := range must(w.sets1.UpsertAll(ctx, sets)) {
		ids = append(ids, r.ID)
	}
	return ids
}

// dump is all that a store has of the types of a world and of records of their
// migrations.
func (w *world) dump(ctx SpecContext) string {
	GinkgoHelper()
	var out []string
	text := func(m proto.Message) { out = append(out, prototext.MarshalOptions{}.Format(m)) }
	for _, t := range must(w.rpc.GetArtifactTypes(ctx, &mlmdpb.GetArtifactTypesRequest{})).ArtifactTypes {
		if strings.HasPrefix(t.GetName(), w.name) {
			text(t)
		}
	}
	for _, t := range must(w.rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})).ContextTypes {
		if strings.HasPrefix(t.GetName(), w.name) {
			text(t)
		}
	}
	for _, e := range map2.Catalog {
		if r := w.record(ctx, e.Type().Kind.String(), e.Type().TypeName); r != nil {
			text(r)
		}
	}
	for token := ""; ; {
		r := must(w.rpc.GetArtifactsByType(ctx, &mlmdpb.GetArtifactsByTypeRequest{
			TypeName: new(w.name + "DataSet"), Options: &mlmdpb.ListOperationOptions{NextPageToken: &token},
		}))
		for _, a := range r.Artifacts {
			text(a)
		}
		if token = r.GetNextPageToken(); token == "" {
			return strings.Join(out, "\n")
		}
	}
}

// record is the record of the migration of a type, or nil.
func (w *world) record(ctx SpecContext, kind, typeName string) *mlmdpb.Context {
	GinkgoHelper()
	r := must(w.rpc.GetContextByTypeAndName(ctx, &mlmdpb.GetContextByTypeAndNameRequest{
		TypeName: new("mlmd-go.Migration"), ContextName: new(kind + " " + w.name + strings.TrimPrefix(typeName, "kf.")),
	}))
	return r.GetContext()
}

var _ = onEveryBackend("a migration", func(world func() *world) {
	sets := map2.Catalog[:1]
	counts := func(n int) registry.Migration {
		return registry.Migration{
			Entity: "DataSet", Examined: n, Changed: n, Renamed: n, Converted: n, Members: n, Custom: n,
		}
	}

	It("counts first, goes on where it was cut short, and loses nothing", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		const all = 230
		ids := w.store1(ctx, project, all)
		before := must(w.sets2.Query().Collect(ctx))

		dump := w.dump(ctx)
		Expect(registry.MigrateAll(ctx, w.reg2, sets, registry.WithDryRun())).To(Equal([]registry.Migration{counts(all)}))
		Expect(w.dump(ctx)).To(Equal(dump), "a dry run writes nothing")

		cut := &cutShort{MetadataStoreServiceClient: w.rpc, puts: 2}
		done, err := registry.MigrateAll(ctx, registry.New(cut, w.prefix), sets)
		Expect(err).To(MatchError(ContainSubstring("the line is cut")))
		Expect(done[0].Changed).To(And(BeNumerically(">", 0), BeNumerically("<", all)))
		record := w.record(ctx, "artifact", "kf.DataSet")
		Expect(record.Properties["last_id"].GetDoubleValue()).To(BeNumerically(">", 0))
		Expect(record.Properties["finished"].GetDoubleValue()).To(BeZero())

		left := must(registry.MigrateAll(ctx, w.reg2, sets, registry.WithDryRun()))
		Expect(left[0].Examined).To(BeNumerically("<", all), "what is done is not read again")
		var progress []int
		counted := &cutShort{MetadataStoreServiceClient: w.rpc, puts: -1}
		rest := must(registry.MigrateAll(ctx, registry.New(counted, w.prefix), sets, registry.WithProgress(
			func(m registry.Migration) { progress = append(progress, m.Examined) },
		)))
		Expect(rest).To(Equal(left), "the dry run said what would happen")
		Expect(progress).NotTo(BeEmpty())
		Expect(slices.IsSorted(progress)).To(BeTrue())
		Expect(progress[len(progress)-1]).To(Equal(rest[0].Examined))
		pages := (rest[0].Examined + 99) / 100
		Expect(counted.calls["GetArtifactsByType"]).To(Equal(pages))

		for _, opts := range [][]registry.MigrateOption{nil, {registry.WithDryRun()}} {
			Expect(registry.MigrateAll(ctx, w.reg2, sets, opts...)).
				To(Equal([]registry.Migration{{Entity: "DataSet", Complete: true}}))
		}
		Expect(registry.MigrateAll(ctx, w.reg2, sets, registry.WithForce())).
			To(Equal([]registry.Migration{{Entity: "DataSet", Examined: all}}))
		Expect(w.record(ctx, "artifact", "kf.DataSet").Properties["finished"].GetDoubleValue()).To(BeNumerically(">", 0))

		after := must(w.sets2.Query().Collect(ctx))
		for i, v := range after {
			v.UpdateTime = before[i].UpdateTime
		}
		Expect(after).To(Equal(before), "what is read is the same")
		for _, text := range []string{
			"properties.origin.string_value = 'field trip'", "properties.size_in_bytes.double_value >= 0.0",
			"properties.license.string_value = 'MIT'",
		} {
			Expect(must(w.sets2.Query().WhereText(text).Collect(ctx))).To(HaveLen(all), text)
		}
		Expect(must(w.sets2.Query().Where(field2.DataSet.License.Eq("MIT")).Collect(ctx))).To(HaveLen(all))
		stored := w.properties(ctx, ids[0])
		Expect(stored).To(SatisfyAll(Not(HaveKey("source")), Not(HaveKey("size"))))
		Expect(stored["columns"].GetStructValue().AsMap()).To(Equal(map[string]any{
			"columns": []any{map[string]any{"name": "height", "remark": "in m"}},
		}))
	})

	It("keeps what cannot be moved, and says so", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		large, set := int64(1)<<53+1, old(project)
		set.Source, set.Size = nil, &large
		r, err := w.sets1.Upsert(ctx, set)
		if errors.Is(err, registry.ErrInvalidArgument) { // a database whose integers are small: a double holds them all
			Expect(err).To(MatchError(ContainSubstring("integers of 32 bits")))
			return
		}
		Expect(err).NotTo(HaveOccurred())
		id := r.ID
		Expect(registry.MigrateAll(ctx, w.reg2, sets)).
			To(Equal([]registry.Migration{{Entity: "DataSet", Examined: 1, Kept: 1, KeptIDs: []string{id}}}))
		Expect(must(w.sets1.Get(ctx, id)).Size).To(HaveValue(Equal(large)), "a double would round it")
	})

	It("leaves texts that an enum lacks, and lists them", func(ctx SpecContext) {
		w := world()
		ids := w.store1(ctx, w.project1(ctx), 3)
		format := func(id, text string) {
			stored := must(w.rpc.GetArtifactsByID(ctx,
				&mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{must(value.ParseID(id))}}))
			a := stored.GetArtifacts()[0]
			a.Properties["format"] = &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: text}}
			must(w.rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{a}}))
		}
		format(ids[1], "papyrus")
		want := counts(3)
		want.Kept, want.KeptIDs = 1, []string{ids[1]}
		Expect(registry.MigrateAll(ctx, w.reg2, sets)).To(Equal([]registry.Migration{want}))
		Expect(w.properties(ctx, ids[1])["format"].GetStringValue()).To(Equal("papyrus"))
	})

	It("fills fields from others by a function", func(ctx SpecContext) {
		w := world()
		const all = 120
		ids := w.store1(ctx, w.project1(ctx), all)
		wrong := func(change func(*model2.DataSet) error) error {
			_, err := registry.MigrateAll(ctx, w.reg2, sets, registry.WithTransform(map2.DataSet,
				func(_ *mlmdpb.Artifact, v *model2.DataSet) error { return change(v) }))
			return err
		}
		Expect(wrong(func(*model2.DataSet) error { return errors.New("no idea") })).
			To(MatchError(And(ContainSubstring("ID "+ids[0]+" is not transformed"), ContainSubstring("no idea"))))
		Expect(wrong(func(v *model2.DataSet) error { v.URI = new("s3://b"); return nil })).
			To(MatchError(ContainSubstring("change only fields that are stored in properties")))
		Expect(wrong(func(v *model2.DataSet) error { v.Format = new(model2.Format("papyrus")); return nil })).
			To(MatchError(ContainSubstring("papyrus")))

		split := registry.WithTransform(map2.DataSet, func(old *mlmdpb.Artifact, v *model2.DataSet) error {
			words := strings.Fields(*v.Source)
			if len(words) < 2 { // done
				return nil
			}
			v.Source, v.Tags = &words[0], words[1:]
			v.Description = new(*v.Description + " in " + old.GetProperties()["format"].GetStringValue())
			return nil
		})
		want := counts(all)
		want.Renamed, want.Transformed = 0, 3*all
		Expect(registry.MigrateAll(ctx, w.reg2, sets, split, registry.WithDryRun())).To(Equal([]registry.Migration{want}))
		Expect(registry.MigrateAll(ctx, w.reg2, sets, split)).To(Equal([]registry.Migration{want}))
		for _, v := range must(w.sets2.Query().Collect(ctx)) {
			Expect(v.Source).To(HaveValue(Equal("field")))
			Expect(v.Tags).To(Equal([]string{"trip"}))
			Expect(v.Description).To(HaveValue(Equal("first in " + string(model1.FormatCSV))))
			Expect(v.License).To(HaveValue(Equal("MIT")))
		}
		Expect(w.properties(ctx, ids[0])).To(SatisfyAll(Not(HaveKey("source")), HaveKey("origin")))
		Expect(registry.MigrateAll(ctx, w.reg2, sets, split)).
			To(Equal([]registry.Migration{{Entity: "DataSet", Complete: true}}))
		Expect(registry.MigrateAll(ctx, w.reg2, sets, split, registry.WithForce())).
			To(Equal([]registry.Migration{{Entity: "DataSet", Examined: all}}))
	})

	It("starts again for another spec", func(ctx SpecContext) {
		w := world()
		w.store1(ctx, w.project1(ctx), 1)
		Expect(registry.MigrateAll(ctx, w.reg1, map1.Catalog[:1])).
			To(Equal([]registry.Migration{{Entity: "DataSet", Examined: 1}}))
		Expect(registry.MigrateAll(ctx, w.reg2, sets)).To(Equal([]registry.Migration{counts(1)}))
	})

	It("overwrites no change of another program", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		ids := w.store1(ctx, project, 3)
		times := 0
		client := &cutShort{MetadataStoreServiceClient: w.rpc, puts: -1}
		client.before = func(*mlmdpb.PutArtifactsRequest) {
			if times++; times == 1 { // after the migration has read, and before it writes
				must(w.sets1.Upsert(ctx, &model1.DataSet{ID: ids[1], Source: new("shop"), Size: new(int64(77))}))
			}
		}
		want := counts(3)
		want.Retried = 1
		Expect(registry.MigrateAll(ctx, registry.New(client, w.prefix), sets)).To(Equal([]registry.Migration{want}))
		got := must(w.sets2.Get(ctx, ids[1]))
		Expect(got.Source).To(HaveValue(Equal("shop")))
		Expect(got.Size).To(HaveValue(Equal(77.0)))
		Expect(must(w.sets2.Query().WhereText("properties.origin.string_value = 'shop'").Collect(ctx))).To(HaveLen(1))
	})

	It("may run twice at once, beside programs of both versions", func(ctx SpecContext) {
		w := world()
		project := w.project1(ctx)
		const all = 120
		ids := w.store1(ctx, project, all)
		results := make(chan error, 4)
		for range 2 {
			go func() {
				defer GinkgoRecover()
				_, err := registry.MigrateAll(ctx, registry.New(w.rpc, w.prefix), sets)
				results <- err
			}()
		}
		go func() { // fields that the migration does not move
			defer GinkgoRecover()
			var err error
			for i := 0; i < all && err == nil; i += 7 {
				_, err = w.sets1.Upsert(ctx, &model1.DataSet{ID: ids[i], Rows: 1000 + int64(i)})
			}
			results <- err
		}()
		go func() {
			defer GinkgoRecover()
			var err error
			for i := 1; i < all && err == nil; i += 7 {
				_, err = w.sets2.Update(ctx, ids[i], func(v *model2.DataSet) error {
					v.Source, v.Size = new("shop"), new(*v.Size+0.5)
					return nil
				})
			}
			results <- err
		}()
		for range 4 {
			Expect(<-results).To(Succeed())
		}
		must(registry.MigrateAll(ctx, w.reg2, sets, registry.WithForce()))
		for i, v := range must(w.sets2.Query().Collect(ctx)) {
			source, size, rows := "field trip", float64(i), int64(7)
			switch i % 7 {
			case 0:
				rows = 1000 + int64(i)
			case 1:
				source, size = "shop", size+0.5
			}
			Expect(v.Source).To(HaveValue(Equal(source)), "set %d", i)
			Expect(v.Size).To(HaveValue(Equal(size)), "set %d", i)
			Expect(v.Rows).To(HaveValue(Equal(rows)), "set %d", i)
			Expect(w.properties(ctx, v.ID)).To(SatisfyAll(Not(HaveKey("source")), Not(HaveKey("size"))))
		}
		Expect(must(w.sets2.Query().WhereText("properties.origin.string_value LIKE '%'").Collect(ctx))).To(HaveLen(all))
	})
})
