package registry_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/pkg/value"
)

// ourServer starts the REST API of this module and returns its URL.
func ourServer(ctx SpecContext) string {
	GinkgoHelper()
	store, err := sqlite.OpenMemory(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(store.Close)
	h, err := rest.NewHandler(registry.New(store.Client()), restapi.APIs)
	Expect(err).NotTo(HaveOccurred())
	s := httptest.NewServer(h)
	DeferCleanup(s.Close)
	return s.URL
}

// notSent are the members that no request has.
var notSent = []string{"id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch", "inferenceServiceId"}

// behavesOverREST describes what callers of any entity see, on the server of this
// module and on one with the defects of the field's.
func behavesOverREST[T any, N mlmd.Node](s sample[T, N], artifactType string) bool {
	return Describe("a "+s.mapping.Entity+" of a REST registry", func() {
		for _, field := range []bool{false, true} {
			where := "on the server of this module"
			if field {
				where = "on a server of the field"
			}
			Context(where, func() {
				var x subject[T, N]
				var server *fieldServer
				// byID reports whether the API has the entities by their IDs.
				byID := !field || s.mapping.Entity != "ServeModel"
				BeforeEach(func(ctx SpecContext) {
					url := ""
					if field {
						server = newFieldServer("v1", "v1alpha3")
						url = server.url
					} else {
						url = ourServer(ctx)
					}
					reg, err := registry.DialREST(url, registry.WithRetryTimeout(0), registry.WithUncheckedUpdates())
					Expect(err).NotTo(HaveOccurred())
					DeferCleanup(reg.Close)
					x = subject[T, N]{sample: s, reg: reg, e: registry.NewCollection(reg, s.mapping)}
					if s.below != nil {
						x.parentID = s.below(ctx, reg)
					}
					x.v = s.full(ctx, reg, x.parentID, fresh("name: with colon"))
					*s.custom(&x.v) = value.Map{
						"b": value.Bool(true), "d": value.Double(0.5), "i": value.Int(-7), "s": value.String("it's"),
					}
					if v, ok := any(&x.v).(*model.InferenceService); ok { // not the default, which a PATCH restores
						v.DesiredState = new(model.InferenceServiceStateUndeployed)
					}
				})
				create := func(ctx SpecContext, v T) string {
					GinkgoHelper()
					r, err := x.e.Create(ctx, &v)
					Expect(err).NotTo(HaveOccurred())
					return r.ID
				}
				// read returns the entity with the ID by a path that all servers have.
				read := func(ctx SpecContext, id string) *T {
					GinkgoHelper()
					if byID {
						return x.get(ctx, id)
					}
					all, err := x.e.ChildrenOf(x.parentID).Collect(ctx)
					Expect(err).NotTo(HaveOccurred())
					i := slices.IndexFunc(all, func(v *T) bool { return x.mapping.Ident(v).ID == id })
					Expect(i).To(BeNumerically(">=", 0))
					return all[i]
				}
				named := func(name string) T { // another entity without an external ID
					v := x.v
					x.mapping.SetID(&v, "")
					*x.name(&v), *x.externalID(&v) = name, nil
					return v
				}

				It("is sent and read with all of its members", func(ctx SpecContext) {
					id := create(ctx, x.v)
					if field {
						raw, err := json.Marshal(&x.v)
						Expect(err).NotTo(HaveOccurred())
						var want, sent map[string]any
						Expect(json.Unmarshal(raw, &want)).To(Succeed())
						Expect(json.Unmarshal([]byte(server.bodies[len(server.bodies)-1]), &sent)).To(Succeed())
						for _, name := range notSent {
							delete(want, name)
						}
						if artifactType != "" {
							want["artifactType"] = artifactType
							delete(want, "modelVersionId")
						}
						Expect(sent).To(Equal(want))
					}
					got := read(ctx, id)
					x.same(got, x.v)
					byName, err := x.find(ctx, *x.name(&x.v))
					Expect(err).NotTo(HaveOccurred())
					Expect(byName).To(Equal(got))
					byExternalID, err := x.e.FindByExternalID(ctx, **x.externalID(&x.v))
					if byID {
						Expect(err).NotTo(HaveOccurred())
						Expect(byExternalID).To(Equal(got))
					} else {
						Expect(err).To(MatchError(registry.ErrUnsupported))
					}
				})

				It("has a name and an external ID of its own", func(ctx SpecContext) {
					id := create(ctx, x.v)
					again := named(*x.name(&x.v))
					_, err := x.e.Create(ctx, &again)
					Expect(err).To(MatchError(registry.ErrAlreadyExists))
					Expect(failure(err).ExistingID).To(Equal(id))
					other := named("other")
					*x.externalID(&other) = *x.externalID(&x.v)
					_, err = x.e.Create(ctx, &other)
					Expect(err).To(MatchError(registry.ErrAlreadyExists))
					if byID {
						Expect([]string{failure(err).Field, failure(err).ExistingID}).To(Equal([]string{"externalId", id}))
					}
					if s.below == nil {
						return
					}
					child := s.full(ctx, x.reg, s.below(ctx, x.reg), *x.name(&x.v)) // below another parent
					*x.custom(&child) = nil
					Expect(create(ctx, child)).NotTo(Equal(id))
				})

				It("is found by exactly its name and external ID", func(ctx SpecContext) {
					for _, name := range []string{"A_b", "a:b", "b", `it's "100%"`, `c\d`, "日本 🙂"} {
						v := named(name)
						*x.externalID(&v) = new("ext " + name)
						id := create(ctx, v)
						got, err := x.find(ctx, name)
						Expect(err).NotTo(HaveOccurred(), name)
						Expect(x.mapping.Ident(got).ID).To(Equal(id), name)
						if byID {
							got, err = x.e.FindByExternalID(ctx, "ext "+name)
							Expect(err).NotTo(HaveOccurred(), name)
							Expect(x.mapping.Ident(got).ID).To(Equal(id), name)
						}
					}
					for _, name := range []string{"a_b", "AxB", "_", "%", "", ":b", "d"} {
						_, err := x.find(ctx, name)
						Expect(err).To(HaveOccurred(), name)
					}
				})

				It("is listed in order, in pages, and below its parent only", func(ctx SpecContext) {
					var ids []string
					for _, name := range []string{"c", "a", "e", "b", "d"} {
						ids = append(ids, create(ctx, named(name)))
					}
					q := x.e.Query()
					if s.below != nil {
						q = x.e.ChildrenOf(x.parentID)
						Expect(x.e.ChildrenOf("987654321").Collect(ctx)).To(BeEmpty())
						Expect(x.e.ChildrenOf(s.below(ctx, x.reg)).Collect(ctx)).To(BeEmpty())
					}
					backwards := slices.Clone(ids)
					slices.Reverse(backwards)
					for _, c := range []struct {
						q    registry.Query[T]
						want []string
					}{
						{q, ids},
						{q.Desc(), backwards},
						{q.OrderBy(registry.OrderByID), ids},
						{q.OrderBy(registry.OrderByCreateTime), ids},
						{q.OrderBy(registry.OrderByCreateTime).Desc(), backwards},
						{q.OrderBy(registry.OrderByUpdateTime), ids},
					} {
						var whole, paged []string
						for v, err := range c.q.All(ctx) {
							Expect(err).NotTo(HaveOccurred())
							whole = append(whole, x.mapping.Ident(v).ID)
						}
						Expect(whole).To(Equal(c.want))
						for token := ""; ; {
							page, err := c.q.Limit(2).Page(ctx, token)
							Expect(err).NotTo(HaveOccurred())
							for _, v := range page.Items {
								paged = append(paged, x.mapping.Ident(v).ID)
							}
							if token = page.NextToken; token == "" {
								break
							}
						}
						Expect(paged).To(Equal(c.want))
					}
				})

				It("is selected by its members and custom properties", func(ctx SpecContext) {
					id := create(ctx, x.v)
					parent := mlmd.Parent{Name: "p", ID: 1}
					n, err := x.mapping.Encode(&x.v, parent)
					Expect(err).NotTo(HaveOccurred())
					conditions := x.conditions(any(n).(interface {
						GetProperties() map[string]*mlmdpb.Value
					}).GetProperties())
					custom := filter.CustomSymbols[*T]{}
					conditions = append(
						conditions,
						condition[T]{(&filter.String[*T]{Attr: "name", OwnName: true}).Eq(*x.name(&x.v)), true},
						condition[T]{(&filter.String[*T]{Attr: "name", OwnName: true}).In("x", *x.name(&x.v)), true},
						condition[T]{(&filter.String[*T]{Attr: "name", OwnName: true}).Ne(*x.name(&x.v)), false},
						condition[T]{(&filter.String[*T]{Attr: "name", OwnName: true}).HasPrefix("name: "), true},
						condition[T]{(&filter.OptString[*T]{Attr: "external_id"}).Eq(**x.externalID(&x.v)), true},
						condition[T]{(&filter.OptString[*T]{Attr: "external_id"}).IsUnset(), false},
						condition[T]{(&filter.ID[*T]{Attr: "id"}).Eq(id), true},
						condition[T]{custom.Custom("b").Bool().Eq(true), true},
						condition[T]{custom.Custom("b").Bool().Eq(false), false},
						condition[T]{custom.Custom("d").Double().Gt(0.25), true},
						condition[T]{custom.Custom("d").Double().Ne(0.5), false},
						condition[T]{custom.Custom("i").Int().Eq(-7), true},
						condition[T]{custom.Custom("i").Int().In(1, -7), true},
						condition[T]{custom.Custom("i").Int().Ne(-7), false},
						condition[T]{custom.Custom("s").AsString().Eq("it's"), true},
						condition[T]{custom.Custom("s").AsString().Eq("IT'S"), false},
						condition[T]{custom.Custom("nothing").Int().Ne(1), false},
					)
					q := x.e.Query()
					if s.below != nil {
						q = x.e.ChildrenOf(x.parentID)
					}
					for i, c := range conditions {
						found, err := q.Where(c.expr).Collect(ctx)
						Expect(err).NotTo(HaveOccurred())
						Expect(len(found) == 1).To(Equal(c.holds), "condition %d", i)
					}
				})

				It("is changed without losing what the request does not name", func(ctx SpecContext) {
					id := create(ctx, x.v)
					var patch T
					x.mapping.SetID(&patch, id)
					*x.description(&patch) = new("another")
					*x.custom(&patch) = value.Map{"i": value.String("now text"), "new": value.Int(1)}
					r, err := x.e.Upsert(ctx, &patch)
					if !byID {
						Expect(err).To(MatchError(registry.ErrUnsupported))
						return
					}
					Expect(err).NotTo(HaveOccurred())
					Expect(r.Changed).To(ConsistOf("description", "customProperties.i", "customProperties.new"))
					*x.description(&x.v) = new("another")
					*x.custom(&x.v) = value.Map{
						"b": value.Bool(true), "d": value.Double(0.5), "i": value.String("now text"), "s": value.String("it's"),
						"new": value.Int(1),
					}
					x.same(x.get(ctx, id), x.v)
					r, err = x.e.Upsert(ctx, &patch)
					Expect(err).NotTo(HaveOccurred())
					Expect(r.Outcome).To(Equal(registry.Unchanged))
				})

				It("is not created below a parent that does not exist", func(ctx SpecContext) {
					if s.below == nil {
						return
					}
					x.mapping.SetParentID(&x.v, "987654321")
					posts := 0
					if field {
						posts = server.sent("POST")
					}
					_, err := x.e.Create(ctx, &x.v)
					Expect(err).To(MatchError(registry.ErrNotFound))
					if field {
						Expect(server.sent("POST")).To(BeElementOf(posts, posts+1)) // the server may refuse it too
						Expect(server.tables).NotTo(ContainElement(ContainElement(HaveKeyWithValue("parent", "987654321"))))
					}
				})
			})
		}
	})
}

// A condition is one that the entity of the subject satisfies, or does not.
type condition[T any] struct {
	expr  filter.Expr[*T]
	holds bool
}

// conditions compares each property with its value, and with another one.
func (x *subject[T, N]) conditions(properties map[string]*mlmdpb.Value) (out []condition[T]) {
	for _, f := range x.mapping.Fields {
		name, ok := f.Property()
		if !ok || f.Derived {
			continue
		}
		switch v := properties[name].GetValue().(type) {
		case *mlmdpb.Value_StringValue:
			p := &filter.OptString[*T]{Property: name}
			out = append(out, condition[T]{p.Eq(v.StringValue), true}, condition[T]{p.Eq(v.StringValue + "x"), false},
				condition[T]{p.Ne(v.StringValue), false}, condition[T]{p.In(v.StringValue, "x"), true},
				condition[T]{p.IsUnset(), false})
		case *mlmdpb.Value_IntValue:
			p := &filter.OptInt[*T]{Property: name}
			out = append(out, condition[T]{p.Eq(v.IntValue), true}, condition[T]{p.Gt(v.IntValue), false})
		case *mlmdpb.Value_DoubleValue:
			p := &filter.OptDouble[*T]{Property: name}
			out = append(out, condition[T]{p.Le(v.DoubleValue), true}, condition[T]{p.Lt(v.DoubleValue), false})
		}
	}
	return out
}

var (
	_ = behavesOverREST(aRegisteredModel, "")
	_ = behavesOverREST(aModelVersion, "")
	_ = behavesOverREST(aModelArtifact, "model-artifact")
	_ = behavesOverREST(aDocArtifact, "doc-artifact")
	_ = behavesOverREST(aDataSet, "dataset-artifact")
	_ = behavesOverREST(aMetric, "metric")
	_ = behavesOverREST(aParameter, "parameter")
	_ = behavesOverREST(aServingEnvironment, "")
	_ = behavesOverREST(anInferenceService, "")
	_ = behavesOverREST(aServeModel, "")
	_ = behavesOverREST(anExperiment, "")
	_ = behavesOverREST(anExperimentRun, "")
)
