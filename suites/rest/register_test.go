package rest_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = onEveryBackend("a registration", func(f *face) {
	const body = `{"registeredModel":{"name":"m","owner":"ada"},"modelVersion":{"name":"v1","author":"ada"},` +
		`"artifacts":[` +
		`{"artifactType":"model-artifact","name":"w","uri":"s3://w"},{"artifactType":"doc-artifact","name":"w"}%s]}`

	// embedded reports whether the backend has transactions of several calls.
	embedded := func() bool {
		switch CurrentSpecReport().Labels()[0] {
		case "memory", "file", "postgres", "mysql":
			return true
		}
		return false
	}

	It("stores a model, its version and artifacts in one request", func(ctx SpecContext) {
		a := f.post(ctx, "register", body, "")
		if !embedded() {
			Expect(a.status).To(Equal(501), a.text)
			return
		}
		Expect(a.status).To(Equal(201), a.text)
		model, version := a.at("registeredModel").(map[string]any), a.at("modelVersion").(map[string]any)
		Expect(model).To(And(HaveKeyWithValue("state", "LIVE"), HaveKeyWithValue("owner", "ada")))
		Expect(version).To(HaveKeyWithValue("registeredModelId", model["id"]))
		Expect(a.at("artifacts")).To(HaveLen(2))
		Expect(f.get(ctx, "model_versions/"+version["id"].(string)+"/artifacts").names()).To(Equal([]string{"w", "w"}))

		f.patch(ctx, "registered_models/"+model["id"].(string), `{"state":"ARCHIVED"}`)
		again := f.post(ctx, "register", body, "")
		Expect(again.status).To(Equal(200), again.text)
		Expect(again.at("registeredModel")).To(And(
			HaveKeyWithValue("id", model["id"]), HaveKeyWithValue("state", "ARCHIVED")), "only a new entity gets defaults")
		more := f.post(ctx, "register", body, `,{"artifactType":"parameter","name":"lr","value":"1"}`)
		Expect(more.status).To(Equal(201), more.text)
		Expect(f.get(ctx, "artifacts").names()).To(HaveLen(3))
	})

	It("stores all or nothing", func(ctx SpecContext) {
		if !embedded() {
			return
		}
		for _, c := range []struct {
			body   string
			status int
		}{
			{`{"registeredModel":{"name":"m"}}`, 422},
			{`{"registeredModel":{"name":"m"},"modelVersion":{"name":"v"},"x":1}`, 400},
			{`{"registeredModel":{"name":"m"},"modelVersion":{"name":"v","registeredModelId":"1"}}`, 400},
			{`{"registeredModel":{"name":"m"},"modelVersion":{"name":""}}`, 422},
			{`{"registeredModel":{"name":"m"},"modelVersion":7}`, 400},
			{`{"registeredModel":{"name":"m"},"modelVersion":{"name":"v"},"artifacts":7}`, 400},
			{`{"registeredModel":{"name":"m"},"modelVersion":{"name":"v"},"artifacts":[7]}`, 400},
			{`{"registeredModel":{"name":"m"},"modelVersion":{"name":"v"},"artifacts":[{"name":"a"}]}`, 400},
			{`{"registeredModel":{"name":"m"},"modelVersion":{"name":"v"},"artifacts":[{"artifactType":"doc-artifact"}]}`, 422},
			{
				`{"registeredModel":{"name":"m"},"modelVersion":{"name":"v"},` +
					`"artifacts":[{"artifactType":"metric","name":"a"}]}`, 422,
			},
		} {
			a := f.post(ctx, "register", "%s", c.body)
			Expect(a.status).To(Equal(c.status), c.body+": "+a.text)
		}
		Expect(f.get(ctx, "registered_models").names()).To(BeEmpty())
	})
})
