package sharing_test

import (
	"context"
	"database/sql"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/suites/backend"
)

// Since 2025 the model registry writes these tables without an MLMD server. It
// fills properties that the types do not declare, and keeps artifacts that were
// stored alone under a name without their version.
var _ = Describe("a store of the model registry that needs no MLMD server", Label("sqlite"), func() {
	for name, open := range map[string]func(ctx context.Context, c *backend.CoreDatabase) client{
		"our store": databases[0].ours,
		"the core":  func(_ context.Context, c *backend.CoreDatabase) client { return c.Client() },
	} {
		It("is read and changed through "+name, func(ctx SpecContext) {
			c := backend.NewCoreDatabase(GinkgoTB(), "sqlite")
			rpc := open(ctx, c)
			text := mlmdpb.PropertyType_STRING
			_, err := rpc.PutTypes(ctx, &mlmdpb.PutTypesRequest{
				ContextTypes: []*mlmdpb.ContextType{
					{
						Name:       new("kf.RegisteredModel"),
						Properties: map[string]mlmdpb.PropertyType{"description": text, "owner": text, "state": text},
					},
					{Name: new("kf.ModelVersion"), Properties: map[string]mlmdpb.PropertyType{
						"description": text, "author": text, "state": text, "model_name": text, "version": text,
					}},
				},
				ArtifactTypes: []*mlmdpb.ArtifactType{{Name: new("kf.ModelArtifact"), Properties: map[string]mlmdpb.PropertyType{
					"description": text, "model_format_name": text, "storage_key": text,
				}}},
			})
			Expect(err).NotTo(HaveOccurred())
			k := embedded{db: databases[0].raw(c)}
			modelID := k.context(ctx, "kf.RegisteredModel", "fraud")
			k.text(ctx, "Context", modelID, "state", "LIVE")
			versionID := k.context(ctx, "kf.ModelVersion", "v1")
			k.exec(ctx, "INSERT INTO ParentContext(context_id, parent_context_id) VALUES (?, ?)", versionID, modelID)
			k.exec(ctx, "UPDATE Context SET name = ? || ':v1' WHERE id = ?", modelID, versionID)
			k.text(ctx, "Context", versionID, "state", "LIVE")
			k.exec(ctx,
				"INSERT INTO ContextProperty(context_id, name, is_custom_property, int_value) VALUES (?, 'registered_model_id',"+
					" 0, ?)", versionID, modelID)
			artifactID := k.artifact(ctx, "kf.ModelArtifact", "0f8fad5b-d9cb-469f-a165-70867728950e:weights")
			k.exec(ctx, "INSERT INTO Attribution(context_id, artifact_id) VALUES (?, ?)", versionID, artifactID)
			k.text(ctx, "Artifact", artifactID, "model_source_kind", "hub")
			k.text(ctx, "Artifact", artifactID, "model_format_name", "onnx")

			reg := registry.New(rpc)
			m, err := reg.RegisteredModels().FindByName(ctx, "fraud")
			Expect(err).NotTo(HaveOccurred())
			v, err := reg.ModelVersions().FindByName(ctx, m.ID, "v1")
			Expect(err).NotTo(HaveOccurred())
			a, err := reg.ModelArtifacts().FindByName(ctx, v.ID, "weights")
			Expect(err).NotTo(HaveOccurred())
			Expect(a.ModelVersionID).To(Equal(v.ID))
			Expect(a.ModelSourceKind).To(HaveValue(Equal("hub")))
			Expect(a.ModelFormatName).To(HaveValue(Equal("onnx")))

			_, err = reg.ModelVersions().Upsert(ctx,
				&model.ModelVersion{RegisteredModelID: m.ID, Name: "v1", Author: new("ada")})
			Expect(err).NotTo(HaveOccurred())
			res, err := reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{
				ModelVersionID: v.ID, Name: "weights", ModelFormatName: new("pmml"),
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(res.ID).To(Equal(a.ID))
			Expect(k.properties(ctx, "Context",
				versionID)).To(Equal(map[string]string{"state": "LIVE", "registered_model_id": "1", "author": "ada"}),
				"what the type does not declare stays")
			Expect(k.properties(ctx, "Artifact",
				artifactID)).To(Equal(map[string]string{"model_source_kind": "hub", "model_format_name": "pmml"}))

			_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ID: a.ID, ModelSourceKind: new("file")})
			Expect(err).NotTo(HaveOccurred(), "the type gets the property")
			Expect(k.properties(ctx, "Artifact", artifactID)).To(HaveKeyWithValue("model_source_kind", "file"))
			_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ID: a.ID},
				registry.Clear(field.ModelArtifact.ModelFormatName))
			Expect(err).NotTo(HaveOccurred())
			Expect(k.properties(ctx, "Artifact", artifactID)).To(Equal(map[string]string{"model_source_kind": "file"}))
			Expect(reg.ModelArtifacts().OfVersion(v.ID).Collect(ctx)).To(HaveLen(1))
		})
	}
})

// embedded writes and reads the tables as that registry does.
type embedded struct{ db *sql.DB }

func (k embedded) exec(ctx context.Context, statement string, args ...any) int64 {
	GinkgoHelper()
	r, err := k.db.ExecContext(ctx, statement, args...)
	Expect(err).NotTo(HaveOccurred(), statement)
	return must(r.LastInsertId())
}

func (k embedded) context(ctx context.Context, typeName, name string) int64 {
	GinkgoHelper()
	return k.exec(ctx,
		"INSERT INTO Context(type_id, name, create_time_since_epoch, last_update_time_since_epoch) SELECT id, ?, 1, 1 "+
			"FROM Type WHERE name = ?", name, typeName)
}

func (k embedded) artifact(ctx context.Context, typeName, name string) int64 {
	GinkgoHelper()
	return k.exec(ctx,
		"INSERT INTO Artifact(type_id, name, create_time_since_epoch, last_update_time_since_epoch) SELECT id, ?, 1, 1 "+
			"FROM Type WHERE name = ?", name, typeName)
}

// text stores a property of text.
func (k embedded) text(ctx context.Context, kind string, id int64, name, value string) {
	GinkgoHelper()
	k.exec(ctx, "INSERT INTO "+kind+"Property("+kind+"_id, name, is_custom_property, string_value) VALUES (?, ?, 0, ?)",
		id, name, value)
}

// properties are the declared properties of a node, by the column that is
// filled.
func (k embedded) properties(ctx context.Context, kind string, id int64) map[string]string {
	GinkgoHelper()
	rows, err := k.db.QueryContext(ctx,
		"SELECT name, COALESCE(string_value, int_value, double_value) FROM "+kind+"Property WHERE "+kind+"_id = ? AND "+
			"NOT is_custom_property", id)
	Expect(err).NotTo(HaveOccurred())
	defer rows.Close()
	out := make(map[string]string)
	for rows.Next() {
		var name, value string
		Expect(rows.Scan(&name, &value)).To(Succeed())
		out[name] = value
	}
	Expect(rows.Err()).NotTo(HaveOccurred())
	return out
}
