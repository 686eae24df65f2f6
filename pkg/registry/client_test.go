package registry

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mapping"
)

// Each entity of the spec has an accessor on Client, whose type has the methods
// of a collection and an Of… method if the entity has a parent. The accessor is
// identified by the Go type that Get returns, because its name is a plural.
func TestClient_AccessorForEachEntity(t *testing.T) {
	facades := map[reflect.Type]reflect.Type{} // by the pointer to the model that Get returns
	client := reflect.TypeFor[*Client]()
	for i := range client.NumMethod() {
		accessor := client.Method(i)
		if accessor.Type.NumIn() != 1 || accessor.Type.NumOut() != 1 {
			continue
		}
		facade := accessor.Type.Out(0)
		if get, ok := facade.MethodByName("Get"); ok && facade.Name() == accessor.Name {
			facades[get.Type.Out(0)] = facade
		}
	}
	for _, e := range mapping.Catalog {
		typ := e.Type()
		facade, ok := facades[reflect.TypeOf(e.New())]
		if !ok {
			t.Errorf(
				"%s has no facade: Client has no accessor of a type of its own name whose Get returns %T",
				typ.Entity,
				e.New(),
			)
			continue
		}
		verbs := []string{"Upsert", "Replace", "Get", "FindByName", "FindByExternalID", "Query"}
		for _, verb := range verbs {
			if _, ok := facade.MethodByName(verb); !ok {
				t.Errorf("%s has no method %s", facade, verb)
			}
		}
		if typ.Parent == nil {
			continue
		}
		children := false
		for i := range facade.NumMethod() {
			children = children || strings.HasPrefix(facade.Method(i).Name, "Of")
		}
		if !children {
			t.Errorf("%s has no method Of… for the children of a %s", facade, typ.Parent.Entity)
		}
	}
}

func TestClient_CollectionsMadeOnce(t *testing.T) {
	c := New(newStore(t))
	if allocs := testing.AllocsPerRun(100, func() { c.ModelArtifacts() }); allocs != 0 {
		t.Errorf("an accessor makes %v allocations, want 0", allocs)
	}
	first := c.ModelArtifacts().c
	if c.ModelArtifacts().c != first {
		t.Error("an accessor makes its collection again")
	}
	if got := NewCollection(c, mapping.ModelArtifact).core.typ; got != c.ModelArtifacts().c.core.typ {
		t.Errorf("the type is %v", got)
	}
}

func TestClient_RPCIsTheStore(t *testing.T) {
	rpc := newStore(t)
	if New(rpc).RPC() != rpc {
		t.Error("RPC() is not the client that New was given")
	}
}
