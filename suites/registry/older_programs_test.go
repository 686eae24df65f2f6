package registry_test

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

var _ = onEveryBackend("on a store of an older program", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var (
		reg    *registry.Client
		prefix string
	)
	BeforeEach(func() {
		prefix = fresh("t") + "."
		reg = registry.New(rpc(), registry.WithTypePrefix(prefix))
	})
	contextType := func(ctx SpecContext, entity string, properties ...string) (int64, error) {
		props := make(map[string]mlmdpb.PropertyType)
		for _, p := range properties {
			props[p] = mlmdpb.PropertyType_STRING
		}
		r, err := rpc().PutContextType(ctx, &mlmdpb.PutContextTypeRequest{
			CanAddFields: new(true), ContextType: &mlmdpb.ContextType{Name: new(prefix + entity), Properties: props},
		})
		return r.GetTypeId(), err
	}
	artifactType := func(ctx SpecContext, properties ...string) int64 {
		GinkgoHelper()
		props := make(map[string]mlmdpb.PropertyType)
		for _, p := range properties {
			props[p] = mlmdpb.PropertyType_STRING
		}
		r, err := rpc().PutArtifactType(ctx, &mlmdpb.PutArtifactTypeRequest{
			ArtifactType: &mlmdpb.ArtifactType{Name: new(prefix + "ModelArtifact"), Properties: props},
		})
		Expect(err).NotTo(HaveOccurred())
		return r.GetTypeId()
	}
	artifact := func(ctx SpecContext, id string) *mlmdpb.Artifact {
		GinkgoHelper()
		r, err := rpc().GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{number64(id)}})
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Artifacts).To(HaveLen(1))
		return r.Artifacts[0]
	}
	// linked stores an artifact and links it to the given versions.
	linked := func(ctx SpecContext, typeID int64, name string, versions ...string) string {
		GinkgoHelper()
		r, err := rpc().PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{
			Artifacts: []*mlmdpb.Artifact{{TypeId: &typeID, Name: &name}},
		})
		Expect(err).NotTo(HaveOccurred())
		for _, v := range versions {
			_, err := rpc().PutAttributionsAndAssociations(
				ctx,
				&mlmdpb.PutAttributionsAndAssociationsRequest{Attributions: []*mlmdpb.Attribution{
					{ArtifactId: &r.ArtifactIds[0], ContextId: new(number64(v))},
				}},
			)
			Expect(err).NotTo(HaveOccurred())
		}
		return value.FormatID(r.ArtifactIds[0])
	}
	typesOfPrefix := func(ctx SpecContext) []string {
		GinkgoHelper()
		var out []string
		c, err := rpc().GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{})
		Expect(err).NotTo(HaveOccurred())
		for _, t := range c.ContextTypes {
			out = append(out, t.GetName())
		}
		a, err := rpc().GetArtifactTypes(ctx, &mlmdpb.GetArtifactTypesRequest{})
		Expect(err).NotTo(HaveOccurred())
		for _, t := range a.ArtifactTypes {
			out = append(out, t.GetName())
		}
		return slices.DeleteFunc(out, func(name string) bool { return !strings.HasPrefix(name, prefix) })
	}

	It("a write registers the types that it uses, and no others", func(ctx SpecContext) {
		aModel(ctx, reg)
		Expect(typesOfPrefix(ctx)).To(ConsistOf(prefix + "RegisteredModel"))
		aVersion(ctx, reg)
		Expect(typesOfPrefix(ctx)).To(ConsistOf(prefix+"RegisteredModel", prefix+"ModelVersion"))
	})

	It("a write of declared properties does not extend the type", func(ctx SpecContext) {
		for entity, properties := range map[string][]string{
			"RegisteredModel": {"description"}, "ModelVersion": {"description", "author"},
		} {
			_, err := contextType(ctx, entity, properties...)
			Expect(err).NotTo(HaveOccurred())
		}
		m := model.RegisteredModel{Name: fresh("model"), Description: new("d")}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		v := model.ModelVersion{RegisteredModelID: m.ID, Name: "v", Author: new("ada")}
		_, err = reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		_, err = reg.ModelVersions().Replace(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		for entity, properties := range map[string][]string{
			"RegisteredModel": {"description"}, "ModelVersion": {"description", "author"},
		} {
			_, err := contextType(ctx, entity, properties...)
			Expect(err).NotTo(HaveOccurred(), entity)
		}
		got, err := reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.State).To(HaveValue(Equal(model.RegisteredModelStateLive)))
	})

	It("a write of undeclared properties adds exactly those to the type", func(ctx SpecContext) {
		_, err := contextType(ctx, "RegisteredModel", "description")
		Expect(err).NotTo(HaveOccurred())
		m := model.RegisteredModel{Name: fresh("model"), Description: new("d")}
		_, err = reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		m.Owner = new("ada")
		_, err = reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		r, err := rpc().GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new(prefix + "RegisteredModel")})
		Expect(err).NotTo(HaveOccurred())
		Expect(r.ContextType.Properties).To(Equal(map[string]mlmdpb.PropertyType{
			"description": mlmdpb.PropertyType_STRING, "owner": mlmdpb.PropertyType_STRING,
		}))
	})

	It("a field is stored under the declared name, even if its type differs", func(ctx SpecContext) {
		t, err := rpc().PutContextType(ctx, &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
			Name: new(prefix + "InferenceService"), Properties: map[string]mlmdpb.PropertyType{
				"state": mlmdpb.PropertyType_STRING, "registered_model_id": mlmdpb.PropertyType_STRING,
				"model_version_id": mlmdpb.PropertyType_INT,
			},
		}})
		Expect(err).NotTo(HaveOccurred())
		Expect(t.GetTypeId()).NotTo(BeZero())
		modelID, versionID := aModel(ctx, reg), aVersion(ctx, reg)
		s := model.InferenceService{
			Name: "s", ServingEnvironmentID: anEnvironment(ctx, reg), RegisteredModelID: modelID, ModelVersionID: &versionID,
			DesiredState: new(model.InferenceServiceStateDeployed),
		}
		res, err := reg.InferenceServices().Upsert(ctx, &s)
		Expect(err).NotTo(HaveOccurred())
		stored, err := rpc().GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{number64(res.ID)}})
		Expect(err).NotTo(HaveOccurred())
		p := stored.Contexts[0].Properties
		Expect(p).To(HaveLen(3))
		Expect(p["state"].GetStringValue()).To(Equal("DEPLOYED"))
		Expect(p["registered_model_id"].GetStringValue()).To(Equal(modelID))
		Expect(p["model_version_id"].GetIntValue()).To(Equal(number64(versionID)))

		client, sent := counting(rpc())
		again := registry.New(client, registry.WithTypePrefix(prefix))
		_, err = again.InferenceServices().Upsert(ctx, &s)
		Expect(err).NotTo(HaveOccurred())
		Expect(writes(sent.take())).To(BeEmpty(), "nothing differs")
		got, err := again.InferenceServices().Get(ctx, res.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.RegisteredModelID).To(Equal(modelID))
		Expect(got.DesiredState).To(HaveValue(Equal(model.InferenceServiceStateDeployed)))
	})

	It("an artifact that is only linked to its version is read with that parent", func(ctx SpecContext) {
		typ := artifactType(ctx, "description")
		version := aVersion(ctx, reg)
		v, err := reg.ModelVersions().Get(ctx, version)
		Expect(err).NotTo(HaveOccurred())
		id := linked(ctx, typ, "0f8fad5b-d9cb-469f-a165-70867728950e:weights", version)
		free := linked(ctx, typ, "0f8fad5b-d9cb-469f-a165-70867728950f:weights")

		for what, read := range map[string]func() (*model.ModelArtifact, error){
			"Get": func() (*model.ModelArtifact, error) { return reg.ModelArtifacts().Get(ctx, id) },
			"FindByName": func() (*model.ModelArtifact, error) {
				return reg.ModelArtifacts().FindByName(ctx, version, "weights")
			},
			"OfVersion": func() (*model.ModelArtifact, error) { return reg.ModelArtifacts().OfVersion(version).First(ctx) },
			"Query": func() (*model.ModelArtifact, error) {
				return reg.ModelArtifacts().Query().Where(field.ModelArtifact.ID.Eq(id)).First(ctx)
			},
			"Tree": func() (*model.ModelArtifact, error) {
				tree, err := reg.RegisteredModels().Tree(ctx, v.RegisteredModelID)
				if err != nil {
					return nil, err
				}
				return tree.Versions[0].Artifacts[0], nil
			},
		} {
			a, err := read()
			Expect(err).NotTo(HaveOccurred(), what)
			Expect(a.ID).To(Equal(id), what)
			Expect(a.Name).To(Equal("weights"), what)
			Expect(a.ModelVersionID).To(Equal(version), what)
		}
		a, err := reg.ModelArtifacts().Get(ctx, free)
		Expect(err).NotTo(HaveOccurred())
		Expect(a.ModelVersionID).To(BeEmpty())
		_, err = reg.ModelArtifacts().FindByName(ctx, version, "other")
		Expect(err).To(MatchError(registry.ErrNotFound))
	})

	It("an upsert finds an artifact that is only linked, in spite of the cache", func(ctx SpecContext) {
		typ := artifactType(ctx, "description")
		version, empty := aVersion(ctx, reg), aVersion(ctx, reg)
		other := registry.New(rpc(), registry.WithTypePrefix(prefix))
		_, err := other.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: empty, Name: "has none"})
		Expect(err).NotTo(HaveOccurred())
		for _, version := range []string{version, empty} {
			id := linked(ctx, typ, fresh("0f8fad5b")+":weights", version)
			_, err := other.ModelArtifacts().Get(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			a := model.ModelArtifact{ModelVersionID: version, Name: "weights", Description: new("d")}
			Expect(other.ModelArtifacts().Upsert(ctx, &a)).To(HaveField("ID", id))
			got, err := other.ModelArtifacts().Get(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			Expect(got.Description).To(HaveValue(Equal("d")))
		}
		Expect(other.ModelArtifacts().OfVersion(version).Collect(ctx)).To(HaveLen(1))
		Expect(other.ModelArtifacts().OfVersion(empty).Collect(ctx)).To(HaveLen(2))
	})

	It("an artifact of several versions is listed for each", func(ctx SpecContext) {
		typ := artifactType(ctx, "description")
		one, two := aVersion(ctx, reg), aVersion(ctx, reg)
		id := linked(ctx, typ, "0f8fad5b-d9cb-469f-a165-70867728950e:weights", one, two)
		for _, version := range []string{one, two} {
			found, err := reg.ModelArtifacts().FindByName(ctx, version, "weights")
			Expect(err).NotTo(HaveOccurred())
			Expect(found.ID).To(Equal(id))
			Expect(found.ModelVersionID).To(Equal(version))
			_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{
				ID: id, ModelVersionID: version, Description: new("below " + version),
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(artifact(ctx, id).Properties["description"].GetStringValue()).To(Equal("below " + version))
		}
		_, err := reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ID: id, ModelVersionID: aVersion(ctx, reg)})
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
	})

	It("a page of artifacts that are only linked takes two more RPCs", func(ctx SpecContext) {
		typ := artifactType(ctx, "description")
		var ids []string
		for range 12 {
			ids = append(ids, linked(ctx, typ, fresh("0f8fad5b")+":weights", aVersion(ctx, reg)))
		}
		client, sent := counting(rpc())
		other := registry.New(client, registry.WithTypePrefix(prefix))
		all, err := other.ModelArtifacts().Query().Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetArtifactsByType", "GetLineageSubgraph", "GetContextsByID"}))
		Expect(all).To(HaveLen(len(ids)))
		for _, a := range all {
			Expect(a.ModelVersionID).NotTo(BeEmpty())
		}
	})

	It("versions that are only linked to their model are read, found and changed", func(ctx SpecContext) {
		m := aModel(ctx, reg)
		typ, err := contextType(ctx, "ModelVersion", "description")
		Expect(err).NotTo(HaveOccurred())
		var ids []string
		for _, name := range []string{"v1", "v2"} {
			r, err := rpc().PutContexts(ctx, &mlmdpb.PutContextsRequest{
				Contexts: []*mlmdpb.Context{{TypeId: &typ, Name: new(fresh(name) + ":" + name)}},
			})
			Expect(err).NotTo(HaveOccurred())
			_, err = rpc().PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{ParentContexts: []*mlmdpb.ParentContext{
				{ParentId: new(number64(m)), ChildId: &r.ContextIds[0]},
			}})
			Expect(err).NotTo(HaveOccurred())
			ids = append(ids, value.FormatID(r.ContextIds[0]))
		}
		other := registry.New(rpc(), registry.WithTypePrefix(prefix))
		for _, q := range []registry.Query[model.ModelVersion]{
			other.ModelVersions().Query(), other.ModelVersions().OfModel(m),
		} {
			all, err := q.Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(names(all)).To(Equal([]string{"v1", "v2"}))
			Expect(all[0].RegisteredModelID).To(Equal(m))
		}
		found, err := other.ModelVersions().FindByName(ctx, m, "v2")
		Expect(err).NotTo(HaveOccurred())
		Expect(found.ID).To(Equal(ids[1]))
		patch := model.ModelVersion{RegisteredModelID: m, Name: "v1", Description: new("d")}
		Expect(other.ModelVersions().Upsert(ctx, &patch)).To(HaveField("ID", ids[0]))
	})

	It("an artifact is created in a version that was renamed, without side effects", func(ctx SpecContext) {
		version := aVersion(ctx, reg)
		rename := func(id, name string) {
			GinkgoHelper()
			r, err := rpc().GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{number64(id)}})
			Expect(err).NotTo(HaveOccurred())
			r.Contexts[0].Name = &name
			_, err = rpc().PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: r.Contexts})
			Expect(err).NotTo(HaveOccurred())
		}
		stored := func() int {
			GinkgoHelper()
			r, err := rpc().GetContextsByType(ctx, &mlmdpb.GetContextsByTypeRequest{TypeName: new(prefix + "ModelVersion")})
			Expect(err).NotTo(HaveOccurred())
			return len(r.Contexts)
		}
		v, err := reg.ModelVersions().Get(ctx, version)
		Expect(err).NotTo(HaveOccurred())
		rename(version, v.RegisteredModelID+":renamed")
		before := stored()
		a := model.ModelArtifact{ModelVersionID: version, Name: "weights"}
		_, err = reg.ModelArtifacts().Upsert(ctx, &a)
		Expect(err).NotTo(HaveOccurred())
		Expect(stored()).To(Equal(before))
		Expect(reg.ModelArtifacts().OfVersion(version).Collect(ctx)).To(HaveLen(1))

		// Another version takes the name.
		_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: version, Name: "remembers the name"})
		Expect(err).NotTo(HaveOccurred())
		rename(version, v.RegisteredModelID+":renamed again")
		_, err = registry.New(
			rpc(), registry.WithTypePrefix(prefix),
		).ModelVersions().Upsert(ctx, &model.ModelVersion{
			RegisteredModelID: v.RegisteredModelID, Name: "renamed",
		})
		Expect(err).NotTo(HaveOccurred())
		_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: version, Name: "more weights"})
		Expect(err).NotTo(HaveOccurred())
		Expect(reg.ModelArtifacts().OfVersion(version).Collect(ctx)).To(HaveLen(3))
		found, err := reg.ModelArtifacts().FindByName(ctx, version, "more weights")
		Expect(err).NotTo(HaveOccurred())
		Expect(found.ModelVersionID).To(Equal(version))
	})
})
