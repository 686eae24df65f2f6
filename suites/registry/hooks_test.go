package registry_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A hookLog records the calls of the hooks of one mapping.
type hookLog[T any] struct {
	mu            sync.Mutex
	before, after []registry.Change[T]
	refuse, fail  error // returned by the hooks
}

// hooked returns a client whose hooks write to the log.
func hooked[T any, N mlmd.Node](
	rpc mlmdpb.MetadataStoreServiceClient, m mlmd.Mapping[T, N], l *hookLog[T],
) *registry.Client {
	return registry.New(
		rpc,
		registry.BeforeWrite(m, func(_ context.Context, c registry.Change[T]) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.before = append(l.before, c)
			return l.refuse
		}),
		registry.OnWrite(m, func(_ context.Context, c registry.Change[T]) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.after = append(l.after, c)
			return l.fail
		}),
	)
}

// take returns the calls since the last take.
func (l *hookLog[T]) take() (before, after []registry.Change[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, after = l.before, l.after
	l.before, l.after = nil, nil
	return before, after
}

// callsHooks describes the hooks of an entity.
func callsHooks[T any, N mlmd.Node](x *subject[T, N]) {
	var (
		log hookLog[T]
		reg *registry.Client
		e   *registry.Collection[T, N]
	)
	BeforeEach(func() {
		log.take()
		log.refuse, log.fail = nil, nil
		reg = hooked(x.reg.RPC(), x.mapping, &log)
		e = registry.NewCollection(reg, x.mapping)
	})

	// expectOne expects that each hook was called once, with the given operation and
	// the result, with old, and with what is stored now.
	expectOne := func(ctx SpecContext, op string, old *T, res registry.Result) {
		GinkgoHelper()
		before, after := log.take()
		Expect(before).To(HaveLen(1))
		Expect(after).To(HaveLen(1))
		stored := x.get(ctx, res.ID)
		for i, c := range []registry.Change[T]{before[0], after[0]} {
			want := res
			if i == 0 && old == nil {
				want.ID = ""
			}
			Expect(c.Result).To(Equal(want))
			Expect(c.Op).To(Equal(op))
			Expect(c.Client).To(BeIdenticalTo(reg))
			Expect(c.Old).To(Equal(old))
			Expect(x.mapping.Ident(c.New).ID).To(Equal(want.ID))
			Expect(x.mapping.Ident(c.New).ParentID).To(Equal(x.mapping.Ident(stored).ParentID))
			x.same(stored, *c.New)
		}
	}

	It("is shown to hooks as it was and as it will be", func(ctx SpecContext) {
		res, err := e.Upsert(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Outcome).To(Equal(registry.Created))
		expectOne(ctx, "upsert", nil, res)

		old := x.get(ctx, res.ID)
		patch := x.v
		*x.description(&patch) = new("patched")
		*x.custom(&patch) = value.Map{"new": value.Int(1)}
		res, err = e.Upsert(ctx, &patch, registry.Clear(x.customProperty("double")))
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Changed).To(ConsistOf("description", "customProperties.new", "customProperties.double"))
		expectOne(ctx, "upsert", old, res)

		old = x.get(ctx, res.ID)
		res, err = e.Update(ctx, res.ID, func(v *T) error {
			*x.description(v), *x.externalID(v) = nil, nil
			delete(*x.custom(v), "text")
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		expectOne(ctx, "update", old, res)

		old = x.get(ctx, res.ID)
		x.mapping.SetID(&x.v, "")
		res, err = e.Replace(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Outcome).To(Equal(registry.Updated))
		expectOne(ctx, "replace", old, res)

		another := x.another()
		res, err = e.Create(ctx, &another)
		Expect(err).NotTo(HaveOccurred())
		expectOne(ctx, "create", nil, res)
	})

	It("is not shown to hooks if it does not change", func(ctx SpecContext) {
		id := x.upsert(ctx, &x.v)
		_, err := e.Upsert(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		_, err = e.Update(ctx, id, func(*T) error { return nil })
		Expect(err).NotTo(HaveOccurred())
		x.mapping.SetID(&x.v, "")
		_, err = e.Upsert(ctx, &x.v)
		Expect(err).NotTo(HaveOccurred())
		results, err := e.UpsertAll(ctx, []*T{&x.v, &x.v})
		Expect(err).NotTo(HaveOccurred())
		Expect(results).To(HaveEach(HaveField("Outcome", registry.Unchanged)))
		before, after := log.take()
		Expect(before).To(BeEmpty())
		Expect(after).To(BeEmpty())
	})

	It("is refused by a hook, with nothing written", func(ctx SpecContext) {
		log.refuse = errors.New("not today")
		stored := x.another()
		id := x.upsert(ctx, &stored)
		before := x.get(ctx, id)
		two := []T{x.v, x.another()}
		*x.description(&stored) = new("changed")
		client, sent := counting(x.reg.RPC())
		e = registry.NewCollection(hooked(client, x.mapping, &log), x.mapping)
		for what, write := range map[string]func() (any, error){
			"upsert":  func() (any, error) { return e.Upsert(ctx, &x.v) },
			"create":  func() (any, error) { return e.Create(ctx, &x.v) },
			"replace": func() (any, error) { return e.Replace(ctx, &x.v) },
			"update": func() (any, error) {
				return e.Update(ctx, id, func(v *T) error { *x.description(v) = nil; return nil })
			},
			"upsert by ID": func() (any, error) { return e.Upsert(ctx, &stored) },
			"upsert all":   func() (any, error) { return e.UpsertAll(ctx, []*T{&two[0], &two[1]}) },
			"create all":   func() (any, error) { return e.CreateAll(ctx, []*T{&two[0], &two[1]}) },
			"register":     func() (any, error) { return reg.Register(ctx, e.Entity(&x.v)) },
		} {
			res, err := write()
			Expect(err).To(MatchError(registry.ErrRefused), what)
			Expect(err).To(MatchError(log.refuse), what)
			Expect(failure(err).Error()).To(HaveSuffix("a hook refused it: not today"), what)
			Expect(res).To(BeZero(), what)
		}
		for _, v := range []*T{&x.v, &two[0], &two[1]} {
			Expect(x.mapping.Ident(v).ID).To(BeEmpty(), "the value stays as it was")
		}
		Expect(writes(sent.take())).To(BeEmpty())
		Expect(x.get(ctx, id)).To(Equal(before))
		_, err := x.find(ctx, *x.name(&x.v))
		Expect(err).To(MatchError(registry.ErrNotFound))
		_, after := log.take()
		Expect(after).To(BeEmpty())
	})

	It("is stored even if a hook fails afterwards", func(ctx SpecContext) {
		log.fail = errors.New("the mail server is down")
		res, err := e.Upsert(ctx, &x.v)
		Expect(err).To(And(MatchError(registry.ErrAfterWrite), MatchError(log.fail)))
		Expect(err.Error()).To(HaveSuffix("it is created, but a hook failed: the mail server is down"))
		Expect(res).To(Equal(registry.Result{ID: x.mapping.Ident(&x.v).ID, Outcome: registry.Created}))
		x.same(x.get(ctx, res.ID), x.v)
		res, err = e.Update(ctx, res.ID, func(v *T) error { *x.description(v) = new("later"); return nil })
		Expect(err).To(MatchError(registry.ErrAfterWrite))
		Expect(res.Changed).To(Equal([]string{"description"}))
		Expect(*x.description(x.get(ctx, res.ID))).To(HaveValue(Equal("later")))

		values := []*T{new(x.another()), new(x.another()), &x.v, new(x.another())}
		*x.description(&x.v) = new("changed")
		results, err := e.UpsertAll(ctx, values)
		Expect(err).To(And(MatchError(registry.ErrAfterWrite), MatchError(log.fail)))
		Expect(err.Error()).To(HaveSuffix("(and 3 more errors of hooks)"))
		Expect(results).To(HaveLen(len(values)))
		for i, v := range values {
			Expect(x.get(ctx, results[i].ID)).NotTo(BeNil())
			Expect(results[i].ID).To(Equal(x.mapping.Ident(v).ID))
		}
	})

	It("is shown to hooks once for each of many", func(ctx SpecContext) {
		values := make([]*T, 250)
		for i := range values {
			values[i] = new(x.another())
		}
		results, err := e.CreateAll(ctx, values[:120])
		Expect(err).NotTo(HaveOccurred())
		more, err := e.UpsertAll(ctx, values[120:])
		Expect(err).NotTo(HaveOccurred())
		results = append(results, more...)
		before, after := log.take()
		Expect(before).To(HaveLen(len(values)))
		Expect(after).To(HaveLen(len(values)))
		for i, c := range after {
			Expect(c.Result).To(Equal(results[i]))
			Expect(x.mapping.Ident(c.New).ID).To(Equal(results[i].ID))
			Expect(*x.name(c.New)).To(Equal(*x.name(values[i])))
		}
	})
}

var _ = onEveryBackend("hooks", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	type versionChange = registry.Change[model.ModelVersion]

	It("run in the order of the options, with the actor", func(ctx SpecContext) {
		var calls []string
		named := func(name string, err error) func(context.Context, versionChange) error {
			return func(ctx context.Context, c versionChange) error {
				calls = append(calls, name)
				Expect(c.Actor).To(Equal("ada"))
				Expect(registry.Actor(ctx)).To(Equal("ada"))
				c.New.Author = new(name) // a copy of its own
				c.Result.Changed = append(c.Result.Changed, name)
				return err
			}
		}
		no, down := errors.New("no"), errors.New("down")
		reg := registry.New(
			rpc(),
			registry.OnWrite(mapping.ModelVersion, named("after 1", down)),
			registry.BeforeWrite(mapping.ModelVersion, named("before 1", nil)),
			nil,
			registry.BeforeWrite[model.ModelVersion, *mlmdpb.Context](mapping.ModelVersion, nil),
			registry.OnWrite[model.ModelVersion, *mlmdpb.Context](mapping.ModelVersion, nil),
			registry.BeforeWrite(mapping.ModelVersion, named("before 2", nil)),
			registry.OnWrite(mapping.ModelVersion, named("after 2", no)),
			registry.OnWrite(mapping.ModelVersion, named("after 3", nil)),
		)
		v := model.ModelVersion{RegisteredModelID: aModel(ctx, reg), Name: "v1"}
		_, err := reg.ModelVersions().Upsert(registry.WithActor(ctx, "ada"), &v)
		Expect(err).To(And(MatchError(down), MatchError(no), MatchError(registry.ErrAfterWrite)))
		Expect(calls).To(Equal([]string{"before 1", "before 2", "after 1", "after 2", "after 3"}))
		got, err := reg.ModelVersions().Get(ctx, v.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Author).To(BeNil())

		calls = nil
		refusing := registry.New(
			rpc(),
			registry.BeforeWrite(mapping.ModelVersion, named("before 1", no)),
			registry.BeforeWrite(mapping.ModelVersion, named("before 2", nil)),
		)
		_, err = refusing.ModelVersions().Archive(registry.WithActor(ctx, "ada"), v.ID)
		Expect(err).To(MatchError(registry.ErrRefused))
		Expect(calls).To(Equal([]string{"before 1"}))
	})

	It("see the states that Archive and Restore set", func(ctx SpecContext) {
		var log hookLog[model.ModelVersion]
		reg := hooked(rpc(), mapping.ModelVersion, &log)
		v := model.ModelVersion{RegisteredModelID: aModel(ctx, reg), Name: "v1"}
		_, err := reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		_, err = reg.ModelVersions().Archive(ctx, v.ID)
		Expect(err).NotTo(HaveOccurred())
		_, err = reg.ModelVersions().Restore(ctx, v.ID)
		Expect(err).NotTo(HaveOccurred())
		_, after := log.take()
		var states []string
		for _, c := range after {
			states = append(states, fmt.Sprint(c.Op, " ", *c.New.State))
		}
		Expect(states).To(Equal([]string{"upsert LIVE", "update ARCHIVED", "update LIVE"}))
	})

	It("of one entity leave the others alone", func(ctx SpecContext) {
		var log hookLog[model.ModelVersion]
		log.refuse = errors.New("no")
		reg := hooked(rpc(), mapping.ModelVersion, &log)
		aModel(ctx, reg)
		anEnvironment(ctx, reg)
		_, err := reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: aModel(ctx, reg), Name: "v1"})
		Expect(err).To(MatchError(registry.ErrRefused))
	})

	It("know the types of a client with a prefix, whatever the mapping", func(ctx SpecContext) {
		var log hookLog[model.RegisteredModel]
		prefix := registry.WithTypePrefix("old.")
		hook := registry.OnWrite(mapping.RegisteredModel, func(
			_ context.Context, c registry.Change[model.RegisteredModel],
		) error {
			log.after = append(log.after, c)
			return nil
		})
		same := mapping.RegisteredModel
		same.TypeName = "old.RegisteredModel"
		for _, reg := range []*registry.Client{registry.New(rpc(), prefix, hook), registry.New(rpc(), hook, prefix)} {
			for _, e := range []*registry.Collection[model.RegisteredModel, *mlmdpb.Context]{
				registry.NewCollection(reg, mapping.RegisteredModel), registry.NewCollection(reg, same),
			} {
				res, err := e.Upsert(ctx, &model.RegisteredModel{Name: fresh("model")})
				Expect(err).NotTo(HaveOccurred())
				_, after := log.take()
				Expect(after).To(HaveLen(1))
				Expect(after[0].Result).To(Equal(res))
			}
		}
	})

	It("that find another writer run again", func(ctx SpecContext) {
		plain := registry.New(rpc())
		id := aModel(ctx, plain)
		var log hookLog[model.RegisteredModel]
		interfered := false
		reg := registry.New(
			rpc(),
			registry.BeforeWrite(mapping.RegisteredModel, func(
				ctx context.Context, c registry.Change[model.RegisteredModel],
			) error {
				log.before = append(log.before, c)
				if interfered {
					return nil
				}
				interfered = true
				_, err := plain.RegisteredModels().Update(ctx, id, func(v *model.RegisteredModel) error {
					v.Owner = new("bob")
					return nil
				})
				return err
			}),
			registry.OnWrite(mapping.RegisteredModel, func(_ context.Context, c registry.Change[model.RegisteredModel]) error {
				log.after = append(log.after, c)
				return nil
			}),
		)
		_, err := reg.RegisteredModels().Update(ctx, id, func(v *model.RegisteredModel) error {
			v.Description = new("d")
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		before, after := log.take()
		Expect(after).To(HaveLen(1))
		if len(before) == 1 {
			Skip("this server does not notice the other writer")
		}
		Expect(before).To(HaveLen(2))
		Expect(before[1].Old.Owner).To(HaveValue(Equal("bob")))
		Expect(after[0].Old).To(Equal(before[1].Old))
	})

	It("that end with an error of another write do not repeat their own", func(ctx SpecContext) {
		plain := registry.New(rpc())
		id, other := aModel(ctx, plain), aModel(ctx, plain)
		calls := 0
		reg := registry.New(rpc(), registry.BeforeWrite(mapping.RegisteredModel, func(
			ctx context.Context, _ registry.Change[model.RegisteredModel],
		) error {
			calls++
			read, err := plain.RegisteredModels().Get(ctx, other)
			if err != nil {
				return err
			}
			read.Owner = new(fmt.Sprint(calls))
			changed := *read
			if _, err := plain.RegisteredModels().Upsert(ctx, &changed); err != nil {
				return err
			}
			read.Owner = new("late")
			_, err = plain.RegisteredModels().Upsert(ctx, read, registry.IfUnchanged(read))
			return err
		}))
		_, err := reg.RegisteredModels().Archive(ctx, id)
		Expect(err).To(And(MatchError(registry.ErrRefused), MatchError(registry.ErrConflict)))
		Expect(calls).To(Equal(1))
	})

	It("may write through the client of the change", func(ctx SpecContext) {
		reg := registry.New(
			rpc(),
			registry.BeforeWrite(mapping.ModelVersion, func(ctx context.Context, c versionChange) error {
				if _, err := c.Client.RegisteredModels().Get(ctx, c.New.RegisteredModelID); err != nil {
					return err
				}
				_, err := c.Client.RegisteredModels().Update(ctx, c.New.RegisteredModelID, func(v *model.RegisteredModel) error {
					v.Description = new("before " + c.New.Name)
					return nil
				})
				return err
			}),
			registry.OnWrite(mapping.ModelVersion, func(ctx context.Context, c versionChange) error {
				if c.New.Author != nil { // ends the recursion
					return nil
				}
				_, err := c.Client.ModelVersions().Update(ctx, c.New.ID, func(v *model.ModelVersion) error {
					v.Author = new("the hook")
					return nil
				})
				return err
			}),
		)
		id := aModel(ctx, reg)
		v := model.ModelVersion{RegisteredModelID: id, Name: "v1"}
		_, err := reg.ModelVersions().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
		w := model.ModelVersion{RegisteredModelID: id, Name: "v2"}
		results, err := reg.ModelVersions().UpsertAll(ctx, []*model.ModelVersion{&w})
		Expect(err).NotTo(HaveOccurred())
		Expect(results).To(HaveLen(1))
		for _, id := range []string{v.ID, w.ID} {
			got, err := reg.ModelVersions().Get(ctx, id)
			Expect(err).NotTo(HaveOccurred())
			Expect(got.Author).To(HaveValue(Equal("the hook")))
		}
		m, err := reg.RegisteredModels().Get(ctx, id)
		Expect(err).NotTo(HaveOccurred())
		Expect(m.Description).To(HaveValue(Equal("before v2")))
	})

	It("of a register run for each part, and the rest is written if one fails", func(ctx SpecContext) {
		var log hookLog[model.RegisteredModel]
		log.fail = errors.New("down")
		reg := hooked(rpc(), mapping.RegisteredModel, &log)
		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{Name: "v1"}
		results, err := reg.Register(ctx, &m, &v)
		Expect(err).To(MatchError(registry.ErrAfterWrite))
		Expect(results).To(HaveLen(2))
		got, err := reg.ModelVersions().FindByName(ctx, m.ID, "v1")
		Expect(err).NotTo(HaveOccurred())
		Expect(got.ID).To(Equal(results[1].ID))
	})

	It("panic through the write", func(ctx SpecContext) {
		reg := registry.New(rpc(), registry.BeforeWrite(mapping.ModelVersion, func(
			context.Context, versionChange,
		) error {
			panic("stop")
		}))
		m, v := model.RegisteredModel{Name: fresh("model")}, model.ModelVersion{Name: "v1"}
		Expect(func() { _, _ = reg.Register(ctx, &m, &v) }).To(PanicWith("stop"))
		v.RegisteredModelID = aModel(ctx, reg)
		Expect(func() { _, _ = reg.ModelVersions().Upsert(ctx, &v) }).To(PanicWith("stop"))
		_, err := reg.ModelVersions().FindByName(ctx, v.RegisteredModelID, "v1")
		Expect(err).To(MatchError(registry.ErrNotFound))
	})

	It("report the end of their context", func(ctx SpecContext) {
		ending, cancel := context.WithCancel(ctx)
		reg := registry.New(rpc(), registry.BeforeWrite(mapping.RegisteredModel, func(
			ctx context.Context, _ registry.Change[model.RegisteredModel],
		) error {
			cancel()
			return ctx.Err()
		}))
		m := model.RegisteredModel{Name: fresh("model")}
		_, err := reg.RegisteredModels().Upsert(ending, &m)
		Expect(err).To(MatchError(context.Canceled))
		_, err = reg.RegisteredModels().FindByName(ctx, m.Name)
		Expect(err).To(MatchError(registry.ErrNotFound))
	})

	It("run for writes at the same time", func(ctx SpecContext) {
		var log hookLog[model.RegisteredModel]
		reg := hooked(rpc(), mapping.RegisteredModel, &log)
		id := aModel(ctx, reg)
		log.take()
		const writers, each = 4, 10
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				defer GinkgoRecover()
				for range each {
					_, err := reg.RegisteredModels().Update(ctx, id, func(v *model.RegisteredModel) error {
						n, _ := v.CustomProperties["n"].AsInt()
						v.CustomProperties = value.Map{"n": value.Int(n + 1)}
						return nil
					})
					Expect(err).NotTo(HaveOccurred())
				}
			})
		}
		all.Wait()
		_, after := log.take()
		var seen []int64
		for _, c := range after {
			n, _ := c.New.CustomProperties["n"].AsInt()
			seen = append(seen, n)
		}
		slices.Sort(seen)
		Expect(slices.Compact(seen)).To(HaveLen(writers * each))
	})

	It("cost a read for an Upsert that may create, and nothing else", func(ctx SpecContext) {
		client, sent := counting(rpc())
		after := registry.New(client, registry.OnWrite(mapping.RegisteredModel, func(
			context.Context, registry.Change[model.RegisteredModel],
		) error {
			return nil
		}))
		aModel(ctx, after)
		sent.take()
		aModel(ctx, after)
		Expect(sent.take()).To(Equal([]string{"PutContexts"}), "hooks after a write read nothing")

		var log hookLog[model.RegisteredModel]
		before := hooked(client, mapping.RegisteredModel, &log)
		aModel(ctx, before)
		sent.take()
		m := model.RegisteredModel{Name: fresh("model")}
		upsert := func(v *model.RegisteredModel) []string {
			_, err := before.RegisteredModels().Upsert(ctx, v)
			Expect(err).NotTo(HaveOccurred())
			return sent.take()
		}
		Expect(upsert(&m)).To(Equal([]string{"GetContextByTypeAndName", "PutContexts"}))
		Expect(upsert(&model.RegisteredModel{Name: m.Name})).To(Equal([]string{"GetContextByTypeAndName"}))
		Expect(upsert(&model.RegisteredModel{Name: m.Name, Owner: new("ada")})).To(
			Equal([]string{"GetContextByTypeAndName", "PutContexts"}))
		_, err := before.RegisteredModels().Create(ctx, &model.RegisteredModel{Name: fresh("model")})
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"PutContexts"}))
		_, err = before.RegisteredModels().Archive(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetContextsByID", "PutContexts"}))
		createAll := func(reg *registry.Client) []string {
			many := make([]*model.RegisteredModel, 50)
			for i := range many {
				many[i] = &model.RegisteredModel{Name: fresh("model")}
			}
			_, err = reg.RegisteredModels().CreateAll(ctx, many)
			Expect(err).NotTo(HaveOccurred())
			return sent.take()
		}
		plain := registry.New(client)
		aModel(ctx, plain)
		sent.take()
		Expect(createAll(before)).To(Equal(createAll(plain)))
	})
})

var _ = onEveryBackend("hooks in a transaction", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	var (
		log hookLog[model.RegisteredModel]
		reg *registry.Client
	)
	BeforeEach(func(ctx SpecContext) {
		log.take()
		log.refuse, log.fail = nil, nil
		reg = hooked(rpc(), mapping.RegisteredModel, &log)
		err := reg.Tx(ctx, func(*registry.Client) error { return nil })
		if errors.Is(err, registry.ErrUnsupported) {
			Skip("a server has no transactions of several calls")
		}
		Expect(err).NotTo(HaveOccurred())
	})

	It("run after the commit, in order, with the values of the write's context", func(ctx SpecContext) {
		names := []string{fresh("model"), fresh("model")}
		var client *registry.Client
		err := reg.Tx(ctx, func(tx *registry.Client) error {
			client = tx
			for i, name := range names {
				ctx, cancel := context.WithCancel(registry.WithActor(ctx, fmt.Sprint("actor ", i)))
				_, err := tx.RegisteredModels().Create(ctx, &model.RegisteredModel{Name: name})
				cancel()
				if err != nil {
					return err
				}
			}
			Expect(log.after).To(BeEmpty(), "before the commit")
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		before, after := log.take()
		Expect(before).To(HaveLen(2))
		Expect(after).To(HaveLen(2))
		for i, name := range names {
			Expect(before[i].Client).To(BeIdenticalTo(client))
			Expect(after[i].Client).To(BeIdenticalTo(reg))
			Expect(after[i].New.Name).To(Equal(name))
			Expect(after[i].Actor).To(Equal(fmt.Sprint("actor ", i)))
		}
	})

	It("run once for each write, also of transactions that are in each other's way", func(ctx SpecContext) {
		ids := []string{aModel(ctx, reg), aModel(ctx, reg)}
		log.take()
		const writers, each = 4, 5
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				defer GinkgoRecover()
				for j := range each {
					change := func(tx *registry.Client) error {
						for k := range ids { // in different orders, so that databases find deadlocks
							m := model.RegisteredModel{ID: ids[(i+k)%2], Description: new(fmt.Sprint(i, " ", j))}
							if _, err := tx.RegisteredModels().Upsert(ctx, &m); err != nil {
								return err
							}
						}
						return nil
					}
					err := reg.Tx(ctx, change)
					for errors.Is(err, registry.ErrConflict) { // it was repeated in vain
						err = reg.Tx(ctx, change)
					}
					Expect(err).NotTo(HaveOccurred())
				}
			})
		}
		all.Wait()
		before, after := log.take()
		Expect(after).To(HaveLen(writers * each * len(ids)))
		Expect(len(before)).To(BeNumerically(">=", len(after)))
	})

	It("do not run if it is undone", func(ctx SpecContext) {
		stop := errors.New("stop")
		write := func(tx *registry.Client) {
			_, err := tx.RegisteredModels().Create(ctx, &model.RegisteredModel{Name: fresh("model")})
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(reg.Tx(ctx, func(tx *registry.Client) error { write(tx); return stop })).To(Equal(stop))
		Expect(func() { _ = reg.Tx(ctx, func(tx *registry.Client) error { write(tx); panic("stop") }) }).To(PanicWith("stop"))
		m := model.RegisteredModel{Name: fresh("model")}
		_, err := reg.Register(ctx, &m, &model.ModelVersion{Name: "v1", ExternalID: new(strings.Repeat("x", 300))})
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
		before, after := log.take()
		Expect(before).To(HaveLen(3))
		Expect(after).To(BeEmpty())
		Expect(m.ID).To(BeEmpty())
	})

	It("undo all of it if one refuses", func(ctx SpecContext) {
		log.refuse = errors.New("no")
		env := model.ServingEnvironment{Name: fresh("environment")}
		m := model.RegisteredModel{Name: fresh("model")}
		results, err := reg.Register(ctx, &env, &m)
		Expect(err).To(And(MatchError(registry.ErrRefused), MatchError(log.refuse)))
		Expect(results).To(BeNil())
		Expect([]string{env.ID, m.ID}).To(HaveEach(BeEmpty()))
		_, err = reg.ServingEnvironments().FindByName(ctx, env.Name)
		Expect(err).To(MatchError(registry.ErrNotFound))

		err = reg.Tx(ctx, func(tx *registry.Client) error { // the function decides
			_, err := tx.RegisteredModels().Create(ctx, &m)
			Expect(err).To(MatchError(registry.ErrRefused))
			_, err = tx.ServingEnvironments().Create(ctx, &env)
			return err
		})
		Expect(err).NotTo(HaveOccurred())
	})

	It("report their errors after the commit", func(ctx SpecContext) {
		log.fail = errors.New("down")
		m := model.RegisteredModel{Name: fresh("model")}
		err := reg.Tx(ctx, func(tx *registry.Client) error {
			for range 2 {
				m := model.RegisteredModel{Name: fresh("model")}
				if _, err := tx.RegisteredModels().Create(ctx, &m); err != nil {
					return err
				}
			}
			_, err := tx.RegisteredModels().Create(ctx, &m)
			return err
		})
		Expect(err).To(And(MatchError(registry.ErrAfterWrite), MatchError(log.fail)))
		Expect(err.Error()).To(HaveSuffix("(and 2 more errors of hooks)"))
		_, err = reg.RegisteredModels().Get(ctx, m.ID)
		Expect(err).NotTo(HaveOccurred())
	})

	It("keep what was stored if one panics after the commit", func(ctx SpecContext) {
		panics := registry.New(rpc(), registry.OnWrite(mapping.RegisteredModel, func(
			context.Context, registry.Change[model.RegisteredModel],
		) error {
			panic("stop")
		}))
		m := model.RegisteredModel{Name: fresh("model")}
		Expect(func() {
			_ = panics.Tx(ctx, func(tx *registry.Client) error {
				_, err := tx.RegisteredModels().Create(ctx, &m)
				return err
			})
		}).To(PanicWith("stop"))
		got, err := reg.RegisteredModels().FindByName(ctx, m.Name)
		Expect(err).NotTo(HaveOccurred())
		Expect(m.ID).To(Equal(got.ID))
	})
})
