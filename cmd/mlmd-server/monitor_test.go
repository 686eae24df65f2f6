//go:build unix

package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	registrymodel "github.com/mlmd-go/sdk/generated/model"
)

var monitoringURL = regexp.MustCompile(`/metrics","url":"([^"]*)"`)

// fetch returns the status and body of a page of the monitoring port.
func (r *running) fetch(t *testing.T, path, token string) (int, []byte) {
	t.Helper()
	m := monitoringURL.FindStringSubmatch(r.log.String())
	if m == nil {
		t.Fatalf("no monitoring port in the log: %s", r.log)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m[1]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

func TestMonitoring_Metrics(t *testing.T) {
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	token := newToken(t, users, "root", "admin")
	server := startServer(t, "--db="+filepath.Join(dir, "r.db"), "--host=127.0.0.1", "--monitoring_port=0",
		"--auth_file="+users)
	client := dialToken(t, server, token)
	if _, err := client.RegisteredModels().Upsert(t.Context(), &registrymodel.RegisteredModel{Name: "m"}); err != nil {
		t.Fatal(err)
	}
	_, err := dialToken(t, server, "wrong").RPC().GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
	if err == nil {
		t.Error("a wrong token was accepted")
	}
	if response, err := http.Get(server.url + "/openapi.json"); err == nil {
		response.Body.Close()
	}
	code, text := server.fetch(t, "/metrics", "")
	if code != http.StatusOK {
		t.Fatalf("got %d %s", code, text)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("Prometheus cannot parse it: %v", err)
	}
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
	t.Logf("%d metric families, %d problems", len(families), len(problems))
	for _, name := range []string{
		"grpc_server_handled_total", "grpc_server_handling_seconds", "grpc_server_in_flight", "mlmd_http_requests_total",
		"mlmd_http_request_duration_seconds", "mlmd_http_requests_in_flight", "mlmd_db_connections_max",
		"mlmd_db_connections", "mlmd_db_statements_total", "mlmd_db_retries_total", "mlmd_sqlite_wal_bytes",
		"mlmd_db_connection_waits_total", "mlmd_db_connection_wait_seconds_total", "mlmd_cache_hits_total",
		"mlmd_cache_misses_total",
		"mlmd_db_statement_duration_seconds", "mlmd_db_rows_total", "mlmd_db_statement_failures_total",
		"mlmd_requests_running", "mlmd_requests_waiting", "mlmd_build_info", "go_goroutines",
	} {
		if families[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	for _, line := range []string{
		`grpc_server_handled_total{grpc_code="OK",grpc_method="PutContexts"} 1`,
		`grpc_server_handled_total{grpc_code="Unauthenticated",grpc_method="GetArtifacts"} 1`,
		`grpc_server_handling_seconds_count{grpc_method="PutContexts"} 1`,
		`mlmd_http_requests_total{code="401",method="get"} 1`,
		`mlmd_requests_waiting{kind="write"} 0`,
	} {
		if !bytes.Contains(text, []byte(line+"\n")) {
			t.Errorf("lacks %s", line)
		}
	}
	if n := families["mlmd_db_statement_duration_seconds"].GetMetric()[0].GetHistogram().GetSampleCount(); n == 0 {
		t.Error("no statement was timed")
	}
	for _, line := range []string{"mlmd_sqlite_wal_bytes 0", "mlmd_db_statements_total 0"} {
		if bytes.Contains(text, []byte(line+"\n")) {
			t.Errorf("the write left no trace: %s", line)
		}
	}
}

// Readiness and health agree: the file of the database is moved away, and back.
func TestMonitoring_Ready(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.db")
	server := startServer(t, "--db="+file, "--monitoring_port=0")
	conn, err := grpc.NewClient(server.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	agree := func(code int, want healthpb.HealthCheckResponse_ServingStatus) bool {
		for _, service := range []string{"", "ml_metadata.MetadataStoreService"} {
			health, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
			if err != nil {
				t.Fatal(err)
			}
			if health.GetStatus() != want {
				return false
			}
		}
		got, _ := server.fetch(t, "/readyz", "")
		return got == code
	}
	eventually(t, "ready", func() bool { return agree(http.StatusOK, healthpb.HealthCheckResponse_SERVING) })
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "not ready", func() bool {
		return agree(http.StatusServiceUnavailable, healthpb.HealthCheckResponse_NOT_SERVING)
	})
	if code, body := server.fetch(t, "/livez", ""); code != http.StatusOK {
		t.Errorf("alive: %d %s", code, body)
	}
	if err := os.Rename(file+".away", file); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ready again", func() bool { return agree(http.StatusOK, healthpb.HealthCheckResponse_SERVING) })
}

func TestMonitoring_Profiles(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	admin, writer := newToken(t, users, "root", "admin"), newToken(t, users, "w", "write")
	server := startServer(t, "--host=127.0.0.1", "--monitoring_port=0", "--pprof", "--auth_file="+users)
	for token, want := range map[string]int{"": 401, "wrong": 401, writer: 403, admin: 200} {
		if code, _ := server.fetch(t, "/debug/pprof/goroutine", token); code != want {
			t.Errorf("got %d, want %d", code, want)
		}
	}
	without := startServer(t, "--host=127.0.0.1", "--monitoring_port=0", "--auth_file="+users)
	if code, _ := without.fetch(t, "/debug/pprof/goroutine", admin); code != http.StatusNotFound {
		t.Errorf("without --pprof: %d", code)
	}
}
