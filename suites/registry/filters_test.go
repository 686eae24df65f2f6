package registry_test

import (
	"fmt"
	"math"
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

// A truth is a value of SQL's three-valued logic.
type truth int

const (
	no truth = iota
	unknown
	yes
)

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}

// A test is a condition with a function that evaluates it for an artifact.
type test struct {
	text string
	expr filter.Expr[*model.ModelArtifact]
	eval func(*model.ModelArtifact) truth
}

// A textSymbol is a symbol of text.
type textSymbol[T any] interface {
	Eq(string) filter.Expr[T]
	Ne(string) filter.Expr[T]
	In(...string) filter.Expr[T]
	NotIn(...string) filter.Expr[T]
	HasPrefix(string) filter.Expr[T]
	Contains(string) filter.Expr[T]
	Lt(string) filter.Expr[T]
	Le(string) filter.Expr[T]
	Gt(string) filter.Expr[T]
	Ge(string) filter.Expr[T]
	IsSet() filter.Expr[T]
	IsUnset() filter.Expr[T]
}

// textWords are the texts that random artifacts have.
var textWords = []string{"a", "b", "c", "it's", "x y", "A", "a%b_c", `\`}

// nameWords are the names that random artifacts have.
var nameWords = []string{"a", "A", "ab", "a:b", "b%", "x_y", "it's", "日本", `a\`, "a b", "7", "7:a", "", "%"}

// leaves returns a random comparison of one of the fields.
func leaves(r *rand.Rand) test {
	f := field.ModelArtifact
	word, n, d := textWords[r.IntN(len(textWords))], r.Int64N(4), float64(r.IntN(4))/2
	str := func(get func(*model.ModelArtifact) *string, f textSymbol[*model.ModelArtifact], name string) test {
		first := string([]rune(word)[:1])
		on := func(cmp func(string) bool) func(*model.ModelArtifact) truth {
			return func(v *model.ModelArtifact) truth {
				if s := get(v); s != nil {
					return is(cmp(*s))
				}
				return unknown
			}
		}
		switch r.IntN(11) {
		case 9:
			return test{name + " is unset", f.IsUnset(), func(v *model.ModelArtifact) truth { return is(get(v) == nil) }}
		case 10:
			return test{
				name + " not in " + word + " b", f.NotIn(word, "b"), on(func(s string) bool { return s != word && s != "b" }),
			}
		case 5:
			return test{name + "<=" + word, f.Le(word), on(func(s string) bool { return s <= word })}
		case 6:
			return test{name + ">" + word, f.Gt(word), on(func(s string) bool { return s > word })}
		case 7:
			return test{
				name + " begins with " + first, f.HasPrefix(first),
				on(func(s string) bool { return strings.HasPrefix(s, first) }),
			}
		case 8:
			return test{
				name + " contains " + word[len(first):], f.Contains(word[len(first):]),
				on(func(s string) bool { return strings.Contains(s, word[len(first):]) }),
			}
		case 0:
			return test{name + "=" + word, f.Eq(word), on(func(s string) bool { return s == word })}
		case 1:
			return test{name + "!=" + word, f.Ne(word), on(func(s string) bool { return s != word })}
		case 2:
			return test{name + " in b c", f.In("b", "c"), on(func(s string) bool { return s == "b" || s == "c" })}
		case 3:
			return test{name + "<" + word, f.Lt(word), on(func(s string) bool { return s < word })}
		default:
			return test{name + " is set", f.IsSet(), func(v *model.ModelArtifact) truth { return is(get(v) != nil) }}
		}
	}
	custom := func(name string) func(*model.ModelArtifact) (value.Value, bool) {
		return func(v *model.ModelArtifact) (value.Value, bool) { x, ok := v.CustomProperties[name]; return x, ok }
	}
	switch r.IntN(12) {
	case 7, 8:
		word = nameWords[r.IntN(len(nameWords)-2)]
		return str(func(v *model.ModelArtifact) *string { return &v.Name }, f.Name, "name")
	case 9:
		return numberTest(r, fmt.Sprintf("odd%%s%d", n), custom("odd (*)"), float64(n),
			map[string]filter.Expr[*model.ModelArtifact]{
				"=": f.Custom("odd (*)").Int().Eq(n), "!=": f.Custom("odd (*)").Int().Ne(n),
				"<": f.Custom("odd (*)").Int().Lt(n), "<=": f.Custom("odd (*)").Int().Le(n),
				">": f.Custom("odd (*)").Int().Gt(n), ">=": f.Custom("odd (*)").Int().Ge(n),
			})
	case 10:
		return test{"n is unset", f.Custom("n").IsUnset(), func(v *model.ModelArtifact) truth {
			_, ok := v.CustomProperties["n"]
			return is(!ok)
		}}
	case 11:
		return str(func(v *model.ModelArtifact) *string {
			if text, ok := v.CustomProperties["a d"].AsString(); ok {
				return &text
			}
			return nil
		}, f.Custom("a d").AsString(), "a d")
	case 0:
		return str(func(v *model.ModelArtifact) *string { return v.ModelFormatName }, f.ModelFormatName, "format")
	case 5:
		return str(func(v *model.ModelArtifact) *string { return v.ModelSourceKind }, f.ModelSourceKind, "source")
	case 1:
		return str(func(v *model.ModelArtifact) *string { return v.Description }, f.Description, "description")
	case 2:
		return str(func(v *model.ModelArtifact) *string { return v.URI }, f.URI, "uri")
	case 3:
		return numberTest(r, fmt.Sprintf("n%%s%d", n), custom("n"), float64(n), map[string]filter.Expr[*model.ModelArtifact]{
			"=": f.Custom("n").Int().Eq(n), "!=": f.Custom("n").Int().Ne(n),
			"<": f.Custom("n").Int().Lt(n), "<=": f.Custom("n").Int().Le(n),
			">": f.Custom("n").Int().Gt(n), ">=": f.Custom("n").Int().Ge(n),
		})
	case 4:
		return numberTest(r, fmt.Sprintf("d%%s%v", d), custom("a d"), d, map[string]filter.Expr[*model.ModelArtifact]{
			"=": f.Custom("a d").Double().Eq(d), "!=": f.Custom("a d").Double().Ne(d), "<": f.Custom("a d").Double().Lt(d),
			"<=": f.Custom("a d").Double().Le(d), ">": f.Custom("a d").Double().Gt(d), ">=": f.Custom("a d").Double().Ge(d),
		})
	default:
		states := []model.ArtifactState{
			model.ArtifactStateLive, model.ArtifactStatePending, model.ArtifactStateUnknown, model.ArtifactStateReference,
		}
		a, b := states[r.IntN(4)], states[r.IntN(4)]
		return test{fmt.Sprintf("state in %s %s", a, b), f.State.In(a, b), func(v *model.ModelArtifact) truth {
			if v.State == nil {
				return unknown
			}
			return is(*v.State == a || *v.State == b)
		}}
	}
}

// numberTest returns a random comparison with asked of a custom property that
// holds an integer or a double.
func numberTest(r *rand.Rand, text string, get func(*model.ModelArtifact) (value.Value, bool), asked float64,
	exprs map[string]filter.Expr[*model.ModelArtifact],
) test {
	sign := []string{"=", "!=", "<", "<=", ">", ">="}[r.IntN(6)]
	return test{fmt.Sprintf(text, sign), exprs[sign], func(v *model.ModelArtifact) truth {
		x, _ := get(v)
		n, ok := x.AsDouble()
		if i, isInt := x.AsInt(); isInt {
			n, ok = float64(i), true
		}
		if !ok {
			return unknown
		}
		return is(
			map[string]bool{
				"=": n == asked, "!=": n != asked, "<": n < asked, "<=": n <= asked, ">": n > asked, ">=": n >= asked,
			}[sign],
		)
	}}
}

// random returns a random condition of at most the given depth.
func random(r *rand.Rand, depth int) test {
	if depth == 0 || r.IntN(4) == 0 {
		return leaves(r)
	}
	a := random(r, depth-1)
	switch r.IntN(5) {
	case 0:
		return test{"not(" + a.text + ")", filter.Not(a.expr), func(v *model.ModelArtifact) truth { return yes - a.eval(v) }}
	case 1, 2:
		b := random(r, depth-1)
		return test{
			"(" + a.text + " and " + b.text + ")", a.expr.And(b.expr),
			func(v *model.ModelArtifact) truth { return min(a.eval(v), b.eval(v)) },
		}
	default:
		b := random(r, depth-1)
		return test{
			"(" + a.text + " or " + b.text + ")", a.expr.Or(b.expr),
			func(v *model.ModelArtifact) truth { return max(a.eval(v), b.eval(v)) },
		}
	}
}

var _ = onEveryBackend("typed conditions", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("select what an evaluation in Go selects, with SQL's semantics of NULL", func(ctx SpecContext) {
		seed := uint64(GinkgoRandomSeed())
		r := rand.New(rand.NewPCG(seed, 1))
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		stored := randomArtifacts(ctx, r, reg, version)
		for range 120 {
			c := random(r, 4)
			var want []string
			for _, v := range stored {
				if c.eval(v) == yes {
					want = append(want, v.Name)
				}
			}
			q := reg.ModelArtifacts().OfVersion(version).Where(c.expr)
			if r.IntN(2) == 0 {
				q = q.OrderBy([]registry.Order{registry.OrderByID, registry.OrderByCreateTime}[r.IntN(2)]).Desc()
				slices.Reverse(want)
			}
			why := fmt.Sprintf("seed %d: %s", seed, c.text)
			checkQuery(ctx, r, q, func(v *model.ModelArtifact) string { return v.Name }, want, why)
		}
	})

	It("apply to parents, IDs and times", func(ctx SpecContext) {
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		v, err := reg.ModelVersions().Get(ctx, version)
		Expect(err).NotTo(HaveOccurred())
		f := field.ModelVersion
		for _, c := range []filter.Expr[*model.ModelVersion]{
			f.ID.Eq(version),
			f.RegisteredModelID.Eq(v.RegisteredModelID),
			f.Name.Eq(v.Name),
			f.CreateTime.Between(v.CreateTime.Time, v.CreateTime.Add(1e9)).And(f.ID.In(version)),
			f.State.Eq(model.ModelVersionStateLive).And(f.ID.Eq(version)),
		} {
			Expect(reg.ModelVersions().Query().Where(c).Collect(ctx)).To(ContainElement(v))
		}
		Expect(reg.ModelVersions().Query().Where(f.ID.Eq(version), f.CreateTime.After(v.CreateTime.Time)).Collect(ctx)).
			To(BeEmpty())
	})

	It("match any string value", func(ctx SpecContext) {
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		odd := []string{
			`back\slash`, "line\nbreak", `both ' and "`, "tab\t", "name", "URI", "state = LIVE", "properties.a.int_value",
			"contexts_a.id", "'", `"`, "%", "_", "", " ", "\\", "\x01", "é",
		}
		for _, s := range odd {
			_, err := reg.DocArtifacts().Upsert(ctx, &model.DocArtifact{
				ModelVersionID: version, Name: fresh("d"), Description: &s,
			})
			Expect(err).NotTo(HaveOccurred())
		}
		for _, s := range odd {
			got, err := reg.DocArtifacts().OfVersion(version).Where(field.DocArtifact.Description.Eq(s)).Collect(ctx)
			Expect(err).NotTo(HaveOccurred(), "%q", s)
			Expect(got).To(HaveLen(1), "%q", s)
			Expect(got[0].Description).To(HaveValue(Equal(s)))
		}
	})

	It("compare custom numbers, stored as integers or doubles", func(ctx SpecContext) {
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		for name, v := range map[string]value.Value{
			"int 7": value.Int(7), "double 7": value.Double(7), "double 6.5": value.Double(6.5), "int -3": value.Int(-3),
			"double 1e15": value.Double(1e15),
			"text":        value.String("7"), "boolean": value.Bool(true), "struct": value.Struct(map[string]any{"epochs": 7}),
		} {
			_, err := reg.DocArtifacts().Upsert(ctx, &model.DocArtifact{
				ModelVersionID: version, Name: name, CustomProperties: value.Map{"epochs": v},
			})
			Expect(err).NotTo(HaveOccurred(), name)
		}
		_, err := reg.DocArtifacts().Upsert(
			ctx,
			&model.DocArtifact{
				ModelVersionID:   version,
				Name:             "another name",
				URI:              new("s3://other"),
				CustomProperties: value.Map{"epoch": value.Int(7)},
			},
		)
		Expect(err).NotTo(HaveOccurred())

		p := field.DocArtifact.Custom("epochs")
		i, d := p.Int(), p.Double()
		numbers := []string{"int 7", "double 7", "double 6.5", "int -3", "double 1e15"}
		for _, c := range []struct {
			text string
			expr filter.Expr[*model.DocArtifact]
			want []string
		}{
			{"double > 6", d.Gt(6), []string{"int 7", "double 7", "double 6.5", "double 1e15"}},
			{"double > 6.5", d.Gt(6.5), []string{"int 7", "double 7", "double 1e15"}},
			{"double = 7", d.Eq(7), []string{"int 7", "double 7"}},
			{"double = 6.5", d.Eq(6.5), []string{"double 6.5"}},
			{"double != 6.5", d.Ne(6.5), []string{"int 7", "double 7", "int -3", "double 1e15"}},
			{"double < 1e300", d.Lt(1e300), numbers},
			{"not double < 1e300", filter.Not(d.Lt(1e300)), nil},
			{"double >= -1e300", d.Ge(-1e300), numbers},
			{"int = 7", i.Eq(7), []string{"int 7", "double 7"}},
			{"int != 7", i.Ne(7), []string{"double 6.5", "int -3", "double 1e15"}},
			{"not int = 7", filter.Not(i.Eq(7)), []string{"double 6.5", "int -3", "double 1e15"}},
			{"int > 6", i.Gt(6), []string{"int 7", "double 7", "double 6.5", "double 1e15"}},
			{"int <= 6", i.Le(6), []string{"int -3"}},
			{"int < the largest integer", i.Lt(math.MaxInt64), numbers},
			{"int >= the smallest integer", i.Ge(math.MinInt64), numbers},
			{"int = 2^53 + 1", i.Eq(1<<53 + 1), nil},
			{"int in 7 -3", i.In(7, -3), []string{"int 7", "double 7", "int -3"}},
			{"not int in 7 -3", filter.Not(i.In(7, -3)), []string{"double 6.5", "double 1e15"}},
			{"int is set", i.IsSet(), numbers},
			{"double is set", d.IsSet(), numbers},
			{"text = 7", p.AsString().Eq("7"), []string{"text"}},
			{"boolean = true", p.Bool().Eq(true), []string{"boolean"}},
			{"is set", p.IsSet(), append([]string{"text", "boolean", "struct"}, numbers...)},
			{"between", d.Gt(6.5).And(i.Lt(100)), []string{"int 7", "double 7"}},
			{
				"or another property", i.Eq(7).Or(field.DocArtifact.Custom("epoch").Double().Gt(6.5)),
				[]string{"int 7", "double 7", "another name"},
			},
			{"or a column", i.Lt(0).Or(field.DocArtifact.URI.Eq("s3://other")), []string{"int -3", "another name"}},
			{"a name that is misspelt", field.DocArtifact.Custom("epochz").IsSet(), nil},
		} {
			found, err := reg.DocArtifacts().OfVersion(version).Where(c.expr).Collect(ctx)
			Expect(err).NotTo(HaveOccurred(), c.text)
			var got []string
			for _, v := range found {
				got = append(got, v.Name)
			}
			Expect(got).To(ConsistOf(c.want), c.text)
		}
	})

	It("match prefixes and substrings byte for byte", func(ctx SpecContext) {
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		texts := []string{
			"50% off", "50x off", "a_b", "axb", "Ab", "ab", "a b ", "日本語", "日", "it's", `a\b`, "e\u0301", "\u00e9", "🙂🙃",
			"[a]", "a*b", "a|b", "tab\tend",
		}
		for i, text := range texts {
			_, err := reg.DocArtifacts().Upsert(ctx, &model.DocArtifact{
				ModelVersionID: version, Name: fmt.Sprint(i), Description: &text,
				CustomProperties: value.Map{"note": value.String(text)},
			})
			Expect(err).NotTo(HaveOccurred())
		}
		f := field.DocArtifact
		for _, sub := range []string{
			"50%", "%", "_", "a_", "a", "A", "ab", "日", "日本", "本", "'", `\`, "e", "\u0301", "🙂", "🙃", "[a", "a*", "|", "\t",
			"zz", "a b ",
		} {
			var prefixed, containing []string
			for _, text := range texts {
				if strings.HasPrefix(text, sub) {
					prefixed = append(prefixed, text)
				}
				if strings.Contains(text, sub) {
					containing = append(containing, text)
				}
			}
			for _, c := range []struct {
				expr filter.Expr[*model.DocArtifact]
				want []string
			}{
				{f.Description.HasPrefix(sub), prefixed},
				{f.Custom("note").AsString().HasPrefix(sub), prefixed},
				{f.Description.Contains(sub), containing},
				{f.Custom("note").AsString().Contains(sub), containing},
			} {
				found, err := reg.DocArtifacts().OfVersion(version).Where(c.expr).Collect(ctx)
				Expect(err).NotTo(HaveOccurred(), sub)
				var got []string
				for _, v := range found {
					got = append(got, *v.Description)
				}
				Expect(got).To(ConsistOf(c.want), sub)
			}
		}
	})

	It("match any property name", func(ctx SpecContext) {
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		odd := []string{
			"plain", "Capital", "two words", "it's", `"`, "name", "int_value", "0:b", "a.b", "é", "state", "state = LIVE",
			"100%", "select", "a*b (c)", "`", "line\nbreak",
		}
		for _, p := range odd {
			_, err := reg.DocArtifacts().Upsert(ctx, &model.DocArtifact{
				ModelVersionID: version, Name: fresh("d"), CustomProperties: value.Map{p: value.Int(1)},
			})
			Expect(err).NotTo(HaveOccurred())
		}
		for _, p := range odd {
			got, err := reg.DocArtifacts().OfVersion(version).Where(field.DocArtifact.Custom(p).Int().Eq(1)).Collect(ctx)
			Expect(err).NotTo(HaveOccurred(), "%q", p)
			Expect(got).To(HaveLen(1), "%q", p)
			Expect(got[0].CustomProperties).To(HaveKey(p))
		}
	})
})

// checkQuery compares what q returns with want: all at once, with a limit, in pages,
// and counted.
func checkQuery[T any](
	ctx SpecContext, r *rand.Rand, q registry.Query[T], name func(*T) string, want []string, why string,
) {
	GinkgoHelper()
	named := func(vs []*T) []string {
		var out []string
		for _, v := range vs {
			out = append(out, name(v))
		}
		return out
	}
	all, err := q.Collect(ctx)
	Expect(err).NotTo(HaveOccurred(), why)
	Expect(named(all)).To(Equal(want), why)
	limit, size := 1+r.IntN(len(want)+3), 1+r.IntN(len(want)+3)
	some, err := q.Limit(limit).Collect(ctx)
	Expect(err).NotTo(HaveOccurred(), why)
	Expect(named(some)).To(HaveExactElements(want[:min(limit, len(want))]), "limit %d, %s", limit, why)
	if len(want) > 0 {
		Expect(named(some)).NotTo(BeEmpty())
	}
	var paged []string
	for token := ""; ; {
		page, err := q.Limit(size).Page(ctx, token)
		Expect(err).NotTo(HaveOccurred(), why)
		if token = page.NextToken; token != "" {
			Expect(page.Items).To(HaveLen(size), why)
		}
		paged = append(paged, named(page.Items)...)
		if token == "" {
			break
		}
	}
	Expect(paged).To(Equal(want), "pages of %d, %s", size, why)
	Expect(q.Count(ctx)).To(Equal(len(want)), why)
}

// randomArtifacts stores artifacts with some of the fields that leaves compares,
// and returns them as they are read.
func randomArtifacts(ctx SpecContext, r *rand.Rand, reg *registry.Client, version string) []*model.ModelArtifact {
	GinkgoHelper()
	maybe := func() *string {
		if r.IntN(2) == 0 {
			return nil
		}
		return &textWords[r.IntN(len(textWords))]
	}
	for i := range 25 {
		v := model.ModelArtifact{
			ModelVersionID: version, Name: nameWords[i%len(nameWords)], CustomProperties: value.Map{},
		}
		if i >= len(nameWords) || v.Name == "" {
			v.Name += fmt.Sprintf("%02d", i)
		}
		v.ModelFormatName, v.ModelSourceKind, v.Description, v.URI = maybe(), maybe(), maybe(), maybe()
		for _, name := range []string{"n", "a d", "odd (*)"} { // whichever kind a program chose
			switch r.IntN(6) {
			case 0, 1:
				v.CustomProperties[name] = value.Int(r.Int64N(4))
			case 2, 3:
				v.CustomProperties[name] = value.Double(float64(r.IntN(7)) / 2)
			case 4:
				v.CustomProperties[name] = value.String("1")
			}
		}
		if r.IntN(2) == 0 {
			v.State = &[]model.ArtifactState{
				model.ArtifactStateLive, model.ArtifactStatePending, model.ArtifactStateUnknown, model.ArtifactStateReference,
			}[r.IntN(4)]
		}
		_, err := reg.ModelArtifacts().Upsert(ctx, &v)
		Expect(err).NotTo(HaveOccurred())
	}
	all, err := reg.ModelArtifacts().OfVersion(version).Collect(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(all).To(HaveLen(25))
	return all
}
