// Package rest measures the REST API beside gRPC and the embedded store, on a
// SQLite file and on MariaDB:
//
//	go test ./bench/rest -run '^$' -bench .
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/mlmd-go/sdk/bench/internal/loopback"
	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// models is how many models are stored before a benchmark; every second one has
// the owner ada.
const models = 1000

var databases = []struct {
	name string
	open func(b *testing.B) (*store.Store, error)
}{
	{"file", func(b *testing.B) (*store.Store, error) {
		return sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "registry.db"))
	}},
	{"mariadb", func(b *testing.B) (*store.Store, error) {
		dsn, err := testdb.MySQL(b)
		testdb.Check(b, "mysql", err)
		return mysql.Open(b.Context(), dsn)
	}},
}

// A caller does the same by one of the ways to reach the store.
type caller interface {
	register(name string) error // a model, a version and an artifact, one after the other
	get(id string) error
	find(name string) error
	page(filtered bool) error // 100 models
}

func BenchmarkREST(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			st, err := db.open(b)
			if err != nil {
				b.Fatal(err)
			}
			defer st.Close()
			reg := registry.New(st.Client())
			var last model.RegisteredModel
			for i := range models {
				last = model.RegisteredModel{Name: fmt.Sprintf("model-%d", i), Description: new("card fraud"), Owner: new("bob")}
				if i%2 == 0 {
					last.Owner = new("ada")
				}
				if _, err := reg.RegisteredModels().Create(b.Context(), &last); err != nil {
					b.Fatal(err)
				}
			}
			for _, way := range []struct {
				name   string
				caller caller
			}{{"embedded", facades{reg}}, {"grpc", facades{dial(b, st)}}, {"rest", serve(b, reg)}} {
				n := 0
				for name, call := range map[string]func() error{
					"register": func() error { n++; return way.caller.register(fmt.Sprintf("%s-%d", way.name, n)) },
					"get":      func() error { return way.caller.get(last.ID) },
					"find":     func() error { return way.caller.find(last.Name) },
					"page":     func() error { return way.caller.page(false) },
					"filtered": func() error { return way.caller.page(true) },
				} {
					b.Run(name+"/"+way.name, func(b *testing.B) {
						for b.Loop() {
							if err := call(); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
			}
		})
	}
}

// facades calls the facades, over gRPC or embedded.
type facades struct{ *registry.Client }

func dial(b *testing.B, st *store.Store) *registry.Client {
	reg, stop, err := loopback.Serve(st)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := stop(); err != nil {
			b.Error(err)
		}
	})
	return reg
}

func (f facades) register(name string) error {
	ctx := context.Background()
	m := model.RegisteredModel{Name: name, Description: new("card fraud"), Owner: new("ada")}
	if _, err := f.RegisteredModels().Create(ctx, &m); err != nil {
		return err
	}
	v := model.ModelVersion{RegisteredModelID: m.ID, Name: "v1", Author: new("ada")}
	if _, err := f.ModelVersions().Create(ctx, &v); err != nil {
		return err
	}
	a := model.ModelArtifact{ModelVersionID: v.ID, Name: "weights", URI: new("s3://models/fraud/1")}
	_, err := f.ModelArtifacts().Create(ctx, &a)
	return err
}

func (f facades) get(id string) error {
	_, err := f.RegisteredModels().Get(context.Background(), id)
	return err
}

func (f facades) find(name string) error {
	_, err := f.RegisteredModels().FindByName(context.Background(), name)
	return err
}

func (f facades) page(filtered bool) error {
	q := f.RegisteredModels().Query().Limit(100)
	if filtered {
		q = q.Where(field.RegisteredModel.Owner.Eq("ada"))
	}
	n := 0
	for _, err := range q.All(context.Background()) {
		if err != nil {
			return err
		}
		n++
	}
	return want100(n)
}

func want100(n int) error {
	if n != 100 {
		return fmt.Errorf("%d models, want 100", n)
	}
	return nil
}

// remote calls the REST API at a URL.
type remote struct{ base string }

func serve(b *testing.B, reg *registry.Client) remote {
	h, err := rest.NewHandler(reg, restapi.APIs)
	if err != nil {
		b.Fatal(err)
	}
	s := httptest.NewServer(h)
	b.Cleanup(s.Close)
	return remote{s.URL + restapi.V1.Base}
}

func (r remote) send(method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	q, err := http.NewRequest(method, r.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if raw, err = io.ReadAll(a.Body); err != nil {
		return err
	}
	if a.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, a.Status, raw)
	}
	return json.Unmarshal(raw, into)
}

func (r remote) register(name string) error {
	type object = map[string]any
	var m, v, a struct{ ID string }
	err := r.send("POST", "/registered_models", object{"name": name, "description": "card fraud", "owner": "ada"}, &m)
	if err != nil {
		return err
	}
	err = r.send("POST", "/model_versions", object{"name": "v1", "registeredModelId": m.ID, "author": "ada"}, &v)
	if err != nil {
		return err
	}
	return r.send("POST", "/model_versions/"+v.ID+"/artifacts",
		object{"artifactType": "model-artifact", "name": "weights", "uri": "s3://models/fraud/1"}, &a)
}

func (r remote) get(id string) error {
	var m model.RegisteredModel
	return r.send("GET", "/registered_models/"+id, nil, &m)
}

func (r remote) find(name string) error {
	var m model.RegisteredModel
	return r.send("GET", "/registered_model?name="+name, nil, &m)
}

func (r remote) page(filtered bool) error {
	path := "/registered_models?pageSize=100"
	if filtered {
		path += "&filterQuery=" + url.QueryEscape("owner = 'ada'")
	}
	var list struct{ Items []model.RegisteredModel }
	if err := r.send("GET", path, nil, &list); err != nil {
		return err
	}
	return want100(len(list.Items))
}
