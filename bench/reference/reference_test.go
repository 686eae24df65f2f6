package main

import (
	"log/slog"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func TestSteps_AllRPCs(t *testing.T) {
	measured := map[string]bool{}
	for _, s := range steps() {
		measured[s.rpc] = true
	}
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		if !measured[m.MethodName] {
			t.Errorf("%s is not measured", m.MethodName)
		}
	}
}

func TestSteps_Replies(t *testing.T) {
	st, err := sqlite.OpenMemory(t.Context(), store.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	us := ours{st.Client()}
	w, err := build(t.Context(), us)
	if err != nil {
		t.Fatal(err)
	}
	empty := map[string]bool{"PutEvents": true, "PutAttributionsAndAssociations": true, "PutParentContexts": true}
	for _, s := range steps() {
		t.Run(s.rpc+" "+s.what, func(t *testing.T) {
			r, err := us.call(t.Context(), s, []proto.Message{s.request(w, 0), s.request(w, 1)})
			if err != nil {
				t.Fatal(err)
			}
			for _, reply := range r.replies {
				if len(reply) == 0 && !empty[s.rpc] {
					t.Error("the reply is empty, so that nothing is measured")
				}
			}
		})
	}
}
