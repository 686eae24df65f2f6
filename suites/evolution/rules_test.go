package evolution_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	map1 "github.com/mlmd-go/sdk/suites/evolution/v1/mapping"
	map2 "github.com/mlmd-go/sdk/suites/evolution/v2/mapping"
	model2 "github.com/mlmd-go/sdk/suites/evolution/v2/model"
)

// stricter is the mapping of projects with a rule that stored ones may break.
func stricter() mlmd.Mapping[model2.Project, *mlmdpb.Context] {
	m := map2.Project
	m.Validate = func(v *model2.Project) error {
		if v.Owner != nil && !strings.Contains(*v.Owner, "@") {
			return &mlmd.InvalidError{Field: "owner", Value: *v.Owner, Why: "must be an address"}
		}
		return map2.Project.Validate(v)
	}
	return m
}

var _ = onEveryBackend("a rule that became tighter", func(world func() *world) {
	It("judges what a write changes, not what it leaves alone", func(ctx SpecContext) {
		w := world()
		loose := registry.NewCollection(w.reg2, map2.Project)
		id := must(loose.Create(ctx, &model2.Project{Name: "a", Owner: new("ada")})).ID
		strict := registry.NewCollection(registry.New(w.rpc, w.prefix), stricter())

		By("patches")
		Expect(strict.Upsert(ctx, &model2.Project{Name: "a", Description: new("one")})).
			To(HaveField("Outcome", registry.Updated))
		Expect(strict.Upsert(ctx, &model2.Project{ID: id, Owner: new("ada"), Description: new("two")})).
			To(HaveField("Outcome", registry.Updated))
		Expect(strict.Upsert(ctx, &model2.Project{Name: "a", Owner: new("ada"), Description: new("three")})).
			To(HaveField("Outcome", registry.Updated))
		Expect(strict.UpsertAll(ctx, []*model2.Project{
			{Name: "a", Owner: new("ada"), Description: new("four")}, {Name: "b"},
		})).To(HaveLen(2))

		By("whole values")
		stored := must(strict.Get(ctx, id))
		Expect(strict.Replace(ctx, stored)).To(HaveField("Outcome", registry.Unchanged))
		stored.ID, stored.Description = "", new("five")
		Expect(strict.Replace(ctx, stored)).To(HaveField("ID", id))
		Expect(strict.Update(ctx, id, func(p *model2.Project) error {
			p.Description = new("six")
			return nil
		})).To(HaveField("Outcome", registry.Updated))
		got := must(loose.Get(ctx, id))
		Expect(got.Owner).To(HaveValue(Equal("ada")))
		Expect(got.Description).To(HaveValue(Equal("six")))

		By("changes to another value that breaks it")
		for _, p := range []*model2.Project{
			{ID: id, Owner: new("bob")}, {Name: "a", Owner: new("bob")}, {Name: "new", Owner: new("ada")},
		} {
			for _, err := range []error{
				failure(strict.Upsert(ctx, p)),
				failure(strict.Replace(ctx, p)),
				failures(strict.UpsertAll(ctx, []*model2.Project{p})),
			} {
				Expect(err).To(MatchError(registry.ErrInvalidArgument))
				Expect(err).To(MatchError(ContainSubstring("must be an address")))
			}
		}
		invalid := MatchError(registry.ErrInvalidArgument)
		Expect(failure(strict.Create(ctx, &model2.Project{Name: "a", Owner: new("ada")}))).To(invalid)
		_, err := strict.FindByName(ctx, "new")
		Expect(err).To(MatchError(registry.ErrNotFound))
		Expect(strict.Upsert(ctx, &model2.Project{Name: "a", Owner: new("ada@example.org")})).
			To(HaveField("Changed", []string{"owner"}))
		Expect(failure(strict.Upsert(ctx, &model2.Project{Name: "a", Owner: new("ada")}))).To(invalid)
	})

	It("is broken by entities that Audit lists", func(ctx SpecContext) {
		w := world()
		loose := registry.NewCollection(w.reg2, map2.Project)
		for _, p := range []*model2.Project{
			{Name: "a", Owner: new("ada")},
			{Name: "b"},
			{Name: "c", Owner: new("bob@example.org")},
			{Name: "d", Owner: new("bob")},
		} {
			must(loose.Create(ctx, p))
		}
		var got []string
		for v, err := range registry.Audit(ctx, w.reg2, stricter()) {
			Expect(err).NotTo(HaveOccurred())
			got = append(got, v.Entity.Name+": "+v.Faults.Error())
		}
		Expect(got).To(Equal([]string{`a: owner "ada" must be an address`, `d: owner "bob" must be an address`}))
		for v := range registry.Audit(ctx, w.reg2, map2.Project) {
			Fail("of the mapping that wrote them: " + v.Faults.Error())
		}
	})

	It("is broken by values that cannot be read", func(ctx SpecContext) {
		w := world()
		p := w.project1(ctx)
		id := must(w.sets1.Upsert(ctx, old(p))).ID
		must(w.sets2.Upsert(ctx, &model2.DataSet{ID: id, Format: new(model2.FormatIceberg)}))
		var got []string
		for v, err := range registry.Audit(ctx, w.reg1, map1.DataSet) {
			Expect(err).NotTo(HaveOccurred())
			got = append(got, v.Entity.ID+": "+v.Faults.Error())
		}
		Expect(got).To(ConsistOf(HavePrefix(id + `: format "iceberg" `)))
	})
})

func failure(_ registry.Result, err error) error    { return err }
func failures(_ []registry.Result, err error) error { return err }
