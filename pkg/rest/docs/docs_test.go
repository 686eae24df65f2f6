package docs_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/rest/docs"
)

func TestNewHandler(t *testing.T) {
	s := httptest.NewServer(docs.NewHandler("A <registry>", "v1.2.3", restapi.APIs))
	defer s.Close()
	get := func(path string) (string, http.Header) {
		r, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %s", path, r.Status)
		}
		return string(raw), r.Header
	}
	page, h := get("/docs/")
	for _, want := range []string{
		"A &lt;registry&gt;", "v1.2.3", `"../api/model_registry/v1/openapi.json"`, "v1alpha3 (deprecated)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s:\n%s", want, page)
		}
	}
	if policy := h.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("Content-Security-Policy is %q, want one that allows nothing by default", policy)
	}
	if strings.Contains(page, "://") {
		t.Errorf("the page refers to other servers:\n%s", page)
	}
	loaded := regexp.MustCompile(`(?:src|rel="stylesheet" href)="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(loaded) != 4 {
		t.Errorf("the page loads %v, want 4 files", loaded)
	}
	for _, m := range loaded {
		if text, _ := get("/docs/" + m[1]); text == "" {
			t.Errorf("%s is empty", m[1])
		}
	}
}
