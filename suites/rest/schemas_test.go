package rest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// A schema is an entity of the API: its members, and where the store has them.
type schema struct {
	name string
	only string // the one version that has it; both if empty
	path string // of POST
	one  string // of GET and PATCH, without the ID; a list if the API has neither
	// body has all members of a request to create one but the common ones. least is
	// a body with the required members only, whose answer has the defaults too.
	body, least, defaults string
	required              []string
	// change has all members of a patch but the common ones. It is empty if the API
	// has no patch.
	change string
	fixed  string // members that a patch refuses, beside the common ones
	// enums are the values of members.
	enums map[string]string
	whole bool // POST also takes an ID and times
	// row is the row of body in the store, without the common members.
	row string
}

// The common members of requests, and what the store has of them.
const (
	commonBody = `"name":"n","externalId":"x","description":"d",` + commonProperties
	// commonProperties are as an answer has them: all names are sorted.
	commonProperties = `"customProperties":{` +
		`"b":{"bool_value":true,"metadataType":"MetadataBoolValue"},` +
		`"d":{"double_value":0.5,"metadataType":"MetadataDoubleValue"},` +
		`"i":{"int_value":"-7","metadataType":"MetadataIntValue"},` +
		`"o":{"metadataType":"MetadataStructValue","struct_value":"eyJhIjpbMSwiYiJdfQ=="},` +
		`"s":{"metadataType":"MetadataStringValue","string_value":"t"}}`
	commonChange = `"externalId":"y","description":"","customProperties":{` +
		`"i":{"metadataType":"MetadataStringValue","string_value":""}}`
	commonRow = ` custom b=true d=0.5 i=-7 o={"a":[1,"b"]} s="t"`
)

const artifactStates = "UNKNOWN PENDING LIVE MARKED_FOR_DELETION DELETED ABANDONED REFERENCE"

var schemas = []schema{
	{
		name: "RegisteredModel", path: "registered_models", one: "registered_models",
		body: `"owner":"ada","state":"ARCHIVED","readme":"# n","maturity":"beta","language":["en","de"],` +
			`"tasks":["chat"],"provider":"p","logo":"data:,","license":"MIT","licenseLink":"https://l","libraryName":"torch"`,
		least: `"name":"least"`, defaults: `"name":"least","state":"LIVE"`, required: []string{"name"},
		change: `"owner":"","state":"LIVE","readme":"","maturity":"ga","language":["fr"],"tasks":[],"provider":"q",` +
			`"logo":"","license":"BSD","licenseLink":"","libraryName":"jax"`,
		enums: map[string]string{"state": "LIVE ARCHIVED"},
		row: `kf.RegisteredModel "n" external "x" description="d" language={"language":["en","de"]} library_name="torch" ` +
			`license="MIT" license_link="https://l" logo="data:," maturity="beta" owner="ada" provider="p" readme="# n" ` +
			`state="ARCHIVED" tasks={"tasks":["chat"]}`,
	},
	{
		name: "ModelVersion", path: "model_versions", one: "model_versions",
		body:     `"registeredModelId":"{m}","author":"ada","state":"ARCHIVED"`,
		least:    `"name":"least","registeredModelId":"{m}"`,
		defaults: `"name":"least","registeredModelId":"{m}","state":"LIVE"`,
		required: []string{"name", "registeredModelId"}, change: `"author":"","state":"LIVE"`, fixed: "registeredModelId",
		enums: map[string]string{"state": "LIVE ARCHIVED"},
		row: `kf.ModelVersion "{m}:n" external "x" author="ada" description="d" model_name="m" registered_model_id={m} ` +
			`state="ARCHIVED" version="n"{common} below {m}`,
	},
	{
		name: "ModelVersion below its model", path: "registered_models/{m}/versions", one: "model_versions",
		body:     `"registeredModelId":"{m}","author":"ada","state":"ARCHIVED"`,
		least:    `"name":"least","registeredModelId":"{m}"`,
		defaults: `"name":"least","registeredModelId":"{m}","state":"LIVE"`,
		required: []string{"name", "registeredModelId"}, whole: true,
		row: `kf.ModelVersion "{m}:n" external "x" author="ada" description="d" model_name="m" registered_model_id={m} ` +
			`state="ARCHIVED" version="n"{common} below {m}`,
	},
	{
		name: "ModelArtifact", path: "model_versions/{v}/artifacts", one: "model_artifacts",
		body: `"artifactType":"model-artifact","uri":"s3://m","state":"LIVE","modelFormatName":"onnx",` +
			`"modelFormatVersion":"1","storageKey":"k","storagePath":"p","serviceAccountName":"a","modelSourceKind":"dsp",` +
			`"modelSourceClass":"run","modelSourceGroup":"g","modelSourceId":"7","modelSourceName":"r"`,
		least: `"artifactType":"model-artifact"`, defaults: `"artifactType":"model-artifact","state":"UNKNOWN"`,
		change: `"artifactType":"model-artifact","uri":"s3://n","state":"DELETED","modelFormatName":"",` +
			`"modelFormatVersion":"2","storageKey":"l","storagePath":"","serviceAccountName":"b","modelSourceKind":"",` +
			`"modelSourceClass":"x","modelSourceGroup":"","modelSourceId":"8","modelSourceName":""`,
		enums: map[string]string{"state": artifactStates}, whole: true,
		row: `kf.ModelArtifact "{v}:n" external "x" uri "s3://m" state LIVE description="d" model_format_name="onnx" ` +
			`model_format_version="1" model_source_class="run" model_source_group="g" model_source_id="7" ` +
			`model_source_kind="dsp" model_source_name="r" service_account_name="a" storage_key="k" storage_path="p"` +
			`{common} below {v}`,
	},
	{
		name: "DocArtifact", path: "model_versions/{v}/artifacts", one: "artifacts",
		body:  `"artifactType":"doc-artifact","uri":"s3://d","state":"PENDING"`,
		least: `"artifactType":"doc-artifact"`, defaults: `"artifactType":"doc-artifact","state":"UNKNOWN"`,
		change: `"artifactType":"doc-artifact","uri":"s3://e","state":"LIVE"`,
		enums:  map[string]string{"state": artifactStates}, whole: true,
		row: `kf.DocArtifact "{v}:n" external "x" uri "s3://d" state PENDING description="d"{common} below {v}`,
	},
	{
		name: "DataSet", path: "model_versions/{v}/artifacts", one: "artifacts",
		body: `"artifactType":"dataset-artifact","uri":"s3://d","state":"REFERENCE","digest":"a","sourceType":"s3",` +
			`"source":"s3://s","schema":"{}","profile":"{\"rows\":1}"`,
		least: `"artifactType":"dataset-artifact"`, defaults: `"artifactType":"dataset-artifact","state":"UNKNOWN"`,
		change: `"artifactType":"dataset-artifact","uri":"s3://e","state":"LIVE","digest":"","sourceType":"x","source":"",` +
			`"schema":"y","profile":""`,
		enums: map[string]string{"state": artifactStates}, whole: true,
		row: `kf.DataSet "{v}:n" external "x" uri "s3://d" state REFERENCE description="d" digest="a" ` +
			`profile="{\"rows\":1}" schema="{}" source="s3://s" source_type="s3"{common} below {v}`,
	},
	{
		name: "Metric", path: "model_versions/{v}/artifacts", one: "artifacts",
		body:  `"artifactType":"metric","value":0.25,"timestamp":"1700000000000","step":{seven},"state":"LIVE"`,
		least: `"artifactType":"metric","value":0`, defaults: `"artifactType":"metric","value":0,"state":"UNKNOWN"`,
		required: []string{"value"}, whole: true,
		change: `"artifactType":"metric","value":-1,"timestamp":"1700000000001","step":{seven},"state":"DELETED"`,
		enums:  map[string]string{"state": artifactStates},
		row: `kf.Metric "{v}:n" external "x" state LIVE description="d" step=7 timestamp="1700000000000" value=0.25` +
			`{common} below {v}`,
	},
	{
		name: "Parameter", path: "model_versions/{v}/artifacts", one: "artifacts",
		body:  `"artifactType":"parameter","value":"0.1","parameterType":"number","state":"LIVE"`,
		least: `"artifactType":"parameter"`, whole: true,
		defaults: `"artifactType":"parameter","parameterType":"string","state":"UNKNOWN"`,
		change:   `"artifactType":"parameter","value":"","parameterType":"boolean","state":"DELETED"`,
		enums:    map[string]string{"state": artifactStates, "parameterType": "string number boolean object"},
		row: `kf.Parameter "{v}:n" external "x" state LIVE description="d" parameter_type="number" value="0.1"` +
			`{common} below {v}`,
	},
	{
		name: "ServingEnvironment", path: "serving_environments", one: "serving_environments",
		least: `"name":"least"`, defaults: `"name":"least"`, required: []string{"name"}, change: `"description":"e"`,
		row: `kf.ServingEnvironment "n" external "x" description="d"`,
	},
	{
		name: "InferenceService", path: "inference_services", one: "inference_services",
		body: `"registeredModelId":"{m}","servingEnvironmentId":"{e}","modelVersionId":"{v}","runtime":"kserve",` +
			`"desiredState":"UNDEPLOYED"`,
		least:    `"registeredModelId":"{m}","servingEnvironmentId":"{e}"`,
		defaults: `"registeredModelId":"{m}","servingEnvironmentId":"{e}","desiredState":"DEPLOYED"`,
		required: []string{"registeredModelId", "servingEnvironmentId"},
		change:   `"modelVersionId":"{gated}","runtime":"","desiredState":"DEPLOYED"`,
		fixed:    "registeredModelId servingEnvironmentId", enums: map[string]string{"desiredState": "DEPLOYED UNDEPLOYED"},
		row: `kf.InferenceService "{e}:n" external "x" description="d" desired_state="UNDEPLOYED" model_version_id={v} ` +
			`registered_model_id={m} runtime="kserve" serving_environment_id={e}{common} below {e}`,
	},
	{
		name: "ServeModel", path: "inference_services/{s}/serves", one: "inference_services/{s}/serves",
		body:  `"modelVersionId":"{v}","lastKnownState":"RUNNING"`,
		least: `"modelVersionId":"{v}"`, defaults: `"modelVersionId":"{v}","lastKnownState":"UNKNOWN"`,
		required: []string{"modelVersionId"},
		enums:    map[string]string{"lastKnownState": "UNKNOWN NEW RUNNING COMPLETE FAILED CACHED CANCELED"},
		row: `kf.ServeModel "{s}:n" external "x" state RUNNING description="d" model_version_id={v}` +
			`{common} below {s}`,
	},
	{
		name: "Experiment", only: "v1alpha3", path: "experiments", one: "experiments",
		body:  `"owner":"ada","state":"ARCHIVED"`,
		least: `"name":"least"`, defaults: `"name":"least","state":"LIVE"`, required: []string{"name"},
		change: `"owner":"","state":"LIVE"`, enums: map[string]string{"state": "LIVE ARCHIVED"},
		row: `kf.Experiment "n" external "x" description="d" owner="ada" state="ARCHIVED"`,
	},
	{
		name: "ExperimentRun", only: "v1alpha3", path: "experiment_runs", one: "experiment_runs",
		body: `"experimentId":"{x}","owner":"ada","state":"ARCHIVED","status":"FINISHED",` +
			`"startTimeSinceEpoch":"1700000000000","endTimeSinceEpoch":"1700000000001"`,
		least: `"experimentId":"{x}"`, defaults: `"experimentId":"{x}","state":"LIVE","status":"RUNNING"`,
		required: []string{"experimentId"},
		change:   `"owner":"","state":"LIVE","status":"FAILED","endTimeSinceEpoch":"1700000000002"`,
		fixed:    "experimentId startTimeSinceEpoch",
		enums:    map[string]string{"state": "LIVE ARCHIVED", "status": "RUNNING SCHEDULED FINISHED FAILED KILLED"},
		row: `kf.ExperimentRun "{x}:n" external "x" description="d" end_time_since_epoch="1700000000001" experiment_id={x} ` +
			`owner="ada" start_time_since_epoch="1700000000000" state="ARCHIVED" status="FINISHED"{common} below {x}`,
	},
	{
		name: "Metric of a run", only: "v1alpha3", path: "experiment_runs/{r}/artifacts", one: "artifacts",
		body:  `"artifactType":"metric","value":0.25,"timestamp":"1700000000000","step":7,"state":"LIVE"`,
		least: `"artifactType":"metric","value":0`,
		defaults: `"artifactType":"metric","value":0,"state":"UNKNOWN","experimentId":"{x}",` +
			`"experimentRunId":"{r}"`, whole: true,
		row: `kf.Metric "{r}:n" external "x" state LIVE description="d" step=7 timestamp="1700000000000" value=0.25` +
			` custom b=true d=0.5 experiment_id={x} experiment_run_id={r} i=-7 o={"a":[1,"b"]} s="t" below {r}`,
	},
}

// members decodes the JSON of an object without its braces.
func members(ids replacer, parts ...string) map[string]any {
	GinkgoHelper()
	var out map[string]any
	text := "{" + strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ",") + "}"
	Expect(json.Unmarshal([]byte(ids.Replace(text)), &out)).To(Succeed(), text)
	return out
}

// entity returns the members of the entity in an answer without its ID and times,
// which it checks.
func (a answer) entity() map[string]any {
	GinkgoHelper()
	Expect(a.status).To(BeElementOf(200, 201), a.text)
	var out map[string]any
	Expect(json.Unmarshal([]byte(a.text), &out)).To(Succeed(), a.text)
	Expect(out["id"]).To(MatchRegexp(`^[1-9][0-9]*$`), a.text)
	for _, name := range []string{"createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"} {
		Expect(out[name]).To(MatchRegexp(`^[0-9]{13}$`), a.text)
	}
	for _, name := range []string{"id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"} {
		delete(out, name)
	}
	return out
}

// with returns the object with other members.
func with(object map[string]any, changed ...any) string {
	GinkgoHelper()
	out := maps.Clone(object)
	for i := 0; i < len(changed); i += 2 {
		if out[changed[i].(string)] = changed[i+1]; changed[i+1] == absent {
			delete(out, changed[i].(string))
		}
	}
	raw, err := json.Marshal(out)
	Expect(err).NotTo(HaveOccurred())
	return string(raw)
}

// absent is a value of with that removes a member.
var absent any = struct{}{}

var _ = onEveryBackend("a schema", func(f *face) {
	for _, s := range schemas {
		if s.only != "" && !strings.HasSuffix(f.version, "/"+s.only) {
			continue
		}
		It("has its members and its place in the store: "+s.name, func(ctx SpecContext) {
			ids := f.schemaFixtures(ctx)
			path := ids.Replace(s.path)
			full, least := members(ids, commonBody, s.body), members(ids, s.least)
			one := func(id string) answer {
				GinkgoHelper()
				if s.one == s.path && s.change == "" { // the API has no path of one
					return f.listed(ctx, path, id)
				}
				return f.get(ctx, ids.Replace(s.one)+"/"+id)
			}

			By("refusing what is not one of its members, or has another type")
			for _, name := range s.required {
				for _, v := range []any{absent, nil, ""} {
					if v == "" && name == "value" {
						continue
					}
					a := f.post(ctx, path, "%s", with(full, name, v))
					Expect(a.status).To(Equal(422), "%s %v: %s", name, v, a.text)
					Expect(a.at("message")).To(Equal("required field '" + name + "' is zero value."))
					Expect(a.at("code")).To(Equal("Bad Request"), a.text)
				}
			}
			unknown := []string{"foo", "modelName"}
			if !s.whole {
				unknown = append(unknown, "id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch")
			}
			for _, name := range unknown {
				a := f.post(ctx, path, "%s", with(full, name, "1"))
				Expect(a.status).To(Equal(400), "%s: %s", name, a.text)
				Expect(a.at("message")).To(Equal(fmt.Sprintf("json: unknown field %q", name)))
			}
			for name := range full {
				a := f.post(ctx, path, "%s", with(full, name, []any{[]any{}}))
				Expect(a.status).To(Equal(400), "%s: %s", name, a.text)
			}

			By("storing all of its members")
			a := f.post(ctx, path, "%s", with(full))
			want := maps.Clone(full)
			maps.Copy(want, members(ids, s.shown()))
			Expect(a.status).To(Equal(201), a.text)
			Expect(a.entity()).To(Equal(want))
			Expect(a.text).To(ContainSubstring(commonProperties))
			Expect(a.header.Get("Content-Type")).To(Equal("application/json; charset=UTF-8"))
			Expect(one(a.id()).text).To(Equal(a.text))
			row := s.row
			if !strings.Contains(row, " custom ") && !strings.Contains(row, "{common}") {
				row += commonRow
			}
			Expect(f.row(ctx, a)).To(Equal(both(ids, "{common}", commonRow).Replace(row)), a.text)

			By("taking null for what is absent, and adding the defaults")
			nulls := maps.Clone(least)
			for name := range full {
				if _, needed := least[name]; !needed {
					nulls[name] = nil
				}
			}
			want = members(ids, s.defaults, `"customProperties":{}`)
			for i, body := range []string{with(least), with(nulls)} {
				if least["name"] != nil {
					body = strings.ReplaceAll(body, `"least"`, fmt.Sprintf(`"least%d"`, i))
				}
				x := f.post(ctx, path, "%s", body)
				Expect(x.status).To(Equal(201), body+": "+x.text)
				if want["name"] = x.at("name"); least["name"] == nil {
					Expect(x.at("name")).To(MatchRegexp(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`))
				}
				Expect(x.entity()).To(Equal(want), body)
			}
			if s.change == "" { // the values of enums are those of creations
				for name, values := range s.enums {
					for _, v := range strings.Fields(values) {
						Expect(f.post(ctx, path, "%s", with(least, name, v)).at(name)).To(Equal(v))
					}
					Expect(f.post(ctx, path, "%s", with(least, name, "foo")).status).To(Equal(400))
				}
				return
			}

			By("changing what a patch has, and keeping the rest")
			single := ids.Replace(s.one) + "/" + a.id()
			kind := map[string]any{}
			if t := full["artifactType"]; t != nil {
				kind["artifactType"] = t
			}
			want = a.entity()
			Expect(f.patch(ctx, single, with(kind)).entity()).To(Equal(want))
			for name := range full {
				if name != "artifactType" && !slices.Contains(strings.Fields(s.fixed+" name"), name) {
					Expect(f.patch(ctx, single, with(kind, name, nil)).entity()).To(Equal(want), "null keeps "+name)
				}
			}
			change := members(ids, commonChange, s.change)
			for name, v := range change {
				want[name] = v
				p := f.patch(ctx, single, with(kind, name, v))
				Expect(p.entity()).To(Equal(want), "%s: %s", name, p.text)
				Expect(f.get(ctx, single).text).To(Equal(p.text))
			}
			fixed := "id name createTimeSinceEpoch lastUpdateTimeSinceEpoch foo " + s.fixed
			for _, name := range strings.Fields(fixed) {
				p := f.patch(ctx, single, with(kind, name, "1"))
				Expect(p.status).To(Equal(400), "%s: %s", name, p.text)
				Expect(p.at("message")).To(Equal(fmt.Sprintf("json: unknown field %q", name)))
			}
			for name, values := range s.enums {
				for _, v := range strings.Fields(values) {
					Expect(f.patch(ctx, single, with(kind, name, v)).at(name)).To(Equal(v))
				}
				for _, v := range []string{"foo", strings.ToLower(values[:4]), values} {
					p := f.patch(ctx, single, with(kind, name, v))
					Expect(p.status).To(Equal(400), "%s: %s", v, p.text)
				}
			}
		})
	}

	It("is of a list too, whose members are always there", func(ctx SpecContext) {
		lists := []string{
			"registered_models", "registered_models/1/versions", "model_versions", "model_versions/1/artifacts", "artifacts",
			"model_artifacts", "serving_environments", "serving_environments/1/inference_services", "inference_services",
			"inference_services/1/serves",
		}
		if strings.HasSuffix(f.version, "/v1alpha3") {
			lists = append(lists, "experiments", "experiments/1/experiment_runs", "experiment_runs",
				"experiment_runs/1/artifacts", "experiment_runs/1/metric_history", "experiment_runs/metric_history")
		}
		for _, list := range lists {
			Expect(f.get(ctx, list).text).To(Equal(`{"items":[],"nextPageToken":"","pageSize":0,"size":0}`), list)
			Expect(f.get(ctx, list+"?pageSize=5").text).To(
				Equal(`{"items":[],"nextPageToken":"","pageSize":5,"size":0}`), list)
		}
	})
})

// shown are the members that an answer to body has beside those of body.
func (s *schema) shown() string {
	if strings.Contains(s.path, "experiment_runs/") {
		return `"experimentId":"{x}","experimentRunId":"{r}"`
	}
	return ""
}

// schemaFixtures are the fixtures, an experiment "{x}" and its run "{r}", and
// "{seven}", which is the number as the version writes it.
func (f *face) schemaFixtures(ctx SpecContext) replacer {
	GinkgoHelper()
	var ids replacer = f.fixtures(ctx)
	if strings.HasSuffix(f.version, "/v1") {
		return both(ids, "{seven}", `"7"`)
	}
	x := f.post(ctx, "experiments", `{"name":"x"}`).id()
	r := f.post(ctx, "experiment_runs", `{"name":"r","experimentId":"%s"}`, x).id()
	return replacers{ids, strings.NewReplacer("{seven}", "7", "{x}", x, "{r}", r)}
}

// listed returns the entity with the ID in a list as the answer that GET of one
// entity would have.
func (f *face) listed(ctx SpecContext, path, id string) answer {
	GinkgoHelper()
	var list struct{ Items []json.RawMessage }
	a := f.get(ctx, path)
	Expect(json.Unmarshal([]byte(a.text), &list)).To(Succeed(), a.text)
	for _, raw := range list.Items {
		if one := (answer{status: 200, text: string(raw)}); one.at("id") == id {
			return one
		}
	}
	Fail("the list lacks " + id + ": " + a.text)
	return answer{}
}
