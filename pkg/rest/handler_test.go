package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/rest"
)

const base = "/api/model_registry/v1"

// start returns a function that sends a request to a new registry and returns the
// status and the body.
func start(t *testing.T, opts ...rest.Option) func(method, path, body string) (int, string) {
	t.Helper()
	h, err := rest.NewHandler(registrytest.New(t), []rest.API{api(base)}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return func(method, path, body string) (int, string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, base+path, strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
}

func id(t *testing.T, body string) string {
	t.Helper()
	var v struct{ ID string }
	if err := json.Unmarshal([]byte(body), &v); err != nil || v.ID == "" {
		t.Fatalf("no id in %s", body)
	}
	return v.ID
}

func TestHandler(t *testing.T) {
	send := start(t)
	step := func(method, path, body string, want int, parts ...string) string {
		t.Helper()
		code, got := send(method, path, body)
		if code != want {
			t.Errorf("%s %s %s: %d %s, want %d", method, path, body, code, got, want)
		}
		for _, p := range parts {
			if !strings.Contains(got, p) {
				t.Errorf("%s %s: %s lacks %s", method, path, got, p)
			}
		}
		return got
	}
	m := id(t, step("POST", "/registered_models", `{"name":"m"}`, 201, `"state":"LIVE"`, `"customProperties":{}`))
	step("GET", "/registered_models/"+m, "", 200, `"name":"m"`)
	step("GET", "/registered_model?name=m", "", 200)
	step("GET", "/registered_model?name=x", "", 404)
	step("POST", "/registered_models", `{"name":"m"}`, 409, "registered model with name m already exists: conflict")
	step("POST", "/registered_models", `{"nam":"m"}`, 400, `json: unknown field \"nam\"`)
	step("POST", "/registered_models", `{}`, 422, "required field 'name' is zero value.", `"code":"Bad Request"`)
	step("PATCH", "/registered_models/"+m, `{"state":"ARCHIVED","tasks":["a"]}`, 200, `"state":"ARCHIVED"`)
	step("PATCH", "/registered_models/"+m, `{"description":"d"}`, 200, `"state":"ARCHIVED"`, `"tasks":["a"]`)
	v := id(t, step("POST", "/model_versions", `{"name":"v1","registeredModelId":"`+m+`"}`, 201))
	step("GET", "/model_version?name=v1&parentResourceId="+m, "", 200)
	step("GET", "/registered_models/"+m+"/versions", "", 200, `"size":1`)
	step("GET", "/registered_models/"+m+"/versions?name=v1", "", 200, `"size":1`)
	step("GET", "/registered_models/"+m+"/versions?name=v", "", 200, `"size":0`)
	a := id(t, step("POST", "/model_versions/"+v+"/artifacts", `{"artifactType":"model-artifact","name":"w"}`, 201,
		`"artifactType":"model-artifact"`, `"state":"UNKNOWN"`))
	step("POST", "/model_versions/"+v+"/artifacts", `{"artifactType":"doc-artifact","name":"w"}`, 201)
	step("POST", "/model_versions/"+v+"/artifacts", `{"artifactType":"x","name":"w"}`, 400)
	step("GET", "/model_artifact?name=w&parentResourceId="+v, "", 200)
	step("GET", "/artifacts/"+a, "", 200)
	step("PATCH", "/artifacts/"+a, `{"artifactType":"model-artifact","uri":"s3://x"}`, 200, `"uri":"s3://x"`)
	step("GET", "/artifacts?pageSize=1", "", 200, `"size":1`)
	e := id(t, step("POST", "/serving_environments", `{"name":"e"}`, 201))
	s := id(t, step("POST", "/inference_services",
		`{"registeredModelId":"`+m+`","servingEnvironmentId":"`+e+`"}`, 201, `"desiredState":"DEPLOYED"`))
	step("GET", "/inference_services/"+s+"/version", "", 200, `"name":"v1"`)
	step("GET", "/inference_services/"+s+"/model", "", 200, `"name":"m"`)
	step("POST", "/inference_services/"+s+"/serves", `{"modelVersionId":"`+v+`"}`, 201, `"lastKnownState":"UNKNOWN"`)
	step("GET", "/inference_services/"+s+"/serves", "", 200, `"size":1`)
	step("POST", "/inference_services/"+s+"/serves", `{"modelVersionId":"999"}`, 404)
	step("GET", "/registered_models?filterQuery=state%3D'ARCHIVED'", "", 200, `"size":1`)
	step("GET", "/registered_models?filterQuery=x", "", 400, "invalid filter query")
	step("DELETE", "/registered_models/"+m, "", http.StatusMethodNotAllowed)
}

func TestNewHandler_SameBase(t *testing.T) {
	_, err := rest.NewHandler(registrytest.New(t), []rest.API{api("/api/v1"), api("/api/v1")})
	if err == nil || err.Error() != "rest: API /api/v1: another API has the same base: give each its own" {
		t.Errorf("got %v", err)
	}
}
