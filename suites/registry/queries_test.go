package registry_test

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// names returns the names of versions.
func names(vs []*model.ModelVersion) []string {
	out := []string{}
	for _, v := range vs {
		out = append(out, v.Name)
	}
	return out
}

// numbered returns v000, v001, … from first up to last, or down to it.
func numbered(first, last int) []string {
	var out []string
	for i := first; first <= last && i <= last; i++ {
		out = append(out, fmt.Sprintf("v%03d", i))
	}
	for i := first; first > last && i >= last; i-- {
		out = append(out, fmt.Sprintf("v%03d", i))
	}
	return out
}

var _ = onEveryBackend("queries", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	const stored = 230 // three pages
	var (
		reg   *registry.Client
		sent  *counter
		id    string
		below registry.Query[model.ModelVersion]
	)
	BeforeEach(func(ctx SpecContext) {
		client, c := counting(rpc())
		reg, sent = registry.New(client), c
		id = aModel(ctx, reg)
		below = reg.ModelVersions().OfModel(id)
		putVersions(ctx, rpc(), reg, id, stored)
		sent.take()
	})
	collect := func(ctx SpecContext, q registry.Query[model.ModelVersion]) []string {
		GinkgoHelper()
		vs, err := q.Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		return names(vs)
	}

	It("return all by ascending ID by default", func(ctx SpecContext) {
		Expect(collect(ctx, below)).To(Equal(numbered(0, stored-1)))
		Expect(sent.take()).To(HaveLen(3))
	})

	It("sort by each order, both ways", func(ctx SpecContext) {
		for _, order := range []registry.Order{registry.OrderByID, registry.OrderByCreateTime} {
			Expect(collect(ctx, below.OrderBy(order).Desc().Limit(120))).To(Equal(numbered(stored-1, stored-120)))
			Expect(collect(ctx, below.OrderBy(order).Desc().Asc().Limit(3))).To(Equal(numbered(0, 2)))
		}
		first, err := below.First(ctx)
		Expect(err).NotTo(HaveOccurred())
		first.Author = new("late")
		_, err = reg.ModelVersions().Upsert(ctx, first)
		Expect(err).NotTo(HaveOccurred())
		Expect(collect(ctx, below.OrderBy(registry.OrderByUpdateTime).Desc().Limit(1))).To(Equal(numbered(0, 0)))
	})

	It("limit exactly, with one RPC a page", func(ctx SpecContext) {
		for limit, requests := range map[int]int{1: 1, 99: 1, 100: 1, 101: 2, 200: 2, stored: 3, stored + 1: 3, 1000: 3} {
			Expect(collect(ctx, below.Limit(limit))).To(HaveLen(min(limit, stored)), "limit %d", limit)
			Expect(sent.take()).To(HaveLen(requests), "limit %d", limit)
		}
	})

	It("limit entities of their own type, in one RPC", func(ctx SpecContext) {
		for range 60 {
			aModel(ctx, reg)
		}
		sent.take()
		models, err := reg.RegisteredModels().Query().OrderBy(registry.OrderByID).Desc().Limit(50).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(models).To(HaveLen(50))
		Expect(sent.take()).To(HaveLen(1))
	})

	It("return the same list in pages of any size", func(ctx SpecContext) {
		for _, size := range []int{0, 7, 100, 150, stored, 500} {
			var got []string
			token := ""
			for pages := 0; ; pages++ {
				Expect(pages).To(BeNumerically("<", stored))
				page, err := below.Limit(size).Page(ctx, token)
				Expect(err).NotTo(HaveOccurred())
				got = append(got, names(page.Items)...)
				if size > 0 {
					Expect(len(page.Items)).To(BeNumerically("<=", size))
				}
				if token = page.NextToken; token == "" {
					break
				}
			}
			Expect(got).To(Equal(numbered(0, stored-1)), "pages of %d", size)
		}
	})

	It("count what they select within the limit, with the RPCs of a list", func(ctx SpecContext) {
		f := field.ModelVersion
		for _, c := range []struct {
			q    registry.Query[model.ModelVersion]
			want int
		}{
			{below, stored},
			{below.OrderBy(registry.OrderByUpdateTime).Desc(), stored},
			{below.Limit(120), 120},
			{below.Limit(stored + 1), stored},
			{below.Where(f.Author.Eq("ada")), stored / 2},
			{below.Where(f.Author.Eq("ada").Or(f.Description.Eq("ten"))), stored/2 + stored/10},
			{below.Where(f.Author.Eq("ada").Or(f.Description.Eq("ten"))).Limit(5), 5},
			{below.Where(f.Author.In()), 0},
			{reg.ModelVersions().OfModel(aModel(ctx, reg)), 0},
		} {
			Expect(c.q.Count(ctx)).To(Equal(c.want))
		}
		sent.take()
		Expect(below.Count(ctx)).To(Equal(stored))
		Expect(sent.take()).To(Equal([]string{"GetContextsByType", "GetContextsByType", "GetContextsByType"}))
		_, err := below.Limit(-1).Count(ctx)
		Expect(err).To(MatchError(registry.ErrInvalidArgument))
	})

	It("find the latest child in one RPC", func(ctx SpecContext) {
		latest, err := below.Latest(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(latest.Name).To(Equal(fmt.Sprintf("v%03d", stored-1)), "all but one were created at once: the highest ID")
		Expect(sent.take()).To(Equal([]string{"GetContextsByType"}))
		_, err = reg.ModelVersions().Upsert(ctx, &model.ModelVersion{RegisteredModelID: id, Name: "a"})
		Expect(err).NotTo(HaveOccurred())
		latest, err = below.OrderBy(registry.OrderByID).Limit(7).Latest(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(latest.Name).To(Equal("a"))
		latest, err = below.Where(field.ModelVersion.Author.IsUnset(), field.ModelVersion.Description.IsSet()).Latest(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(latest.Name).To(Equal("v220"))
		_, err = reg.ModelVersions().OfModel(aModel(ctx, reg)).Latest(ctx)
		Expect(err).To(MatchError(registry.ErrNotFound))
	})

	It("read candidates only until there are enough", func(ctx SpecContext) {
		f := field.ModelVersion
		unset := below.Where(f.Author.IsUnset()) // every other one
		Expect(collect(ctx, unset.Limit(50))).To(HaveLen(50))
		Expect(sent.take()).To(HaveLen(1))
		Expect(collect(ctx, unset.Limit(51))).To(HaveLen(51))
		Expect(sent.take()).To(HaveLen(2))
		page, err := unset.Limit(3).Page(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(names(page.Items)).To(Equal([]string{"v000", "v002", "v004"}))
		Expect(sent.take()).To(HaveLen(1))
		Expect(collect(ctx, below.Where(f.Name.In("v007", "V008")))).To(Equal([]string{"v007"}))
		calls := 1 // the store selects names that end alike
		if onREST() {
			calls = 3 // no list of names is sent
		}
		Expect(sent.take()).To(HaveLen(calls))
		_, err = below.Where(f.Author.IsUnset(), f.Description.IsUnset()).Limit(3).Page(ctx, page.NextToken)
		Expect(err).To(MatchError(ContainSubstring("belongs to another query")))
	})

	It("are immutable values", func(ctx SpecContext) {
		q := below.Where(field.ModelVersion.Name.In("v001", "v002"))
		narrow := q.Where(field.ModelVersion.Name.Eq("v001")).Desc().Limit(1)
		Expect(collect(ctx, q)).To(Equal(numbered(1, 2)))
		Expect(collect(ctx, narrow)).To(Equal(numbered(1, 1)))
		Expect(collect(ctx, q)).To(Equal(numbered(1, 2)))
	})

	It("read no pages before the loop needs them", func(ctx SpecContext) {
		all := below.All(ctx)
		Expect(sent.take()).To(BeEmpty())
		for v, err := range all {
			Expect(err).NotTo(HaveOccurred())
			Expect(v.Name).To(Equal("v000"))
			break
		}
		Expect(sent.take()).To(HaveLen(1))
		n := 0
		for _, err := range all { // again from the start
			Expect(err).NotTo(HaveOccurred())
			n++
		}
		Expect(n).To(Equal(stored))
	})

	It("merge the branches of an Or over different properties in order, without duplicates", func(ctx SpecContext) {
		f := field.ModelVersion
		// Odd ones have an author, those that end in 0 a description.
		q := below.Where(f.Author.Eq("ada").Or(f.Description.Eq("ten")))
		var want []string
		for i, name := range numbered(0, stored-1) {
			if i%2 == 1 || i%10 == 0 {
				want = append(want, name)
			}
		}
		for _, order := range []registry.Order{registry.OrderByID, registry.OrderByCreateTime} {
			Expect(collect(ctx, q.OrderBy(order))).To(Equal(want))
			down := slices.Clone(want)
			slices.Reverse(down)
			Expect(collect(ctx, q.OrderBy(order).Desc())).To(Equal(down))
			Expect(collect(ctx, q.OrderBy(order).Desc().Limit(37))).To(Equal(down[:37]))
			var got []string
			for token := ""; ; {
				page, err := q.OrderBy(order).Limit(13).Page(ctx, token)
				Expect(err).NotTo(HaveOccurred())
				got = append(got, names(page.Items)...)
				if token = page.NextToken; token == "" {
					break
				}
			}
			Expect(got).To(Equal(want))
		}
		page, err := q.Limit(5).Page(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		_, err = q.Desc().Limit(5).Page(ctx, page.NextToken)
		Expect(err).To(MatchError(registry.ErrInvalidArgument), "the token is of another order")
		_, err = below.Limit(5).Page(ctx, page.NextToken)
		Expect(err).To(MatchError(registry.ErrInvalidArgument), "the token is of another query")
		page, err = below.Limit(5).Page(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		for _, other := range []registry.Query[model.ModelVersion]{
			reg.ModelVersions().OfModel(aModel(ctx, reg)), below.Desc(), below.WhereText("TRUE"), q,
		} {
			_, err = other.Limit(5).Page(ctx, page.NextToken)
			Expect(err).To(MatchError(registry.ErrInvalidArgument))
			Expect(err).To(MatchError(ContainSubstring("belongs to another query")))
		}
	})

	It("combine texts with the condition on the parent", func(ctx SpecContext) {
		text := "properties.author.string_value = 'ada' -- odd ones"
		Expect(collect(ctx, below.WhereText(text).Limit(2))).To(Equal([]string{"v001", "v003"}))
		Expect(collect(ctx, below.WhereText("id = 1 OR TRUE").WhereText(text).Limit(1))).To(Equal([]string{"v001"}))
		vs, err := reg.ModelVersions().Query().WhereText("parent_contexts_x.id = " + id).Limit(3).Collect(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(names(vs)).To(Equal(numbered(0, 2)))
	})

	It("return no error if they select nothing", func(ctx SpecContext) {
		empty := aModel(ctx, reg)
		Expect(collect(ctx, reg.ModelVersions().OfModel(empty))).To(Equal([]string{}))
		_, err := reg.ModelVersions().OfModel(empty).First(ctx)
		Expect(err).To(MatchError(registry.ErrNotFound))
		page, err := reg.ModelVersions().OfModel(empty).Page(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(page).To(Equal(registry.Page[model.ModelVersion]{Items: []*model.ModelVersion{}}))
		sent.take()
		Expect(collect(ctx, below.Where(field.ModelVersion.Author.In()))).To(BeEmpty())
		Expect(sent.take()).To(BeEmpty(), "what selects nothing is not sent")
	})
})

// putVersions stores versions v000, v001, … with one RPC for all of them and one
// for their links.
func putVersions(ctx SpecContext, rpc mlmdpb.MetadataStoreServiceClient, reg *registry.Client, modelID string, n int) {
	GinkgoHelper()
	// The registry stores the first one and registers the type.
	first := model.ModelVersion{RegisteredModelID: modelID, Name: "v000", Description: new("ten")}
	_, err := reg.ModelVersions().Upsert(ctx, &first)
	Expect(err).NotTo(HaveOccurred())
	stored, err := rpc.GetContextByTypeAndName(ctx, &mlmdpb.GetContextByTypeAndNameRequest{
		TypeName: new("kf.ModelVersion"), ContextName: new(modelID + ":v000"),
	})
	Expect(err).NotTo(HaveOccurred())
	var cs []*mlmdpb.Context
	for i := 1; i < n; i++ {
		name := fmt.Sprintf("v%03d", i)
		c := &mlmdpb.Context{
			TypeId: stored.Context.TypeId, Name: new(modelID + ":" + name),
			Properties: map[string]*mlmdpb.Value{"version": text(name)},
		}
		if i%2 == 1 {
			c.Properties["author"] = text("ada")
		}
		if i%10 == 0 {
			c.Properties["description"] = text("ten")
		}
		cs = append(cs, c)
	}
	size := len(cs)
	if onREST() { // which stores one at a time
		size = 1
	}
	parent := number64(modelID)
	var links []*mlmdpb.ParentContext
	for some := range slices.Chunk(cs, size) {
		put, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: some})
		Expect(err).NotTo(HaveOccurred())
		for _, id := range put.ContextIds {
			links = append(links, &mlmdpb.ParentContext{ChildId: &id, ParentId: &parent})
		}
	}
	_, err = rpc.PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{ParentContexts: links})
	Expect(err).NotTo(HaveOccurred())
}

func number64(id string) int64 {
	GinkgoHelper()
	var n int64
	_, err := fmt.Sscan(id, &n)
	Expect(err).NotTo(HaveOccurred())
	return n
}
