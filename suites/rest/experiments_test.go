package rest_test

import (
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/restapi"
)

var _ = onBackends("experiments", func(f *face) {
	// run makes a run of a new experiment.
	run := func(ctx SpecContext, name string) (experiment, run string) {
		GinkgoHelper()
		experiment = f.post(ctx, "experiments", `{"name":%q}`, name).id()
		return experiment, f.post(ctx, "experiment_runs", `{"name":"r","experimentId":%q}`, experiment).id()
	}

	It("are created, found and listed", func(ctx SpecContext) {
		e, r := run(ctx, "e")
		Expect(f.get(ctx, "experiment?name=e").id()).To(Equal(e))
		Expect(f.get(ctx, "experiments").names()).To(Equal([]string{"e"}))
		Expect(f.get(ctx, "experiment_run?name=r&parentResourceId="+e).id()).To(Equal(r))
		a := f.get(ctx, "experiment_runs/"+r)
		Expect([]any{a.at("state"), a.at("status"), a.at("experimentId")}).To(Equal([]any{"LIVE", "RUNNING", e}))
		below := "experiments/" + e + "/experiment_runs"
		Expect(f.post(ctx, below, `{"name":"s","experimentId":"1"}`).at("experimentId")).To(Equal(e), "the path decides")
		Expect(f.post(ctx, below, `{"experimentId":"1"}`).at("name")).To(HaveLen(36), "a name of its own")
		Expect(f.get(ctx, below).names()).To(HaveLen(3))
		Expect(f.post(ctx, "experiment_runs", `{"name":"x"}`).status).To(Equal(422))
		Expect(f.post(ctx, "experiment_runs", `{"name":"x","experimentId":"999"}`).status).To(Equal(404))
		times := `{"name":%q,"experimentId":%q,"startTimeSinceEpoch":"20","endTimeSinceEpoch":%q}`
		Expect(f.post(ctx, "experiment_runs", times, "y", e, "19").status).To(Equal(400), "the end is before the start")
		y := f.post(ctx, "experiment_runs", times, "y", e, "20")
		Expect(y.status).To(Equal(201), y.text)
		Expect(f.patch(ctx, "experiment_runs/"+y.id(), `{"endTimeSinceEpoch":"1"}`).status).To(Equal(400))
		p := f.patch(ctx, "experiment_runs/"+y.id(), `{"endTimeSinceEpoch":"21","status":"FINISHED"}`)
		Expect([]any{p.at("status"), p.at("endTimeSinceEpoch")}).To(Equal([]any{"FINISHED", "21"}), p.text)
	})

	It("have artifacts of all kinds", func(ctx SpecContext) {
		e, r := run(ctx, "e")
		below := "experiment_runs/" + r + "/artifacts"
		for kind, more := range map[string]string{
			"model-artifact": `"uri":"s3://m"`, "doc-artifact": `"uri":"s3://d"`, "dataset-artifact": `"uri":"s3://x"`,
			"metric": `"value":0.5,"step":3`, "parameter": `"value":"1"`,
		} {
			x := f.post(ctx, below, `{"artifactType":%q,"name":%q,%s,"experimentRunId":"7",`+
				`"customProperties":{"k":{"metadataType":"MetadataStringValue","string_value":"v"}}}`, kind, kind, more)
			Expect(x.status).To(Equal(201), x.text)
			Expect([]any{x.at("experimentId"), x.at("experimentRunId")}).To(Equal([]any{e, r}), x.text)
			Expect(x.at("customProperties")).To(And(HaveLen(1), HaveKey("k")), "the ids are hidden")
			Expect(f.get(ctx, below+"?artifactType="+kind).names()).To(Equal([]string{kind}))
			Expect(f.get(ctx, below+"?name="+kind).names()).To(Equal([]string{kind}))
			Expect(f.get(ctx, "artifact?name="+kind+"&parentResourceId="+r).status).To(BeElementOf(200, 404))
			p := f.patch(ctx, "artifacts/"+x.id(), `{"artifactType":"`+kind+`","customProperties":{}}`)
			Expect(p.at("customProperties")).To(BeEmpty())
			Expect(p.at("experimentRunId")).To(Equal(r), "a patch keeps them")
			v1 := &face{base: strings.Replace(f.base, "/v1alpha3", "/v1", 1)}
			for _, a := range []answer{v1.get(ctx, "artifacts/"+x.id()), v1.get(ctx, "artifacts?artifactType="+kind)} {
				Expect(a.text).To(ContainSubstring(`"customProperties":{}`), "v1 hides them")
				Expect(a.text).NotTo(MatchRegexp("(?i)experiment"), "and has no members for them")
			}
		}
		Expect(f.get(ctx, below).names()).To(HaveLen(5))
		for _, filter := range []string{"experimentRunId = " + r, "experimentId = '" + e + "'"} {
			Expect(f.get(ctx, "artifacts?filterQuery="+url.QueryEscape(filter)).names()).To(HaveLen(5), filter)
		}
		Expect(f.get(ctx, "artifacts?filterQuery=experimentRunId%3D1234").names()).To(BeEmpty())
		_, other := run(ctx, "e2")
		Expect(f.get(ctx, "experiment_runs/"+other+"/artifacts").names()).To(BeEmpty())
		x := f.post(ctx, "experiment_runs/"+other+"/artifacts", `{"artifactType":"parameter","name":"parameter","value":"2"}`)
		Expect(x.status).To(Equal(201), "names are unique within a run")
		x = f.post(ctx, "experiment_runs/"+other+"/artifacts", `{"artifactType":"parameter","name":"parameter","value":"3"}`)
		Expect([]any{x.status, x.at("value")}).To(Equal([]any{200, "3"}), "the parameter of that name is updated")
		Expect(f.post(ctx, "experiment_runs/999/artifacts", `{"artifactType":"metric","name":"m","value":1}`).status).
			To(Equal(404))
	})

	It("keep the history of metrics", func(ctx SpecContext) {
		_, r := run(ctx, "e")
		_, other := run(ctx, "e2")
		var last answer
		post := func(run, name string, value, step int) {
			GinkgoHelper()
			a := f.post(ctx, "experiment_runs/"+run+"/artifacts",
				`{"artifactType":"metric","name":%q,"value":%d,"step":%d,"externalId":"%s"}`, name, value, step, name+run)
			Expect(a.status).To(BeElementOf(200, 201), a.text)
			last = a
		}
		for i := range 4 {
			post(r, "loss", 10-i, i)
			stored, err := f.rpc.GetArtifactsByType(ctx, &mlmdpb.GetArtifactsByTypeRequest{TypeName: new("kf.MetricHistory")})
			Expect(err).NotTo(HaveOccurred())
			Expect(stored.Artifacts).To(HaveLen(i + 1))
			if i == 0 { // later ones may be of the same time
				name := r + ":loss__" + last.at("lastUpdateTimeSinceEpoch").(string)
				Expect(stored.Artifacts[0].GetName()).To(Equal(name))
			}
		}
		post(r, "loss__x", 1, 1)
		post(other, "loss", 1, 9)
		values := func(path string) (out []any) {
			GinkgoHelper()
			a := f.get(ctx, path)
			Expect(a.status).To(Equal(200), a.text)
			for _, item := range a.at("items").([]any) {
				m := item.(map[string]any)
				Expect(m["artifactType"]).To(Equal("metric"))
				Expect(m).To(And(HaveKey("experimentRunId"), HaveKey("experimentId")))
				Expect(m["customProperties"]).To(BeEmpty())
				out = append(out, m["value"])
			}
			return out
		}
		below := "experiment_runs/" + r + "/metric_history"
		Expect(values(below + "?name=loss")).To(Equal([]any{10.0, 9.0, 8.0, 7.0}))
		Expect(f.get(ctx, below+"?name=loss&pageSize=1").names()[0]).To(MatchRegexp(`^loss__\d+$`))
		Expect(values(below)).To(HaveLen(5))
		Expect(values(below + "?name=loss&stepIds=1,3")).To(Equal([]any{9.0, 7.0}))
		Expect(values("experiment_runs/metric_history?name=loss")).To(HaveLen(5))
		Expect(values("experiment_runs/metric_history?stepIds=9")).To(Equal([]any{1.0}))
		Expect(values(below + "?name=los")).To(BeEmpty())
		Expect(values(below + "?filterQuery=" + url.QueryEscape("value > 8 AND step < 5"))).To(Equal([]any{10.0, 9.0}))
		Expect(values("experiment_runs/999/metric_history")).To(BeEmpty())
		Expect(f.get(ctx, below+"?stepIds=a").status).To(Equal(400))
		var all []string
		token := ""
		for range 6 {
			p := f.get(ctx, below+"?name=loss&pageSize=2&nextPageToken="+token)
			all = append(all, p.names()...)
			if token = p.at("nextPageToken").(string); token == "" {
				break
			}
		}
		Expect(all).To(HaveLen(4))
		Expect(f.get(ctx, "experiment_runs/"+r+"/artifacts?artifactType=metric").names()).To(ConsistOf("loss", "loss__x"))
	})
}, restapi.V1alpha3)
