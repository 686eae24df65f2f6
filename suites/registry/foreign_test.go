package registry_test

import (
	"context"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/protobuf/types/known/structpb"

	objects "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/objects/want/mapping"
	rules "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/rules/want/mapping"
	rulesmodel "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/rules/want/model"
	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

func object(m map[string]any) *mlmdpb.Value {
	GinkgoHelper()
	s, err := structpb.NewStruct(m)
	Expect(err).NotTo(HaveOccurred())
	return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}
}

func textValue(s string) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
}

// foreignContext stores a context as another program might. Its type declares the
// properties with the types of their values.
func foreignContext(
	ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, typeName string, props, custom map[string]*mlmdpb.Value,
) string {
	GinkgoHelper()
	t := &mlmdpb.ContextType{Name: &typeName, Properties: map[string]mlmdpb.PropertyType{}}
	for name, v := range props {
		switch v.Value.(type) {
		case *mlmdpb.Value_StringValue:
			t.Properties[name] = mlmdpb.PropertyType_STRING
		case *mlmdpb.Value_StructValue:
			t.Properties[name] = mlmdpb.PropertyType_STRUCT
		default:
			t.Properties[name] = mlmdpb.PropertyType_INT
		}
	}
	typ, err := rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{
		ContextType: t, CanAddFields: new(true), CanOmitFields: new(true),
	})
	Expect(err).NotTo(HaveOccurred())
	put, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
		TypeId: typ.TypeId, Name: new(fresh("context")), Properties: props, CustomProperties: custom,
	}}})
	Expect(err).NotTo(HaveOccurred())
	return strconv.FormatInt(put.ContextIds[0], 10)
}

var _ = onEveryBackend("data of another program", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var (
		prefix string
		reg    *registry.Client
		things *registry.Collection[rulesmodel.Everything, *mlmdpb.Context]
	)
	BeforeEach(func() {
		prefix = fresh("t") + "."
		reg = registry.New(rpc(), registry.WithTypePrefix(prefix))
		m := rules.Everything
		m.TypeName = prefix + "Everything"
		things = registry.NewCollection(reg, m)
	})
	thing := func(ctx context.Context, props map[string]*mlmdpb.Value) string {
		return foreignContext(ctx, rpc(), prefix+"Everything", props, nil)
	}
	get := func(ctx context.Context, id string) *rulesmodel.Everything {
		GinkgoHelper()
		v, err := things.Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		return v
	}

	DescribeTable("reads a time in a form that means one thing", func(ctx SpecContext, text string, want time.Time) {
		id := thing(ctx, map[string]*mlmdpb.Value{"opt_when": textValue(text)})
		v := get(ctx, id)
		Expect(v.OptWhen.Equal(want)).To(BeTrue(), "%v", v.OptWhen)
		Expect(v.Unreadable.Has("optWhen")).To(BeFalse(), v.Unreadable.String())
		_, err := things.Replace(ctx, v)
		Expect(err).NotTo(HaveOccurred())
		Expect(get(ctx, id)).To(Equal(v))
	},
		Entry("nothing", "", time.Time{}),
		Entry("without a time zone", "2024-05-01T10:00:00", time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)),
		Entry("as Python prints it", "2024-05-01 10:00:00.123456+02:00", time.Date(2024, 5, 1, 8, 0, 0, 123456000, time.UTC)),
		Entry("as Go prints it", "2024-05-01 10:00:00 +0200 CEST", time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)),
		Entry("only a date", "2024-05-01", time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)),
		Entry("milliseconds", "1714557600000", time.UnixMilli(1714557600000).UTC()),
	)

	It("is listed with the fields that cannot be decoded", func(ctx SpecContext) {
		good := thing(ctx, map[string]*mlmdpb.Value{"text": textValue("x")})
		bad := thing(
			ctx,
			map[string]*mlmdpb.Value{
				"opt_when":  textValue("yesterday"),
				"opt_whole": textValue("many"),
				"opt_text":  textValue("kept"),
			},
		)
		all, err := things.Query().Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(all).To(HaveLen(2))
		Expect(all[0].ID).To(Equal(good))
		v := all[1]
		Expect(v.ID).To(Equal(bad))
		Expect(v.OptText).To(HaveValue(Equal("kept")))
		Expect(v.OptWhen.IsZero()).To(BeTrue())
		Expect(v.Unreadable).To(HaveKeyWithValue("optWhen", value.Unread{Stored: "yesterday", Why: "is not a time"}))
		Expect(v.Unreadable).To(HaveKeyWithValue("optWhole", value.Unread{Stored: "many", Why: "is not an integer"}))

		By("writing back what was read")
		for _, write := range []func(*rulesmodel.Everything) (registry.Result, error){
			func(v *rulesmodel.Everything) (registry.Result, error) { return things.Upsert(ctx, v) },
			func(v *rulesmodel.Everything) (registry.Result, error) { return things.Replace(ctx, v) },
		} {
			_, err := write(v)
			Expect(err).NotTo(HaveOccurred())
			Expect(get(ctx, bad)).To(Equal(v))
		}
		By("setting one of them, and clearing it")
		when := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
		_, err = things.Upsert(ctx, &rulesmodel.Everything{ID: bad, OptWhen: when})
		Expect(err).NotTo(HaveOccurred())
		set := get(ctx, bad)
		Expect(set.OptWhen).To(Equal(when))
		Expect(set.Unreadable).To(And(HaveKey("optWhole"), Not(HaveKey("optWhen"))))
		other := thing(ctx, map[string]*mlmdpb.Value{"opt_when": textValue("yesterday")})
		_, err = things.Upsert(
			ctx,
			&rulesmodel.Everything{ID: other},
			registry.Clear(
				filter.Clearable[*rulesmodel.Everything](&filter.Clear[*rulesmodel.Everything]{Path: "properties.opt_when"}),
			),
		)
		Expect(err).NotTo(HaveOccurred())
		Expect(get(ctx, other).Unreadable.Has("optWhen")).To(BeFalse())
	})

	It("has the readable parts of an object, and keeps all of it until it is set", func(ctx SpecContext) {
		columns := object(map[string]any{"columns": []any{
			map[string]any{"name": "a", "kind": "x", "more": 1.0},
			map[string]any{"kind": "y", "comment": 7.0},
		}})
		typ, err := rpc().PutArtifactType(ctx, &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
			Name: new(prefix + "Table"), Properties: map[string]mlmdpb.PropertyType{"columns": mlmdpb.PropertyType_STRUCT},
		}})
		Expect(err).NotTo(HaveOccurred())
		put, err := rpc().PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
			TypeId: typ.TypeId, Properties: map[string]*mlmdpb.Value{"columns": columns},
		}}})
		Expect(err).NotTo(HaveOccurred())
		id := strconv.FormatInt(put.ArtifactIds[0], 10)
		m := objects.Table
		m.TypeName = prefix + "Table"
		tables := registry.NewCollection(reg, m)
		v, err := tables.Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(v.Columns).To(HaveLen(2))
		Expect(v.Columns[0].Name).To(Equal("a"))
		Expect(v.Unreadable).
			To(HaveKeyWithValue("columns[1].name", value.Unread{Why: "is missing, and the spec requires it"}))
		Expect(v.Unreadable).To(HaveKeyWithValue("columns[1].comment", value.Unread{Stored: "7", Why: "is not a text"}))
		_, err = tables.Replace(ctx, v)
		Expect(err).NotTo(HaveOccurred())
		again, err := tables.Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(again).To(Equal(v))

		By("setting it to its readable parts")
		v.Unreadable = nil
		_, err = tables.Upsert(ctx, v)
		Expect(err).NotTo(HaveOccurred())
		again, err = tables.Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(again.Columns).To(Equal(v.Columns))
		Expect(again.Unreadable.Has("columns")).To(BeFalse(), again.Unreadable.String())
	})

	It("has exactly the renamed members of objects moved", func(ctx SpecContext) {
		typ, err := rpc().PutArtifactType(ctx, &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
			Name: new(prefix + "Table"), Properties: map[string]mlmdpb.PropertyType{"columns": mlmdpb.PropertyType_STRUCT},
		}})
		Expect(err).NotTo(HaveOccurred())
		column := func(label string) map[string]any {
			return map[string]any{
				"name":    "a",
				"kind":    "text",
				"more":    1.0,
				"comment": 7.0,
				label:     "A",
				"parts":   []any{map[string]any{label: "B"}},
			}
		}
		columns := func(label string) *mlmdpb.Value {
			return object(map[string]any{"columns": []any{column(label), "odd"}})
		}
		put, err := rpc().PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{
			{TypeId: typ.TypeId, Properties: map[string]*mlmdpb.Value{"columns": columns("title")}},
			{TypeId: typ.TypeId, Properties: map[string]*mlmdpb.Value{"columns": columns("label")}},
		}})
		Expect(err).NotTo(HaveOccurred())
		m := objects.Table
		m.TypeName = prefix + "Table"
		read := func() []any {
			GinkgoHelper()
			t, err := registry.NewCollection(reg, m).Get(ctx, strconv.FormatInt(put.ArtifactIds[0], 10))
			Expect(err).NotTo(HaveOccurred())
			return []any{*t.Columns[0].Label, *t.Columns[0].Parts[0].Label}
		}
		Expect(read()).To(Equal([]any{"A", "B"}))
		for _, step := range []struct {
			opts  []registry.MigrateOption
			moved int
		}{
			{[]registry.MigrateOption{registry.WithDryRun()}, 1},
			{nil, 1},
			{[]registry.MigrateOption{registry.WithForce()}, 0},
		} {
			Expect(registry.MigrateAll(ctx, reg, []mlmd.AnyMapping{&m}, step.opts...)).To(Equal([]registry.Migration{
				{Entity: "Table", Examined: 2, Changed: step.moved, Members: step.moved},
			}))
		}
		Expect(read()).To(Equal([]any{"A", "B"}))
		r, err := rpc().GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: put.ArtifactIds})
		Expect(err).NotTo(HaveOccurred())
		for _, a := range r.Artifacts {
			Expect(a.Properties["columns"].GetStructValue().AsMap()).To(Equal(columns("label").GetStructValue().AsMap()))
		}
	})

	It("has custom properties that are read as fields moved by MigrateAll", func(ctx SpecContext) {
		id := foreignContext(ctx, rpc(), prefix+"RegisteredModel", map[string]*mlmdpb.Value{"state": textValue("LIVE")},
			map[string]*mlmdpb.Value{"license": textValue("MIT"), "team": textValue("fraud")})
		m, err := reg.RegisteredModels().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(registry.MigrateAll(ctx, reg, []mlmd.AnyMapping{&mapping.RegisteredModel})).To(Equal([]registry.Migration{
			{Entity: "RegisteredModel", Examined: 1, Changed: 1, Custom: 1},
		}))
		Expect(stored(ctx, rpc(), id).Properties).To(HaveKey("license"))
		Expect(stored(ctx, rpc(), id).CustomProperties).To(And(HaveLen(1), HaveKey("team")))
		after, err := reg.RegisteredModels().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		m.UpdateTime = after.UpdateTime
		Expect(after).To(Equal(m))
	})

	It("may have custom properties with the names of fields", func(ctx SpecContext) {
		models := reg.RegisteredModels()
		read := func(id string) *model.RegisteredModel {
			GinkgoHelper()
			m, err := models.Get(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			return m
		}
		five := &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: 5}}
		id := foreignContext(ctx, rpc(), prefix+"RegisteredModel", map[string]*mlmdpb.Value{"state": textValue("PAUSED")},
			map[string]*mlmdpb.Value{"license": textValue("MIT"), "maturity": five, "team": textValue("fraud")})
		m := read(id)
		Expect(m.License).To(HaveValue(Equal("MIT")))
		Expect(m.State).To(HaveValue(BeEquivalentTo("PAUSED")))
		Expect(m.CustomProperties).To(Equal(value.Map{"maturity": value.Int(5), "team": value.String("fraud")}))

		By("writing back what was read")
		_, err := models.Upsert(ctx, m)
		Expect(err).NotTo(HaveOccurred())
		_, err = models.Replace(ctx, m)
		Expect(err).NotTo(HaveOccurred())
		Expect(read(id)).To(Equal(m))

		By("changing something else")
		m.CustomProperties["team"] = value.String("risk")
		m.Description = new("about fraud")
		_, err = models.Replace(ctx, m)
		Expect(err).NotTo(HaveOccurred())
		m.UpdateTime = read(id).UpdateTime
		Expect(read(id)).To(Equal(m))

		By("rejecting a new one")
		_, err = models.Upsert(ctx, &model.RegisteredModel{
			ID: id, CustomProperties: value.Map{"provider": value.String("us")},
		})
		Expect(failure(err).Field).To(Equal("customProperties.provider"))
		_, err = models.Upsert(ctx, &model.RegisteredModel{ID: id, State: new(model.RegisteredModelState("HALTED"))})
		Expect(failure(err).Field).To(Equal("state"))

		By("moving it with the next write of the field")
		_, err = models.Upsert(ctx, &model.RegisteredModel{ID: id, License: new("GPL")})
		Expect(err).NotTo(HaveOccurred())
		Expect(stored(ctx, rpc(), id).Properties).To(HaveKey("license"))
		Expect(stored(ctx, rpc(), id).CustomProperties).To(And(HaveLen(2), Not(HaveKey("license"))))
		id = foreignContext(ctx, rpc(), prefix+"RegisteredModel", nil, map[string]*mlmdpb.Value{"license": textValue("MIT")})
		_, err = models.Upsert(ctx, &model.RegisteredModel{ID: id}, registry.Clear(field.RegisteredModel.License))
		Expect(err).NotTo(HaveOccurred())
		Expect(read(id).License).To(BeNil())
		Expect(stored(ctx, rpc(), id).CustomProperties).To(BeEmpty())
	})
})

// stored returns the context as it is stored.
func stored(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, id string) *mlmdpb.Context {
	GinkgoHelper()
	r, err := rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{number64(id)}})
	Expect(err).NotTo(HaveOccurred())
	Expect(r.Contexts).To(HaveLen(1))
	return r.Contexts[0]
}
