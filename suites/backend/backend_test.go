package backend

import (
	"strings"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func TestMain(m *testing.M) { Main(m) }

func TestBackends_Answer(t *testing.T) {
	for _, b := range All() {
		t.Run(b.Name, func(t *testing.T) {
			rpc := b.Start(t)
			name := "backend.Answers"
			put, err := rpc.PutContextType(t.Context(),
				&mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{Name: &name}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := rpc.GetContextType(t.Context(), &mlmdpb.GetContextTypeRequest{TypeName: &name})
			if err != nil || got.GetContextType().GetId() != put.GetTypeId() {
				t.Errorf("the type %d reads as %v, %v", put.GetTypeId(), got, err)
			}
		})
	}
}

func TestStores_Independent(t *testing.T) {
	for _, b := range All() {
		t.Run(b.Name, func(t *testing.T) {
			if b.Name == Remote {
				t.Skip("a foreign server has one store for all")
			}
			name := "backend.Alone"
			one, other := b.Start(t), b.Start(t)
			if _, err := one.PutContextType(t.Context(),
				&mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{Name: &name}}); err != nil {
				t.Fatal(err)
			}
			got, err := other.GetContextTypes(t.Context(), &mlmdpb.GetContextTypesRequest{})
			if err != nil || len(got.GetContextTypes()) != 0 {
				t.Errorf("the other store has %v, %v; want nothing", got, err)
			}
		})
	}
}

func TestRemote_FailsFast(t *testing.T) {
	conn, err := dial("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = keepsNamedStores(t.Context(), conn, 100*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
}

func TestNames_Unknown(t *testing.T) {
	if _, err := names("memory,contaner"); err == nil {
		t.Error("a name that no backend has was taken")
	}
	got, err := names("embedded, core")
	if err != nil || len(got) != 3 {
		t.Errorf("embedded and core are %v, %v; want memory, file, core", got, err)
	}
}
