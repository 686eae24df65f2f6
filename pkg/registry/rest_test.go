package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/value"
)

func newRESTClient(t *testing.T, h http.Handler, opts ...registry.RESTOption) *registry.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	reg, err := registry.DialREST(s.URL, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	return reg
}

func restHandler(t *testing.T) http.Handler {
	t.Helper()
	h, err := rest.NewHandler(registrytest.New(t), restapi.APIs)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestDialREST_RegisterFindUpdate(t *testing.T) {
	reg := newRESTClient(t, restHandler(t))
	ctx := t.Context()
	register := func() []registry.Result {
		results, err := reg.Register(ctx,
			&model.RegisteredModel{Name: "fraud", Owner: new("ada"), CustomProperties: value.Map{"a": value.Int(1)}},
			&model.ModelVersion{Name: "v1", CustomProperties: value.Map{"auc": value.Double(0.9)}},
			&model.ModelArtifact{Name: "weights", URI: new("s3://x")},
			&model.Metric{Name: "loss", Value: new(0.25)})
		if err != nil {
			t.Fatal(err)
		}
		return results
	}
	first := register()
	for i, r := range register() {
		if r.ID != first[i].ID || r.Outcome != registry.Unchanged {
			t.Errorf("registered again: %v, want %s unchanged", r, first[i].ID)
		}
	}
	r, err := reg.ModelVersions().Update(ctx, first[1].ID, func(v *model.ModelVersion) error {
		v.CustomProperties["stage"] = value.String("prod")
		v.Author = new("bob")
		return nil
	})
	if err != nil || r.Outcome != registry.Updated {
		t.Fatal(r, err)
	}
	f := field.ModelVersion
	bobs := f.Author.Eq("bob").And(f.Custom("auc").Double().Gt(0.5), f.Custom("stage").AsString().HasPrefix("pr"))
	v, err := reg.ModelVersions().OfModel(first[0].ID).Where(bobs).First(ctx)
	if err != nil || v.ID != first[1].ID {
		t.Fatal(v, err)
	}
	a, err := reg.ModelArtifacts().Get(ctx, first[2].ID)
	if err != nil || a.ModelVersionID != v.ID {
		t.Fatal(a, err)
	}
}

func TestDialREST_UpdatesLoseNothing(t *testing.T) {
	reg := newRESTClient(t, restHandler(t))
	ctx := t.Context()
	m := model.RegisteredModel{Name: "counter", CustomProperties: value.Map{"n": value.Int(0)}}
	if _, err := reg.RegisteredModels().Create(ctx, &m); err != nil {
		t.Fatal(err)
	}
	tries := 0
	_, err := reg.RegisteredModels().Update(ctx, m.ID, func(v *model.RegisteredModel) error {
		if tries++; tries == 1 { // another writer comes first
			if _, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{
				ID: m.ID, CustomProperties: value.Map{"other": value.Int(1)},
			}); err != nil {
				return err
			}
		}
		v.CustomProperties["n"] = value.Int(1)
		return nil
	})
	if err != nil || tries != 2 {
		t.Fatalf("%d tries, error %v", tries, err)
	}
	got, err := reg.RegisteredModels().Get(ctx, m.ID)
	if err != nil || len(got.CustomProperties) != 2 {
		t.Fatal(got, err)
	}
}

// answers is a handler that answers every request in the same way, except for the
// one that asks for the API.
func answers(code int, kind, body string, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("pageSize") == "1" {
			fmt.Fprint(w, `{"items":[],"nextPageToken":"","pageSize":1,"size":0}`)
			return
		}
		w.Header().Set("Content-Type", kind)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	})
}

func TestDialREST_Errors(t *testing.T) {
	const jsonType, html = "application/json", "text/html; charset=utf-8"
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host got a request with the token %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	for _, c := range []struct {
		h    http.Handler
		want error
		text string
	}{
		{answers(400, jsonType, `{"message":"no such thing"}`), registry.ErrInvalidArgument, "no such thing"},
		{answers(401, jsonType, `{}`), registry.ErrPermissionDenied, "did not accept the token"},
		{answers(403, "text/plain", "RBAC: access denied"), registry.ErrPermissionDenied, "RBAC: access denied"},
		{answers(404, jsonType, `{"message":"not found"}`), registry.ErrNotFound, "not found"},
		{answers(422, jsonType, `{"message":"'name' is zero value."}`), registry.ErrInvalidArgument, "zero value"},
		{answers(429, jsonType, `{}`, "Retry-After", "3600"), registry.ErrUnavailable, "429"},
		{answers(500, jsonType, `{"message":"boom"}`), registry.ErrInternal, "boom"},
		{answers(503, "text/plain", "Datastore service is down"), registry.ErrUnavailable, "Datastore service is down"},
		{answers(502, html, "<html><body>Bad Gateway"), registry.ErrUnavailable, "HTML"},
		{answers(200, html, "<html><form>"), registry.ErrInternal, "login page"},
		{answers(200, jsonType, `[]`), registry.ErrInternal, "another shape"},
		{answers(200, jsonType, `{"name":"x"}`), registry.ErrInternal, "without an ID"},
		{answers(302, html, "", "Location", elsewhere.URL+"/login"), registry.ErrPermissionDenied, "redirected to"},
		{http.NotFoundHandler(), registry.ErrUnsupported, "check the URL"},
	} {
		reg := newRESTClient(t, c.h, registry.WithToken("secret"), registry.WithRetryTimeout(0))
		_, err := reg.RegisteredModels().Get(t.Context(), "1")
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("error %v, want %v with %q", err, c.want, c.text)
		}
	}
}

func TestDialREST_Retries(t *testing.T) {
	var failures, requests atomic.Int32
	ours := restHandler(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if failures.Add(-1) >= 0 {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		ours.ServeHTTP(w, r)
	})
	reg := newRESTClient(t, h)
	failures.Store(2)
	if _, err := reg.RegisteredModels().Upsert(t.Context(), &model.RegisteredModel{Name: "m"}); err != nil {
		t.Fatal(err)
	}
	failures.Store(1)
	before := requests.Load()
	_, err := reg.RegisteredModels().Create(t.Context(), &model.RegisteredModel{Name: "n"})
	if !errors.Is(err, registry.ErrUnavailable) || requests.Load() != before+1 {
		t.Errorf("Create: error %v after %d requests, want one that is not repeated", err, requests.Load()-before)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := reg.RegisteredModels().Get(ctx, "1"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestDialREST_Unreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	reg, err := registry.DialREST(s.URL, registry.WithRetryTimeout(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reg.RegisteredModels().Get(t.Context(), "1"); !errors.Is(err, registry.ErrUnreachable) {
		t.Errorf("error %v, want ErrUnreachable", err)
	}
}

func TestDialREST_TLS(t *testing.T) {
	s := httptest.NewTLSServer(restHandler(t))
	defer s.Close()
	reg, err := registry.DialREST(s.URL, registry.WithRetryTimeout(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reg.RegisteredModels().Get(t.Context(), "1"); !errors.Is(err, registry.ErrTLS) ||
		!strings.Contains(err.Error(), "WithRootCAFile") {
		t.Errorf("error %v, want ErrTLS with what to do", err)
	}
	reg, err = registry.DialREST(s.URL, registry.WithHTTPClient(s.Client()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reg.RegisteredModels().Get(t.Context(), "1"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
}

func TestDialREST_TokenFile(t *testing.T) {
	ours := restHandler(t)
	var got atomic.Value
	file := filepath.Join(t.TempDir(), "token")
	reg := newRESTClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Store(r.Header.Get("Authorization"))
		ours.ServeHTTP(w, r)
	}), registry.WithTokenFile(file))
	for _, token := range []string{"one", "two"} {
		if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := reg.RegisteredModels().Query().Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got.Load() != "Bearer "+token {
			t.Errorf("sent %q, want the token %q", got.Load(), token)
		}
	}
}

func TestDialREST_InvalidArguments(t *testing.T) {
	for _, c := range []struct {
		url  string
		opt  registry.RESTOption
		want string
	}{
		{"registry.example", nil, "must begin with http"},
		{"ftp://registry.example", nil, "must begin with http"},
		{"https://ada@registry.example", nil, "WithToken"},
		{"https://registry.example?x=1", nil, "query"},
		{"http://registry.example", registry.WithToken("x"), "WithInsecureToken"},
		{"http://registry.example", registry.WithTLS(nil), "use https://"},
		{"https://registry.example", registry.WithRootCAFile("missing.pem"), "missing.pem"},
		{"https://registry.example", registry.WithGRPCDialOptions(nil), ""},
	} {
		_, err := registry.DialREST(c.url, c.opt)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.url, err)
			}
			continue
		}
		if !errors.Is(err, registry.ErrInvalidArgument) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want ErrInvalidArgument with %q", c.url, err, c.want)
		}
	}
	for _, url := range []string{"http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"} {
		if _, err := registry.DialREST(url, registry.WithToken("x")); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}
