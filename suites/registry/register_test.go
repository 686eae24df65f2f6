package registry_test

import (
	"context"
	"errors"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// transactional reports whether the client's store has transactions of several
// calls.
func transactional(ctx context.Context, reg *registry.Client) bool {
	err := reg.Tx(ctx, func(*registry.Client) error { return nil })
	return !errors.Is(err, registry.ErrUnsupported)
}

// outcomes returns the outcomes of results.
func outcomes(results []registry.Result) []registry.Outcome {
	var out []registry.Outcome
	for _, r := range results {
		out = append(out, r.Outcome)
	}
	return out
}

var _ = onEveryBackend("Register", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	const created, updated, unchanged = registry.Created, registry.Updated, registry.Unchanged
	var reg *registry.Client
	BeforeEach(func() { reg = registry.New(rpc()) })

	It("stores parents and their children, and changes nothing if repeated", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model")}
		v1, v2 := model.ModelVersion{Name: "v1"}, model.ModelVersion{Name: "v2"}
		a, doc := model.ModelArtifact{Name: "weights", URI: new("s3://w")}, model.DocArtifact{Name: "card"}
		results, err := reg.Register(ctx, &m, &v1, &a, &v2, &doc)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(Equal([]registry.Outcome{created, created, created, created, created}))
		for i, id := range []string{m.ID, v1.ID, a.ID, v2.ID, doc.ID} {
			Expect(results[i].ID).To(And(Equal(id), Not(BeEmpty())))
		}
		Expect([]string{v1.RegisteredModelID, v2.RegisteredModelID}).To(Equal([]string{m.ID, m.ID}))
		Expect([]string{a.ModelVersionID, doc.ModelVersionID}).To(Equal([]string{v1.ID, v2.ID}))
		Expect(reg.ModelArtifacts().OfVersion(v1.ID).Collect(ctx)).To(HaveLen(1))
		Expect(reg.DocArtifacts().OfVersion(v2.ID).Collect(ctx)).To(HaveLen(1))

		results, err = reg.Register(ctx, &m, &v1, &a, &v2, &doc)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(Equal([]registry.Outcome{unchanged, unchanged, unchanged, unchanged, unchanged}))

		// Another process has the names only.
		results, err = registry.New(rpc()).Register(ctx, &model.RegisteredModel{Name: m.Name},
			&model.ModelVersion{Name: "v1", Author: new("ada")}, &model.ModelArtifact{Name: "weights"})
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(Equal([]registry.Outcome{unchanged, updated, unchanged}))
		Expect(results[1].ID).To(Equal(v1.ID))
		Expect(results[1].Changed).To(Equal([]string{"author"}))
	})

	It("keeps the parents that values have", func(ctx SpecContext) {
		other := aModel(ctx, reg)
		stored := model.ModelVersion{RegisteredModelID: other, Name: "v1"}
		_, err := reg.Register(ctx, &stored)
		Expect(err).NotTo(HaveOccurred())

		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{RegisteredModelID: other, Name: "v2"}
		byID := model.ModelVersion{ID: stored.ID, Author: new("ada")}
		results, err := reg.Register(ctx, &m, &v, &byID)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(Equal([]registry.Outcome{created, created, updated}))
		Expect(v.RegisteredModelID).To(Equal(other))
		got, err := reg.ModelVersions().Get(ctx, stored.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.RegisteredModelID).To(Equal(other))
	})

	It("leaves all or the part before an entity that fails", func(ctx SpecContext) {
		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{Name: "v1"}
		bad := model.ModelArtifact{Name: "weights", URI: new("s3://w\x00")}
		results, err := reg.Register(ctx, &m, &v, &bad)
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		Expect(failure(err).Entity).To(Equal("ModelArtifact"))
		Expect(failure(err).Key).To(Equal("weights"))
		want := []registry.Outcome{created, created, created}
		if transactional(ctx, reg) {
			Expect(results).To(BeEmpty())
			Expect(m).To(Equal(model.RegisteredModel{Name: m.Name}))
			Expect(v).To(Equal(model.ModelVersion{Name: "v1"}))
			Expect(bad.ModelVersionID).To(BeEmpty())
			_, err = reg.RegisteredModels().FindByName(ctx, m.Name)
			Expect(err).To(MatchError(registry.ErrNotFound))
		} else {
			Expect(outcomes(results)).To(Equal([]registry.Outcome{created, created}))
			Expect([]string{results[0].ID, results[1].ID}).To(Equal([]string{m.ID, v.ID}))
			want = []registry.Outcome{unchanged, unchanged, created}
		}
		bad.URI = new("s3://w")
		results, err = reg.Register(ctx, &m, &v, &bad)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(Equal(want))
	})

	It("refuses arguments that are not entities before it stores any", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model")}
		models := registry.NewCollection(reg, mapping.RegisteredModel)
		for _, bad := range []any{
			nil,
			model.ModelVersion{Name: "v1"},
			(*model.ModelVersion)(nil), models.Entity(nil), "v1", new("v1"),
			&mapping.ModelVersion,
		} {
			results, err := reg.Register(ctx, &m, bad)
			Expect(err).To(MatchError(registry.ErrInvalidArgument), "%T", bad)
			Expect(err).To(MatchError(ContainSubstring("argument 2 is ")))
			Expect(results).To(BeEmpty())
		}
		_, err := reg.RegisteredModels().FindByName(ctx, m.Name)
		Expect(err).To(MatchError(registry.ErrNotFound))

		Expect(reg.Register(ctx)).To(BeEmpty())
		_, err = reg.Register(ctx, &model.ModelVersion{Name: "v1"}, &m) // the parent is last
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		Expect(failure(err).Field).To(Equal("registeredModelId"))
		_, err = reg.Register(ctx, &model.ModelArtifact{Name: fresh("weights")}) // its parent is optional
		Expect(err).NotTo(HaveOccurred())
	})

	It("takes entities of other mappings and mixes them with those of the spec", func(ctx SpecContext) {
		tables, columns := mapping.RegisteredModel, mapping.ModelVersion
		tables.Entity, tables.TypeName = "Table", "test.Table"
		columns.Entity, columns.TypeName = "Column", "test.Column"
		columns.Parent = new(*columns.Parent)
		columns.Parent.Entity, columns.Parent.TypeName = "Table", "test.Table"
		// The collections belong to another client than the one that registers.
		other := registry.New(rpc())
		ts, cs := registry.NewCollection(other, tables), registry.NewCollection(other, columns)
		t, c := model.RegisteredModel{Name: fresh("table")}, model.ModelVersion{Name: "c"}
		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{Name: "v1"}
		results, err := reg.Register(ctx, ts.Entity(&t), &m, cs.Entity(&c), &v)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(Equal([]registry.Outcome{created, created, created, created}))
		Expect(c.RegisteredModelID).To(Equal(t.ID))
		Expect(v.RegisteredModelID).To(Equal(m.ID))
		found, err := cs.FindByNameIn(ctx, t.ID, "c")
		Expect(err).NotTo(HaveOccurred())
		Expect(found.ID).To(Equal(c.ID))

		c.ExternalID = new(fresh("taken"))
		m2 := model.RegisteredModel{Name: fresh("model"), ExternalID: c.ExternalID}
		_, err = reg.Register(ctx, cs.Entity(&c), &m2)
		Expect(err).To(MatchError(registry.ErrAlreadyExists))
		if transactional(ctx, reg) {
			found, err = cs.Get(ctx, c.ID)
			Expect(err).NotTo(HaveOccurred())
			Expect(found.ExternalID).To(BeNil())
		}
	})

	It("is part of a transaction", func(ctx SpecContext) {
		if !transactional(ctx, reg) {
			Skip("a server has no transactions of several calls")
		}
		m := model.RegisteredModel{Name: fresh("model")}
		v, v2 := model.ModelVersion{Name: "v1"}, model.ModelVersion{Name: "v2"}
		stop := errors.New("stop")
		try := func(result error) error {
			return reg.Tx(ctx, func(tx *registry.Client) error {
				if _, err := tx.Register(ctx, &m, &v); err != nil {
					return err
				}
				results, err := tx.Register(ctx, &m, &v2, &model.ModelVersion{})
				Expect(err).To(MatchError(registry.ErrInvalidArgument))
				Expect(results).To(BeEmpty())
				Expect(v2.ID).To(BeEmpty(), "a call that fails leaves nothing behind")
				return result
			})
		}
		Expect(try(stop)).To(Equal(stop))
		Expect([]string{m.ID, v.ID, v.RegisteredModelID, v2.ID, v2.RegisteredModelID}).To(HaveEach(""))
		Expect(func() {
			_ = reg.Tx(ctx, func(tx *registry.Client) error {
				_, _ = tx.Register(ctx, &m)
				panic("stop")
			})
		}).To(Panic())
		Expect(m.ID).To(BeEmpty())
		Expect(try(nil)).To(Succeed())
		Expect(reg.ModelVersions().OfModel(m.ID).Collect(ctx)).To(HaveLen(1))
	})

	It("can be repeated by the store after a conflict", func(ctx SpecContext) {
		if !transactional(ctx, reg) {
			Skip("a server has no transactions of several calls")
		}
		reg = registry.New(conflicting{rpc(), rpc().(transactor)})
		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{Name: "v1"}
		a := model.ModelArtifact{Name: "weights"}
		results, err := reg.Register(ctx, &m, &v, &a)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(Equal([]registry.Outcome{created, created, created}))
		Expect(reg.ModelArtifacts().OfVersion(v.ID).Collect(ctx)).To(HaveLen(1))
	})
})

var _ = onEveryBackend("UpsertAll and CreateAll", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var reg *registry.Client
	var modelID string
	BeforeEach(func(ctx SpecContext) {
		reg = registry.New(rpc())
		modelID = aModel(ctx, reg)
	})

	// versions returns n versions of the model, named by their numbers.
	versions := func(n int) []*model.ModelVersion {
		out := make([]*model.ModelVersion, n)
		for i := range out {
			out[i] = &model.ModelVersion{RegisteredModelID: modelID, Name: strconv.Itoa(i)}
		}
		return out
	}
	count := func(ctx SpecContext) int {
		GinkgoHelper()
		n, err := reg.ModelVersions().OfModel(modelID).Count(ctx)
		Expect(err).NotTo(HaveOccurred())
		return int(n)
	}

	It("store values in order, and change nothing if repeated", func(ctx SpecContext) {
		values := versions(7)
		results, err := reg.ModelVersions().CreateAll(ctx, values[:3])
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(And(HaveLen(3), HaveEach(registry.Created)))
		byAda := registry.OnCreate(func(v *model.ModelVersion) { v.Author = new("ada") })
		results, err = reg.ModelVersions().UpsertAll(ctx, values, byAda)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results[:3])).To(HaveEach(registry.Unchanged))
		Expect(outcomes(results[3:])).To(And(HaveLen(4), HaveEach(registry.Created)))
		for i, v := range values {
			Expect(results[i].ID).To(Equal(v.ID))
			got, err := reg.ModelVersions().Get(ctx, v.ID)
			Expect(err).NotTo(HaveOccurred())
			Expect(got.Name).To(Equal(strconv.Itoa(i)))
			Expect(got.Author != nil).To(Equal(i >= 3))
		}
		results, err = reg.ModelVersions().UpsertAll(ctx, versions(7))
		Expect(err).NotTo(HaveOccurred())
		Expect(outcomes(results)).To(And(HaveLen(7), HaveEach(registry.Unchanged)))
		Expect(reg.ModelVersions().UpsertAll(ctx, nil)).To(BeEmpty())
	})

	It("leave nothing of the batch of a value that fails, or the part before it", func(ctx SpecContext) {
		values := versions(5)
		_, err := reg.ModelVersions().Create(ctx, &model.ModelVersion{RegisteredModelID: modelID, Name: "3"})
		Expect(err).NotTo(HaveOccurred())
		results, err := reg.ModelVersions().CreateAll(ctx, values)
		Expect(err).To(MatchError(registry.ErrAlreadyExists))
		Expect(failure(err).Key).To(Equal("3"))
		if transactional(ctx, reg) {
			Expect(results).To(BeEmpty())
			Expect(values).To(Equal(versions(5)))
			Expect(count(ctx)).To(Equal(1))
		} else {
			Expect(outcomes(results)).To(And(HaveLen(3), HaveEach(registry.Created)))
			Expect(count(ctx)).To(Equal(4))
		}
		_, err = reg.ModelVersions().UpsertAll(ctx, values)
		Expect(err).NotTo(HaveOccurred())
		Expect(count(ctx)).To(Equal(5))

		values[4] = nil
		values[0].Author = new("ada")
		_, err = reg.ModelVersions().UpsertAll(ctx, values)
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		Expect(err).To(MatchError(ContainSubstring("value 5 is nil")))
		got, err := reg.ModelVersions().Get(ctx, values[0].ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Author).To(BeNil())
	})

	It("link the children of several parents", func(ctx SpecContext) {
		other := aModel(ctx, reg)
		values := versions(9)
		for _, v := range values[5:8] {
			v.RegisteredModelID = other
		}
		_, err := reg.ModelVersions().UpsertAll(ctx, values)
		Expect(err).NotTo(HaveOccurred())
		for parent, n := range map[string]int{modelID: 6, other: 3} {
			vs, err := reg.ModelVersions().OfModel(parent).Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(vs).To(HaveLen(n))
			if onREST() {
				continue
			}
			id, err := value.ParseID(parent)
			Expect(err).NotTo(HaveOccurred())
			r, err := rpc().GetChildrenContextsByContext(ctx, &mlmdpb.GetChildrenContextsByContextRequest{ContextId: &id})
			Expect(err).NotTo(HaveOccurred())
			Expect(r.GetContexts()).To(HaveLen(n))
		}

		var artifacts []*model.ModelArtifact
		for i := range 12 {
			artifacts = append(artifacts, &model.ModelArtifact{
				ModelVersionID: values[i/5].ID, Name: strconv.Itoa(i), URI: new("s3://" + strconv.Itoa(i)),
			})
		}
		for range 2 {
			_, err = reg.ModelArtifacts().UpsertAll(ctx, artifacts)
			Expect(err).NotTo(HaveOccurred())
			for i, n := range []int{5, 5, 2} {
				found, err := reg.ModelArtifacts().OfVersion(values[i].ID).Collect(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(found).To(HaveLen(n))
			}
			for _, a := range artifacts {
				a.ID = ""
			}
		}
		var alone []*model.ModelArtifact // without parents
		for range 3 {
			alone = append(alone, &model.ModelArtifact{Name: fresh("artifact"), URI: new(fresh("uri"))})
		}
		_, err = reg.ModelArtifacts().CreateAll(ctx, alone)
		Expect(err).NotTo(HaveOccurred())
		for _, a := range alone {
			got, err := reg.ModelArtifacts().Get(ctx, a.ID)
			Expect(err).NotTo(HaveOccurred())
			Expect(got.URI).To(Equal(a.URI))
		}

		service := aService(ctx, reg)
		runs := make([]*model.ServeModel, 4)
		for i := range runs {
			runs[i] = &model.ServeModel{InferenceServiceID: service, ModelVersionID: values[0].ID, Name: strconv.Itoa(i)}
		}
		_, err = reg.ServeModels().CreateAll(ctx, runs)
		Expect(err).NotTo(HaveOccurred())
		Expect(reg.ServeModels().OfService(service).Collect(ctx)).To(HaveLen(4))
	})

	It("finish what another program began", func(ctx SpecContext) {
		values := versions(6)
		values[2].ExternalID, values[5].ExternalID = new(fresh("external")), new(fresh("external"))
		_, err := registry.New(rpc()).ModelVersions().UpsertAll(ctx, versions(2))
		Expect(err).NotTo(HaveOccurred())
		_, err = registry.New(rpc()).ModelVersions().UpsertAll(ctx, []*model.ModelVersion{
			{RegisteredModelID: modelID, Name: "4", Author: new("ada")},
			{RegisteredModelID: modelID, Name: "5", ExternalID: values[5].ExternalID},
		})
		Expect(err).NotTo(HaveOccurred())
		values = append(values, &model.ModelVersion{RegisteredModelID: modelID, Name: "0", Author: new("bob")})
		results, err := reg.ModelVersions().UpsertAll(ctx, values)
		Expect(err).NotTo(HaveOccurred())
		const created, updated, unchanged = registry.Created, registry.Updated, registry.Unchanged
		Expect(outcomes(results)).To(Equal([]registry.Outcome{
			unchanged, unchanged, created, created, unchanged, unchanged, updated,
		}))
		Expect(results[6].ID).To(Equal(results[0].ID))
		Expect(count(ctx)).To(Equal(6))
	})

	It("keep the batches before the one that fails", func(ctx SpecContext) {
		if !transactional(ctx, reg) {
			Skip("a server has no transactions of several calls")
		}
		values := versions(520)
		values[510].Name = "509"
		results, err := reg.ModelVersions().CreateAll(ctx, values)
		Expect(err).To(MatchError(registry.ErrAlreadyExists))
		Expect(results).To(HaveLen(500))
		Expect(count(ctx)).To(Equal(500))
		Expect(values[499].ID).NotTo(BeEmpty())
		Expect(values[500].ID).To(BeEmpty())
	})

	It("are part of a transaction", func(ctx SpecContext) {
		if !transactional(ctx, reg) {
			Skip("a server has no transactions of several calls")
		}
		stop := errors.New("stop")
		Expect(reg.Tx(ctx, func(tx *registry.Client) error {
			results, err := tx.ModelVersions().CreateAll(ctx, versions(510))
			Expect(err).NotTo(HaveOccurred())
			Expect(results).To(HaveLen(510))
			return stop
		})).To(Equal(stop))
		Expect(count(ctx)).To(Equal(0))
	})
})

type transactor interface {
	Transact(ctx context.Context, fn func(tx mlmdpb.MetadataStoreServiceClient) error) error
}

// conflicting is a store whose transactions lose one conflict each.
type conflicting struct {
	mlmdpb.MetadataStoreServiceClient
	store transactor
}

func (c conflicting) Transact(ctx context.Context, fn func(tx mlmdpb.MetadataStoreServiceClient) error) error {
	lost := status.Error(codes.Aborted, "conflict")
	err := c.store.Transact(ctx, func(tx mlmdpb.MetadataStoreServiceClient) error {
		if err := fn(tx); err != nil {
			return err
		}
		return lost
	})
	if !errors.Is(err, lost) {
		return err
	}
	return c.store.Transact(ctx, fn)
}
