package rest_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A difference is where the server answers otherwise than Kubeflow's server of
// the API, in a way that no known client can be hurt by.
type difference struct {
	what, theirs, ours, why string
	// requests show what ours does, one after the other, in a store with the
	// fixtures. They run with each version of the API unless only names one.
	requests []exchange
	only     string
	// also checks what requests cannot show. It is nil for most.
	also func(ctx SpecContext, f *face)
}

// metric is a metric of the version v.
func metric(members string) string { return `{"artifactType":"metric","name":"auc"` + members + `}` }

// property is the member customProperties with one property.
func property(name, kind, value string) string {
	return fmt.Sprintf(`{"customProperties":{%q:{"metadataType":"Metadata%sValue",%s}}}`, name, kind, value)
}

// in returns the path of a list with a filter.
func in(list, filter string) string {
	return list + "?" + url.Values{"filterQuery": {filter}}.Encode()
}

var differences = []difference{
	{
		what: "PATCH without a state", theirs: "an archived model is live again, an undeployed service deployed",
		ours: "the state stays", why: "a change of a description must not change anything else",
		requests: []exchange{
			patch("registered_models/{m}", `{"state":"ARCHIVED"}`, 200, `"state":"ARCHIVED"`),
			patch("registered_models/{m}", `{"description":"d"}`, 200, `"state":"ARCHIVED"`),
			patch("inference_services/{s}", `{"desiredState":"UNDEPLOYED"}`, 200, `"desiredState":"UNDEPLOYED"`),
			patch("inference_services/{s}", `{"description":"d"}`, 200, `"desiredState":"UNDEPLOYED"`),
			patch("model_artifacts/{a}", `{"state":"LIVE"}`, 200, `"state":"LIVE"`),
			patch("model_artifacts/{a}", `{"description":"d"}`, 200, `"state":"LIVE"`),
		},
	},
	{
		what: "two requests that change an entity at once", theirs: "one of the changes can be lost",
		ours: "none is lost", why: "the server looks whether the entity changed since it was read", also: losesNoChange,
	},
	{
		what:   "a custom property with an object",
		theirs: "is sent as base64, and shown as JSON text; the entity then refuses each PATCH",
		ours:   "is base64 in both directions", why: "what is read can be written back",
		requests: []exchange{
			patch(
				"registered_models/{m}", property("p", "Struct", `"struct_value":"eyJhIjoxfQ=="`),
				200, `"struct_value":"eyJhIjoxfQ=="`,
			),
			patch("registered_models/{m}", `{"description":"d"}`, 200, `"struct_value":"eyJhIjoxfQ=="`),
		},
	},
	{
		what:   "a reference to an entity that does not exist, such as the model of a new version",
		theirs: "201; later reads of what refers to it may be 500", ours: "404 with the ID",
		why: "an entity without its parent cannot be found again",
		requests: []exchange{
			post("model_versions", `{"name":"x","registeredModelId":"999"}`, 404, "no registered model found for id 999"),
			post(
				"inference_services", `{"name":"x","registeredModelId":"999","servingEnvironmentId":"{e}"}`,
				404, "no registered model found for id 999",
			),
			post("model_versions", `{"name":"x","registeredModelId":"{v}"}`, 404, "no registered model found for id {v}"),
			post("inference_services", service(`"modelVersionId":"999"`), 404, "no model version found for id 999"),
			post("inference_services", service(`"modelVersionId":"{m}"`), 404, "no model version found for id {m}"),
		},
	},
	{
		what:   "a whole version with an ID, posted below another model",
		theirs: "the version then has both models", ours: "400",
		why: "the name of a version is unique within its model, and a version has one",
		requests: []exchange{
			post("registered_models", `{"name":"other"}`, 201, "").called("other"),
			post(
				"registered_models/{other}/versions", `{"id":"{v}","name":"v","registeredModelId":"{other}"}`,
				400, "belongs to registered model {m}",
			),
		},
	},
	{
		what:   "a name, an external ID or the name of a property that is too long",
		theirs: "500 with the message of the database", ours: "400 with the limit", why: "the caller can mend it",
		requests: []exchange{
			post("registered_models", `{"name":"`+strings.Repeat("n", 255)+`"}`, 201, ""),
			post("registered_models", `{"name":"`+strings.Repeat("n", 256)+`"}`, 400, "255").without("SQL"),
			post("registered_models", `{"name":"x","externalId":"`+strings.Repeat("n", 256)+`"}`, 400, "255").without("SQL"),
			post("model_versions", `{"registeredModelId":"{m}","name":"`+strings.Repeat("n", 254)+`"}`, 400, "255").
				without("SQL"),
			patch(fixture, property(strings.Repeat("n", 255), "Int", `"int_value":"1"`), 200, `"int_value":"1"`),
			patch(fixture, property(strings.Repeat("n", 256), "Int", `"int_value":"1"`), 400, "255").without("SQL"),
		},
	},
	{
		what: "control characters in a new name", theirs: "are stored", ours: "400",
		why: "such a name cannot be typed, and hides in a list",
		requests: []exchange{
			post("registered_models", `{"name":"a\tb"}`, 400, "control character"),
		},
	},
	{
		what:   "an external ID that is taken",
		theirs: "the 409 says that the name exists",
		ours:   "the 409 names the external ID",
		why:    "the caller looks at what is wrong",
		requests: []exchange{
			post("registered_models", `{"name":"one","externalId":"x"}`, 201, ""),
			post("registered_models", `{"name":"two","externalId":"x"}`, 409, "externalId").without("name two"),
		},
	},
	{
		what: "IDs beyond 32 bits", theirs: "400", ours: "are IDs, of 64 bits", why: "the store has them",
		requests: []exchange{
			get("registered_models/99999999999", 404, "no registered model found for id 99999999999"),
		},
	},
	{
		what: "an int_value beyond 32 bits", theirs: "400", ours: "is stored where the database can; otherwise 400",
		why: "integers of SQLite have 64 bits", also: storesLongIntegers,
	},
	{
		what:   "the name in a find, or in a list below a parent",
		theirs: "is a pattern: _ and % match other characters, and MySQL ignores case; with a quote, a list is 400",
		ours:   "is the name", why: "the entity that is found must be the one that was named",
		requests: []exchange{
			post("model_versions", `{"name":"it's","registeredModelId":"{m}"}`, 201, ""),
			listed(fixture+"/versions?name=it's", "it's"),
			listed(fixture+"/versions?name=_", ""),
			get("model_version?name=_&parentResourceId={m}", 404, "no model versions found for name=_"),
			get("registered_model?name=_", 404, ""),
			get("registered_model?name=M", 404, ""),
			get("registered_model?name=m", 200, `"name":"m"`),
		},
	},
	{
		what: "GET model_artifact, if the version also has a document of the name", theirs: "404, several were found",
		ours: "the model artifact", why: "the path says which kind is wanted",
		requests: []exchange{
			get("model_artifact?name=both&parentResourceId={v}", 200, `"id":"{a}"`),
		},
	},
	{
		what: "POST of a data set, a metric or a parameter that creates it", theirs: "200", ours: "201",
		why: "that is what the status means; clients take both",
		requests: []exchange{
			post("model_versions/{v}/artifacts", metric(`,"value":0.5`), 201, `"value":0.5`),
			post("model_versions/{v}/artifacts", metric(`,"value":0.6`), 200, `"value":0.6`),
		},
	},
	{
		what:   "a metric without a value",
		theirs: "400",
		ours:   "422, as for any required member",
		why:    "one rule for all entities",
		requests: []exchange{
			post("model_versions/{v}/artifacts", metric(""), 422, "required field 'value' is zero value."),
		},
	},
	{
		what: "a data set with the name of another one of the version", theirs: "is stored beside it", ours: "updates it",
		why: "as for metrics and parameters; names are unique within a version",
		requests: []exchange{
			post(
				"model_versions/{v}/artifacts", `{"artifactType":"dataset-artifact","name":"train","uri":"s3://1"}`,
				201, "",
			).called("set"),
			post(
				"model_versions/{v}/artifacts", `{"artifactType":"dataset-artifact","name":"train","uri":"s3://2"}`,
				200, `"id":"{set}"`,
			),
		},
	},
	{
		what:   "an artifact without a state",
		theirs: "has none in answers, on which the Python client fails",
		ours:   "has the state UNKNOWN",
		why:    "the document requires it",
		requests: []exchange{
			get("artifacts/{d}", 200, `"state":"UNKNOWN"`),
		},
	},
	{
		what:   "an artifact with the name \"\"",
		theirs: "is stored under the ID of its version",
		ours:   "gets a UUID as its name",
		why:    "as without a name",
		requests: []exchange{
			post(
				"model_versions/{v}/artifacts", `{"artifactType":"doc-artifact","name":""}`,
				201, `"name":"`,
			).without(`"name":""`),
		},
	},
	{
		what: "an external ID that is empty", theirs: "is stored, and only one entity can have it",
		ours: "is not set; a PATCH with it removes the external ID", why: "clients send it for what is not set",
		requests: []exchange{
			patch(fixture, `{"externalId":"x"}`, 200, `"externalId":"x"`),
			patch(fixture, `{"externalId":""}`, 200, "").without("externalId").stored(`kf.RegisteredModel "m" state="LIVE"`),
			get("registered_model?externalId=x", 404, ""),
			post("registered_models", `{"name":"one","externalId":""}`, 201, "").without("externalId"),
			post("registered_models", `{"name":"two","externalId":""}`, 201, "").called("two"),
			patch("registered_models/{two}", `{"externalId":""}`, 200, "").without("externalId"),
		},
	},
	{
		what: "the URI \"\" of an artifact", theirs: "is shown as \"\"", ours: "is not shown",
		why: "MLMD does not tell it from a missing one",
		requests: []exchange{
			patch("model_artifacts/{a}", `{"uri":"s3://a"}`, 200, `"uri":"s3://a"`),
			patch("model_artifacts/{a}", `{"uri":""}`, 200, "").without(`"uri"`),
		},
	},
	{
		what: "POST of artifacts with an ID", theirs: "the ID is ignored, and another artifact is made", ours: "400",
		why: "a client that sends an ID means that artifact",
		requests: []exchange{
			post("artifacts", `{"artifactType":"doc-artifact","id":"{d}"}`, 400, `unknown field \"id\"`),
		},
	},
	{
		what: "a custom property without its value", theirs: "has the value \"\", 0 or false", ours: "400",
		why: "a mistake is reported, not stored",
		requests: []exchange{
			patch(fixture, property("p", "String", `"int_value":"1"`), 400, "string_value is missing"),
			patch(fixture, property("p", "Int", `"string_value":"1"`), 400, "int_value is missing"),
			patch(fixture, property("p", "Bool", `"value":true`), 400, "bool_value is missing"),
		},
	},
	{
		what:   "a custom property with a protocol buffer",
		theirs: "400", ours: "is stored", why: "the store has them, and other clients of it write them",
		requests: []exchange{
			patch(fixture, property("p", "Proto", `"type":"type.googleapis.com/x","proto_value":"CgE="`), 200,
				`"proto_value":"CgE="`),
		},
	},
	{
		what:   "a new custom property with the name of a member, such as owner",
		theirs: "is stored; a list with a filter on the name then has the entity twice", ours: "400",
		why: "older clients stored members so, and it would be read as the member",
		requests: []exchange{
			patch(fixture, property("owner", "String", `"string_value":"x"`), 400, "the name of a declared property"),
		},
	},
	{
		what:   "a text that begins with mlmd-struct::, which stores take for an object",
		theirs: "500 after it is stored; each list with the entity is 400 from then on", ours: "400 before",
		why: "one entity must not hide the others",
		requests: []exchange{
			patch(fixture, property("p", "String", `"string_value":"mlmd-struct::!"`), 400, "begins with mlmd-struct::"),
			post("registered_models", `{"name":"x","owner":"mlmd-struct::!"}`, 400, "begins with mlmd-struct::"),
			listed("registered_models", "m"),
		},
	},
	{
		what:   "a member that occurs twice, text after the object, members that an artifact does not have",
		theirs: "the last one counts; the rest is ignored",
		ours:   "400 with its name",
		why:    "a mistake is reported, not stored",
		requests: []exchange{
			post("registered_models", `{"name":"x","name":"y"}`, 400, `duplicate member \"name\"`),
			post("registered_models", `{"name":"x"} {}`, 400, "goes on after its JSON object"),
			post(
				"model_versions/{v}/artifacts", `{"artifactType":"doc-artifact","color":"x"}`,
				400, `unknown field \"color\"`,
			),
		},
	},
	{
		what: "filterQuery on services, serves, environments and model artifacts; " +
			"name and externalId on serves, and on the services of an environment",
		theirs: "are ignored", ours: "filter", why: "a client that asks for some must not get all",
		requests: []exchange{
			get(in("inference_services/{s}/serves", "lastKnownState = 'FAILED'"), 200, `"size":0`),
			get(in("inference_services/{s}/serves", "lastKnownState = 'UNKNOWN'"), 200, `"size":1`),
			get(in("serving_environments/{e}/inference_services", "name = 'x'"), 200, `"size":0`),
			get(in("serving_environments", "name"), 400, "invalid filter query"),
			get("inference_services/{s}/serves?name=x", 200, `"size":0`),
			get("inference_services/{s}/serves?externalId=x", 200, `"size":0`),
			get("serving_environments/{e}/inference_services?externalId=x", 200, `"size":0`),
			get(in("inference_services", "name = 'x'"), 200, `"size":0`),
			get(in("inference_services", "name = 's'"), 200, `"size":1`),
			get(in("serving_environments", "name = 'x'"), 200, `"size":0`),
			get(in("model_artifacts", "name = 'x'"), 200, `"size":0`),
			get("serving_environments/{e}/inference_services?name=x", 200, `"size":0`),
		},
	},
	{
		what:   "<>, IN and names of children in a filterQuery",
		theirs: "<> means =; IN compares text; a name is compared with its prefix",
		ours:   "mean what they say", why: "a filter that selects something else is worse than none",
		requests: []exchange{
			get(in("model_versions", "name <> 'v'"), 200, `"size":2`).without(`"name":"v"`),
			get(in("model_versions", "name IN ('v', 'g')"), 200, `"size":2`).without(`"name":"p"`),
			get(in("model_versions", "name != 'v'"), 200, `"size":2`),
			get(in("model_versions", "name ILIKE 'V'"), 200, `"size":1`),
			post("model_versions", `{"name":"a:v","registeredModelId":"{m}"}`, 201, ""),
			get(in("model_versions", "name = 'v'"), 200, `"size":1`).without(`"a:v"`),
			patch(fixture, property("i", "Int", `"int_value":"2"`), 200, ""),
			get(in("registered_models", "i IN (1, 2)"), 200, `"size":1`),
			get(in("artifacts", "state IN ('UNKNOWN')"), 200, `"size":2`),
			get(in("artifacts", "state IN ('LIVE', 'DELETED')"), 200, `"size":0`),
		},
	},
	{
		what:   "a quoted name with a type in a filterQuery: `my-key`.string_value",
		theirs: "400", ours: "works", why: "as for any other name",
		requests: []exchange{
			patch(fixture, property("my-key", "String", `"string_value":"x"`), 200, ""),
			get(in("registered_models", "`my-key`.string_value = 'x'"), 200, `"size":1`),
		},
	},
	{
		what:   "a filterQuery that no entity can satisfy: customProperties.x = 1, language = 'en'",
		theirs: "200 and nothing", ours: "400 with the reason", why: "a mistake is reported",
		requests: []exchange{
			get(in("registered_models", "customProperties.x = 1"), 400, "unexpected token"),
			get(in("registered_models", "language = 'en'"), 400, "cannot be compared"),
		},
	},
	{
		what: "licenseLink, libraryName and desiredState in a filterQuery", theirs: "find nothing",
		ours: "are the members; license_link and library_name are, too", why: "these are the names in the documents",
		requests: []exchange{
			patch(fixture, `{"libraryName":"torch","licenseLink":"https://l"}`, 200, ""),
			get(in("registered_models", "libraryName = 'torch' AND licenseLink = 'https://l'"), 200, `"size":1`),
			get(in("registered_models", "library_name = 'torch' AND license_link = 'https://l'"), 200, `"size":1`),
			get(in("inference_services", "desiredState = 'DEPLOYED'"), 200, `"size":1`),
		},
	},
	{
		what: "and, or, like, ilike and in in lower case in a filterQuery", theirs: "400", ours: "are the keywords",
		why: "the grammar of the API means them to be",
		requests: []exchange{
			get(in("model_versions", "name = 'v' or name in ('g') and id > 0"), 200, `"size":2`),
		},
	},
	{
		what: "LIKE and = in a filterQuery", theirs: "depend on the database: MySQL ignores case; \\ escapes in LIKE",
		ours: "LIKE ignores the case of ASCII letters, = does not, on all databases; \\ is a character",
		why:  "the answer must not depend on the database",
		requests: []exchange{
			get(in("registered_models", "name = 'M'"), 200, `"size":0`),
			get(in("registered_models", "name LIKE 'M%'"), 200, `"size":1`),
			get(in("registered_models", `name LIKE '\\m'`), 200, `"size":0`),
		},
	},
	{
		what: "nextPageToken with another order or filter", theirs: "skips entities, or is 400, by database", ours: "400",
		why: "a page that does not follow the last one is not what is asked for",
		requests: []exchange{
			get("model_versions?pageSize=1", 200, "").called("token"),
			get("model_versions?pageSize=1&nextPageToken={token}", 200, `"size":1`),
			get("model_versions?pageSize=1&orderBy=CREATE_TIME&nextPageToken={token}", 400, "invalid nextPageToken"),
			get(in("model_versions", "name != 'x'")+"&nextPageToken={token}", 400, "invalid nextPageToken"),
		},
	},
	{
		what: "entities of the same time, in pages that are ordered by time", theirs: "can be on no page, or on two",
		ours: "are ordered by ID", why: "pages must have each entity once",
		requests: []exchange{
			listed("model_versions?orderBy=CREATE_TIME&pageSize=2", "v g").called("token"),
			listed("model_versions?orderBy=CREATE_TIME&pageSize=2&nextPageToken={token}", "p"),
		},
	},
	{
		what:   "orderBy and sortOrder that the document does not have",
		theirs: "are ignored",
		ours:   "400 in v1; ignored in v1alpha3",
		why:    "as the project of the API has announced for v1", only: "v1",
		requests: []exchange{
			get("registered_models?orderBy=NAME", 400, "NAME"),
			get("registered_models?sortOrder=asc", 400, "asc"),
		},
	},
	{
		what:   "Metric.step in v1",
		theirs: "a number, although the document says text",
		ours:   "text, as the document says; both are taken",
		why:    "no client rounds it to a double", only: "v1",
		requests: []exchange{
			post("model_versions/{v}/artifacts", metric(`,"value":1,"step":7`), 201, `"step":"7"`),
			post("model_versions/{v}/artifacts", metric(`,"value":1,"step":"8"`), 200, `"step":"8"`),
		},
	},
	{
		what:   "custom properties experiment_id and experiment_run_id",
		theirs: "are hidden on all entities",
		ours:   "are hidden on artifacts",
		why:    "only those of artifacts are written by the server",
		requests: []exchange{
			patch("registered_models/{m}", property("experiment_id", "Int", `"int_value":"7"`), 200, `"int_value":"7"`),
		},
	},
	{
		what:   "the messages of errors",
		theirs: "name parts of the program, of its database and of stored names, or the wrong parameter",
		ours:   "say what is wrong and what to do; those that programs compare are the same",
		why:    "the reader knows the API, not the program",
		requests: []exchange{
			post("registered_models", `{"name":"x","state":"FOO"}`, 400, `state \"FOO\" must be one of LIVE, ARCHIVED`),
			get("inference_services/999", 404, "no inference service found for id 999: not found"),
			post("inference_services", service(`"name":"s"`), 409, "inference service with name s already exists: conflict"),
			post("artifacts", `{}`, 400, "must be either DataSet, DocArtifact, Metric, ModelArtifact, or Parameter"),
			patch(fixture, property("p", "Int", `"int_value":"x"`), 400, `invalid int_value \"x\": must be a 64-bit integer`),
		},
	},
	{
		what: "\\\\u0000 in a text of a request, which stands for a backslash and u0000", theirs: "400, as for NUL",
		ours: "is the text", why: "it is not NUL",
		requests: []exchange{
			patch(fixture, `{"description":"a\\u0000b"}`, 200, `"description":"a\\u0000b"`),
		},
	},
	{
		what: "a 405", theirs: "has no body, and an Allow header for each method",
		ours: "has a text, and one Allow header", why: "it means the same",
		requests: []exchange{
			{method: "DELETE", path: fixture, status: 405, answer: "Method Not Allowed"},
		},
	},
	{
		what: "a 503", theirs: "has a plain text", ours: "has JSON, as other errors",
		why: "clients read all errors in one way", also: isUnavailable,
	},
	{
		what:   "the headers of answers of v1alpha3",
		theirs: "Deprecation, Sunset and Link, if the operator chose a day on which it will be turned off",
		ours:   "always Deprecation and Link, and Sunset with such a day", why: "programs should move to v1",
		also: announces,
	},
	{
		what: "HEAD", theirs: "405", ours: "as GET, without a body", why: "HTTP asks for it, and monitors send it",
		requests: []exchange{
			{method: "HEAD", path: "registered_models/{m}", status: 200},
			{method: "HEAD", path: "registered_models/999", status: 404},
		},
	},
	{
		what:   "POST register",
		theirs: "does not exist",
		ours:   "stores a model, a version and its artifacts, all or nothing",
		why:    "clients otherwise send three requests, and a failure leaves a part",
		requests: []exchange{
			post("register", `{"model":{}}`, 400, `unknown field \"model\"`),
		},
	},
	{
		what: "the OpenAPI document", theirs: "is not served", ours: "is served as openapi.json, and shown at /docs/",
		why: "generators and people read it from the server that they use",
		requests: []exchange{
			get("openapi.json", 200, `"openapi"`),
		},
	},
	{
		what:   "the parameters of paths in the document of v1alpha3",
		theirs: "are called registeredmodelId and the like",
		ours:   "are called as in v1: registered_model_id",
		why:    "URLs do not have the names",
		requests: []exchange{
			get("openapi.json", 200, "/registered_models/{registered_model_id}").without("{registeredmodelId}"),
		},
	},
	{
		what: "the store of versions, metrics and runs",
		theirs: "lacks model_name and version, which it declares, and has values of other types than it declares: " +
			"doubles as PROTO, texts as INT",
		ours: "has them, and declares types as stored; reads both",
		why:  "other programs read the store with MLMD",
		requests: []exchange{
			get("model_versions/{v}", 200, "").
				stored(`kf.ModelVersion "{m}:v" model_name="m" registered_model_id={m} state="LIVE" version="v" ` +
					`custom hf_gated="false" hf_private="" below {m}`),
			post(below, metric(`,"value":1`), 201, ""),
		},
		also: declaresWhatItStores,
	},
}

// losesNoChange changes the members of a new model at once.
func losesNoChange(ctx SpecContext, f *face) {
	GinkgoHelper()
	if label := CurrentSpecReport().Labels()[0]; label == "core" || label == "container" {
		Skip("the reference implementation does not check for other writers")
	}
	one := "registered_models/" + f.post(ctx, "registered_models", `{"name":"changed"}`).id()
	fields := strings.Fields("owner readme maturity provider logo license licenseLink libraryName description")
	var wait sync.WaitGroup
	for _, name := range fields {
		wait.Go(func() {
			defer GinkgoRecover()
			a := f.patch(ctx, one, fmt.Sprintf(`{%q:"x"}`, name))
			Expect(a.status).To(Equal(200), a.text)
		})
	}
	wait.Wait()
	a := f.get(ctx, one)
	for _, name := range fields {
		Expect(a.at(name)).To(Equal("x"), name)
	}
}

// storesLongIntegers stores integers of 32 and of 64 bits.
func storesLongIntegers(ctx SpecContext, f *face) {
	GinkgoHelper()
	patch := func(value string) answer {
		GinkgoHelper()
		one := "registered_models/" + f.get(ctx, "registered_model?name=m").id()
		return f.patch(ctx, one, property("p", "Int", `"int_value":"`+value+`"`))
	}
	for _, value := range []string{"2147483647", "-2147483648"} {
		a := patch(value)
		Expect(a.text).To(ContainSubstring(`"int_value":"` + value + `"`))
	}
	for _, value := range []string{"2147483648", "9223372036854775807", "-9223372036854775808"} {
		a := patch(value)
		switch CurrentSpecReport().Labels()[0] {
		case "postgres", "mysql":
			Expect(a.status).To(Equal(400), a.text)
			Expect(a.at("message")).To(ContainSubstring("32 bits"))
		default:
			Expect(a.text).To(ContainSubstring(`"int_value":"` + value + `"`))
		}
	}
}

// declaresWhatItStores checks the types of properties.
func declaresWhatItStores(ctx SpecContext, f *face) {
	GinkgoHelper()
	versions, err := f.rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new("kf.ModelVersion")})
	Expect(err).NotTo(HaveOccurred())
	Expect(versions.ContextType.Properties).To(And(
		HaveKeyWithValue("model_name", text), HaveKeyWithValue("version", text),
		HaveKeyWithValue("registered_model_id", integer),
	))
	metrics, err := f.rpc.GetArtifactType(ctx, &mlmdpb.GetArtifactTypeRequest{TypeName: new("kf.Metric")})
	Expect(err).NotTo(HaveOccurred())
	Expect(metrics.ArtifactType.Properties).To(HaveKeyWithValue("value", mlmdpb.PropertyType_DOUBLE))
	if strings.HasSuffix(f.version, "/v1") {
		return
	}
	e := f.post(ctx, "experiments", `{"name":"e"}`).id()
	Expect(f.post(ctx, "experiment_runs", `{"experimentId":%q}`, e).status).To(Equal(201))
	runs, err := f.rpc.GetContextType(ctx, &mlmdpb.GetContextTypeRequest{TypeName: new("kf.ExperimentRun")})
	Expect(err).NotTo(HaveOccurred())
	Expect(runs.ContextType.Properties).To(And(
		HaveKeyWithValue("start_time_since_epoch", text), HaveKeyWithValue("end_time_since_epoch", text),
		HaveKeyWithValue("experiment_id", integer),
	))
}

var _ = onEveryBackend("a difference", func(f *face) {
	for _, d := range differences {
		if d.only != "" && !strings.HasSuffix(f.version, "/"+d.only) {
			continue
		}
		It("is as the table says: "+d.what, func(ctx SpecContext) {
			f.play(ctx, f.fixtures(ctx), d.requests)
			if d.also != nil {
				d.also(ctx, f)
			}
		})
	}
})

const (
	page       = "../../docs/rest.md"
	tableBegin = "<!-- made from suites/rest/differences_test.go: " +
		"go test ./suites/rest -run TestDifferencesTable -args -update -->\n"
	tableEnd = "<!-- end -->\n"
)

var update = flag.Bool("update", false, "write the table into docs/rest.md")

func TestDifferencesTable_Fresh(t *testing.T) {
	var want strings.Builder
	want.WriteString("\n| what | Kubeflow's server | this one | why |\n|---|---|---|---|\n")
	for _, d := range differences {
		fmt.Fprintf(&want, "| %s | %s | %s | %s |\n", d.what, d.theirs, d.ours, d.why)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), tableBegin)
	old, tail, closed := strings.Cut(rest, tableEnd)
	switch {
	case !found || !closed:
		t.Fatalf("%s has no place for the table", page)
	case old == want.String():
	case *update:
		if err := os.WriteFile(page, []byte(head+tableBegin+want.String()+tableEnd+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table in %s is stale: run this test with -args -update", page)
	}
}
