//go:build unix

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

func TestReadOnly_EachDatabase(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		address, stop := serveProcess(t, "--db="+db)
		fillScene(t, dial(t, address))
		stop()
		server := startServer(t, "--db="+db, "--read_only", "--monitoring_port=0")
		if code, body := server.fetch(t, "/readyz", ""); code != http.StatusOK || string(body) != "ok, read-only\n" {
			t.Errorf("/readyz: %d %q", code, body)
		}
		refusesWrites(t, server.grpc)
		readsScene(t, dial(t, server.grpc))
		refusesRESTWrites(t, server.url)
	})
}

// refusesWrites calls each RPC. Those that write must fail, and the others not.
func refusesWrites(t *testing.T, address string) {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	service := mlmdpb.File_ml_metadata_proto_metadata_store_service_proto.Services().ByName("MetadataStoreService")
	refused := 0
	for i := range service.Methods().Len() {
		m := service.Methods().Get(i)
		name := string(m.Name())
		err := conn.Invoke(t.Context(), "/ml_metadata.MetadataStoreService/"+name, empty(m.Input()), empty(m.Output()))
		if !strings.HasPrefix(name, "Put") {
			if status.Code(err) == codes.FailedPrecondition || status.Code(err) == codes.Internal {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		// An invalid request may be refused as such.
		switch status.Code(err) {
		case codes.FailedPrecondition:
			refused++
			if !strings.Contains(err.Error(), "reading only") {
				t.Errorf("%s: %v", name, err)
			}
		case codes.InvalidArgument:
		case codes.OK:
			if name != "PutTypes" { // the types of an empty list are all stored
				t.Errorf("%s succeeded", name)
			}
		default:
			t.Errorf("%s: %v", name, err)
		}
	}
	if refused < 8 {
		t.Errorf("%d RPCs were refused", refused)
	}
	put := &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{Name: new("new")}}
	if _, err := dial(t, address).PutContextType(t.Context(), put); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a type: %v", err)
	}
}

// readsScene reads nodes by filters, IDs, lineage and contexts.
func readsScene(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient) {
	t.Helper()
	ctx := t.Context()
	list, err := rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{Options: &mlmdpb.ListOperationOptions{
		FilterQuery: new("contexts_c.name = 'c2' AND properties.count.int_value > -100"),
	}})
	if err != nil || len(list.Artifacts) != 2 {
		t.Errorf("a filter: %v, %v", list.GetArtifacts(), err)
	}
	graph, err := rpc.GetLineageSubgraph(ctx, &mlmdpb.GetLineageSubgraphRequest{
		LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{
			StartingNodes: &mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts{
				StartingArtifacts: &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: new("uri = 's3://b/1'")},
			},
			MaxNumHops: new(int64(1)),
		},
	})
	if err != nil || len(graph.GetLineageSubgraph().GetEvents()) != 1 {
		t.Errorf("lineage: %v, %v", graph, err)
	}
	child := &mlmdpb.GetParentContextsByContextRequest{ContextId: new(int64(3))}
	parents, err := rpc.GetParentContextsByContext(ctx, child)
	if err != nil || len(parents.Contexts) != 1 {
		t.Errorf("parents: %v, %v", parents, err)
	}
}

func refusesRESTWrites(t *testing.T, url string) {
	t.Helper()
	const models = "/api/model_registry/v1alpha3/registered_models"
	response, err := http.Post(url+models, "application/json", strings.NewReader(`{"name": "new"}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("POST: %s", response.Status)
	}
	for _, path := range []string{models, "/readyz/health"} {
		response, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %s", path, response.Status)
		}
	}
}

// A registry on a read-only server reads what another one wrote.
func TestReadOnly_Registry(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registry.db")
	writer := startServer(t, "--db="+file)
	made := &model.RegisteredModel{Name: "m"}
	if _, err := dialToken(t, writer, "").RegisteredModels().Upsert(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	reader := startServer(t, "--db="+file, "--read_only")
	got, err := dialToken(t, reader, "").RegisteredModels().FindByName(t.Context(), "m")
	if err != nil || got.ID != made.ID {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestReadOnly_Refused(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.db")
	empty := write(t, dir, "empty.db", "")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--db=" + missing}, 1, "no such file"},
		{[]string{"--db=" + empty}, 1, "the database is empty"},
		{[]string{"--db=:memory:"}, 2, "requires a database that exists"},
		{[]string{"--db=" + missing, "--enable_database_upgrade"}, 2, "mutually exclusive"},
	} {
		code, _, stderr := execute(t, append(c.args, "--read_only", "--grpc_port=0")...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: exit code %d, %s", c.args, code, stderr)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the missing file was created")
	}
	if at, err := os.Stat(empty); err != nil || at.Size() != 0 {
		t.Errorf("the empty file has %d bytes, %v", at.Size(), err)
	}
}
