package registry_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

var _ = onEveryBackend("a transaction", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var reg *registry.Client
	BeforeEach(func(ctx SpecContext) {
		reg = registry.New(rpc())
		err := reg.Tx(ctx, func(*registry.Client) error { return nil })
		if errors.Is(err, registry.ErrUnsupported) {
			called := false
			Expect(reg.Tx(ctx, func(*registry.Client) error { called = true; return nil })).NotTo(Succeed())
			Expect(called).To(BeFalse())
			Skip("a server has no transactions of several calls")
		}
		Expect(err).NotTo(HaveOccurred())
	})

	register := func(ctx context.Context, tx *registry.Client, m *model.RegisteredModel, v *model.ModelVersion) error {
		if _, err := tx.RegisteredModels().Create(ctx, m); err != nil {
			return err
		}
		v.RegisteredModelID = m.ID
		_, err := tx.ModelVersions().Create(ctx, v)
		return err
	}

	It("stores all of its writes, and sees them before", func(ctx SpecContext) {
		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{Name: "v1", Author: new("ada")}
		err := reg.Tx(ctx, func(tx *registry.Client) error {
			if err := register(ctx, tx, &m, &v); err != nil {
				return err
			}
			found, err := tx.ModelVersions().OfModel(m.ID).Collect(ctx)
			if err != nil || len(found) != 1 || *found[0].Author != "ada" {
				return fmt.Errorf("within the transaction: %v, %w", found, err)
			}
			_, err = tx.ModelVersions().Update(ctx, v.ID, func(v *model.ModelVersion) error {
				v.CustomProperties = value.Map{"n": value.Int(1)}
				return nil
			})
			return err
		})
		Expect(err).NotTo(HaveOccurred())
		got, err := reg.ModelVersions().FindByName(ctx, m.ID, "v1")
		Expect(err).NotTo(HaveOccurred())
		Expect(got.CustomProperties).To(Equal(value.Map{"n": value.Int(1)}))
	})

	It("is what creates a context and its link, so that neither is stored alone", func(ctx SpecContext) {
		client, sent := counting(rpc())
		reg := registry.New(client)
		id := aModel(ctx, reg)
		sent.refuse("PutParentContexts")
		v := model.ModelVersion{RegisteredModelID: id, Name: "v1"}
		_, err := reg.ModelVersions().Create(ctx, &v)
		Expect(err).To(MatchError(registry.ErrUnavailable))
		Expect(v.ID).To(BeEmpty())
		_, err = reg.ModelVersions().FindByName(ctx, id, "v1")
		Expect(err).To(MatchError(registry.ErrNotFound))
		sent.allow()
		_, err = reg.ModelVersions().Create(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		Expect(reg.ModelVersions().OfModel(id).Collect(ctx)).To(HaveLen(1))
	})

	It("finds cycles of the contexts that it creates", func(ctx SpecContext) {
		outside, err := value.ParseID(aModel(ctx, reg))
		Expect(err).NotTo(HaveOccurred())
		Expect(reg.Tx(ctx, func(tx *registry.Client) error {
			var ids []int64
			for range 2 {
				id, err := value.ParseID(aModel(ctx, tx))
				Expect(err).NotTo(HaveOccurred())
				ids = append(ids, id)
			}
			link := func(child, parent int64) error {
				_, err := tx.RPC().PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{
					ParentContexts: []*mlmdpb.ParentContext{{ChildId: &child, ParentId: &parent}},
				})
				return err
			}
			Expect(link(ids[0], ids[1])).To(Succeed())
			Expect(link(outside, ids[0])).To(Succeed())
			Expect(link(ids[1], outside)).To(MatchError(ContainSubstring("cycle")))
			Expect(link(ids[1], ids[0])).To(MatchError(ContainSubstring("cycle")))
			Expect(link(ids[0], ids[1])).To(MatchError(ContainSubstring("exists")))
			Expect(link(ids[0], 1<<40)).To(MatchError(ContainSubstring("cannot be found")))
			return nil
		})).To(Succeed())
	})

	It("stores nothing if its function fails", func(ctx SpecContext) {
		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{Name: "v1"}
		failed := errors.New("stop")
		err := reg.Tx(ctx, func(tx *registry.Client) error {
			Expect(register(ctx, tx, &m, &v)).To(Succeed())
			return failed
		})
		Expect(err).To(Equal(failed))
		_, err = reg.RegisteredModels().FindByName(ctx, m.Name)
		Expect(err).To(MatchError(registry.ErrNotFound))

		// What the transaction would have registered is registered now.
		Expect(register(ctx, reg, &model.RegisteredModel{Name: m.Name}, &model.ModelVersion{Name: "v1"})).To(Succeed())
	})

	It("stores nothing if its function panics", func(ctx SpecContext) {
		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{Name: "v1"}
		Expect(func() {
			_ = reg.Tx(ctx, func(tx *registry.Client) error {
				Expect(register(ctx, tx, &m, &v)).To(Succeed())
				panic("stop")
			})
		}).To(PanicWith("stop"))
		_, err := reg.RegisteredModels().FindByName(ctx, m.Name)
		Expect(err).To(MatchError(registry.ErrNotFound))
	})

	It("stores nothing, and keeps the store, if its function ends the goroutine", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model")}
		kept := aModel(ctx, reg)
		var ended sync.WaitGroup
		ended.Go(func() {
			_ = reg.Tx(ctx, func(tx *registry.Client) error {
				_, _ = tx.RegisteredModels().Create(ctx, &m)
				runtime.Goexit()
				return nil
			})
			panic("Tx returned")
		})
		ended.Wait()
		_, err := reg.RegisteredModels().FindByName(ctx, m.Name)
		Expect(err).To(MatchError(registry.ErrNotFound))
		_, err = reg.RegisteredModels().Get(ctx, kept)
		Expect(err).NotTo(HaveOccurred())
	})

	It("goes on after a call that failed", func(ctx SpecContext) {
		taken := model.RegisteredModel{Name: fresh("taken"), ExternalID: new(fresh("external"))}
		_, err := reg.RegisteredModels().Create(ctx, &taken)
		Expect(err).NotTo(HaveOccurred())
		m := model.RegisteredModel{Name: fresh("model")}
		err = reg.Tx(ctx, func(tx *registry.Client) error {
			_, err := tx.RegisteredModels().Create(ctx, &model.RegisteredModel{Name: taken.Name})
			Expect(err).To(MatchError(registry.ErrAlreadyExists))
			// The second of two nodes in one request fails, and the first one with it.
			_, err = tx.RPC().PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
				{TypeId: typeOf(ctx, tx, taken.ID), Name: new(m.Name + " in part")},
				{TypeId: typeOf(ctx, tx, taken.ID), Name: new(taken.Name)},
			}})
			Expect(err).To(HaveOccurred())
			_, err = tx.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: taken.Name, Owner: new("bob")})
			Expect(err).NotTo(HaveOccurred())
			_, err = tx.RegisteredModels().Create(ctx, &m)
			return err
		})
		Expect(err).NotTo(HaveOccurred())
		_, err = reg.RegisteredModels().FindByName(ctx, m.Name+" in part")
		Expect(err).To(MatchError(registry.ErrNotFound))
		got, err := reg.RegisteredModels().Get(ctx, taken.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Owner).To(HaveValue(Equal("bob")))
		_, err = reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
	})

	It("takes collections of its client only, and cannot be nested or outlived", func(ctx SpecContext) {
		var kept *registry.Client
		err := reg.Tx(ctx, func(tx *registry.Client) error {
			kept = tx
			models := registry.NewCollection(tx, mapping.RegisteredModel)
			_, err := models.Create(ctx, &model.RegisteredModel{Name: fresh("model")})
			Expect(err).NotTo(HaveOccurred())
			return tx.Tx(ctx, func(*registry.Client) error { return nil })
		})
		Expect(err).To(MatchError(registry.ErrUnsupported))
		_, err = kept.RegisteredModels().FindByName(ctx, "any")
		Expect(err).To(HaveOccurred())
		Expect(reg.Tx(ctx, nil)).To(MatchError(registry.ErrInvalidArgument))
	})

	It("is one of many that change the same entities", func(ctx SpecContext) {
		m := model.RegisteredModel{Name: fresh("model"), CustomProperties: value.Map{"n": value.Int(0)}}
		_, err := reg.RegisteredModels().Create(ctx, &m)
		Expect(err).NotTo(HaveOccurred())
		const writers, each = 8, 10
		errs := make(chan error, writers*each)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					errs <- reg.Tx(ctx, func(tx *registry.Client) error {
						_, err := tx.RegisteredModels().Update(ctx, m.ID, func(v *model.RegisteredModel) error {
							n, _ := v.CustomProperties["n"].AsInt()
							v.CustomProperties["n"] = value.Int(n + 1)
							return nil
						})
						if err != nil {
							return err
						}
						_, err = tx.ModelVersions().Create(ctx, &model.ModelVersion{
							RegisteredModelID: m.ID, Name: fmt.Sprint(w, "-", i),
						})
						return err
					})
				}
			})
		}
		all.Wait()
		close(errs)
		for err := range errs {
			Expect(err).NotTo(HaveOccurred())
		}
		got, err := reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.CustomProperties["n"]).To(Equal(value.Int(writers * each)))
		n, err := reg.ModelVersions().OfModel(m.ID).Count(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(n).To(BeEquivalentTo(writers * each))
	})
})

// typeOf returns the ID of the type of a model.
func typeOf(ctx context.Context, reg *registry.Client, id string) *int64 {
	GinkgoHelper()
	r, err := reg.RPC().GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new(mapping.RegisteredModel.TypeName)})
	Expect(err).NotTo(HaveOccurred(), id)
	return r.ContextType.Id
}
