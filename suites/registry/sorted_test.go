package registry_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/value"
)

// A sorting is an order, and the values by which it sorts artifacts, false if
// there is no value.
type sorting struct {
	name  string
	field filter.Sortable[*model.ModelArtifact]
	text  func(*model.ModelArtifact) (string, bool)
	num   func(*model.ModelArtifact) (float64, bool)
}

func sortings() []sorting {
	f := field.ModelArtifact
	opt := func(get func(*model.ModelArtifact) *string) func(*model.ModelArtifact) (string, bool) {
		return func(v *model.ModelArtifact) (string, bool) {
			if s := get(v); s != nil {
				return *s, true
			}
			return "", false
		}
	}
	number := func(name string) func(*model.ModelArtifact) (float64, bool) {
		return func(v *model.ModelArtifact) (float64, bool) {
			x := v.CustomProperties[name]
			if n, ok := x.AsInt(); ok {
				return float64(n), true
			}
			return x.AsDouble()
		}
	}
	return []sorting{
		{"name", f.Name, func(v *model.ModelArtifact) (string, bool) { return v.Name, true }, nil},
		{"uri", f.URI, opt(func(v *model.ModelArtifact) *string { return v.URI }), nil},
		{"description", f.Description, opt(func(v *model.ModelArtifact) *string { return v.Description }), nil},
		{"format", f.ModelFormatName, opt(func(v *model.ModelArtifact) *string { return v.ModelFormatName }), nil},
		{"n", f.Custom("n").Int(), nil, number("n")},
		{"a d", f.Custom("a d").Double(), nil, number("a d")},
		{"text a d", f.Custom("a d").AsString(), func(v *model.ModelArtifact) (string, bool) {
			return v.CustomProperties["a d"].AsString()
		}, nil},
	}
}

// compare compares two artifacts, whose positions in the list by ID break ties.
func (s sorting) compare(a, b *model.ModelArtifact, ids map[*model.ModelArtifact]int, desc bool) int {
	var c int
	var hasA, hasB bool
	if s.text != nil {
		var x, y string
		x, hasA = s.text(a)
		y, hasB = s.text(b)
		c = strings.Compare(x, y)
	} else {
		var x, y float64
		x, hasA = s.num(a)
		y, hasB = s.num(b)
		c = cmp.Compare(x, y)
	}
	if hasA != hasB {
		if hasA {
			return -1
		}
		return 1
	}
	if !hasA {
		c = 0
	}
	c = cmp.Or(c, cmp.Compare(ids[a], ids[b]))
	if desc {
		return -c
	}
	return c
}

var _ = onEveryBackend("queries sorted by a field", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("return the order of an evaluation in Go, or report that the server cannot", func(ctx SpecContext) {
		seed := uint64(GinkgoRandomSeed())
		r := rand.New(rand.NewPCG(seed, 3))
		client, sent := counting(rpc())
		reg := registry.New(client)
		version := aVersion(ctx, reg)
		stored := randomArtifacts(ctx, r, reg, version)
		sent.take()
		all := reg.ModelArtifacts().OfVersion(version)
		if _, err := all.OrderByField(field.ModelArtifact.Name).Collect(ctx); errors.Is(err, registry.ErrUnsupported) {
			Expect(sent.take()).NotTo(ContainElement("GetArtifactsByType"), "nothing is listed")
			return
		}
		ids := map[*model.ModelArtifact]int{}
		for i, v := range stored {
			ids[v] = i
		}
		for range 4 {
			for _, s := range sortings() {
				q, desc, why := all.OrderByField(s.field), r.IntN(2) == 0, ""
				want := slices.Clone(stored)
				if r.IntN(2) == 0 {
					c := random(r, 2)
					q, why = q.Where(c.expr), c.text
					want = slices.DeleteFunc(want, func(v *model.ModelArtifact) bool { return c.eval(v) != yes })
				}
				if desc {
					q = q.Desc()
				}
				slices.SortFunc(want, func(a, b *model.ModelArtifact) int { return s.compare(a, b, ids, desc) })
				var names []string
				for _, v := range want {
					names = append(names, v.Name)
				}
				checkQuery(ctx, r, q, func(v *model.ModelArtifact) string { return v.Name }, names,
					fmt.Sprintf("seed %d: by %s, desc %v, where %s", seed, s.name, desc, why))
			}
		}
	})

	It("sort long texts, and models by name in one request", func(ctx SpecContext) {
		client, sent := counting(rpc())
		reg := registry.New(client)
		first := reg.RegisteredModels().Query().OrderByField(field.RegisteredModel.Name)
		prefix := fresh("sorted")
		for _, name := range []string{"b", "é", "a", "B", "aa"} {
			_, err := reg.RegisteredModels().Create(ctx, &model.RegisteredModel{
				Name: prefix + name, Description: new(strings.Repeat("日", 254) + name),
				CustomProperties: value.Map{"x": value.Int(1)},
			})
			Expect(err).NotTo(HaveOccurred())
		}
		sent.take()
		ours := first.Where(field.RegisteredModel.Name.HasPrefix(prefix))
		got, err := ours.Collect(ctx)
		if errors.Is(err, registry.ErrUnsupported) {
			Expect(sent.take()).NotTo(ContainElement("GetContextsByType"))
			return
		}
		Expect(err).NotTo(HaveOccurred())
		names := func(vs []*model.RegisteredModel) []string {
			var out []string
			for _, v := range vs {
				out = append(out, strings.TrimPrefix(v.Name, prefix))
			}
			return out
		}
		Expect(names(got)).To(Equal([]string{"B", "a", "aa", "b", "é"}))
		Expect(sent.take()).To(Equal([]string{"GetChildrenContextsByContexts", "GetContextsByType"}))
		_, err = ours.First(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(sent.take()).To(Equal([]string{"GetContextsByType"}), "the server is known")
		var paged []string
		long := ours.OrderByField(field.RegisteredModel.Description)
		for token := ""; ; {
			page, err := long.Limit(1).Page(ctx, token)
			Expect(err).NotTo(HaveOccurred())
			paged = append(paged, names(page.Items)...)
			if token = page.NextToken; token == "" {
				break
			}
			_, err = ours.Limit(1).Page(ctx, token)
			Expect(err).To(MatchError(ContainSubstring("belongs to another query")))
		}
		Expect(paged).To(Equal([]string{"B", "a", "aa", "b", "é"}))
	})
})
