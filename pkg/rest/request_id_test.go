package rest_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/pkg/registry/registrytest"
	"github.com/mlmd-go/sdk/pkg/rest"
)

func TestHandler_RequestID(t *testing.T) {
	faults := &registrytest.Faults{}
	h, err := rest.NewHandler(registrytest.New(t, registrytest.WithFaults(faults)), []rest.API{api(base)})
	if err != nil {
		t.Fatal(err)
	}
	send := func(id string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", base+"/registered_models", nil)
		r.Header.Set("X-Request-Id", id)
		h.ServeHTTP(w, r)
		return w
	}
	if w := send("a"); w.Code != 200 || w.Header().Get("X-Request-Id") != "a" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	faults.Add(registrytest.Fault{Method: "GetContextsByType", Code: codes.Internal})
	w := send("b")
	if w.Code != 500 || !strings.Contains(w.Body.String(), "(request ID b)") || w.Header().Get("X-Request-Id") != "b" {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := send("not an ID"); w.Header().Get("X-Request-Id") == "not an ID" || w.Header().Get("X-Request-Id") == "" {
		t.Errorf("got %v", w.Header())
	}
}
