//go:build unix

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/testweb"
)

// Calls of gRPC-Web are audited and counted as those of gRPC are.
func TestServe_Web(t *testing.T) {
	dir := t.TempDir()
	users, audit := filepath.Join(dir, "users"), filepath.Join(dir, "audit.json")
	token := newToken(t, users, "root", "admin")
	server := startServer(t, "--host=127.0.0.1", "--monitoring_port=0", "--auth_file="+users, "--audit_log="+audit,
		"--grpc_web")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	rpc := mlmdpb.NewMetadataStoreServiceClient(
		&testweb.Conn{URL: "http://" + server.grpc, Client: &http.Client{Transport: transport}})
	put := &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{Name: new("web.Run")}}
	if _, err := rpc.PutContextType(t.Context(), put); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a token: %v", err)
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token, "x-request-id", "web-1")
	if _, err := rpc.PutContextType(ctx, put); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"PutContextType"`, `"root"`, `"web-1"`, `"127.0.0.1:`} {
		if !strings.Contains(string(text), want) || strings.Count(string(text), "\n") != 1 {
			t.Errorf("the audit log lacks %s: %s", want, text)
		}
	}
	_, metrics := server.fetch(t, "/metrics", "")
	for _, want := range []string{
		`grpc_server_handled_total{grpc_code="OK",grpc_method="PutContextType"} 1`,
		`grpc_server_handled_total{grpc_code="Unauthenticated",grpc_method="PutContextType"} 1`,
		`grpc_server_in_flight{grpc_method="PutContextType"} 0`,
	} {
		if !strings.Contains(string(metrics), want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
