package evolution_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/rest/docs"
	teamfake1 "github.com/mlmd-go/sdk/suites/evolution/teams/v1/fake"
	teamfield1 "github.com/mlmd-go/sdk/suites/evolution/teams/v1/field"
	teammap1 "github.com/mlmd-go/sdk/suites/evolution/teams/v1/mapping"
	teams1 "github.com/mlmd-go/sdk/suites/evolution/teams/v1/model"
	teamrest1 "github.com/mlmd-go/sdk/suites/evolution/teams/v1/restapi"
	teammap2 "github.com/mlmd-go/sdk/suites/evolution/teams/v2/mapping"
	teamrest2 "github.com/mlmd-go/sdk/suites/evolution/teams/v2/restapi"
	fake1 "github.com/mlmd-go/sdk/suites/evolution/v1/fake"
	model1 "github.com/mlmd-go/sdk/suites/evolution/v1/model"
	rest1 "github.com/mlmd-go/sdk/suites/evolution/v1/restapi"
	rest2 "github.com/mlmd-go/sdk/suites/evolution/v2/restapi"
)

// An object is an entity in JSON.
type object = map[string]any

// An api is one version of the REST API of a server that serves both.
type api struct{ base string }

// serve serves both versions of the APIs from the store of a world.
func serve(w *world) *apis {
	GinkgoHelper()
	all := slices.Concat(rest2.APIs, rest2.Former, teamrest2.APIs, teamrest2.Former)
	mux := http.NewServeMux()
	mux.Handle("/", must(rest.NewHandler(registry.New(w.rpc, w.prefix), all)))
	mux.Handle("/docs/", docs.NewHandler("Both", "", all))
	s := httptest.NewServer(mux)
	DeferCleanup(s.Close)
	return &apis{
		sets1: api{s.URL + rest1.V1.Base}, sets2: api{s.URL + rest2.V2.Base},
		teams1: api{s.URL + teamrest1.V1.Base}, teams2: api{s.URL + teamrest2.V2.Base}, root: api{s.URL},
	}
}

// apis are the versions of the APIs of one server.
type apis struct{ sets1, sets2, teams1, teams2, root api }

// send returns the status and the JSON of the answer.
func (a api) send(ctx SpecContext, method, path string, body any) (int, object) {
	GinkgoHelper()
	raw := ""
	if body != nil {
		raw = string(must(json.Marshal(body)))
	}
	q := must(http.NewRequestWithContext(ctx, method, a.base+"/"+path, strings.NewReader(raw)))
	q.Header.Set("Content-Type", "application/json")
	r := must(http.DefaultClient.Do(q))
	defer r.Body.Close()
	var out object
	Expect(json.Unmarshal(must(io.ReadAll(r.Body)), &out)).To(Succeed())
	return r.StatusCode, out
}

func (a api) get(ctx SpecContext, path string) object {
	GinkgoHelper()
	status, out := a.send(ctx, http.MethodGet, path, nil)
	Expect(status).To(Equal(200), "%v", out)
	return out
}

// post returns the ID of the new entity.
func (a api) post(ctx SpecContext, path string, body object) string {
	GinkgoHelper()
	status, out := a.send(ctx, http.MethodPost, path, body)
	Expect(status).To(Equal(201), "%v", out)
	return out["id"].(string)
}

func (a api) patch(ctx SpecContext, path string, body object) object {
	GinkgoHelper()
	status, out := a.send(ctx, http.MethodPatch, path, body)
	Expect(status).To(Equal(200), "%v", out)
	return out
}

// find returns the names of the entities that a filter selects.
func (a api) find(ctx SpecContext, path, filter string) []string {
	GinkgoHelper()
	names := []string{}
	for _, item := range a.get(ctx, path+"?filterQuery="+url.QueryEscape(filter))["items"].([]any) {
		names = append(names, item.(object)["name"].(string))
	}
	return names
}

// without returns a copy of an entity without what the store sets, and without members.
func without(o object, members ...string) object {
	out := object{}
	for name, v := range o {
		if !slices.Contains(append(members, "id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"), name) {
			out[name] = v
		}
	}
	return out
}

var _ = onEveryBackend("a server of both REST APIs", func(world func() *world) {
	team1 := func() object {
		return object{
			"name": "one", "description": "first", "contact": "ada", "seats": 7.0, "rank": "senior", "motto": "onward",
			"office":           object{"city": "Rome", "room": "12a"},
			"customProperties": object{"lead": object{"metadataType": "MetadataStringValue", "string_value": "none"}},
		}
	}
	team2 := func() object {
		return object{
			"name": "two", "mail": "bob", "seats": 2.5, "rank": "junior", "lead": "eve",
			"office": object{"city": "Oslo", "door": "7", "floor": 3.0}, "customProperties": object{},
		}
	}

	It("shows in v2 what v1 created, and in v1 what v1 created", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.teams1, s.teams2
		id := v1.post(ctx, "teams", team1())
		Expect(without(v1.get(ctx, "teams/"+id))).To(Equal(team1()))
		got := without(v2.get(ctx, "teams/"+id), "customProperties")
		Expect(got).To(Equal(object{
			"name": "one", "description": "first", "mail": "ada", "seats": 7.0, "rank": "senior", "lead": "none",
			"office": object{"city": "Rome", "door": "12a"},
		}))
	})

	It("shows in v1 what v2 created", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.teams1, s.teams2
		id := v2.post(ctx, "teams", team2())
		Expect(without(v2.get(ctx, "teams/"+id))).To(Equal(team2()))
		Expect(without(v1.get(ctx, "teams/"+id))).To(Equal(object{
			"name": "two", "contact": "bob", "rank": "junior", "office": object{"city": "Oslo", "room": "7"},
			"customProperties": object{},
		}), "2.5 seats cannot be shown")
		v2.patch(ctx, "teams/"+id, object{"seats": 3})
		Expect(v1.get(ctx, "teams/"+id)).To(HaveKeyWithValue("seats", 3.0))
	})

	It("keeps what v1 does not know through a PATCH of v1", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.teams1, s.teams2
		id := v2.post(ctx, "teams", team2())
		want := team2()
		for _, step := range []struct {
			patch object
			then  func()
		}{
			{object{"description": "of v1"}, func() { want["description"] = "of v1" }},
			{object{"contact": "ada"}, func() { want["mail"] = "ada" }},
			{object{"motto": "onward"}, func() {}},
			{object{"office": object{"city": "Rome", "room": "7"}}, func() { want["office"].(object)["city"] = "Rome" }},
			{object{"office": object{"city": "Rome", "room": "8"}}, func() { want["office"].(object)["door"] = "8" }},
			{object{"rank": "tall"}, func() { want["rank"] = "tall" }},
			{object{"seats": 9}, func() { want["seats"] = 9.0 }},
		} {
			v1.patch(ctx, "teams/"+id, step.patch)
			step.then()
			Expect(without(v2.get(ctx, "teams/"+id))).To(Equal(want), "after %v", step.patch)
		}
		Expect(v1.get(ctx, "teams/"+id)).To(HaveKeyWithValue("motto", "onward"))
	})

	It("keeps what v2 does not know through a PATCH of v2", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.teams1, s.teams2
		id := v1.post(ctx, "teams", team1())
		want := team1()
		v2.patch(ctx, "teams/"+id, object{"mail": "bob", "seats": 8, "office": object{"city": "Rome", "door": "b"}})
		want["contact"], want["seats"], want["office"] = "bob", 8.0, object{"city": "Rome", "room": "b"}
		Expect(without(v1.get(ctx, "teams/"+id))).To(Equal(want))
	})

	It("keeps the members of elements that v1 does not know", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.sets1, s.sets2
		project := v1.post(ctx, "projects", object{"name": "p"})
		id := v2.post(ctx, "data_sets", object{
			"name": "a", "projectId": project, "source": "shop", "size": 0.5, "columns": []object{
				{"name": "height", "unit": "m", "remark": "of people"},
				{"name": "weight", "unit": "kg"},
				{"name": "age", "unit": "a"},
			},
		})
		Expect(v1.get(ctx, "data_sets/"+id)).To(HaveKeyWithValue("rows", 0.0), "which v1 requires")
		columns := v1.get(ctx, "data_sets/"+id)["columns"].([]any)
		columns[0].(object)["note"] = "of trees"
		v1.patch(ctx, "data_sets/"+id, object{"columns": append([]any{object{"name": "new"}}, columns[:2]...)})
		got := v2.get(ctx, "data_sets/"+id)
		Expect(got["columns"]).To(Equal([]any{
			object{"name": "new"},
			object{"name": "height", "unit": "m", "remark": "of trees"},
			object{"name": "weight", "unit": "kg"},
		}))
		Expect(got).To(SatisfyAll(HaveKeyWithValue("size", 0.5), HaveKeyWithValue("source", "shop"), Not(HaveKey("rows"))))
	})

	It("finds in either version what either created", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.teams1, s.teams2
		two := team2()
		two["seats"] = 3
		v2.post(ctx, "teams", two)
		v1.post(ctx, "teams", team1())
		for _, c := range []struct {
			api    api
			filter string
			want   []string
		}{
			{v1, "contact = 'ada'", []string{"one"}},
			{v1, "contact = 'bob'", []string{"two"}},
			{v2, "mail = 'ada'", []string{"one"}},
			{v2, "mail = 'bob'", []string{"two"}},
			{v1, "seats >= 3", []string{"two", "one"}},
			{v2, "seats < 7", []string{"two"}},
			{v1, "seats = 7", []string{"one"}},
			{v1, "motto = 'onward'", []string{"one"}},
			{v2, "lead = 'eve'", []string{"two"}},
			{v1, "rank = 'junior' OR contact = 'ada'", []string{"two", "one"}},
			{v1, "lead = 'none'", []string{"one"}}, // a custom property to v1
		} {
			Expect(c.api.find(ctx, "teams", c.filter)).To(Equal(c.want), "%s: %s", c.api.base, c.filter)
		}
		for _, a := range []api{v1, v2} {
			page := a.get(ctx, "teams?pageSize=1&orderBy=CREATE_TIME")
			Expect(page["items"]).To(HaveLen(1))
			next := a.get(ctx, "teams?pageSize=1&orderBy=CREATE_TIME&nextPageToken="+page["nextPageToken"].(string))
			Expect(next["items"].([]any)[0]).To(HaveKeyWithValue("name", "one"))
			Expect(a.get(ctx, "team?name=one")).To(HaveKeyWithValue("description", "first"))
		}
	})

	It("names in errors what the version has", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.teams1, s.teams2
		id := v2.post(ctx, "teams", team2())
		v2.post(ctx, "teams", object{"name": "three", "lead": "ada", "externalId": "x"})
		for _, c := range []struct {
			api     api
			method  string
			path    string
			body    object
			status  int
			message string
		}{
			{v1, "POST", "teams", object{"name": "a", "mail": "m"}, 400, `json: unknown field "mail"`},
			{v2, "POST", "teams", object{"name": "a", "lead": "l", "contact": "m"}, 400, `json: unknown field "contact"`},
			{v2, "POST", "teams", object{"name": "a"}, 422, "required field 'lead' is zero value."},
			{v2, "POST", "teams", object{"name": "a", "lead": "l", "rank": "tall"}, 400, `rank "tall" must be one of`},
			{v1, "PATCH", "teams/" + id, object{"seats": 1<<53 + 1}, 400, "seats"},
			{v1, "POST", "teams", object{"name": "a", "contact": "mlmd-struct::"}, 400, "contact"},
			{v2, "POST", "teams", object{"name": "a", "lead": "l", "mail": "mlmd-struct::"}, 400, "mail"},
			{v1, "POST", "teams", object{"name": "a", "seats": 0.5}, 400, "TeamCreate.seats"},
			{v1, "POST", "teams", object{"name": "a", "externalId": "x"}, 409, "externalId x"},
		} {
			status, out := c.api.send(ctx, c.method, c.path, c.body)
			Expect(status).To(Equal(c.status), "%v: %v", c.body, out)
			Expect(out["message"]).To(ContainSubstring(c.message), "%v", c.body)
		}
	})

	It("serves stores of programs of the old spec, before and after their migration", func(ctx SpecContext) {
		w := world()
		teams := registry.NewCollection(w.reg1, teammap1.Team)
		stored := must(teams.Create(ctx, &teams1.Team{
			Name: "zero", Contact: new("zoe"), Seats: new(int64(4)), Motto: new("first"),
			Office: &teams1.Office{City: "Rome", Room: new("1")},
		})).ID
		s := serve(w)
		v1, v2 := s.teams1, s.teams2
		id := v1.post(ctx, "teams", team1())
		Expect(must(teams.Get(ctx, id)).Contact).To(HaveValue(Equal("ada")), "to the program, too")
		old, older := v1.get(ctx, "teams/"+id), v1.get(ctx, "teams/"+stored)
		Expect(older).To(SatisfyAll(HaveKeyWithValue("contact", "zoe"), HaveKeyWithValue("seats", 4.0)))
		new, newer := v2.get(ctx, "teams/"+id), v2.get(ctx, "teams/"+stored)
		for range 2 {
			must(registry.MigrateAll(ctx, w.reg2, teammap2.Catalog, registry.WithForce()))
			Expect(without(v1.get(ctx, "teams/"+id), "customProperties")).To(Equal(without(old, "customProperties")))
			Expect(without(v1.get(ctx, "teams/"+stored))).To(Equal(without(older)))
			Expect(without(v2.get(ctx, "teams/"+id))).To(Equal(without(new)))
			Expect(without(v2.get(ctx, "teams/"+stored))).To(Equal(without(newer)))
			Expect(v1.find(ctx, "teams", "contact = 'zoe'")).To(Equal([]string{"zero"}))
		}
		v1.patch(ctx, "teams/"+stored, object{"contact": "ada"})
		Expect(v2.get(ctx, "teams/"+stored)).To(HaveKeyWithValue("mail", "ada"))
		Expect(v2.find(ctx, "teams", "mail = 'ada'")).To(Equal([]string{"zero", "one"}))
	})

	It("keeps all that v1 knows on the way to v2 and back, for any values", func(ctx SpecContext) {
		s := serve(world())
		project := s.sets1.post(ctx, "projects", object{"name": "p"})
		team := s.teams1.post(ctx, "teams", object{"name": "t"})
		for i := range int64(12) {
			seed := GinkgoRandomSeed() + i
			for _, c := range []struct {
				v1, v2       api
				path1, path2 string
				sent         object
			}{
				{s.sets1, s.sets2, "projects", "projects", members(fake1.Project(seed))},
				{s.sets1, s.sets2, "runs", "runs", members(fake1.Run(seed, func(v *model1.Run) { v.ProjectID = project }))},
				{s.sets1, s.sets2, "data_sets", "data_sets", members(fake1.DataSet(seed, func(v *model1.DataSet) {
					v.ProjectID = project
				}))},
				{s.teams1, s.teams2, "teams", "teams", members(teamfake1.Team(seed, func(v *teams1.Team) {
					v.Rank = new("junior") // or senior: v2 creates no others
				}))},
				{s.teams1, s.teams2, "desks", "places", members(teamfake1.Desk(seed, func(v *teams1.Desk) {
					v.TeamID = team
				}))},
			} {
				told := fmt.Sprintf("%s with the seed %d", c.path1, seed)
				c.sent["name"] = told
				c.sent["externalId"] = told
				id := c.v1.post(ctx, c.path1, c.sent)
				path1, path2 := c.path1+"/"+id, c.path2+"/"+id
				before, shown := c.v1.get(ctx, path1), c.v2.get(ctx, path2)
				for name, value := range c.sent {
					Expect(before).To(HaveKeyWithValue(name, value), told)
				}
				same := func(what string) {
					GinkgoHelper()
					Expect(without(c.v1.get(ctx, path1))).To(Equal(without(before)), "%s, %s", told, what)
					Expect(without(c.v2.get(ctx, path2))).To(Equal(without(shown)), "%s, %s", told, what)
				}
				c.v2.patch(ctx, path2, without(shown, "name", "projectId", "teamId"))
				same("patched through v2 with what v2 shows")
				c.v1.patch(ctx, path1, without(before, "name", "projectId", "teamId"))
				same("patched through v1 with what v1 shows")

				copied := without(shown, "externalId")
				copied["name"] = told + ", again"
				if c.path2 == "teams" {
					copied["lead"] = "ada"
				}
				again := c.v1.get(ctx, c.path1+"/"+c.v2.post(ctx, c.path2, copied))
				want := without(before, "name", "externalId", "motto")
				Expect(without(again, "name")).To(Equal(want), "%s, created through v2", told)
			}
		}
	})

	It("follows an entity that was renamed, with its defaults and objects", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.teams1, s.teams2
		team := v2.post(ctx, "teams", team2())
		desk := v1.post(ctx, "teams/"+team+"/desks", object{
			"name": "a", "teamId": team, "parts": []object{{"name": "lamp", "size": 30}, {"name": "pen"}},
		})
		Expect(v1.get(ctx, "desks/"+desk)).To(HaveKeyWithValue("height", 72.0), "the default of v1")
		Expect(v2.get(ctx, "places/"+desk)).To(SatisfyAll(HaveKeyWithValue("height", 72.0), HaveKeyWithValue("parts", []any{
			object{"name": "lamp", "width": 30.0}, object{"name": "pen"},
		})))
		v2.patch(ctx, "places/"+desk, object{"height": 80.5, "parts": []object{
			{"name": "lamp", "color": "red"}, {"name": "pen", "color": "blue"},
		}})
		Expect(v1.get(ctx, "desks/"+desk)).To(SatisfyAll(
			HaveKeyWithValue("parts", []any{object{"name": "lamp"}, object{"name": "pen"}}),
			Not(HaveKey("height")), // neither 80.5, which is not an integer, nor the default
		))
		v1.patch(ctx, "desks/"+desk, object{"parts": []object{{"name": "pen"}, {"name": "lamp", "size": 31}}})
		Expect(v2.get(ctx, "places/"+desk)).To(SatisfyAll(HaveKeyWithValue("height", 80.5), HaveKeyWithValue("parts", []any{
			object{"name": "pen", "color": "blue"}, object{"name": "lamp", "color": "red", "width": 31.0},
		})))
		place := v2.post(ctx, "places", object{"name": "b", "teamId": team})
		Expect(v2.get(ctx, "places/"+place)).To(HaveKeyWithValue("height", 74.5), "the default of v2")
		Expect(v1.find(ctx, "teams/"+team+"/desks", "height > 80")).To(Equal([]string{"a"}))
		Expect(v1.find(ctx, "desks", "teamId = "+team)).To(Equal([]string{"a", "b"}))
		Expect(v1.get(ctx, "desk?name=b&parentResourceId="+team)).To(HaveKeyWithValue("id", place))
	})

	It("serves Go programs of the old spec through REST", func(ctx SpecContext) {
		s := serve(world())
		id := s.teams2.post(ctx, "teams", team2())
		reg := must(registry.DialREST(s.root.base, registry.WithREST(teammap1.REST...)))
		DeferCleanup(reg.Close)
		teams := registry.NewCollection(reg, teammap1.Team)
		must(teams.Update(ctx, id, func(v *teams1.Team) error {
			Expect(v.Contact).To(HaveValue(Equal("bob")))
			v.Contact, v.Office.Room, v.Motto = nil, new("9"), new("onward")
			return nil
		}))
		want := team2()
		delete(want, "mail")
		want["office"].(object)["door"] = "9"
		Expect(without(s.teams2.get(ctx, "teams/"+id))).To(Equal(want))
		must(teams.Create(ctx, &teams1.Team{Name: "one", Contact: new("ada"), Seats: new(int64(7))}))
		f := teamfield1.Team
		for _, where := range []filter.Expr[*teams1.Team]{f.Contact.Eq("ada"), f.Seats.Gt(6), f.Motto.Eq("onward")} {
			Expect(teams.Query().Where(where).Count(ctx)).To(Equal(1))
		}
	})

	It("serves the documents of both, and says that one replaces the other", func(ctx SpecContext) {
		s := serve(world())
		v1, v2 := s.teams1, s.teams2
		for _, c := range []struct {
			api    api
			schema string
			has    string
			lacks  string
		}{{v1, "TeamCreate", "contact", "mail"}, {v2, "TeamCreate", "mail", "contact"}} {
			document := c.api.get(ctx, "openapi.json")
			properties := document["components"].(object)["schemas"].(object)[c.schema].(object)["properties"]
			Expect(properties).To(SatisfyAll(HaveKey(c.has), Not(HaveKey(c.lacks))))
		}
		page := must(http.DefaultClient.Do(must(http.NewRequestWithContext(ctx, http.MethodGet, s.root.base+"/docs/", nil))))
		defer page.Body.Close()
		Expect(string(must(io.ReadAll(page.Body)))).To(SatisfyAll(
			ContainSubstring("/api/teams/v1/openapi.json"), ContainSubstring("/api/teams/v2/openapi.json"),
			ContainSubstring("v1 (deprecated)")))
		header := func(a api) http.Header {
			GinkgoHelper()
			r := must(http.DefaultClient.Do(must(http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/teams", nil))))
			Expect(r.Body.Close()).To(Succeed())
			return r.Header
		}
		Expect(header(v2)).NotTo(HaveKey("Deprecation"))
		Expect(header(v1)).To(SatisfyAll(HaveKeyWithValue("Deprecation", []string{"true"}),
			HaveKeyWithValue("Link", []string{`</api/teams/v2/>; rel="successor-version"`})))
	})
})

// members returns the members of a value in JSON.
func members(v any) object {
	GinkgoHelper()
	var out object
	Expect(json.Unmarshal(must(json.Marshal(v)), &out)).To(Succeed())
	return out
}
