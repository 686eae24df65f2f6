package registry_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

func text(s string) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
}

var _ = onEveryBackend("the plan of type changes", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("lists additions, kept properties and conflicts, and writes nothing", func(ctx SpecContext) {
		prefix := fresh("t") + "."
		_, err := rpc().PutContextType(ctx, &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
			Name: new(prefix + "ModelVersion"), Properties: map[string]mlmdpb.PropertyType{
				"author": mlmdpb.PropertyType_INT, "description": mlmdpb.PropertyType_STRING, "theirs": mlmdpb.PropertyType_DOUBLE,
			},
		}})
		Expect(err).NotTo(HaveOccurred())
		client, sent := counting(rpc())
		reg := registry.New(client, registry.WithTypePrefix(prefix))
		changes, err := registry.PlanTypeChanges(ctx, reg, []mlmd.AnyMapping{&mapping.ModelVersion, &mapping.DocArtifact})
		Expect(err).NotTo(HaveOccurred())
		Expect(writes(sent.take())).To(BeEmpty())
		Expect(changes).To(HaveLen(2))
		Expect(changes[0].New).To(BeTrue())
		Expect(changes[0].TypeName).To(Equal(prefix + "DocArtifact"))
		v := changes[1]
		Expect(v.New).To(BeFalse())
		Expect(v.Add).To(Equal([]mlmd.PropertyDecl{
			{Name: "model_name", Type: mlmdpb.PropertyType_STRING},
			{Name: "registered_model_id", Type: mlmdpb.PropertyType_INT},
			{Name: "state", Type: mlmdpb.PropertyType_STRING},
			{Name: "tags", Type: mlmdpb.PropertyType_STRING},
			{Name: "version", Type: mlmdpb.PropertyType_STRING},
		}))
		Expect(v.Keep).To(Equal([]mlmd.PropertyDecl{{Name: "theirs", Type: mlmdpb.PropertyType_DOUBLE}}))
		Expect(v.Conflicts).To(Equal([]registry.PropertyConflict{
			{Property: "author", Spec: mlmdpb.PropertyType_STRING, Stored: mlmdpb.PropertyType_INT},
		}))
		Expect(changes.HasConflicts()).To(BeTrue())
		Expect(changes.String()).
			To(ContainSubstring("! " + prefix + "ModelVersion: property author is INT in this store and STRING in the spec"))

		_, err = reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "registers its own type"})
		Expect(err).NotTo(HaveOccurred())
		changes, err = registry.PlanTypeChanges(ctx, reg, []mlmd.AnyMapping{&mapping.DocArtifact})
		Expect(err).NotTo(HaveOccurred())
		Expect(changes[0].New).To(BeTrue())
		_, err = reg.DocArtifacts().Upsert(ctx, &model.DocArtifact{Name: "registers its own type"})
		Expect(err).NotTo(HaveOccurred())
		changes, err = registry.PlanTypeChanges(ctx, reg, []mlmd.AnyMapping{&mapping.DocArtifact})
		Expect(err).NotTo(HaveOccurred())
		Expect(changes.String()).To(Equal("= 1 type unchanged\n"))
	})
})

var _ = onEveryBackend("the plan's count of custom properties", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("covers names of fields, by type", func(ctx SpecContext) {
		prefix := fresh("t") + "."
		name := prefix + "RegisteredModel"
		values := func(name string, v *mlmdpb.Value) map[string]*mlmdpb.Value { return map[string]*mlmdpb.Value{name: v} }
		number := func(v int64) *mlmdpb.Value { return &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: v}} }
		yes := &mlmdpb.Value{Value: &mlmdpb.Value_BoolValue{BoolValue: true}}
		half := &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: 0.5}}

		read := foreignContext(
			ctx, rpc(), name, nil,
			map[string]*mlmdpb.Value{"license": text("MIT"), "maturity": number(5), "team": text("fraud")},
		)
		foreignContext(ctx, rpc(), name, nil, values("license", text("")))
		beside := foreignContext(ctx, rpc(), name, values("license", text("GPL")), values("license", text("MIT")))
		for _, v := range []*mlmdpb.Value{yes, half, number(1), object(map[string]any{"a": 1.0})} {
			foreignContext(ctx, rpc(), name, nil, values("maturity", v))
		}
		foreignContext(ctx, rpc(), name, nil, values("team", text("risk")))

		client, sent := counting(rpc())
		reg := registry.New(client, registry.WithTypePrefix(prefix))
		changes, err := registry.PlanTypeChanges(ctx, reg, []mlmd.AnyMapping{&mapping.RegisteredModel, &mapping.ModelVersion})
		Expect(err).NotTo(HaveOccurred())
		lists := 0
		for _, f := range mapping.RegisteredModel.Fields {
			if _, ok := f.Property(); ok && !f.Derived {
				lists++
			}
		}
		Expect(sent.take()).To(HaveLen(3 + lists))
		Expect(changes[0].CustomProperties).To(BeEmpty(), "its type is not stored")
		Expect(changes[1].CustomProperties).To(Equal([]registry.CustomPropertyCount{
			{Field: "license", Property: "license", Type: mlmdpb.PropertyType_STRING, Readable: 2, Other: 1},
			{Field: "maturity", Property: "maturity", Type: mlmdpb.PropertyType_STRING, Other: 5},
		}))
		Expect(changes.String()).To(And(
			ContainSubstring(
				"~ "+name+": 2 custom properties named license, "+
					"read as license and moved by its next write or by MigrateAll\n",
			),
			ContainSubstring(
				"~ "+name+": 1 custom property named license, not of type STRING or beside a value of license: not moved\n",
			),
			ContainSubstring("~ "+name+": 5 custom properties named maturity, not of type STRING"),
		))
		for id, want := range map[string]string{read: "MIT", beside: "GPL"} {
			m, err := reg.RegisteredModels().Get(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			Expect(m.License).To(HaveValue(Equal(want)))
		}

		By("moving the readable ones")
		done, err := registry.MigrateAll(ctx, reg, []mlmd.AnyMapping{&mapping.RegisteredModel})
		Expect(err).NotTo(HaveOccurred())
		Expect(done[0].Custom).To(Equal(changes[1].CustomProperties[0].Readable))
		changes, err = registry.PlanTypeChanges(ctx, reg, []mlmd.AnyMapping{&mapping.RegisteredModel})
		Expect(err).NotTo(HaveOccurred())
		Expect(changes[0].CustomProperties[0]).To(HaveField("Readable", 0))
	})

	It("stops at 100", func(ctx SpecContext) {
		prefix := fresh("t") + "."
		t, err := rpc().PutExecutionType(ctx, &mlmdpb.PutExecutionTypeRequest{
			ExecutionType: &mlmdpb.ExecutionType{Name: new(prefix + "ServeModel")},
		})
		Expect(err).NotTo(HaveOccurred())
		all := make([]*mlmdpb.Execution, 101)
		for i := range all {
			all[i] = &mlmdpb.Execution{TypeId: t.TypeId, CustomProperties: map[string]*mlmdpb.Value{"description": text("x")}}
		}
		_, err = rpc().PutExecutions(ctx, &mlmdpb.PutExecutionsRequest{Executions: all})
		Expect(err).NotTo(HaveOccurred())
		changes, err := registry.PlanTypeChanges(
			ctx, registry.New(rpc(), registry.WithTypePrefix(prefix)), []mlmd.AnyMapping{&mapping.ServeModel},
		)
		Expect(err).NotTo(HaveOccurred())
		Expect(changes[0].CustomProperties).To(Equal([]registry.CustomPropertyCount{
			{Field: "description", Property: "description", Type: mlmdpb.PropertyType_STRING, Readable: 100, Truncated: true},
		}))
		Expect(changes.String()).To(ContainSubstring("at least 100 custom properties named description, read as"))
	})
})

var _ = onEveryBackend("a store of an older program", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	// An artifact as programs of October 2023 stored it, with a legacy name for its
	// format.
	var (
		reg    *registry.Client
		prefix string
	)
	older := func(ctx SpecContext, name string) string {
		GinkgoHelper()
		t, err := rpc().PutArtifactType(
			ctx,
			&mlmdpb.PutArtifactTypeRequest{CanOmitFields: new(true), CanAddFields: new(true), ArtifactType: &mlmdpb.ArtifactType{
				Name: new(
					prefix + "ModelArtifact",
				), Properties: map[string]mlmdpb.PropertyType{"model_format": mlmdpb.PropertyType_STRING},
			}},
		)
		Expect(err).NotTo(HaveOccurred())
		r, err := rpc().PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{
			{
				TypeId:     t.TypeId,
				Name:       new("0f8fad5b-d9cb-469f-a165-70867728950e:" + name),
				Properties: map[string]*mlmdpb.Value{"model_format": text("onnx")},
			},
		}})
		Expect(err).NotTo(HaveOccurred())
		return value.FormatID(r.ArtifactIds[0])
	}
	properties := func(ctx SpecContext, id string) map[string]*mlmdpb.Value {
		GinkgoHelper()
		r, err := rpc().GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{number64(id)}})
		Expect(err).NotTo(HaveOccurred())
		return r.Artifacts[0].Properties
	}
	BeforeEach(func() {
		prefix = fresh("t") + "."
		reg = registry.New(rpc(), registry.WithTypePrefix(prefix))
	})

	It("is read and written under the legacy names", func(ctx SpecContext) {
		id := older(ctx, "weights")
		a, err := reg.ModelArtifacts().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(a.Name).To(Equal("weights"))
		Expect(a.ModelFormatName).To(HaveValue(Equal("onnx")))
		_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ID: id, URI: new("s3://x")})
		Expect(err).NotTo(HaveOccurred())
		Expect(properties(ctx, id)).To(HaveKey("model_format"), "a patch of something else leaves it")
		_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ID: id, ModelFormatName: new("pmml")})
		Expect(err).NotTo(HaveOccurred())
		Expect(properties(ctx, id)).
			To(SatisfyAll(HaveLen(1), HaveKeyWithValue("model_format", HaveField("GetStringValue()", "pmml"))))
		a, err = reg.ModelArtifacts().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(a.ModelFormatName).To(HaveValue(Equal("pmml")))
	})

	It("has a field cleared under its legacy name too", func(ctx SpecContext) {
		id := older(ctx, "weights")
		_, err := reg.ModelArtifacts().Upsert(
			ctx, &model.ModelArtifact{ID: id}, registry.Clear(field.ModelArtifact.ModelFormatName),
		)
		Expect(err).NotTo(HaveOccurred())
		a, err := reg.ModelArtifacts().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(a.ModelFormatName).To(BeNil())
	})

	It("is rewritten by MigrateAll once, after a dry run", func(ctx SpecContext) {
		var ids []string
		for range 3 {
			ids = append(ids, older(ctx, fresh("a")))
		}
		_, err := reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{Name: "new", ModelFormatName: new("onnx")})
		Expect(err).NotTo(HaveOccurred())
		for _, step := range []struct {
			opts []registry.MigrateOption
			want registry.Migration
		}{
			{
				[]registry.MigrateOption{registry.WithDryRun()},
				registry.Migration{Entity: "ModelArtifact", Examined: 4, Changed: 4, Renamed: 4},
			},
			{nil, registry.Migration{Entity: "ModelArtifact", Examined: 4, Changed: 4, Renamed: 4}},
			{nil, registry.Migration{Entity: "ModelArtifact", Complete: true}},
			{[]registry.MigrateOption{registry.WithForce()}, registry.Migration{Entity: "ModelArtifact", Examined: 4}},
		} {
			before := properties(ctx, ids[0])
			Expect(registry.MigrateAll(ctx, reg, []mlmd.AnyMapping{&mapping.ModelArtifact}, step.opts...)).
				To(Equal([]registry.Migration{step.want}))
			if len(step.opts) > 0 {
				Expect(properties(ctx, ids[0])).To(Equal(before))
			}
		}
		for _, id := range ids {
			Expect(properties(ctx, id)).To(SatisfyAll(HaveLen(1), HaveKey("model_format_name")))
		}
	})
})
