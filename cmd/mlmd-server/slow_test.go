//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A slow statement is logged with the call that sent it, over gRPC and REST.
func TestSlowQueries_Logged(t *testing.T) {
	server := startServer(t, "--slow_query_time=1ns")
	client := dialToken(t, server, "none")
	eventually(t, "the call is in the log", func() bool { // the log is limited
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "over-grpc")
		if _, err := client.RPC().GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		return server.logged(t, "over-grpc", "GetArtifacts")
	})
	eventually(t, "the request is in the log", func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			server.url+"/api/model_registry/v1alpha3/registered_models", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Request-Id", "over-rest")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		time.Sleep(200 * time.Millisecond)
		return server.logged(t, "over-rest", "GetContextsByType")
	})
}

// logged reports whether the log has a slow statement of the request and the RPC,
// with its plan.
func (r *running) logged(t *testing.T, id, rpc string) bool {
	t.Helper()
	for line := range strings.Lines(r.log.String()) {
		var l struct {
			Msg, RPC, Peer, Statement, Plan string
			RequestID                       string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if l.Msg == "slow statement" && l.RequestID == id && l.RPC == rpc && l.Plan != "" {
			if !strings.HasPrefix(l.Peer, "127.0.0.1:") || !strings.HasPrefix(l.Statement, "SELECT ") {
				t.Errorf("got %s", line)
			}
			return true
		}
	}
	return false
}

func TestSlowQueries_NegativeTime(t *testing.T) {
	if f, err := parse([]string{"--db=:memory:", "--slow_query_time=-1s"}); err != nil {
		t.Fatal(err)
	} else if _, err := f.plan(nil); err == nil || !strings.Contains(err.Error(), "--slow_query_time is negative") {
		t.Errorf("got %v", err)
	}
}
