package rest_test

import (
	"net/url"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = onEveryBackend("the REST API", func(f *face) {
	It("creates, finds, gets, lists and patches", func(ctx SpecContext) {
		m := f.post(ctx, "registered_models", `{"name":"a:b %%_","owner":"ada","tasks":["x"],"externalId":"e1"}`)
		Expect(m.status).To(Equal(201), m.text)
		Expect(m.at("state")).To(Equal("LIVE"))
		Expect(m.at("customProperties")).To(BeEmpty())
		Expect(f.get(ctx, "registered_models/"+m.id()).text).To(Equal(m.text))
		Expect(f.get(ctx, "registered_model?name="+url.QueryEscape("a:b %_")).id()).To(Equal(m.id()))
		Expect(f.get(ctx, "registered_model?externalId=e1").id()).To(Equal(m.id()))
		Expect(f.get(ctx, "registered_model?name="+url.QueryEscape("a:b __")).status).To(Equal(404), "no pattern")

		p := f.patch(ctx, "registered_models/"+m.id(), `{"state":"ARCHIVED","description":""}`)
		Expect(p.at("state")).To(Equal("ARCHIVED"))
		Expect(p.at("tasks")).To(Equal([]any{"x"}))
		p = f.patch(ctx, "registered_models/"+m.id(), `{"description":"d"}`)
		Expect(p.at("state")).To(Equal("ARCHIVED"), "a patch without a state keeps it")
	})

	It("replaces all custom properties, or none", func(ctx SpecContext) {
		m := f.post(ctx, "registered_models", `{"name":"m","customProperties":{`+
			`"i":{"metadataType":"MetadataIntValue","int_value":"7"},`+
			`"o":{"metadataType":"MetadataStructValue","struct_value":"eyJhIjoxfQ=="}}}`)
		path := "registered_models/" + m.id()
		Expect(m.at("customProperties")).To(HaveLen(2))
		Expect(m.text).To(ContainSubstring(`"int_value":"7"`))
		Expect(m.text).To(ContainSubstring(`"struct_value":"eyJhIjoxfQ=="`))
		Expect(f.patch(ctx, path, `{"owner":"ada","customProperties":null}`).at("customProperties")).To(HaveLen(2))
		Expect(f.patch(ctx, path, `{"customProperties":{"s":{"metadataType":"MetadataStringValue","string_value":""}}}`).
			at("customProperties")).To(And(HaveLen(1), HaveKey("s")))
		Expect(f.patch(ctx, path, `{"customProperties":{}}`).at("customProperties")).To(BeEmpty())
	})

	It("moves the update time with each patch", func(ctx SpecContext) {
		ids := f.schemaFixtures(ctx)
		ones := []string{
			"registered_models/{m}", "model_versions/{v}", "model_artifacts/{a}", "artifacts/{d}", "serving_environments/{e}",
			"inference_services/{s}",
		}
		if strings.HasSuffix(f.version, "/v1alpha3") {
			ones = append(ones, "experiments/{x}", "experiment_runs/{r}")
		}
		for _, one := range ones {
			one = ids.Replace(one)
			old := f.get(ctx, one)
			bodies := []string{`{"description":"d"}`, `{"description":"d"}`, `{}`, `null`}
			if strings.HasPrefix(one, "artifacts/") {
				bodies = []string{`{"artifactType":"doc-artifact"}`, `{"artifactType":"doc-artifact","uri":null}`}
			}
			for _, body := range bodies {
				time.Sleep(2 * time.Millisecond)
				p := f.patch(ctx, one, body)
				Expect(p.status).To(Equal(200), p.text)
				Expect(p.at("createTimeSinceEpoch")).To(Equal(old.at("createTimeSinceEpoch")), one+" "+body)
				if label := CurrentSpecReport().Labels()[0]; label != "core" && label != "container" {
					Expect(p.at("lastUpdateTimeSinceEpoch")).NotTo(Equal(old.at("lastUpdateTimeSinceEpoch")), one+" "+body)
				}
				old = p
			}
		}
	})

	It("keeps artifacts of all kinds below versions", func(ctx SpecContext) {
		m := f.post(ctx, "registered_models", `{"name":"m"}`).id()
		v := f.post(ctx, "registered_models/"+m+"/versions", `{"name":"v1","registeredModelId":"%s"}`, m).id()
		w := f.post(ctx, "model_versions", `{"name":"v2","registeredModelId":"%s"}`, m).id()
		below := "model_versions/" + v + "/artifacts"
		a := f.post(ctx, below, `{"artifactType":"model-artifact","name":"w","uri":"s3://w"}`)
		Expect(a.status).To(Equal(201), a.text)
		Expect(a.at("state")).To(Equal("UNKNOWN"))
		Expect(a.text).NotTo(ContainSubstring("modelVersionId"))
		for kind, more := range map[string]string{
			"doc-artifact": `"uri":"s3://d"`, "dataset-artifact": `"uri":"s3://x"`,
			"metric": `"value":0`, "parameter": `"value":"1"`,
		} {
			x := f.post(ctx, below, `{"artifactType":%q,"name":%q,%s}`, kind, kind, more)
			Expect(x.status).To(Equal(201), x.text)
			Expect(f.get(ctx, below+"?artifactType="+kind).names()).To(Equal([]string{kind}))
		}
		Expect(f.get(ctx, below).names()).To(HaveLen(5))
		x := f.post(ctx, below, `{"artifactType":"metric","name":"metric","value":2.5}`)
		Expect(x.status).To(Equal(200), "the metric of that name is updated")
		Expect(x.at("value")).To(Equal(2.5))

		u := f.post(ctx, "model_versions/"+w+"/artifacts",
			`{"artifactType":"model-artifact","id":"%s","uri":"s3://y"}`, a.id())
		Expect(u.status).To(Equal(200), u.text)
		Expect(u.at("uri")).To(Equal("s3://y"))
		Expect(f.get(ctx, "model_versions/"+w+"/artifacts").names()).To(Equal([]string{"w"}), "it belongs to both")
		Expect(f.get(ctx, "artifacts/"+a.id()).text).To(Equal(u.text))
		Expect(f.get(ctx, "model_artifacts").names()).To(Equal([]string{"w"}))
		anonymous := f.post(ctx, "model_artifacts", `{}`)
		Expect(anonymous.at("name")).To(HaveLen(36))
	})

	It("serves models", func(ctx SpecContext) {
		m := f.post(ctx, "registered_models", `{"name":"m"}`).id()
		v := f.post(ctx, "model_versions", `{"name":"v1","registeredModelId":"%s"}`, m).id()
		e := f.post(ctx, "serving_environments", `{"name":"e"}`).id()
		s := f.post(ctx, "inference_services", `{"registeredModelId":"%s","servingEnvironmentId":"%s"}`, m, e)
		Expect(s.at("desiredState")).To(Equal("DEPLOYED"))
		Expect(f.get(ctx, "inference_services/"+s.id()+"/model").id()).To(Equal(m))
		Expect(f.get(ctx, "inference_services/"+s.id()+"/version").id()).To(Equal(v), "the newest")
		x := f.post(ctx, "inference_services/"+s.id()+"/serves", `{"modelVersionId":"%s"}`, v)
		Expect(x.at("lastKnownState")).To(Equal("UNKNOWN"))
		Expect(f.get(ctx, "inference_services/"+s.id()+"/serves").names()).To(HaveLen(1))
		Expect(f.get(ctx, "serving_environments/"+e+"/inference_services").names()).To(HaveLen(1))
	})

	It("pages with tokens that end, and that belong to one list", func(ctx SpecContext) {
		for _, n := range []string{"a", "b", "c", "d", "e"} {
			f.post(ctx, "registered_models", `{"name":%q}`, n)
		}
		for _, order := range []string{
			"", "&orderBy=CREATE_TIME", "&sortOrder=DESC", "&orderBy=LAST_UPDATE_TIME&sortOrder=DESC",
		} {
			var all []string
			token, first := "", ""
			for range 4 {
				p := f.get(ctx, "registered_models?pageSize=2"+order+"&nextPageToken="+token)
				all = append(all, p.names()...)
				token = p.at("nextPageToken").(string)
				if first == "" {
					first = token
				}
				if token == "" {
					break
				}
			}
			Expect(all).To(ConsistOf("a", "b", "c", "d", "e"), order)
			Expect(f.get(ctx, "registered_models?pageSize=2"+order).at("nextPageToken")).To(Equal(first), "the same each time")
			other := f.get(ctx, "registered_models?pageSize=2&filterQuery=id%3E0&nextPageToken="+first)
			Expect(other.status).To(Equal(400))
		}
		Expect(f.get(ctx, "registered_models").names()).To(HaveLen(5))
		Expect(f.get(ctx, "registered_models?pageSize=-1").at("pageSize")).To(Equal(-1.0))
	})

	It("filters", func(ctx SpecContext) {
		f.post(ctx, "registered_models", `{"name":"a","owner":"ada","customProperties":`+
			`{"n":{"metadataType":"MetadataIntValue","int_value":"7"},`+
			`"k 1":{"metadataType":"MetadataStringValue","string_value":"x"}}}`)
		f.post(ctx, "registered_models", `{"name":"b","owner":"bob","state":"ARCHIVED","customProperties":`+
			`{"n":{"metadataType":"MetadataDoubleValue","double_value":7.5}}}`)
		for filter, want := range map[string][]string{
			`name = 'a'`: {"a"}, `name <> 'a'`: {"b"}, `owner IN ('ada','bob')`: {"a", "b"}, `state='ARCHIVED'`: {"b"},
			`n = 7`: {"a"}, `n > 7`: {"b"}, `n IN (7, 8)`: {"a"}, `n.int_value >= 1`: {"a"}, "`k 1` = 'x'": {"a"},
			`owner='ada' AND n=7 OR name='b'`: {"a", "b"}, `owner LIKE 'b%'`: {"b"}, `nothing = 1`: {},
			`libraryName = 'x'`: {}, `id > 0 AND createTimeSinceEpoch > 0`: {"a", "b"},
		} {
			Expect(f.get(ctx, "registered_models?filterQuery="+url.QueryEscape(filter)).names()).To(Equal(want), filter)
		}
		model := f.get(ctx, "registered_model?name=a").id()
		for _, name := range []string{"v1", "v2"} {
			f.post(ctx, "model_versions", `{"name":"%s","registeredModelId":"%s"}`, name, model)
		}
		for filter, want := range map[string][]string{ // of children, whose stored names have a prefix
			`name = 'v1'`: {"v1"}, `name != 'v1'`: {"v2"}, `name IN ('v1','v3')`: {"v1"}, `name LIKE 'v%'`: {"v1", "v2"},
			`name ILIKE 'V1'`: {"v1"}, `name = 'v_'`: {},
		} {
			for _, list := range []string{"model_versions", "registered_models/" + model + "/versions"} {
				Expect(f.get(ctx, list+"?filterQuery="+url.QueryEscape(filter)).names()).To(Equal(want), list+" "+filter)
			}
		}
		for _, filter := range []string{
			`name`, `name = `, `owner = 1`, `name LIKE 1`, `(id = 1`, `createTimeSinceEpoch='x'`,
		} {
			a := f.get(ctx, "registered_models?filterQuery="+url.QueryEscape(filter))
			Expect(a.status).To(Equal(400), filter)
			Expect(a.text).To(ContainSubstring("invalid filter query"), filter)
		}
	})

	It("refuses what is wrong, with the texts that programs compare", func(ctx SpecContext) {
		m := f.post(ctx, "registered_models", `{"name":"m","externalId":"e"}`).id()
		const create, update = "registered_models", "registered_models/"
		for _, c := range []struct {
			method, path, body string
			status             int
			message            string // the whole message, or the part before …
		}{
			{"POST", create, `{"name":"x","foo":1}`, 400, `json: unknown field "foo"`},
			{"POST", create, `{}`, 422, `required field 'name' is zero value.`},
			{"POST", create, `{"name":null}`, 422, `required field 'name' is zero value.`},
			{"POST", create, `{"name":""}`, 422, `required field 'name' is zero value.`},
			{"POST", create, ``, 400, `EOF`},
			{"POST", create, `{"name":`, 400, `unexpected EOF`},
			{
				"POST", create, `{"name":1}`, 400,
				`json: cannot unmarshal number into Go struct field RegisteredModelCreate.name of type string`,
			},
			{"POST", create, `{"name":"x","state":"FOO"}`, 400, "…"},
			{"POST", create, `{"name":"\u0000"}`, 400, `Request body contains null bytes which are not allowed`},
			{"POST", create, `{"name":"m"}`, 409, `registered model with name m already exists: conflict`},
			{"POST", create, `{"name":"n","externalId":"e"}`, 409, "registered model with externalId e …"},
			{"POST", create, `{"name":"n","name":"o"}`, 400, `duplicate member "name"`},
			{"POST", create, `{"name":"n"} x`, 400, "…"},
			{"POST", create, strings.Repeat("[", 10_000), 400, "…"},
			{"POST", create, `{"owner":` + strings.Repeat("[", 10_000), 400, "the request body nests …"},
			{"POST", create, "{\"name\":\"\xff\"}", 400, "the request body is not valid UTF-8"},
			{"POST", create, `{"name":"` + strings.Repeat("x", 300) + `"}`, 400, "…"},
			{"POST", create, `{"name":"` + strings.Repeat("x", 5<<20) + `"}`, 413, "…"},
			{"POST", create, `{"name":"x","customProperties":{"p":{}}}`, 400, "error setting field CustomProperties: …"},
			{"POST", create, `{"name":"x","customProperties":{"p":null}}`, 400, "error setting field CustomProperties: …"},
			{
				"POST", create, `{"name":"x","customProperties":{"p":{"metadataType":"MetadataIntValue","int_value":7}}}`, 400,
				"error setting field CustomProperties: …",
			},
			{
				"POST", create, `{"name":"x","tasks":["a",null]}`, 400,
				"json: cannot unmarshal null into Go struct field RegisteredModelCreate.tasks of type string",
			},
			{"PATCH", update + m, `{"name":"x"}`, 400, `json: unknown field "name"`},
			{"PATCH", update + "999", `{}`, 404, "no registered model found for id 999: not found"},
			{
				"GET", update + "abc", "", 400,
				`invalid registered model ID: strconv.ParseInt: parsing "abc": invalid syntax: bad request`,
			},
			{"GET", update + "0", "", 404, "no registered model found for id 0: not found"},
			{"GET", update + "999", "", 404, "no registered model found for id 999: not found"},
			{
				"GET", "registered_model", "", 400,
				"invalid parameters call, supply either name or externalId: bad request",
			},
			{"GET", "registered_model?name=x", "", 404, "no registered models found for name=x, externalId=: not found"},
			{"GET", "registered_model?name=%00", "", 400, "Invalid name query parameter: …"},
			{"GET", "registered_models?a;b", "", 400, "invalid semicolon separator in query"},
			{
				"GET", "registered_models?pageSize=x", "", 400,
				`invalid numeric string: strconv.ParseInt: parsing "x": invalid syntax: bad request`,
			},
			{"GET", "registered_models?nextPageToken=x", "", 400, "invalid nextPageToken: …"},
			{"GET", "artifacts?artifactType=foo", "", 400, "invalid artifact type foo: bad request"},
			{"POST", "artifacts", `{}`, 400, "invalid artifact type, must be either …"},
			{
				"POST", "model_versions", `{"name":"v","registeredModelId":"999"}`, 404,
				"no registered model found for id 999: not found",
			},
			{
				"POST", "model_versions/999/artifacts", `{"artifactType":"doc-artifact","name":"d"}`, 404,
				"no model version found for id 999: not found",
			},
		} {
			a := f.send(ctx, c.method, c.path, c.body)
			what := c.method + " " + c.path + " " + c.body[:min(80, len(c.body))] + ": " + a.text
			Expect(a.status).To(Equal(c.status), what)
			Expect(a.header.Get("Content-Type")).To(Equal("application/json; charset=UTF-8"), what)
			message := a.at("message").(string)
			if part, ok := strings.CutSuffix(c.message, "…"); ok {
				Expect(message).To(HavePrefix(part), what)
			} else {
				Expect(message).To(Equal(c.message), what)
			}
		}
		Expect(f.get(ctx, create).names()).To(Equal([]string{"m"}), "nothing is stored")
	})

	It("serves its document and its health, and says which version is deprecated", func(ctx SpecContext) {
		Expect(f.get(ctx, "openapi.json").at("openapi")).To(HavePrefix("3.0"))
		Expect(f.get(ctx, "readyz/health").text).To(Equal("OK"))
		Expect(f.get(ctx, "readyz/isDirty?format=json").at("status")).To(Equal("pass"))
		old := strings.HasSuffix(f.base, "v1alpha3")
		Expect(f.get(ctx, "registered_models").header.Get("Deprecation") != "").To(Equal(old))
	})
})
