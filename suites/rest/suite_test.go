// Package rest_test runs the same specs of the REST API on every backend, through
// HTTP, and drives the server with the published Python clients.
package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

func TestREST(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The REST API")
}

// A face sends requests to one version of the API.
type face struct {
	version string // the base of its paths
	base    string
	rpc     mlmdpb.MetadataStoreServiceClient // of the store behind it
}

// onEveryBackend describes both versions of the API on every backend.
func onEveryBackend(what string, body func(f *face)) bool {
	return onBackends(what, body, restapi.APIs...)
}

// onBackends describes versions of the API on every backend.
func onBackends(what string, body func(f *face), apis ...rest.API) bool {
	return Describe(what, func() {
		for _, b := range backend.All() {
			for _, api := range apis {
				Context(api.Base[strings.LastIndexByte(api.Base, '/')+1:]+" on "+b.Name, Label(b.Name), func() {
					f := &face{version: api.Base}
					BeforeEach(func() {
						f.rpc = b.Start(GinkgoTB())
						h, err := rest.NewHandler(registry.New(f.rpc), restapi.APIs)
						Expect(err).NotTo(HaveOccurred())
						s := httptest.NewServer(h)
						DeferCleanup(s.Close)
						f.base = s.URL + api.Base
					})
					body(f)
				})
			}
		}
	})
}

// An answer is the response to a request.
type answer struct {
	status int
	text   string
	header http.Header
}

// at returns a member of the JSON object.
func (a answer) at(name string) any {
	GinkgoHelper()
	var object map[string]any
	Expect(json.Unmarshal([]byte(a.text), &object)).To(Succeed(), a.text)
	return object[name]
}

func (a answer) id() string {
	GinkgoHelper()
	Expect(a.status).To(BeElementOf(200, 201), a.text)
	return a.at("id").(string)
}

// names returns the names of the entities in a list.
func (a answer) names() []string {
	GinkgoHelper()
	var list struct{ Items []struct{ Name string } }
	Expect(a.status).To(Equal(200), a.text)
	Expect(json.Unmarshal([]byte(a.text), &list)).To(Succeed(), a.text)
	out := []string{}
	for _, i := range list.Items {
		out = append(out, i.Name)
	}
	return out
}

func (f *face) send(ctx SpecContext, method, path, body string) answer {
	GinkgoHelper()
	return f.sendWith(ctx, http.Header{"Content-Type": {"application/json"}}, method, path, body)
}

func (f *face) sendWith(ctx SpecContext, header http.Header, method, path, body string) answer {
	GinkgoHelper()
	q, err := http.NewRequestWithContext(ctx, method, f.base+"/"+path, strings.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	q.Header = header
	r, err := http.DefaultClient.Do(q)
	Expect(err).NotTo(HaveOccurred())
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	Expect(err).NotTo(HaveOccurred())
	return answer{r.StatusCode, string(raw), r.Header}
}

func (f *face) get(ctx SpecContext, path string) answer {
	GinkgoHelper()
	return f.send(ctx, http.MethodGet, path, "")
}

func (f *face) post(ctx SpecContext, path, format string, args ...any) answer {
	GinkgoHelper()
	return f.send(ctx, http.MethodPost, path, fmt.Sprintf(format, args...))
}

func (f *face) patch(ctx SpecContext, path, body string) answer {
	GinkgoHelper()
	return f.send(ctx, http.MethodPatch, path, body)
}
