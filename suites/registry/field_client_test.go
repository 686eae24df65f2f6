package registry_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// These specs are about the answers of the registry's client on a server that has
// the defects of the field's.
var _ = Describe("The registry on a REST server of the field", func() {
	var (
		server *fieldServer
		reg    *registry.Client
	)
	start := func(version string, opts ...registry.RESTOption) {
		GinkgoHelper()
		server = newFieldServer(version)
		var err error
		reg, err = registry.DialREST(server.url, append(opts, registry.WithRetryTimeout(0))...)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(reg.Close)
	}
	BeforeEach(func() { start("v1") })

	create := func(ctx SpecContext, m model.RegisteredModel) string {
		GinkgoHelper()
		r, err := reg.RegisteredModels().Create(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		return r.ID
	}
	names := func(models []*model.RegisteredModel, err error) []string {
		GinkgoHelper()
		Expect(err).NotTo(HaveOccurred())
		out := []string{}
		for _, m := range models {
			out = append(out, m.Name)
		}
		return out
	}

	It("finds the entity of exactly the name, although the server takes names for patterns", func(ctx SpecContext) {
		create(ctx, model.RegisteredModel{Name: "axb"})
		_, err := reg.RegisteredModels().FindByName(ctx, "a_b")
		Expect(err).To(MatchError(registry.ErrNotFound))
		create(ctx, model.RegisteredModel{Name: "a_b"})
		m, err := reg.RegisteredModels().FindByName(ctx, "a_b")
		Expect(err).NotTo(HaveOccurred())
		Expect(m.Name).To(Equal("a_b"))
		_, err = reg.RegisteredModels().FindByName(ctx, "AXB")
		Expect(err).To(MatchError(registry.ErrNotFound))
	})

	It("finds children by their names, also behind colons", func(ctx SpecContext) {
		id := create(ctx, model.RegisteredModel{Name: "m"})
		for _, name := range []string{"a:c", "c"} {
			_, err := reg.ModelVersions().Create(ctx, &model.ModelVersion{RegisteredModelID: id, Name: name})
			Expect(err).NotTo(HaveOccurred())
		}
		v, err := reg.ModelVersions().FindByName(ctx, id, "c")
		Expect(err).NotTo(HaveOccurred())
		Expect(v.Name).To(Equal("c"))
		all, err := reg.ModelVersions().OfModel(id).Where(field.ModelVersion.Name.In("c", "d")).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(all).To(HaveLen(1))
	})

	It("answers filters that the server misreads", func(ctx SpecContext) {
		create(ctx, model.RegisteredModel{Name: "a", Owner: new("ada"), CustomProperties: value.Map{"i": value.Int(1)}})
		create(ctx, model.RegisteredModel{Name: "b", Owner: new("Ada"), CustomProperties: value.Map{"i": value.Int(2)}})
		create(ctx, model.RegisteredModel{Name: "c"})
		f := field.RegisteredModel
		q := reg.RegisteredModels().Query()
		Expect(names(q.Where(f.Name.Ne("a")).Collect(ctx))).To(Equal([]string{"b", "c"}))
		Expect(names(q.Where(f.Owner.Eq("ada")).Collect(ctx))).To(Equal([]string{"a"}))
		Expect(names(q.Where(f.Custom("i").Int().In(1, 2)).Collect(ctx))).To(Equal([]string{"a", "b"}))
		Expect(names(q.Where(f.Owner.IsUnset()).Collect(ctx))).To(Equal([]string{"c"}))
		Expect(names(q.Where(f.Owner.Eq("ada").Or(f.Name.Eq("c"))).Collect(ctx))).To(Equal([]string{"a", "c"}))
		Expect(names(q.Where(f.Name.Eq("b")).Collect(ctx))).To(Equal([]string{"b"}))
		Expect(server.filters).To(ContainElement(`owner = 'ada'`), "the server helps where it can")
	})

	It("lists an entity once that the server lists twice", func(ctx SpecContext) {
		create(ctx, model.RegisteredModel{Name: "a", CustomProperties: value.Map{"team": value.String("x")}})
		server.tables["registered_models"][0]["team"] = "x"
		q := reg.RegisteredModels().Query().Where(field.RegisteredModel.Custom("team").AsString().Eq("x"))
		Expect(names(q.Collect(ctx))).To(Equal([]string{"a"}))
	})

	It("lists all entities of one millisecond by time, which the server's pages do not", func(ctx SpecContext) {
		var want []string
		for i := range 12 {
			name := string(rune('a' + i))
			create(ctx, model.RegisteredModel{Name: name})
			want = append(want, name)
		}
		q := reg.RegisteredModels().Query().OrderBy(registry.OrderByCreateTime)
		Expect(names(q.Collect(ctx))).To(Equal(want))
		last, err := reg.RegisteredModels().Query().Latest(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(last.Name).To(Equal("l"))
		var paged []string
		for token := ""; ; {
			page, err := q.Limit(5).Page(ctx, token)
			paged = append(paged, names(page.Items, err)...)
			if token = page.NextToken; token == "" {
				break
			}
		}
		Expect(paged).To(Equal(want))
	})

	It("registers a model, its version and its artifact, and again without a change", func(ctx SpecContext) {
		register := func() []registry.Result {
			GinkgoHelper()
			out, err := reg.Register(ctx,
				&model.RegisteredModel{Name: "fraud", Owner: new("ada")},
				&model.ModelVersion{Name: "v1", CustomProperties: value.Map{"auc": value.Double(0.9)}},
				&model.ModelArtifact{Name: "weights", URI: new("s3://models/fraud")})
			Expect(err).NotTo(HaveOccurred())
			return out
		}
		first := register()
		for i, r := range register() {
			Expect(r.ID).To(Equal(first[i].ID))
			Expect(r.Outcome).To(Equal(registry.Unchanged))
		}
		a, err := reg.ModelArtifacts().FindByName(ctx, first[1].ID, "weights")
		Expect(err).NotTo(HaveOccurred())
		Expect(a.ModelVersionID).To(Equal(first[1].ID))
	})

	It("changes nothing without permission, because the server does not check for other writers", func(ctx SpecContext) {
		id := create(ctx, model.RegisteredModel{Name: "m"})
		_, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "m", Owner: new("ada")})
		Expect(err).To(MatchError(registry.ErrUnsupported))
		Expect(err).To(MatchError(ContainSubstring("WithUncheckedUpdates")))
		_, err = reg.RegisteredModels().Update(ctx, id, func(m *model.RegisteredModel) error {
			m.Owner = new("ada")
			return nil
		})
		Expect(err).To(MatchError(registry.ErrUnsupported))
		Expect(server.sent("PATCH")).To(BeZero())
	})

	It("does not create below a model that does not exist, as the server would", func(ctx SpecContext) {
		_, err := reg.ModelVersions().Create(ctx, &model.ModelVersion{RegisteredModelID: "77", Name: "orphan"})
		Expect(err).To(MatchError(registry.ErrNotFound))
		Expect(server.sent("POST")).To(BeZero())
	})

	It("reports the owner of a name that is taken", func(ctx SpecContext) {
		id := create(ctx, model.RegisteredModel{Name: "m"})
		_, err := reg.RegisteredModels().Create(ctx, &model.RegisteredModel{Name: "m"})
		Expect(err).To(MatchError(registry.ErrAlreadyExists))
		Expect(failure(err).ExistingID).To(Equal(id))
	})

	Context("with unchecked updates", func() {
		BeforeEach(func() { start("v1", registry.WithUncheckedUpdates()) })

		It("keeps the state that the server would reset, and custom properties", func(ctx SpecContext) {
			id := create(ctx, model.RegisteredModel{
				Name: "m", State: new(model.RegisteredModelStateArchived),
				CustomProperties: value.Map{"a": value.Int(1), "b": value.Int(2)},
			})
			r, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{
				ID: id, Owner: new("ada"), CustomProperties: value.Map{"b": value.Int(3)},
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(r.Changed).To(Equal([]string{"customProperties.b", "owner"}))
			m, err := reg.RegisteredModels().Get(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			Expect(m.State).To(HaveValue(Equal(model.RegisteredModelStateArchived)))
			Expect(m.CustomProperties).To(Equal(value.Map{"a": value.Int(1), "b": value.Int(3)}))
		})

		It("reads structs, and says that the server refuses to change an entity with one", func(ctx SpecContext) {
			s, err := value.StructFromJSON([]byte(`{"k":1}`))
			Expect(err).NotTo(HaveOccurred())
			id := create(ctx, model.RegisteredModel{Name: "m", CustomProperties: value.Map{"s": s}})
			m, err := reg.RegisteredModels().Get(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			Expect(m.CustomProperties).To(Equal(value.Map{"s": s}))
			_, err = reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{ID: id, Owner: new("ada")})
			Expect(err).To(MatchError(registry.ErrInvalidArgument))
			Expect(err).To(MatchError(ContainSubstring("illegal base64")))
		})
	})

	It("uses v1alpha3 where the server has no v1, and asks once", func(ctx SpecContext) {
		start("v1alpha3")
		id := create(ctx, model.RegisteredModel{Name: "m"})
		_, err := reg.RegisteredModels().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(server.requests).To(Equal([]string{
			"GET registered_models", "POST registered_models", "GET registered_models/" + id,
		}))
	})

	It("says what the API has no paths for, and sends nothing", func(ctx SpecContext) {
		_, err := reg.RegisteredModels().Query().OrderByField(field.RegisteredModel.Name).Collect(ctx)
		Expect(err).To(MatchError(registry.ErrUnsupported))
		_, err = reg.RegisteredModels().Query().WhereText("name = 'x'").Collect(ctx)
		Expect(err).To(MatchError(registry.ErrUnsupported))
		err = reg.Tx(ctx, func(*registry.Client) error { return nil })
		Expect(err).To(MatchError(registry.ErrUnsupported))
		Expect(server.sent("POST")).To(BeZero())
	})
})
