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
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Each spec is a defect of an earlier client.
var _ = onEveryBackend("a client of stores with history", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var reg *registry.Client
	BeforeEach(func() { reg = registry.New(rpc()) })

	It("updates a version and an artifact", func(ctx SpecContext) {
		v := model.ModelVersion{RegisteredModelID: aModel(ctx, reg), Name: "v1"}
		_, err := reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		a := model.ModelArtifact{ModelVersionID: v.ID, Name: "weights"}
		_, err = reg.ModelArtifacts().Upsert(ctx, &a)
		Expect(err).NotTo(HaveOccurred())
		v.Author, a.URI = new("ada"), new("s3://new")
		_, err = reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		_, err = reg.ModelArtifacts().Upsert(ctx, &a)
		Expect(err).NotTo(HaveOccurred())
		gotV, err := reg.ModelVersions().Get(ctx, v.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(gotV.Author).To(HaveValue(Equal("ada")))
		gotA, err := reg.ModelArtifacts().Get(ctx, a.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(gotA.URI).To(HaveValue(Equal("s3://new")))
	})

	It("creates nothing if the parent does not exist", func(ctx SpecContext) {
		_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: "987654321", Name: "v1"})
		Expect(err).To(MatchError(registry.ErrNotFound))
		_, err = reg.ModelVersions().FindByName(ctx, "987654321", "v1")
		Expect(err).To(MatchError(registry.ErrNotFound))
	})

	It("keeps properties that newer programs stored", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), Owner: new("ada")}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		// A newer program declares one more property and sets it.
		_, err = rpc().PutContextType(ctx, &mlmdpb.PutContextTypeRequest{
			CanAddFields: new(true), CanOmitFields: new(true),
			ContextType: &mlmdpb.ContextType{
				Name:       new("kf.RegisteredModel"),
				Properties: map[string]mlmdpb.PropertyType{"newer": mlmdpb.PropertyType_STRING},
			},
		})
		Expect(err).NotTo(HaveOccurred())
		id := number64(m.ID)
		stored, err := rpc().GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{id}})
		Expect(err).NotTo(HaveOccurred())
		c := stored.Contexts[0]
		c.Properties["newer"] = &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: "kept"}}
		_, err = rpc().PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{c}})
		Expect(err).NotTo(HaveOccurred())

		for _, write := range []func() error{
			func() error { m.Owner = new("bob"); _, err := reg.RegisteredModels().Upsert(ctx, &m); return err },
			func() error { m.Owner = nil; _, err := reg.RegisteredModels().Replace(ctx, &m); return err },
			func() error { // an older program that starts now
				patch := model.RegisteredModel{Name: m.Name, Owner: new("cleo")}
				_, err := registry.New(rpc()).RegisteredModels().Upsert(ctx, &patch)
				return err
			},
		} {
			Expect(write()).To(Succeed())
			stored, err := rpc().GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{id}})
			Expect(err).NotTo(HaveOccurred())
			Expect(stored.Contexts[0].Properties["newer"].GetStringValue()).To(Equal("kept"))
		}
	})

	It("keeps lists of strings with commas, and structs", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), Tasks: []string{"a,b", "c"}, Language: []string{}}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		v := model.ModelVersion{
			RegisteredModelID: m.ID,
			Name:              "v",
			CustomProperties:  value.Map{"s": value.Struct(map[string]any{"x": "y"})},
		}
		_, err = reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		got, err := reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Tasks).To(Equal([]string{"a,b", "c"}))
		Expect(got.Language).To(Equal([]string{}))
		gotV, err := reg.ModelVersions().Get(ctx, v.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(gotV.CustomProperties).To(Equal(v.CustomProperties))
	})

	It("keeps special characters in names", func(ctx SpecContext) {
		for _, odd := range []string{
			`it's`, `say "x"`, "back`quote", "100%", "under_score", "-- comment", "ü 日本", "a:b:c", " blanks ",
		} {
			name := odd + fresh("")
			m := model.RegisteredModel{Name: name}
			res, err := reg.RegisteredModels().Upsert(ctx, &m)
			Expect(err).NotTo(HaveOccurred())
			got, err := reg.RegisteredModels().FindByName(ctx, name)
			Expect(err).NotTo(HaveOccurred())
			Expect(got.ID).To(Equal(res.ID))
			Expect(got.Name).To(Equal(name))
			v := model.ModelVersion{RegisteredModelID: res.ID, Name: name, Author: &name}
			_, err = reg.ModelVersions().Upsert(ctx, &v)
			Expect(err).NotTo(HaveOccurred())
			byFilter, err := reg.ModelVersions().Query().Where(
				field.ModelVersion.Name.Eq(name), field.ModelVersion.Author.In("unknown", name),
			).Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(names(byFilter)).To(Equal([]string{name}))
			model_, err := rpc().GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{number64(v.ID)}})
			Expect(err).NotTo(HaveOccurred())
			if onREST() { // the API does not show what repeats the parent's name
				continue
			}
			Expect(model_.Contexts[0].Properties["model_name"].GetStringValue()).To(Equal(name), "the model's whole name")
		}
	})

	It("does not rewrite a double that the store rounded", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), CustomProperties: value.Map{
			"a": value.Double(0.123456789), "b": value.Double(123456789012345678), "c": value.Double(1e-9), "d": value.Double(3),
		}}
		res, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		stored, err := reg.RegisteredModels().Get(ctx, res.ID)
		Expect(err).NotTo(HaveOccurred())
		client, sent := counting(rpc())
		reg := registry.New(client)
		_, err = reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		Expect(writes(sent.take())).To(BeEmpty())
		again, err := reg.RegisteredModels().Get(ctx, res.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(again).To(Equal(stored))
	})

	It("clears several fields of any kind at once", func(ctx SpecContext) {
		v := model.ModelVersion{
			RegisteredModelID: aModel(ctx, reg),
			Name:              "v",
			Author:            new("ada"),
			State:             new(model.ModelVersionStateArchived),
			ExternalID:        new(fresh("x")),
			CustomProperties:  value.Map{"a": value.Int(1)},
		}
		res, err := reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		f := field.ModelVersion
		_, err = reg.ModelVersions().Upsert(
			ctx, &model.ModelVersion{ID: res.ID, Description: new("d")}, registry.Clear(f.Author, f.ExternalID),
			registry.Clear(f.State), registry.Clear(f.CustomProperties),
		)
		Expect(err).NotTo(HaveOccurred())
		got, err := reg.ModelVersions().Get(ctx, res.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Author).To(BeNil())
		Expect(got.ExternalID).To(BeNil())
		Expect(got.CustomProperties).To(BeEmpty())
		Expect(got.State).To(HaveValue(Equal(model.ModelVersionStateLive)), "absent reads as live")
		Expect(got.Description).To(HaveValue(Equal("d")))
	})

	It("clears one custom property and keeps the others", func(ctx SpecContext) {
		v := model.RegisteredModel{Name: fresh("model"), CustomProperties: value.Map{"a": value.Int(1), "b": value.Int(2)}}
		res, err := reg.RegisteredModels().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		a := field.RegisteredModel.Custom("a").Int()
		_, err = reg.RegisteredModels().Upsert(ctx, &v, registry.Clear(a))
		Expect(err).To(MatchError(ContainSubstring("is both set and cleared")))
		_, err = reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{ID: res.ID}, registry.Clear(a))
		Expect(err).NotTo(HaveOccurred())
		got, err := reg.RegisteredModels().Get(ctx, res.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.CustomProperties).To(Equal(value.Map{"b": value.Int(2)}))
	})

	It("stores a small change of a double if the store does not round", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), CustomProperties: value.Map{"rate": value.Double(0)}}
		res, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		m.CustomProperties = value.Map{"rate": value.Double(1e-7)}
		_, err = reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		got, err := reg.RegisteredModels().Get(ctx, res.ID)
		Expect(err).NotTo(HaveOccurred())
		rate, _ := got.CustomProperties["rate"].AsDouble()
		Expect(rate).To(Or(Equal(1e-7), Equal(0.0))) // 0 where the store has six decimals
		_, err = reg.RegisteredModels().Upsert(ctx, got)
		Expect(err).NotTo(HaveOccurred())
	})
})

var _ = onEveryBackend("stores of other programs", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("keep the prefix of their types", func(ctx SpecContext) {
		reg := registry.New(rpc(), registry.WithTypePrefix("odh."))
		m := model.RegisteredModel{Name: fresh("model")}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		v := model.ModelVersion{RegisteredModelID: m.ID, Name: "v1"}
		_, err = reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		Expect(reg.ModelVersions().OfModel(m.ID).Collect(ctx)).To(HaveLen(1))
		if onREST() { // whose types are those of the server
			return
		}
		stored, err := rpc().GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{number64(v.ID)}})
		Expect(err).NotTo(HaveOccurred())
		Expect(stored.Contexts[0].GetType()).To(Equal("odh.ModelVersion"))
		_, err = registry.New(rpc()).ModelVersions().Get(ctx, v.ID)
		Expect(err).To(MatchError(registry.ErrNotFound), "a client sees one prefix")
	})

	It("may have artifacts with UUID prefixes, which are read, patched and in the tree", func(ctx SpecContext) {
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		v, err := reg.ModelVersions().Get(ctx, version)
		Expect(err).NotTo(HaveOccurred())
		free := model.ModelArtifact{Name: "weights"}
		_, err = reg.ModelArtifacts().Upsert(ctx, &free)
		Expect(err).NotTo(HaveOccurred())
		_, err = rpc().PutAttributionsAndAssociations(
			ctx,
			&mlmdpb.PutAttributionsAndAssociationsRequest{Attributions: []*mlmdpb.Attribution{
				{ArtifactId: new(number64(free.ID)), ContextId: new(number64(version))},
			}},
		)
		Expect(err).NotTo(HaveOccurred())
		below, err := reg.ModelArtifacts().OfVersion(version).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(below).To(HaveLen(1))
		Expect(below[0].Name).To(Equal("weights"))
		_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{
			ID: free.ID, ModelVersionID: version, URI: new("s3://x"),
		})
		Expect(err).NotTo(HaveOccurred(), "it is a child of this version")
		_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ID: free.ID, ModelVersionID: aVersion(ctx, reg)})
		Expect(err).To(MatchError(registry.ErrInvalidArgument), "and below no other")
		tree, err := reg.RegisteredModels().Tree(ctx, v.RegisteredModelID)
		Expect(err).NotTo(HaveOccurred())
		Expect(tree.Versions).To(HaveLen(1))
		Expect(tree.Versions[0].Artifacts).To(HaveLen(1))
	})

	It("may declare a property with another type: only writing that property fails", func(ctx SpecContext) {
		prefix := fresh("t") + "."
		_, err := rpc().PutContextType(ctx, &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
			Name: new(prefix + "RegisteredModel"), Properties: map[string]mlmdpb.PropertyType{"owner": mlmdpb.PropertyType_INT},
		}})
		Expect(err).NotTo(HaveOccurred())
		reg := registry.New(rpc(), registry.WithTypePrefix(prefix))
		m := model.RegisteredModel{Name: fresh("model"), Description: new("d")}
		res, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		m.Owner = new("ada")
		_, err = reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).To(MatchError(registry.ErrConflict))
		Expect(failure(err).Field).To(Equal("owner"))
		got, err := reg.RegisteredModels().Get(ctx, res.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Description).To(HaveValue(Equal("d")))
	})
})

var _ = onEveryBackend("an entity with an unprefixed stored name", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("is found, linked and kept as a child of its parent", func(ctx SpecContext) {
		needsTypes()
		client, sent := counting(rpc())
		reg := registry.New(client)
		plain := mapping.ModelVersion
		plain.TypeName = fresh("t.Plain")
		parent := *plain.Parent
		parent.UnprefixedName = true
		plain.Parent = &parent
		plain.Encode = func(v *model.ModelVersion, p mlmd.Parent) (*mlmdpb.Context, error) {
			n, err := mapping.ModelVersion.Encode(v, p)
			if v.Name != "" {
				n.Name = &v.Name
			}
			return n, err
		}
		plain.Decode = func(n *mlmdpb.Context) (*model.ModelVersion, error) {
			v, err := mapping.ModelVersion.Decode(n)
			v.Name, v.RegisteredModelID = n.GetName(), ""
			return v, err
		}
		e := registry.NewCollection(reg, plain)
		one, other := aModel(ctx, reg), aModel(ctx, reg)
		v := model.ModelVersion{RegisteredModelID: one, Name: "12:plain"}
		sent.refuse("PutParentContexts")
		_, err := e.Upsert(ctx, &v)
		Expect(err).To(MatchError(registry.ErrUnavailable))
		sent.allow()
		res, err := e.Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		Expect(e.ChildrenOf(one).Collect(ctx)).To(HaveLen(1))
		found, err := e.FindByNameIn(ctx, one, "12:plain")
		Expect(err).NotTo(HaveOccurred())
		Expect(found.ID).To(Equal(res.ID))
		_, err = e.FindByNameIn(ctx, other, "12:plain")
		Expect(err).To(MatchError(registry.ErrNotFound))
		found, err = e.FindByName(ctx, "12:plain")
		Expect(err).NotTo(HaveOccurred())
		Expect(found.ID).To(Equal(res.ID))
		_, err = e.Upsert(ctx, &model.ModelVersion{RegisteredModelID: other, Name: "12:plain"})
		Expect(err).To(MatchError(registry.ErrInvalidArgument), "names are unique within the type, and a parent is fixed")
	})
})

// A switching client goes to one store, and later to another.
type switching struct {
	mlmdpb.MetadataStoreServiceClient
}

var _ = Describe("a server that lost its store", func() {
	It("is written to like a new one, whatever the client has cached", func(ctx SpecContext) {
		s := &switching{emptyStore(ctx)}
		reg := registry.New(s)
		gone := aModel(ctx, reg)
		version := aVersion(ctx, reg)
		s.MetadataStoreServiceClient = emptyStore(ctx)
		_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: gone, Name: "v"})
		Expect(err).To(MatchError(registry.ErrNotFound))
		Expect(failure(err).Field).To(Equal("registeredModelId"))
		_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: version, Name: "a"})
		Expect(err).To(MatchError(registry.ErrNotFound))
		Expect(reg.ModelVersions().Query().Collect(ctx)).To(BeEmpty())
		Expect(reg.RegisteredModels().Get(ctx, aModel(ctx, reg))).NotTo(BeNil())
	})
})

func emptyStore(ctx SpecContext) mlmdpb.MetadataStoreServiceClient {
	GinkgoHelper()
	s, err := sqlite.OpenMemory(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(s.Close)
	return s.Client()
}
