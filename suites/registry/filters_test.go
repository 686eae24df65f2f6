package registry_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/internal/filtertext"
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

// leaves returns a random comparison of one of the fields.
func leaves(r *rand.Rand) test {
	f := field.ModelArtifact
	words := []string{"a", "b", "c", "it's", "x y"}
	word, n, d := words[r.IntN(len(words))], r.Int64N(4), float64(r.IntN(4))/2
	str := func(get func(*model.ModelArtifact) *string, f *filter.OptString[*model.ModelArtifact], name string) test {
		on := func(cmp func(string) bool) func(*model.ModelArtifact) truth {
			return func(v *model.ModelArtifact) truth {
				if s := get(v); s != nil {
					return is(cmp(*s))
				}
				return unknown
			}
		}
		switch r.IntN(9) {
		case 5:
			return test{name + "<=" + word, f.Le(word), on(func(s string) bool { return s <= word })}
		case 6:
			return test{name + ">" + word, f.Gt(word), on(func(s string) bool { return s > word })}
		case 7:
			return test{
				name + " begins with " + word[:1], f.HasPrefix(word[:1]), on(func(s string) bool { return s[:1] == word[:1] }),
			}
		case 8:
			return test{
				name + " contains " + word[1:], f.Contains(word[1:]),
				on(func(s string) bool { return strings.Contains(s, word[1:]) }),
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
	switch r.IntN(7) {
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
		if a.isSet() { // the language cannot ask for a property that is absent
			return a
		}
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

// isSet reports whether any part of the condition tests if a property is set.
func (t test) isSet() bool {
	_, err := filtertext.Print(filtertext.Expr(filter.Not(t.expr)), nil)
	return err != nil
}

var _ = onEveryBackend("typed conditions", func(rpc func() mlmdpb.MetadataStoreServiceClient) {
	It("select what an evaluation in Go selects, with SQL's semantics of NULL", func(ctx SpecContext) {
		seed := uint64(GinkgoRandomSeed())
		r := rand.New(rand.NewPCG(seed, 1))
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		stored := randomArtifacts(ctx, r, reg, version)
		sent := 0
		for tried := 0; sent < 100 && tried < 1000; tried++ {
			c := random(r, 4)
			var want []string
			for _, v := range stored {
				if c.eval(v) == yes {
					want = append(want, v.Name)
				}
			}
			found, err := reg.ModelArtifacts().OfVersion(version).Where(c.expr).Collect(ctx)
			if errors.Is(err, registry.ErrInvalidArgument) { // more branches than allowed: said, and not sent
				continue
			}
			if errors.Is(err, registry.ErrUnsupported) { // an older name of the field has capital letters
				Expect(c.text).To(ContainSubstring("format"))
				continue
			}
			Expect(err).NotTo(HaveOccurred(), c.text)
			sent++
			var got []string
			for _, v := range found {
				got = append(got, v.Name)
			}
			Expect(got).To(Equal(want), "seed %d: %s", seed, c.text)
		}
		Expect(sent).To(Equal(100))
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

	It("match any string value, or report that the server cannot", func(ctx SpecContext) {
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
			if err != nil {
				Expect(err).To(MatchError(registry.ErrUnsupported), "%q", s)
				continue
			}
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
				if errors.Is(err, registry.ErrUnsupported) {
					Expect(sub).To(BeElementOf(`\`, "\t"))
					continue
				}
				Expect(err).NotTo(HaveOccurred(), sub)
				var got []string
				for _, v := range found {
					got = append(got, *v.Description)
				}
				Expect(got).To(ConsistOf(c.want), sub)
			}
		}
	})

	It("match any property name, or report that the server cannot", func(ctx SpecContext) {
		reg := registry.New(rpc())
		version := aVersion(ctx, reg)
		odd := []string{
			"plain", "Capital", "two words", "it's", `"`, "name", "int_value", "0:b", "a.b", "é", "state", "state = LIVE",
			"100%", "select",
		}
		for _, p := range odd {
			_, err := reg.DocArtifacts().Upsert(ctx, &model.DocArtifact{
				ModelVersionID: version, Name: fresh("d"), CustomProperties: value.Map{p: value.Int(1)},
			})
			Expect(err).NotTo(HaveOccurred())
		}
		for _, p := range odd {
			got, err := reg.DocArtifacts().OfVersion(version).Where(field.DocArtifact.Custom(p).Int().Eq(1)).Collect(ctx)
			if err != nil {
				Expect(err).To(MatchError(registry.ErrUnsupported), "%q", p)
				continue
			}
			Expect(got).To(HaveLen(1), "%q", p)
			Expect(got[0].CustomProperties).To(HaveKey(p))
		}
	})
})

// randomArtifacts stores artifacts with some of the fields that leaves compares,
// and returns them as they are read.
func randomArtifacts(ctx SpecContext, r *rand.Rand, reg *registry.Client, version string) []*model.ModelArtifact {
	GinkgoHelper()
	words := []string{"a", "b", "c", "it's", "x y"}
	maybe := func() *string {
		if r.IntN(2) == 0 {
			return nil
		}
		return &words[r.IntN(len(words))]
	}
	for i := range 25 {
		v := model.ModelArtifact{ModelVersionID: version, Name: fmt.Sprintf("a%02d", i), CustomProperties: value.Map{}}
		v.ModelFormatName, v.ModelSourceKind, v.Description, v.URI = maybe(), maybe(), maybe(), maybe()
		for _, name := range []string{"n", "a d"} { // whichever kind a program chose
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
