package registry_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
)

var _ = onEmptyStores("the RPCs of the registry", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var (
		reg  *registry.Client
		sent *counter
	)
	BeforeEach(func() {
		client, c := counting(rpc())
		reg, sent = registry.New(client), c
	})

	It("are made at the first call, not before", func() {
		reg.RegisteredModels()
		reg.ModelVersions().OfModel("1").Where().OrderBy(registry.OrderByCreateTime).Limit(3)
		Expect(sent.take()).To(BeEmpty())
	})

	It("are one for a new model, after those for its type", func(ctx SpecContext) {
		aModel(ctx, reg)
		// The first and the last are for the record of the spec.
		first := []string{"GetContextTypes", "GetContextType", "PutTypes", "PutContexts", "PutContextType"}
		if onREST() { // whose server registers the types
			first = []string{"GetContextType", "PutContexts"}
		}
		Expect(sent.take()).To(Equal(first))
		aModel(ctx, reg)
		Expect(sent.take()).To(Equal([]string{"PutContexts"}))

		client, sent := counting(rpc())
		aModel(ctx, registry.New(client))
		again := []string{"GetContextTypes", "GetContextType", "PutContexts"}
		if onREST() {
			again = again[1:]
		}
		Expect(sent.take()).To(Equal(again), "the type is there")
	})

	It("are one for a Create and two for an Update", func(ctx SpecContext) {
		aModel(ctx, reg)
		sent.take()
		m := model.RegisteredModel{Name: fresh("model")}
		_, err := reg.RegisteredModels().Create(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"PutContexts"}))
		_, err = reg.RegisteredModels().Update(ctx, m.ID, func(v *model.RegisteredModel) error {
			v.Description = new("changed")
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetContextsByID", "PutContexts"}))
		_, err = reg.RegisteredModels().Update(ctx, m.ID, func(*model.RegisteredModel) error { return nil })
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetContextsByID"}), "nothing changed")
	})

	It("are two for a new version, and one more if its model is not cached", func(ctx SpecContext) {
		aVersion(ctx, reg)
		id := aModel(ctx, reg)
		sent.take()
		create := func(reg *registry.Client) {
			_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: id, Name: fresh("version")})
			Expect(err).NotTo(HaveOccurred())
		}
		create(reg)
		Expect(sent.take()).To(Equal([]string{"PutContexts", "PutParentContexts"}))

		client, sent := counting(rpc())
		create(registry.New(client))
		want := []string{
			"GetContextTypes", "GetContextsByID", "GetContextType", "GetContextsByType", "PutContexts", "PutParentContexts",
		}
		if onREST() { // which finds all versions by their names and keeps no records of specs
			want = slices.DeleteFunc(want, func(call string) bool {
				return call == "GetContextsByType" || call == "GetContextTypes"
			})
		}
		Expect(sent.take()).To(Equal(want), "the model, the type, and the versions that are only linked to the model")
	})

	It("are one for a new artifact or ServeModel whose parents are cached", func(ctx SpecContext) {
		version, service := aVersion(ctx, reg), aService(ctx, reg)
		first := 3
		if onREST() { // whose server registers the types
			first = 2
		}
		for i, name := range []string{"first", "second"} {
			sent.take()
			_, err := reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: version, Name: name})
			Expect(err).NotTo(HaveOccurred())
			Expect(sent.take()).To(HaveLen([]int{first, 1}[i]))
			_, err = reg.ServeModels().Upsert(ctx, &model.ServeModel{
				InferenceServiceID: service, ModelVersionID: version, Name: name,
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(sent.take()).To(HaveLen([]int{first, 1}[i]), "the first one also reads and registers its type")
		}
	})

	It("are one for a new artifact without a version", func(ctx SpecContext) {
		for range 2 {
			sent.take()
			_, err := reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{Name: "weights"})
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(sent.take()).To(Equal([]string{"PutArtifacts"}))
	})

	It("list artifacts without a version among all", func(ctx SpecContext) {
		a := model.ModelArtifact{Name: fresh("weights")}
		_, err := reg.ModelArtifacts().Upsert(ctx, &a)
		Expect(err).NotTo(HaveOccurred())
		last, err := reg.ModelArtifacts().Query().OrderBy(registry.OrderByID).Desc().First(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(last.ID).To(Equal(a.ID))
		Expect(last.Name).To(Equal(a.Name))
		Expect(last.ModelVersionID).To(BeEmpty())
	})

	It("are one read for an unchanged upsert by ID", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), Description: new("d")}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		v := model.ModelVersion{RegisteredModelID: m.ID, Name: "v1", Author: new("ada")}
		_, err = reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		a := model.ModelArtifact{ModelVersionID: v.ID, Name: "weights", URI: new("s3://x")}
		_, err = reg.ModelArtifacts().Upsert(ctx, &a)
		Expect(err).NotTo(HaveOccurred())
		sent.take()

		_, err = reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetContextsByID"}))
		_, err = reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetContextsByID"}))
		_, err = reg.ModelArtifacts().Upsert(ctx, &a)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetArtifactsByID"}))
	})

	It("are a conflicting create and a read for an unchanged upsert by name", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), Description: new("d")}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		stored, err := reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
		sent.take()
		m.ID = ""
		_, err = reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"PutContexts", "GetContextByTypeAndName"}))
		again, err := reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(again).To(Equal(stored), "also its update time")
	})

	It("are a read and a write for a change by ID", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model")}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		sent.take()
		m.Description = new("d")
		_, err = reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetContextsByID", "PutContexts"}))
	})

	It("are one for a lookup, even on a client that has written nothing", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), ExternalID: new(fresh("external"))}
		_, err := reg.RegisteredModels().Upsert(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		v := model.ModelVersion{RegisteredModelID: m.ID, Name: "v1"}
		_, err = reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())

		client, sent := counting(rpc())
		reg := registry.New(client)
		for _, lookup := range []func() error{
			func() error { _, err := reg.RegisteredModels().Get(ctx, m.ID); return err },
			func() error { _, err := reg.RegisteredModels().FindByName(ctx, m.Name); return err },
			func() error { _, err := reg.RegisteredModels().FindByExternalID(ctx, *m.ExternalID); return err },
			func() error { _, err := reg.ModelVersions().FindByName(ctx, m.ID, "v1"); return err },
			func() error { _, err := reg.ModelVersions().OfModel(m.ID).Collect(ctx); return err },
			func() error { _, err := reg.ModelVersions().OfModel(m.ID).First(ctx); return err },
			func() error { _, err := reg.RegisteredModels().Query().Page(ctx, ""); return err },
			func() error { _, err := reg.ModelArtifacts().OfVersion(v.ID).Collect(ctx); return err },
		} {
			Expect(lookup()).To(Succeed())
			calls := sent.take()
			Expect(calls).To(HaveLen(1))
			Expect(writes(calls)).To(BeEmpty())
		}
	})

	It("do not increase with the versions of a tree", func(ctx SpecContext) {
		id := aModel(ctx, reg)
		var first int
		for _, versions := range []int{2, 9} {
			for range versions {
				v := model.ModelVersion{RegisteredModelID: id, Name: fresh("version")}
				_, err := reg.ModelVersions().Upsert(ctx, &v)
				Expect(err).NotTo(HaveOccurred())
				_, err = reg.ModelArtifacts().Upsert(ctx, &model.ModelArtifact{ModelVersionID: v.ID, Name: "weights"})
				Expect(err).NotTo(HaveOccurred())
			}
			sent.take()
			_, err := reg.RegisteredModels().Tree(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			calls := sent.take()
			if first == 0 {
				first = len(calls)
			} else if onREST() { // where one request lists the children of one parent
				first += 2 * versions
			}
			Expect(calls).To(HaveLen(first))
		}
	})
})
