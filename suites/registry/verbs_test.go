package registry_test

import (
	"errors"
	"fmt"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
	"github.com/mlmd-go/sdk/suites/backend"
)

// customProperty returns the symbol of a custom property.
func (x *subject[T, N]) customProperty(name string) filter.Clearable[*T] {
	var symbols filter.CustomSymbols[*T]
	return symbols.Custom(name)
}

// another returns an entity like x.v, with another name and external ID.
func (x *subject[T, N]) another() T {
	v := x.v
	*x.name(&v), *x.externalID(&v) = fresh("another"), new(fresh("another external"))
	x.mapping.SetID(&v, "")
	return v
}

// reportsAndGuards describes the verbs and their results.
func reportsAndGuards[T any, N mlmd.Node](x *subject[T, N]) {
	It("tells what an upsert did", func(ctx SpecContext) {
		res, err := x.e.Upsert(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		Expect(res).To(Equal(registry.Result{ID: x.mapping.Ident(&x.v).ID, Outcome: registry.Created}))
		again, err := x.e.Upsert(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		Expect(again).To(Equal(registry.Result{ID: res.ID, Outcome: registry.Unchanged}))
		*x.description(&x.v) = new("changed")
		changed, err := x.e.Upsert(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		Expect(changed).To(Equal(registry.Result{ID: res.ID, Outcome: registry.Updated, Changed: []string{"description"}}))
	})

	It("is created once", func(ctx SpecContext) {
		res, err := x.e.Create(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		Expect(res).To(Equal(registry.Result{ID: x.mapping.Ident(&x.v).ID, Outcome: registry.Created}))
		x.same(x.get(ctx, res.ID), x.v)

		_, err = x.e.Create(ctx, &x.v)
		Expect(err).To(MatchError(registry.ErrInvalidArgument), "it has an ID")
		again := x.v
		x.mapping.SetID(&again, "")
		*x.externalID(&again) = nil
		_, err = x.e.Create(ctx, &again)
		Expect(err).To(MatchError(registry.ErrAlreadyExists))
		Expect(failure(err)).To(And(HaveField("Field", "name"), HaveField("ExistingID", res.ID)))
		other := x.another()
		*x.externalID(&other) = *x.externalID(&x.v)
		_, err = x.e.Create(ctx, &other)
		Expect(err).To(MatchError(registry.ErrAlreadyExists))
		Expect(failure(err)).To(And(HaveField("Field", "externalId"), HaveField("ExistingID", res.ID)))
		x.same(x.get(ctx, res.ID), x.v)
	})

	It("is created by one of many", func(ctx SpecContext) {
		var mu sync.Mutex
		var created []string
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				v := x.v
				res, err := x.e.Create(ctx, &v)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					created = append(created, res.ID)
				} else if !errors.Is(err, registry.ErrAlreadyExists) {
					created = append(created, err.Error())
				}
			})
		}
		all.Wait()
		Expect(created).To(HaveLen(1))
	})

	It("is updated by a function, zero values and removed keys included", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		res, err := x.e.Update(ctx, id, func(v *T) error {
			*x.description(v) = nil
			delete(*x.custom(v), "text")
			(*x.custom(v))["int"] = value.Int(0)
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(res).To(And(HaveField("ID", id), HaveField("Outcome", registry.Updated)))
		Expect(res.Changed).To(ConsistOf("description", "customProperties.int", "customProperties.text"))
		*x.description(&x.v) = nil
		delete(*x.custom(&x.v), "text")
		(*x.custom(&x.v))["int"] = value.Int(0)
		x.same(x.get(ctx, id), x.v)

		before := x.get(ctx, id)
		res, err = x.e.Update(ctx, id, func(*T) error { return nil })
		Expect(err).NotTo(HaveOccurred())
		Expect(res).To(Equal(registry.Result{ID: id, Outcome: registry.Unchanged}))
		Expect(x.get(ctx, id)).To(Equal(before))
	})

	It("gets another update time, and nothing else, if it is touched", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		before := x.get(ctx, id)
		res, err := x.e.Update(ctx, id, func(*T) error { return nil }, registry.Touch[T]())
		Expect(err).NotTo(HaveOccurred())
		Expect(res).To(Equal(registry.Result{ID: id, Outcome: registry.Updated}))
		after := x.get(ctx, id)
		x.same(after, *before)
		if label := CurrentSpecReport().Labels(); label[0] != backend.Core && label[0] != backend.Container {
			Expect(x.mapping.Ident(after).UpdateTime.After(x.mapping.Ident(before).UpdateTime.Time)).To(BeTrue())
		}
		res, err = x.e.Upsert(ctx, &x.v, registry.Touch[T]())
		Expect(err).NotTo(HaveOccurred())
		Expect(res).To(Equal(registry.Result{ID: id, Outcome: registry.Updated}))
	})

	It("is not updated if the function fails or changes what is immutable", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		before := x.get(ctx, id)
		failed := errors.New("stop")
		_, err := x.e.Update(ctx, id, func(v *T) error { *x.description(v) = nil; return failed })
		Expect(err).To(Equal(failed))
		_, err = x.e.Update(ctx, id, func(v *T) error { *x.name(v) = "other"; return nil })
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		_, err = x.e.Update(ctx, id, func(v *T) error { x.mapping.SetID(v, "1234567"); return nil })
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		_, err = x.e.Update(ctx, id, nil)
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		_, err = x.e.Update(ctx, "1234567", func(*T) error { return nil })
		Expect(err).To(MatchError(registry.ErrNotFound))
		Expect(x.get(ctx, id)).To(Equal(before))
	})

	It("is written only if it is unchanged since it was read", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		mine, theirs := x.get(ctx, id), x.get(ctx, id)
		*x.description(theirs) = new("theirs")
		_, err := x.e.Upsert(ctx, theirs, registry.IfUnchanged(theirs))
		Expect(err).NotTo(HaveOccurred())

		*x.description(mine) = new("mine")
		for _, write := range []func() (registry.Result, error){
			func() (registry.Result, error) { return x.e.Upsert(ctx, mine, registry.IfUnchanged(mine)) },
			func() (registry.Result, error) { return x.e.Replace(ctx, mine, registry.IfUnchanged(mine)) },
		} {
			_, err := write()
			Expect(err).To(MatchError(registry.ErrConflict))
		}
		Expect(*x.description(x.get(ctx, id))).To(HaveValue(Equal("theirs")))
		_, err = x.e.Upsert(ctx, &x.v, registry.IfUnchanged(&x.v))
		Expect(err).To(MatchError(registry.ErrInvalidArgument), "it was not read")
	})

	It("gets some fields only when it is created", func(ctx SpecContext) {
		custom := value.Map{"mine": value.Int(1)}
		*x.custom(&x.v) = custom
		onCreate := registry.OnCreate(func(v *T) {
			*x.description(v) = new("new")
			(*x.custom(v))["created"] = value.Bool(true)
		})
		*x.description(&x.v) = nil
		id := x.upsert(ctx, &x.v, onCreate)
		Expect(custom).To(HaveLen(1), "the caller's map")
		got := x.get(ctx, id)
		Expect(*x.description(got)).To(HaveValue(Equal("new")))
		Expect(*x.custom(got)).To(HaveKey("created"))

		_, err := x.e.Update(ctx, id, func(v *T) error { *x.description(v) = new("later"); return nil })
		Expect(err).NotTo(HaveOccurred())
		x.mapping.SetID(&x.v, "")
		res, err := x.e.Upsert(ctx, &x.v, onCreate)
		Expect(err).NotTo(HaveOccurred())
		Expect(res).To(Equal(registry.Result{ID: id, Outcome: registry.Unchanged}))
	})
}

var _ = onEveryBackend("an upsert of what nothing identifies", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("is refused, and possible by Create", func(ctx SpecContext) {
		reg := registry.New(rpc())
		v := model.ServeModel{InferenceServiceID: aService(ctx, reg), ModelVersionID: aVersion(ctx, reg)}
		_, err := reg.ServeModels().Upsert(ctx, &v)
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		for range 2 {
			again := v
			res, err := reg.ServeModels().Create(ctx, &again)
			Expect(err).NotTo(HaveOccurred())
			Expect(res.Outcome).To(Equal(registry.Created))
		}
	})
})

var _ = onEveryBackend("the state", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("of models and versions is archived and restored", func(ctx SpecContext) {
		reg := registry.New(rpc())
		v := model.ModelVersion{RegisteredModelID: aModel(ctx, reg), Name: "v1"}
		_, err := reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		read, err := reg.ModelVersions().Get(ctx, v.ID)
		Expect(err).NotTo(HaveOccurred())
		for range 2 {
			res, err := reg.ModelVersions().Archive(ctx, v.ID)
			Expect(err).NotTo(HaveOccurred())
			Expect(res.ID).To(Equal(v.ID))
		}
		got, err := reg.ModelVersions().Get(ctx, v.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.State).To(HaveValue(Equal(model.ModelVersionStateArchived)))
		_, err = reg.ModelVersions().Restore(ctx, v.ID, registry.IfUnchanged(read))
		Expect(err).To(MatchError(registry.ErrConflict))
		_, err = reg.ModelVersions().Restore(ctx, v.ID, registry.IfUnchanged(got))
		Expect(err).NotTo(HaveOccurred())
		_, err = reg.RegisteredModels().Archive(ctx, v.RegisteredModelID)
		Expect(err).NotTo(HaveOccurred())
	})
})

var _ = onEveryBackend("concurrent updates", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("of one entity lose nothing", func(ctx SpecContext) {
		if label := CurrentSpecReport().Labels(); len(label) > 0 &&
			(label[0] == backend.Core || label[0] == backend.Container) {
			Skip("the reference implementation compares update times of artifacts only, with a resolution of a millisecond")
		}
		const writers, each = 16, 20
		clients := [4]*registry.Client{}
		for i := range clients {
			clients[i] = registry.New(rpc())
		}
		id := aVersion(ctx, clients[0])
		errs := make(chan error, writers*each)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for range each {
					_, err := clients[w%len(clients)].ModelVersions().Update(ctx, id, func(v *model.ModelVersion) error {
						n, _ := v.CustomProperties["n"].AsInt()
						if v.CustomProperties == nil {
							v.CustomProperties = value.Map{}
						}
						v.CustomProperties["n"] = value.Int(n + 1)
						return nil
					})
					errs <- err
				}
			})
		}
		all.Wait()
		close(errs)
		for err := range errs {
			Expect(err).NotTo(HaveOccurred())
		}
		got, err := clients[0].ModelVersions().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(fmt.Sprint(got.CustomProperties["n"])).To(Equal(fmt.Sprint(writers * each)))
	})
})
