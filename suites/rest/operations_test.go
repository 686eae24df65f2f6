package rest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
)

// pathsOf returns the methods of each path of a document, sorted. IDs are 1.
func pathsOf(api *rest.API) map[string][]string {
	GinkgoHelper()
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	Expect(json.Unmarshal(api.Document, &document)).To(Succeed())
	out := map[string][]string{}
	for at, item := range document.Paths {
		at = strings.TrimPrefix(pathParameter.ReplaceAllString(at, "/1"), api.Base+"/")
		for _, method := range slices.Sorted(maps.Keys(item)) {
			if method != "parameters" {
				out[at] = append(out[at], strings.ToUpper(method))
			}
		}
	}
	return out
}

// notServed are paths that the API does not have: of serve models by their ID, and
// of operations on many or on counted entities.
var notServed = []string{
	"serve_model", "serve_models", "serve_models/1", "serves", "serves/1", "inference_services/1/serves/1",
	"doc_artifacts", "metrics", "parameters", "datasets", "metric_history", "registered_models/1/versions/1",
	"model_versions/1/artifacts/1", "registered_models/1/versions/latest", "registered_models/1/count",
	"registered_models/1/aliases", "model_versions:batch", "delete",
}

var _ = onEveryBackend("the operations", func(f *face) {
	// api is the version that the spec is about.
	api := func() *rest.API {
		i := slices.IndexFunc(restapi.APIs, func(a rest.API) bool { return a.Base == f.version })
		return &restapi.APIs[i]
	}

	It("are those of the document, and no others", func(ctx SpecContext) {
		for at, methods := range pathsOf(api()) {
			allowed := slices.Clone(methods)
			if slices.Contains(methods, "GET") {
				allowed = append(allowed, "HEAD")
			}
			slices.Sort(allowed)
			for _, method := range []string{"GET", "POST", "PATCH", "PUT", "DELETE"} {
				a := f.send(ctx, method, at, "x")
				if slices.Contains(methods, method) {
					Expect(a.header.Get("Content-Type")).To(Equal("application/json; charset=UTF-8"), method+" "+at)
					Expect(a.status).To(BeElementOf(200, 400, 404), method+" "+at+": "+a.text)
					continue
				}
				if method == "GET" && at == "register" || method != "GET" && path.Base(at) == "metric_history" &&
					!strings.Contains(at, "/1/") { // experiment_runs/{id} matches these, too
					continue
				}
				Expect(a.status).To(Equal(405), method+" "+at+": "+a.text)
				Expect(a.header.Get("Allow")).To(Equal(strings.Join(allowed, ", ")), at)
			}
		}
		none := slices.Clone(notServed)
		if strings.HasSuffix(f.version, "/v1") {
			for at := range pathsOf(&restapi.V1alpha3) {
				if strings.HasPrefix(at, "experiment") {
					none = append(none, at)
				}
			}
			Expect(len(none)).To(BeNumerically(">", len(notServed)))
		}
		for _, at := range none {
			a := f.get(ctx, at)
			Expect(a.status).To(Equal(404), at+": "+a.text)
		}
	})
})

// announced is the day on which a version will be turned off.
var announced = time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)

// announces checks the headers that say that v1alpha3 is deprecated.
func announces(ctx SpecContext, f *face) {
	GinkgoHelper()
	h, err := rest.NewHandler(registry.New(f.rpc), restapi.APIs, rest.WithSunset(announced))
	Expect(err).NotTo(HaveOccurred())
	s := httptest.NewServer(h)
	DeferCleanup(s.Close)
	dated := &face{base: s.URL + f.version}
	for _, at := range []string{"registered_models", "registered_models/abc", "registered_models/999", "model_version"} {
		for server, sunset := range map[*face]string{f: "", dated: "Sun, 31 Jan 2027 00:00:00 GMT"} {
			h := server.get(ctx, at).header
			got := []string{h.Get("Deprecation"), h.Get("Link"), h.Get("Sunset")}
			if strings.HasSuffix(f.version, "/v1") {
				Expect(got).To(Equal([]string{"", "", ""}), at)
				continue
			}
			Expect(got).To(Equal([]string{"true", `</api/model_registry/v1/>; rel="successor-version"`, sunset}), at)
		}
	}
}

// isUnavailable checks the answers of a server whose store is not there.
func isUnavailable(ctx SpecContext, f *face) {
	GinkgoHelper()
	reg, err := registry.Dial("127.0.0.1:1", registry.WithRetryTimeout(0))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(reg.Close)
	h, err := rest.NewHandler(reg, restapi.APIs)
	Expect(err).NotTo(HaveOccurred())
	s := httptest.NewServer(h)
	DeferCleanup(s.Close)
	away := &face{base: s.URL + f.version}
	for _, a := range []answer{
		away.get(ctx, "registered_models"), away.get(ctx, "registered_models/1"), away.get(ctx, "artifacts"),
		away.post(ctx, "registered_models", `{"name":"m"}`), away.patch(ctx, "registered_models/1", `{}`),
	} {
		Expect(a.status).To(Equal(http.StatusServiceUnavailable), a.text)
		Expect(a.header.Get("Content-Type")).To(Equal("application/json; charset=UTF-8"))
		Expect(a.text).To(Equal(`{"code":"Service Unavailable","message":"the store is unavailable: try again later"}`))
	}
}
