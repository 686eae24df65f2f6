package rest_test

import (
	"fmt"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// A rule is a rule of the API: what it says, and requests that show it.
type rule struct {
	name     string
	only     string // the one version that has it; both if empty
	requests []exchange
}

// rules describes the rules, each in a store with the fixtures.
func (f *face) rules(rules []rule) {
	for _, r := range rules {
		if r.only != "" && !strings.HasSuffix(f.version, "/"+r.only) {
			continue
		}
		It(r.name, func(ctx SpecContext) { f.play(ctx, f.schemaFixtures(ctx), r.requests) })
	}
}

// Where requests of several rules go.
const (
	below   = "model_versions/{v}/artifacts"
	fixture = "registered_models/{m}"
)

// artifact is a body of the kind.
func artifact(kind, members string) string {
	return fmt.Sprintf(`{"artifactType":%q,%s}`, kind, members)
}

// service is a body of an inference service of the fixtures.
func service(members string) string {
	return fmt.Sprintf(`{"registeredModelId":"{m}","servingEnvironmentId":"{e}",%s}`, members)
}

// Creations.
var creations = []rule{
	{name: "a name that another entity of the type has is taken", requests: []exchange{
		post("registered_models", `{"name":"m"}`, 409, "registered model with name m already exists: conflict"),
		post("serving_environments", `{"name":"e"}`, 409, "serving environment with name e already exists: conflict"),
		post("model_versions", `{"name":"v","registeredModelId":"{m}"}`, 409, "model version with name v already"),
		post(fixture+"/versions", `{"name":"v","registeredModelId":"{m}"}`, 409, "model version with name v already"),
		post("inference_services", service(`"name":"s"`), 409, "inference service with name s already exists: conflict"),
		post("serving_environments/{e}/inference_services", service(`"name":"s"`), 409, "already exists: conflict"),
		post(below, artifact("model-artifact", `"name":"both"`), 409, "model artifact with name both already exists"),
		post(below, artifact("doc-artifact", `"name":"both"`), 409, "doc artifact with name both already exists"),
		post("inference_services/{s}/serves", `{"modelVersionId":"{v}","name":"x"}`, 201, ""),
		post("inference_services/{s}/serves", `{"modelVersionId":"{v}","name":"x"}`, 409, "name x already exists"),
	}},
	{name: "a name that another experiment or run has is taken", only: "v1alpha3", requests: []exchange{
		post("experiments", `{"name":"x"}`, 409, "experiment with name x already exists: conflict"),
		post("experiment_runs", `{"name":"r","experimentId":"{x}"}`, 409, "experiment run with name r already exists"),
		post("experiments", `{"name":"m"}`, 201, `"name":"m"`).called("y"),
		post("experiment_runs", `{"name":"r","experimentId":"{y}"}`, 201, `"name":"r"`),
	}},
	{name: "a name is free for another type, another parent and another kind of artifact", requests: []exchange{
		post("serving_environments", `{"name":"m"}`, 201, `"name":"m"`),
		post("registered_models", `{"name":"e"}`, 201, `"name":"e"`).called("other"),
		post("model_versions", `{"name":"v","registeredModelId":"{other}"}`, 201, `"name":"v"`),
		post(below, artifact("metric", `"name":"both","value":1`), 201, `"name":"both"`),
		post("model_versions/{gated}/artifacts", artifact("model-artifact", `"name":"both"`), 201, `"name":"both"`),
		post("serving_environments", `{"name":"f"}`, 201, "").called("f"),
		post("serving_environments/{f}/inference_services", service(`"name":"s"`), 201, `"name":"s"`),
	}},
	{name: "what has no name gets a UUID, which is the stored name too", requests: []exchange{
		post("model_artifacts", `{}`, 201, `"state":"UNKNOWN"`).stored(`kf.ModelArtifact "uuid:uuid" state UNKNOWN`),
		post("artifacts", artifact("doc-artifact", `"uri":"s3://d"`), 201, `"state":"UNKNOWN"`).
			stored(`kf.DocArtifact "uuid:uuid" uri "s3://d" state UNKNOWN`),
		post(below, artifact("dataset-artifact", `"uri":"s3://d"`), 201, "").
			stored(`kf.DataSet "{v}:uuid" uri "s3://d" state UNKNOWN below {v}`),
		post("inference_services", service(`"runtime":"r"`), 201, "").stored(`kf.InferenceService "{e}:uuid" ` +
			`desired_state="DEPLOYED" registered_model_id={m} runtime="r" serving_environment_id={e} below {e}`),
		post("inference_services/{s}/serves", `{"modelVersionId":"{v}"}`, 201, "").
			stored(`kf.ServeModel "{s}:uuid" state UNKNOWN model_version_id={v} below {s}`),
	}},
	{name: "a text may be longer than 64 KiB", requests: []exchange{
		post("registered_models", `{"name":"long","readme":"`+strings.Repeat("é", 64<<10)+`"}`, 201, `é"`).called("long"),
		get("registered_models/{long}", 200, `"readme":"`+strings.Repeat("é", 64<<10)+`"`),
	}},
	{name: "a name may have any letters and signs", requests: []exchange{
		post("registered_models", `{"name":"e"}`, 201, `"name":"e"`),
		post("registered_models", `{"name":"é"}`, 201, `"name":"é"`),
		post("registered_models", `{"name":"M"}`, 201, `"name":"M"`).stored(`kf.RegisteredModel "M" state="LIVE"`),
		post("registered_models", `{"name":"a:b:c/d%_\\ '\"\u00e9 日本 🙂"}`, 201, "").called("odd").
			stored(`kf.RegisteredModel "a:b:c/d%_\\ '\"é 日本 🙂" state="LIVE"`),
		post("model_versions", `{"name":"{m}:1:2","registeredModelId":"{m}"}`, 201, `"name":"{m}:1:2"`).called("w"),
		get("model_versions/{w}", 200, `"name":"{m}:1:2"`),
		get("model_version?name={m}:1:2&parentResourceId={m}", 200, `"id":"{w}"`),
		get("registered_model?name=a:b:c/d%25_%5C%20'%22%C3%A9%20%E6%97%A5%E6%9C%AC%20%F0%9F%99%82", 200, `"id":"{odd}"`),
	}},
	{name: "a standalone artifact may have any name, again too", requests: []exchange{
		post("model_artifacts", `{"name":"w"}`, 201, `"name":"w"`).stored(`kf.ModelArtifact "uuid:w" state UNKNOWN`),
		post("model_artifacts", `{"name":"w"}`, 201, `"name":"w"`).called("w2"),
		post("artifacts", artifact("model-artifact", `"name":"w"`), 201, `"name":"w"`),
		post("artifacts", artifact("metric", `"name":"w","value":1`), 201, `"name":"w"`),
		post("artifacts", artifact("metric", `"name":"w","value":1`), 201, `"name":"w"`),
		get("model_artifacts/{w2}", 200, `"name":"w"`),
		listed("model_artifacts", "both w w w"),
	}},
	{name: "an external ID that another context, artifact or execution has is taken", requests: []exchange{
		post("registered_models", `{"name":"x","externalId":"c"}`, 201, `"externalId":"c"`).called("z"),
		post("serving_environments", `{"name":"x","externalId":"c"}`, 409, "externalId"),
		post("model_versions", `{"name":"x","registeredModelId":"{m}","externalId":"c"}`, 409, "externalId"),
		post("inference_services", service(`"externalId":"c"`), 409, "externalId"),
		patch(fixture, `{"externalId":"c"}`, 409, "externalId"),
		patch("registered_models/{z}", `{"externalId":"c"}`, 200, `"externalId":"c"`),
		post(below, artifact("doc-artifact", `"externalId":"c"`), 201, `"externalId":"c"`),
		post("model_artifacts", `{"externalId":"c"}`, 409, "externalId"),
		patch("model_artifacts/{a}", `{"externalId":"c"}`, 409, "externalId"),
		post("inference_services/{s}/serves", `{"modelVersionId":"{v}","externalId":"c"}`, 201, `"externalId":"c"`),
		post("inference_services/{s}/serves", `{"modelVersionId":"{v}","externalId":"c"}`, 409, "externalId"),
	}},
	{name: "the ID in the path of a parent wins over that in the body, which must be there", requests: []exchange{
		post("registered_models", `{"name":"other"}`, 201, "").called("other"),
		post(fixture+"/versions", `{"name":"x","registeredModelId":"{other}"}`, 201, `"registeredModelId":"{m}"`),
		post(fixture+"/versions", `{"name":"y","registeredModelId":"999"}`, 201, `"registeredModelId":"{m}"`),
		post(fixture+"/versions", `{"name":"z"}`, 422, "required field 'registeredModelId' is zero value."),
		post("serving_environments", `{"name":"f"}`, 201, "").called("f"),
		post(
			"serving_environments/{f}/inference_services", service(`"name":"x"`),
			201, `"servingEnvironmentId":"{f}"`,
		),
		post(
			"serving_environments/{f}/inference_services", `{"name":"y","registeredModelId":"{m}"}`,
			422, "required field 'servingEnvironmentId' is zero value.",
		),
		listed(fixture+"/versions", "v g p x y"),
		listed("registered_models/{other}/versions", ""),
	}},
}

// Changes.
var changes = []rule{
	{name: "custom properties are replaced as a whole, and may change their kind", requests: []exchange{
		patch(fixture, property("p", "Int", `"int_value":"1"`), 200, `"int_value":"1"`),
		patch(fixture, property("p", "String", `"string_value":"x"`), 200, `"string_value":"x"`).without("int_value").
			stored(`kf.RegisteredModel "m" state="LIVE" custom p="x"`),
		patch(fixture, property("p", "Bool", `"bool_value":false`), 200, `"bool_value":false`).
			stored(`kf.RegisteredModel "m" state="LIVE" custom p=false`),
		patch(fixture, property("p", "Struct", `"struct_value":"e30="`), 200, `"struct_value":"e30="`).
			stored(`kf.RegisteredModel "m" state="LIVE" custom p={}`),
		patch(fixture, property("p", "Double", `"double_value":2`), 200, `"double_value":2`).
			stored(`kf.RegisteredModel "m" state="LIVE" custom p=2.0`),
		patch(fixture, `{"owner":"ada"}`, 200, `"owner":"ada"`),
		patch(fixture, property("q", "String", `"string_value":"x"`), 200, `"q":{`).without(`"p"`).
			stored(`kf.RegisteredModel "m" owner="ada" state="LIVE" custom q="x"`),
		patch(fixture, `{"customProperties":{}}`, 200, `"customProperties":{}`).
			stored(`kf.RegisteredModel "m" owner="ada" state="LIVE"`),
	}},
	{name: "a reference may change, to what exists", requests: []exchange{
		patch("inference_services/{s}", `{"modelVersionId":"{v}"}`, 200, `"modelVersionId":"{v}"`),
		patch("inference_services/{s}", `{"modelVersionId":"0{gated}"}`, 200, `"modelVersionId":"{gated}"`),
		patch("inference_services/{s}", `{"modelVersionId":"999"}`, 404, "no model version found for id 999: not found"),
		get("inference_services/{s}", 200, `"modelVersionId":"{gated}"`),
	}},
	{name: "custom properties may have any name but those of members, also model_name", requests: []exchange{
		patch(fixture, property("a b.c'`日", "Int", `"int_value":"1"`), 200, "\"a b.c'`日\":{"),
		patch(fixture, property("", "Int", `"int_value":"1"`), 200, `"":{`),
		patch("model_versions/{v}", property("version", "String", `"string_value":"x"`), 200, `"version":{`).
			stored(`kf.ModelVersion "{m}:v" model_name="m" registered_model_id={m} state="LIVE" version="v" ` +
				`custom version="x" below {m}`),
		post("model_versions", `{"name":"hf","registeredModelId":"{m}","author":"ada","customProperties":{`+
			`"model_name":{"metadataType":"MetadataStringValue","string_value":"x"}}}`, 201, `"author":"ada"`).
			stored(`kf.ModelVersion "{m}:hf" author="ada" model_name="m" registered_model_id={m} state="LIVE" ` +
				`version="hf" custom model_name="x" below {m}`),
	}},
	{name: "a whole artifact with an ID changes that artifact and adds the version", requests: []exchange{
		post(below, artifact("model-artifact", `"name":"w","uri":"s3://w","storageKey":"k"`), 201, "").called("w"),
		post(
			"model_versions/{gated}/artifacts", artifact("model-artifact", `"id":"{w}","name":"z","storageKey":"l"`),
			200, `"name":"w"`,
		).stored(`kf.ModelArtifact "{v}:w" uri "s3://w" state UNKNOWN storage_key="l" below {v} {gated}`),
		post(below, artifact("model-artifact", `"id":"{w}","state":"LIVE"`), 200, `"storageKey":"l"`).
			stored(`kf.ModelArtifact "{v}:w" uri "s3://w" state LIVE storage_key="l" below {v} {gated}`),
		listed("model_versions/{gated}/artifacts", "w"),
		listed(below, "both both w"),
		get("artifact?name=w&parentResourceId={v}", 200, `"id":"{w}"`),
	}},
	{name: "a metric or a parameter without an ID changes the one of its name", requests: []exchange{
		post(below, artifact("metric", `"name":"auc","value":1,"description":"d"`), 201, "").called("auc"),
		post(below, artifact("metric", `"name":"auc","value":2`), 200, `"id":"{auc}"`).
			stored(`kf.Metric "{v}:auc" state UNKNOWN description="d" value=2.0 below {v}`),
		post(below, artifact("parameter", `"name":"lr","value":"1","parameterType":"number"`), 201, "").called("lr"),
		post(below, artifact("parameter", `"name":"lr","value":"2"`), 200, `"parameterType":"number"`).
			stored(`kf.Parameter "{v}:lr" state UNKNOWN parameter_type="number" value="2" below {v}`),
		post("model_versions/{gated}/artifacts", artifact("metric", `"name":"auc","value":3`), 201, "").without(`"{auc}"`),
		post(below, artifact("metric", `"value":4`), 201, ""),
		post(below, artifact("metric", `"value":4`), 201, ""),
	}},
	{name: "a whole version with an ID changes that version", requests: []exchange{
		patch("model_versions/{v}", `{"author":"ada"}`, 200, `"author":"ada"`),
		post(
			fixture+"/versions", `{"id":"{v}","name":"v","registeredModelId":"{m}","description":"d",`+
				`"createTimeSinceEpoch":"1","lastUpdateTimeSinceEpoch":"2"}`,
			201, `"author":"ada"`,
		).without(`"createTimeSinceEpoch":"1"`),
		get("model_versions/{v}", 200, `"description":"d"`).without(`"lastUpdateTimeSinceEpoch":"2"`),
		post(fixture+"/versions", `{"id":"{v}","name":"v"}`, 422, "required field 'registeredModelId' is zero value."),
		post(fixture+"/versions", `{"id":"999","name":"v","registeredModelId":"{m}"}`, 404, "for id 999: not found"),
		listed(fixture+"/versions", "v g p"),
	}},
}

// Finds, and what one entity says of another.
var finds = []rule{
	{name: "an entity is found by its name, with its parent's ID, or by its external ID", requests: []exchange{
		patch(fixture, `{"externalId":"em"}`, 200, ""),
		patch("model_versions/{v}", `{"externalId":"ev"}`, 200, ""),
		patch("model_artifacts/{a}", `{"externalId":"ea"}`, 200, ""),
		patch("artifacts/{d}", artifact("doc-artifact", `"externalId":"ed"`), 200, ""),
		patch("serving_environments/{e}", `{"externalId":"ee"}`, 200, ""),
		patch("inference_services/{s}", `{"externalId":"es"}`, 200, ""),
		get("registered_model?name=m", 200, `"id":"{m}"`),
		get("registered_model?externalId=em", 200, `"id":"{m}"`),
		get("model_version?name=v&parentResourceId={m}", 200, `"id":"{v}"`),
		get("model_version?externalId=ev", 200, `"id":"{v}"`),
		get("artifact?externalId=ea", 200, `"id":"{a}"`),
		get("artifact?externalId=ed", 200, `"id":"{d}"`),
		get("model_artifact?name=both&parentResourceId={v}", 200, `"id":"{a}"`),
		get("model_artifact?externalId=ea", 200, `"id":"{a}"`),
		get("model_artifact?externalId=ed", 404, "no model artifacts found for name=, externalId=ed: not found"),
		get("serving_environment?name=e", 200, `"id":"{e}"`),
		get("serving_environment?externalId=ee", 200, `"id":"{e}"`),
		get("inference_service?name=s&parentResourceId={e}", 200, `"id":"{s}"`),
		get("inference_service?externalId=es", 200, `"id":"{s}"`),
		get("serving_environment?externalId=em", 404, "no serving environments found for name=, externalId=em"),
		get("model_version?name=v&parentResourceId={e}", 404, "no model versions found for name=v, parentResourceId={e}"),
		get("model_version?name=v&parentResourceId=999", 404, "no model versions found"),
		get("model_version?name=v&parentResourceId=x", 400, "parentResourceId"),
	}},
	{name: "an experiment and a run are found", only: "v1alpha3", requests: []exchange{
		patch("experiments/{x}", `{"externalId":"ex"}`, 200, ""),
		patch("experiment_runs/{r}", `{"externalId":"er"}`, 200, ""),
		get("experiment?name=x", 200, `"id":"{x}"`),
		get("experiment?externalId=ex", 200, `"id":"{x}"`),
		get("experiment_run?name=r&parentResourceId={x}", 200, `"id":"{r}"`),
		get("experiment_run?externalId=er", 200, `"id":"{r}"`),
		get("experiment_run?name=r", 400, "supply either (name and parentResourceId), or externalId"),
	}},
	{name: "the name wins over the external ID", requests: []exchange{
		patch(fixture, `{"externalId":"em"}`, 200, ""),
		patch("model_versions/{v}", `{"externalId":"ev"}`, 200, ""),
		get("registered_model?name=m&externalId=nothing", 200, `"id":"{m}"`),
		get("registered_model?name=nothing&externalId=em", 404, ""),
		get("model_version?name=g&parentResourceId={m}&externalId=ev", 200, `"id":"{gated}"`),
		get("model_version?name=g&externalId=ev", 200, `"id":"{v}"`),
	}},
	{name: "a service has its version, else the newest of its model", requests: []exchange{
		get("inference_services/{s}/model", 200, `"id":"{m}"`),
		get("inference_services/{s}/version", 200, `"id":"{private}"`),
		post("model_versions", `{"name":"newest","registeredModelId":"{m}"}`, 201, "").called("newest"),
		get("inference_services/{s}/version", 200, `"id":"{newest}"`),
		patch("inference_services/{s}", `{"modelVersionId":"{v}"}`, 200, ""),
		get("inference_services/{s}/version", 200, `"id":"{v}"`),
		post("registered_models", `{"name":"empty"}`, 201, "").called("empty"),
		post("inference_services", `{"registeredModelId":"{empty}","servingEnvironmentId":"{e}"}`, 201, "").called("t"),
		get("inference_services/{t}/version", 404, "not found"),
		get("inference_services/999/model", 404, "no inference service found for id 999: not found"),
		get("inference_services/999/version", 404, "no inference service found for id 999: not found"),
	}},
	{name: "a version that needs a token of Hugging Face is not served", requests: []exchange{
		post("inference_services/{s}/serves", `{"modelVersionId":"{gated}"}`, 400, "cannot deploy gated Hugging"),
		post("inference_services/{s}/serves", `{"modelVersionId":"{private}"}`, 400, "cannot deploy private Hugging"),
		patch("model_versions/{gated}", property("hf_gated", "String", `"string_value":""`), 200, ""),
		post("inference_services/{s}/serves", `{"modelVersionId":"{gated}"}`, 201, ""),
		patch("model_versions/{gated}", property("hf_gated", "String", `"string_value":"manual"`), 200, ""),
		post("inference_services/{s}/serves", `{"modelVersionId":"{gated}"}`, 400, "cannot deploy gated Hugging"),
		patch("model_versions/{private}", property("hf_private", "String", `"string_value":"no"`), 200, ""),
		post("inference_services/{s}/serves", `{"modelVersionId":"{private}"}`, 201, ""),
	}},
}

var _ = onEveryBackend("a creation", func(f *face) {
	f.rules(creations)

	It("of one name by many clients at once succeeds once", func(ctx SpecContext) {
		const clients = 20
		var answers [clients]answer
		var wait sync.WaitGroup
		for i := range clients {
			wait.Go(func() {
				defer GinkgoRecover()
				answers[i] = f.post(ctx, "registered_models", `{"name":"m"}`)
			})
		}
		wait.Wait()
		counts := map[int]int{}
		for _, a := range answers {
			counts[a.status]++
		}
		Expect(counts).To(Equal(map[int]int{201: 1, 409: clients - 1}))
		Expect(f.get(ctx, "registered_models").names()).To(Equal([]string{"m"}))
	})
})

var _ = onEveryBackend("a change", func(f *face) { f.rules(changes) })

var _ = onEveryBackend("a find", func(f *face) { f.rules(finds) })
