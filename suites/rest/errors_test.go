package rest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// A refusal is a request that is refused, and how.
type refusal struct {
	method, path, body string
	status             int
	message            string // a part of it
}

// The errors of entities that exist: "{m}" and its siblings in paths and bodies
// stand for their IDs. Those of bodies are in "the REST API".
var refusals = []refusal{
	{"GET", "registered_models/99999999999", "", 404, "no registered model found for id 99999999999: not found"},
	{"GET", "registered_models/-1", "", 404, "no registered model found for id -1: not found"},
	{"GET", "registered_models/{v}", "", 404, "no registered model found for id {v}: not found"},
	{"GET", "model_versions/{m}", "", 404, "no model version found for id {m}: not found"},
	{"GET", "artifacts/999", "", 404, "no artifact found for id 999: not found"},
	{"GET", "artifacts/abc", "", 400, `invalid artifact ID: strconv.ParseInt: parsing "abc": invalid syntax: bad request`},
	{"PATCH", "model_versions/abc", "{}", 400, `invalid model version ID: strconv.ParseInt: parsing "abc"`},
	{"POST", "inference_services/abc/serves", "{}", 400, `invalid inference service ID: strconv.ParseInt: parsing "abc"`},
	{"GET", "inference_services/abc/version", "", 400, `invalid inference service ID: strconv.ParseInt: parsing "abc"`},
	{"GET", "serving_environments/999", "", 404, "no serving environment found for id 999: not found"},
	{"GET", "inference_services/999", "", 404, "no inference service found for id 999: not found"},
	{"GET", "model_artifacts/{d}", "", 404, "artifact with id {d} is not a model artifact: not found"},
	{"PATCH", "model_artifacts/{d}", "{}", 404, "artifact with id {d} is not a model artifact: not found"},
	{"GET", "registered_models/abc/versions", "", 400, `invalid registered model ID: strconv.ParseInt: parsing "abc"`},
	{
		"GET", "model_version?name=x", "", 400,
		"invalid parameters call, supply either (name and parentResourceId), or externalId: bad request",
	},
	{
		"GET", "model_artifact?name=x", "", 400,
		"invalid parameters call, supply either (artifactName and parentResourceId), or externalId: bad request",
	},
	{
		"GET", "artifact?parentResourceId=1", "", 400,
		"invalid parameters call, supply either (artifactName and parentResourceId), or externalId: bad request",
	},
	{
		"GET", "serving_environment?parentResourceId=1", "", 400,
		"invalid parameters call, supply either name or externalId: bad request",
	},
	{
		"GET", "inference_service?name=x", "", 400,
		"invalid parameters call, supply either (name and parentResourceId), or externalId: bad request",
	},
	{"GET", "artifact?name=both&parentResourceId={v}", "", 404, "multiple artifacts found for name=both"},
	{"GET", "artifact?name=x&parentResourceId={v}", "", 404, "no artifacts found for name=x"},
	{
		"POST", "model_versions", `{"name":"v","registeredModelId":"{m}"}`, 409,
		"model version with name v already exists: conflict",
	},
	{
		"POST", "inference_services", `{"name":"s","registeredModelId":"{m}","servingEnvironmentId":"{e}"}`, 409,
		"inference service with name s already exists: conflict",
	},
	{
		"POST", "model_versions/{v}/artifacts", `{"name":"x"}`, 400,
		"invalid artifact type, must be either DataSet, DocArtifact, Metric, ModelArtifact, or Parameter: bad request",
	},
	{"POST", "artifacts", `{"artifactType":"foo"}`, 400, "invalid artifact type, must be either "},
	{
		"PATCH", "artifacts/{d}", `{"artifactType":"model-artifact"}`, 400,
		"cannot change artifact type from 'doc-artifact' to 'model-artifact': artifact type is immutable",
	},
	{
		"PATCH", "artifacts/{d}", `{}`, 400,
		"cannot change artifact type from 'doc-artifact' to '': artifact type is immutable",
	},
	{
		"POST", "model_versions/{v}/artifacts", `{"artifactType":"model-artifact","id":"999"}`, 400,
		"mismatched types, artifact with id 999 is not a model artifact: bad request",
	},
	{
		"POST", "model_versions/{v}/artifacts", `{"artifactType":"parameter","id":"{d}"}`, 400,
		"artifact with id {d} is not a parameter: bad request",
	},
	{"GET", "model_versions/{v}/artifacts?artifactType=foo", "", 400, "invalid artifact type foo: bad request"},
	{"POST", "model_artifacts", `{"id":"{a}"}`, 400, `json: unknown field "id"`},
	{"POST", "model_artifacts", `{"artifactType":"doc-artifact"}`, 400, "artifactType must be"},
	{"POST", "artifacts", `{"artifactType":"metric","value":1,"uri":"s3://m"}`, 400, `json: unknown field "uri"`},
	{"POST", "artifacts", `{"artifactType":"parameter","uri":"s3://p"}`, 400, `json: unknown field "uri"`},
	{"PATCH", "registered_models/{m}", `{"description":"a\u0000b"}`, 400, "Request body contains null bytes"},
	{"PATCH", "registered_models/{m}", "{\"description\":\"a\x00b\"}", 400, "Request body contains null bytes"},
	{"PATCH", "registered_models/{m}", `{"customProperties":{"\u0000":null}}`, 400, "Request body contains null bytes"},
	{"GET", "registered_models?filterQuery=%00", "", 400, "Invalid filterQuery query parameter: "},
	{
		"PATCH", "registered_models/{m}",
		`{"customProperties":{"p":{"metadataType":"MetadataFloatValue","float_value":1}}}`, 400,
		"error setting field CustomProperties: ",
	},
	{"PATCH", "registered_models/{m}", `{"customProperties":{"p":null}}`, 400, "metadataType not found in null"},
	{
		"PATCH", "registered_models/{m}",
		`{"customProperties":{"p":{"metadataType":"MetadataIntValue","int_value":7}}}`, 400,
		"failed to unmarshal MetadataValue as MetadataIntValue: ",
	},
	{
		"PATCH", "registered_models/{m}",
		`{"customProperties":{"p":{"metadataType":"MetadataIntValue","int_value":"9223372036854775808"}}}`, 400,
		"must be a 64-bit integer",
	},
	{
		"PATCH", "registered_models/{m}",
		`{"customProperties":{"p":{"metadataType":"MetadataStructValue","struct_value":"!"}}}`, 400, "illegal base64 data",
	},
	{
		"PATCH", "registered_models/{m}",
		`{"customProperties":{"p":{"metadataType":"MetadataStructValue","struct_value":"MQ=="}}}`, 400,
		"must be a JSON object",
	},
	{
		"PATCH", "registered_models/{m}", `{"customProperties":{"p":{"string_value":"x"}}}`, 400,
		"metadataType not found",
	},
	{
		"PATCH", "registered_models/{m}", `{"customProperties":{"p":{"metadataType":"MetadataProtoValue"}}}`, 400,
		"error setting field CustomProperties: ",
	},
	{"GET", "registered_models?pageSize=2147483648", "", 400, "invalid numeric string: strconv.ParseInt: "},
	{"GET", "registered_models?nextPageToken=" + strings.Repeat("A", 1100), "", 400, "invalid nextPageToken: "},
	{"GET", "registered_models?nextPageToken=MTox", "", 400, "invalid nextPageToken: "}, // 1:1, of another server
	{
		"GET", "registered_models?filterQuery=id%20x", "", 400,
		`invalid filter query syntax: error parsing filter query: 1:4: unexpected token "x"`,
	},
	{
		"GET", "registered_models?filterQuery=owner%3D1", "", 400,
		"type mismatch or invalid value in comparison",
	},
	{"GET", `registered_model?name=%5Cu0000`, "", 400, "Invalid name query parameter: "},
	{"POST", "registered_models", `{"name":"x","state":"FOO"}`, 400, `state "FOO" must be one of LIVE, ARCHIVED`},
	{
		"POST", "model_versions/999/artifacts", `{"artifactType":"doc-artifact"}`, 404,
		"no model version found for id 999: not found",
	},
	{
		"POST", "serving_environments/999/inference_services", `{"registeredModelId":"{m}","servingEnvironmentId":"1"}`,
		404, "no serving environment found for id 999",
	},
	{
		"POST", "inference_services", `{"registeredModelId":"{m}","servingEnvironmentId":"999"}`,
		404, "no serving environment found for id 999",
	},
	{"POST", "inference_services/999/serves", `{"modelVersionId":"{v}"}`, 404, "no inference service found for id 999"},
	{"POST", "inference_services/{s}/serves", `{"modelVersionId":"999"}`, 404, "no model version found for id 999"},
	{
		"POST", "inference_services/{s}/serves", `{"modelVersionId":"{gated}"}`, 400,
		"cannot deploy gated HuggingFace model: authentication not yet supported",
	},
	{
		"POST", "inference_services/{s}/serves", `{"modelVersionId":"{private}"}`, 400,
		"cannot deploy private HuggingFace model: authentication not yet supported",
	},
	{"PATCH", "model_versions/{v}", `{"registeredModelId":"{m}"}`, 400, `json: unknown field "registeredModelId"`},
	{"PATCH", "model_versions/{v}", `{"id":"{v}"}`, 400, `json: unknown field "id"`},
	{
		"POST", "registered_models/{m}/versions",
		`{"id":"{v}","name":"v","registeredModelId":"{m}","createTimeSinceEpoch":"x"}`, 400, "createTimeSinceEpoch",
	},
	{
		"POST", "registered_models/{m}/versions", `{"name":"w","registeredModelId":"1*"}`, 400,
		"invalid registered model ID",
	},
	{
		"POST", "serving_environments/{e}/inference_services",
		`{"name":"t","registeredModelId":"{m}","servingEnvironmentId":"1*"}`, 400, "invalid serving environment ID",
	},
}

var _ = onEveryBackend("an error", func(f *face) {
	It("says what is wrong", func(ctx SpecContext) {
		ids := f.fixtures(ctx)
		before := f.get(ctx, "model_versions").text
		for _, c := range refusals {
			a := f.send(ctx, c.method, ids.Replace(c.path), ids.Replace(c.body))
			what := c.method + " " + c.path + " " + c.body + ": " + a.text
			Expect(a.status).To(Equal(c.status), "%s", what)
			Expect(a.header.Get("Content-Type")).To(Equal("application/json; charset=UTF-8"), "%s", what)
			var body map[string]string
			Expect(json.Unmarshal([]byte(a.text), &body)).To(Succeed(), "%s", what)
			Expect(body).To(HaveLen(2), "%s", what)
			Expect(body["code"]).To(Equal(http.StatusText(c.status)), "%s", what)
			Expect(body["message"]).To(ContainSubstring(ids.Replace(c.message)), "%s", what)
		}
		Expect(f.get(ctx, "model_versions").text).To(Equal(before), "nothing is stored")
	})

	It("is not the answer to what Kubeflow's server takes too", func(ctx SpecContext) {
		for _, id := range []string{"+1", "01"} {
			Expect(f.get(ctx, "registered_models/"+id).status).To(Equal(404), "a number, though none that exists")
		}
		m := f.post(ctx, "registered_models", `{"NAME":"m","Owner":"ada","state":null}`)
		Expect([]any{m.status, m.at("name"), m.at("owner"), m.at("state")}).To(Equal([]any{201, "m", "ada", "LIVE"}))
		Expect(f.post(ctx, "model_versions", `{"name":"v","registeredModelID":"%s"}`, m.id()).status).To(Equal(201))
		for _, sign := range []string{"0", "+"} {
			Expect(f.get(ctx, "registered_models/"+sign+m.id()).id()).To(Equal(m.id()))
			v := f.post(ctx, "model_versions", `{"name":"%sv","registeredModelId":"%s%s"}`, sign, sign, m.id())
			Expect(v.at("registeredModelId")).To(Equal(m.id()), v.text)
			found := f.get(ctx, "model_version?name="+url.QueryEscape(sign)+"v&parentResourceId="+url.QueryEscape(sign)+m.id())
			Expect(found.id()).To(Equal(v.id()))
		}
		Expect(f.get(ctx, "registered_models?unknown=1&pageSize=&orderBy=&sortOrder=&nextPageToken=").status).To(Equal(200))
		Expect(f.get(ctx, "artifacts?artifactType=").status).To(Equal(200))
		Expect(f.patch(ctx, "registered_models/"+m.id(), `null`).status).To(Equal(200))
		Expect(f.get(ctx, "model_versions/999/artifacts").names()).To(BeEmpty())
		for _, tag := range []string{"", "text/plain", "application/xml"} {
			for _, header := range []http.Header{{"Content-Type": {tag}}, {"Accept": {tag}}} {
				a := f.sendWith(ctx, header, "PATCH", "registered_models/"+m.id(), `{"description":"`+tag+`"}`)
				Expect([]any{a.status, a.at("description")}).To(Equal([]any{200, tag}), "%v: %s", header, a.text)
				Expect(a.header.Get("Content-Type")).To(Equal("application/json; charset=UTF-8"))
			}
		}
		a := f.patch(ctx, "registered_models/"+m.id(), property("p", "Int", `"int_value":"1","foo":[{}],"string_value":"x"`))
		Expect(a.text).To(ContainSubstring(`"p":{"int_value":"1","metadataType":"MetadataIntValue"}`), "others are ignored")
	})

	It("is 404 in plain text for an unknown path, and 405 for a method that a path does not have", func(ctx SpecContext) {
		for _, path := range []string{"nothing", "registered_models/", "registered_models/1/nothing"} {
			a := f.get(ctx, path)
			Expect(a.status).To(Equal(404), path)
			Expect(a.text).To(Equal("404 page not found\n"))
		}
		for _, method := range []string{"DELETE", "PUT", "OPTIONS"} {
			a := f.send(ctx, method, "registered_models", "")
			Expect(a.status).To(Equal(405), method)
			Expect(a.header.Get("Allow")).To(Equal("GET, HEAD, POST"))
		}
	})
})

// fixtures stores one entity of each kind and returns their IDs, which replace
// "{m}" and its siblings.
func (f *face) fixtures(ctx SpecContext) *strings.Replacer {
	GinkgoHelper()
	m := f.post(ctx, "registered_models", `{"name":"m"}`).id()
	version := func(name, properties string) string {
		return f.post(ctx, "model_versions", `{"name":%q,"registeredModelId":%q,"customProperties":{%s}}`,
			name, m, properties).id()
	}
	text := func(name, value string) string {
		return `"` + name + `":{"metadataType":"MetadataStringValue","string_value":"` + value + `"}`
	}
	v := version("v", text("hf_gated", "false")+","+text("hf_private", ""))
	gated, private := version("g", text("hf_gated", "auto")), version("p", text("hf_private", "true"))
	artifact := func(kind, name string) string {
		return f.post(ctx, "model_versions/"+v+"/artifacts", `{"artifactType":%q,"name":%q}`, kind, name).id()
	}
	a, d := artifact("model-artifact", "both"), artifact("doc-artifact", "both")
	e := f.post(ctx, "serving_environments", `{"name":"e"}`).id()
	s := f.post(ctx, "inference_services", `{"name":"s","registeredModelId":%q,"servingEnvironmentId":%q}`, m, e).id()
	Expect(f.post(ctx, "inference_services/"+s+"/serves", `{"modelVersionId":%q}`, v).status).To(Equal(201))
	return strings.NewReplacer(
		"{m}", m, "{v}", v, "{a}", a, "{d}", d, "{e}", e, "{s}", s, "{gated}", gated, "{private}", private,
	)
}
