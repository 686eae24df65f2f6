package evolution_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/rest/docs"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/suites/evolution/teams/v2/restapi"
)

// One server serves the APIs of two versions of a spec, from one store.
func Example_twoVersions() {
	store, err := sqlite.OpenMemory(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	reg := registry.New(store.Client())
	sunset := time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)

	apis := slices.Concat(restapi.APIs, restapi.Former)
	h, err := rest.NewHandler(reg, apis, rest.WithSunset(sunset))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.Handle("/docs/", docs.NewHandler("Teams", "2.0.0", apis))

	s := httptest.NewServer(mux)
	defer s.Close()
	send := func(method, path, body string) {
		q, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		r, err := http.DefaultClient.Do(q)
		if err != nil {
			log.Fatal(err)
		}
		defer r.Body.Close()
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Status, r.Header.Get("Sunset"))
	}
	send("POST", "/api/teams/v1/teams", `{"name": "data", "contact": "ada"}`)
	send("PATCH", "/api/teams/v2/teams/1", `{"mail": "bob", "lead": "eve"}`)
	// Output:
	// 201 Created Tue, 01 Jun 2027 00:00:00 GMT
	// 200 OK
}
