package rest

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
)

// TestStatements counts the statements that each operation sends to MariaDB, once
// the caches are filled, because each takes the time of a round trip.
func TestStatements(t *testing.T) {
	dsn, err := testdb.MySQL(t)
	testdb.Check(t, "mysql", err)
	var mu sync.Mutex
	var sent []string
	take := func() []string {
		mu.Lock()
		defer mu.Unlock()
		out := sent
		sent = nil
		return out
	}
	st, err := mysql.Open(t.Context(), dsn, store.WithStatementObserver(func(_ context.Context, s store.Statement) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, s.Text)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	reg := registry.New(st.Client())
	var last model.RegisteredModel
	for i := range 200 {
		last = model.RegisteredModel{Name: fmt.Sprintf("model-%d", i), Owner: new("ada")}
		if _, err := reg.RegisteredModels().Create(t.Context(), &last); err != nil {
			t.Fatal(err)
		}
	}
	h, err := rest.NewHandler(reg, restapi.APIs)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	n := 0
	for way, c := range map[string]caller{"embedded": facades{reg}, "rest": remote{s.URL + restapi.V1.Base}} {
		for _, op := range []struct {
			name string
			call func() error
			want map[string]int
		}{
			// REST reads the three entities back, for their times.
			{
				"register", func() error { n++; return c.register(fmt.Sprintf("%s-%d", way, n)) },
				map[string]int{"embedded": 19, "rest": 22},
			},
			{"get", func() error { return c.get(last.ID) }, map[string]int{"embedded": 1, "rest": 1}},
			{"find", func() error { return c.find(last.Name) }, map[string]int{"embedded": 1, "rest": 1}},
			{"page", func() error { return c.page(false) }, map[string]int{"embedded": 2, "rest": 2}},
			{"filtered", func() error { return c.page(true) }, map[string]int{"embedded": 2, "rest": 2}},
		} {
			for range 2 {
				take()
				if err := op.call(); err != nil {
					t.Fatal(err)
				}
			}
			if got := take(); len(got) != op.want[way] {
				t.Errorf("%s/%s sends %d statements, want %d:\n%s", op.name, way, len(got), op.want[way],
					strings.Join(got, "\n"))
			}
		}
	}
}
