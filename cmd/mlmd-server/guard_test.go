//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/internal/testtls"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// newToken adds a user to the file with the command, and returns the token.
func newToken(t *testing.T, file, name, role string, args ...string) string {
	t.Helper()
	stdout, stderr := new(lockedBuffer), new(lockedBuffer)
	args = append([]string{"token", "--auth_file=" + file, "--name=" + name, "--role=" + role}, args...)
	if code := run(t.Context(), args, stdout, stderr); code != 0 {
		t.Fatalf("%q: exit code %d: %s", args, code, stderr)
	}
	return strings.TrimSpace(stdout.String())
}

func dialToken(t *testing.T, server *running, token string) *registry.Client {
	t.Helper()
	client, err := registry.Dial(server.grpc, registry.WithToken(token), registry.WithInsecureToken())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestServe_Reflection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	token := newToken(t, file, "reader", "read")
	for _, c := range []struct {
		reflection          string
		anonymous, reader   codes.Code
		document, withToken int // status of the OpenAPI document
	}{
		{"read", codes.Unauthenticated, codes.OK, 401, 200},
		{"open", codes.OK, codes.OK, 200, 200},
		{"off", codes.Unauthenticated, codes.Unimplemented, 401, 200},
	} {
		server := startServer(t, "--host=127.0.0.1", "--auth_file="+file, "--reflection="+c.reflection)
		conn, err := grpc.NewClient(server.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for presented, want := range map[string]codes.Code{"": c.anonymous, "Bearer " + token: c.reader} {
			ctx := t.Context()
			if presented != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", presented)
			}
			stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
			if err == nil {
				_ = stream.Send(&reflectionpb.ServerReflectionRequest{
					MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{},
				}) // Recv returns the status
				_, err = stream.Recv()
			}
			if c.reflection == "off" && presented == "" {
				want = codes.Unimplemented // the service does not exist
			}
			if status.Code(err) != want {
				t.Errorf("--reflection=%s with %q: got %v, want %v", c.reflection, presented, err, want)
			}
			if _, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
				t.Errorf("health with %q: %v", presented, err)
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url+"/openapi.json", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", presented)
			wantStatus := c.document
			if presented != "" {
				wantStatus = c.withToken
			} else {
				request.Header.Del("Authorization")
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != wantStatus {
				t.Errorf("--reflection=%s, document with %q: %d, want %d", c.reflection, presented, response.StatusCode, wantStatus)
			}
		}
	}
}

// A client is let in as soon as the file of users has it, and a bad file changes
// nothing.
func TestServe_ReadsUsersAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	first := newToken(t, file, "first", "read")
	server := startServer(t, "--host=127.0.0.1", "--auth_file="+file)
	get := func(token string) codes.Code {
		_, err := dialToken(t, server, token).RPC().GetArtifactTypes(t.Context(), &mlmdpb.GetArtifactTypesRequest{})
		return status.Code(err)
	}
	if code := get(first); code != codes.OK {
		t.Fatalf("the first user: %v", code)
	}
	second := newToken(t, file, "second", "admin", "--valid=1h")
	hangUp(t)
	eventually(t, "the second user is known", func() bool { return get(second) == codes.OK })
	write(t, filepath.Dir(file), "users", "second admin sha256:12")
	hangUp(t)
	eventually(t, "the bad file is logged", func() bool {
		return strings.Contains(server.log.String(), "line 1: user second")
	})
	if code := get(second); code != codes.OK {
		t.Errorf("the second user, after a bad file: %v", code)
	}
	write(t, filepath.Dir(file), "users", "")
	hangUp(t)
	eventually(t, "the users are removed", func() bool { return get(second) == codes.Unauthenticated })
}

// hangUp sends SIGHUP to this process, in which the server runs.
func hangUp(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func TestServe_ReadsCertificatesAgain(t *testing.T) {
	dir := t.TempDir()
	ca := testtls.Issue(t, "ca", nil)
	before, after := testtls.Issue(t, "before", ca), testtls.Issue(t, "after", ca)
	cert, key := write(t, dir, "cert.pem", before.Cert), write(t, dir, "key.pem", before.Key)
	server := startServer(t, "--tls_cert_file="+cert, "--tls_key_file="+key)
	name := func(at string, protocol string) string {
		config := testtls.Client(t, ca, nil)
		config.NextProtos = []string{protocol}
		conn, err := tls.Dial("tcp", at, config)
		if err != nil {
			return err.Error()
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	both := func() string {
		return name(server.grpc, "h2") + " " + name(strings.TrimPrefix(server.url, "https://"), "http/1.1")
	}
	if got := both(); got != "before before" {
		t.Fatalf("got %s", got)
	}
	write(t, dir, "cert.pem", after.Cert) // does not match the key
	hangUp(t)
	eventually(t, "the mismatch is logged", func() bool {
		return strings.Contains(server.log.String(), "private key does not match")
	})
	if got := both(); got != "before before" {
		t.Errorf("after a bad file: %s", got)
	}
	write(t, dir, "key.pem", after.Key)
	hangUp(t)
	eventually(t, "the new certificate is used", func() bool { return both() == "after after" })
	for _, at := range []string{server.grpc, strings.TrimPrefix(server.url, "https://")} {
		conn, err := tls.Dial("tcp", at, &tls.Config{ServerName: "localhost"}) // does not trust the CA
		if err == nil {
			conn.Close()
			t.Fatal("connected")
		}
	}
	eventually(t, "both failed handshakes are logged with the peer", func() bool {
		n := 0
		for line := range strings.Lines(server.log.String()) {
			if strings.Contains(line, "TLS handshake") && strings.Contains(line, "127.0.0.1:") {
				n++
			}
		}
		return n >= 2
	})
}

// A server starts without the keys at a URL, and says that it cannot check tokens.
func TestServe_KeysFromURL(t *testing.T) {
	key, keys := newKey(t)
	var mu sync.Mutex
	down := true
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(keys))
	}))
	defer site.Close()
	args := []string{
		"--host=127.0.0.1", "--jwt_keys=" + site.URL, "--jwt_issuer=" + issuer, "--jwt_audience=" + audience,
		"--jwt_role_claim=realm_access.roles", "--jwt_roles=mlmd-writer=write",
	}
	server := startServer(t, args...)
	get := func(token string) codes.Code {
		_, err := dialToken(t, server, token).RPC().GetArtifactTypes(t.Context(), &mlmdpb.GetArtifactTypesRequest{})
		return status.Code(err)
	}
	token := issueJWT(t, key, jwt.MapClaims{"realm_access": map[string]any{"roles": []string{"mlmd-writer"}}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	client := dialToken(t, server, token)
	_, err := client.RPC().GetArtifactTypes(ctx, &mlmdpb.GetArtifactTypesRequest{})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("without keys: got %v", err)
	}
	mu.Lock()
	down = false
	mu.Unlock()
	server = startServer(t, args...)
	if code := get(token); code != codes.OK {
		t.Errorf("with keys: got %v", code)
	}
	_, err = dialToken(t, server, token).RPC().PutTypes(t.Context(), &mlmdpb.PutTypesRequest{})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("a writer puts types: got %v", err)
	}
}

func TestServe_AuditLog(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "users")
	admin, reader := newToken(t, file, "root", "admin"), newToken(t, file, "reader", "read")
	server := startServer(t, "--host=127.0.0.1", "--auth_file="+file, "--audit_log="+filepath.Join(dir, "audit.json"))
	m := &model.RegisteredModel{Name: "m"}
	if _, err := dialToken(t, server, admin).RegisteredModels().Upsert(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	m.Name = "n"
	if _, err := dialToken(t, server, reader).RegisteredModels().Upsert(t.Context(), m); err == nil {
		t.Error("a reader wrote")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		server.url+"/api/model_registry/v1alpha3/registered_models", strings.NewReader(`{"name":"r"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+admin)
	request.Header.Set("X-Request-Id", "request-7")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated || response.Header.Get("X-Request-Id") != "request-7" {
		t.Errorf("got %d, %v", response.StatusCode, response.Header)
	}
	text, err := os.ReadFile(filepath.Join(dir, "audit.json"))
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		Method, Code, User, Peer string
		RequestID                string             `json:"request_id"`
		IDs                      map[string][]int64 `json:"ids"`
	}
	var puts []entry
	for line := range strings.Lines(string(text)) {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if _, _, err := net.SplitHostPort(e.Peer); err != nil || e.User != "root" || e.Code != "OK" {
			t.Errorf("got %s", line)
		}
		if e.Method == "PutContexts" {
			puts = append(puts, e)
		}
	}
	if len(puts) != 2 || len(puts[0].IDs["context_ids"]) != 1 || puts[1].RequestID != "request-7" {
		t.Errorf("got %+v", puts)
	}
	if strings.Contains(string(text), admin) {
		t.Error("the audit log has a token")
	}
}
