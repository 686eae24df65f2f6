package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/internal/testtls"
	"github.com/mlmd-go/sdk/internal/testweb"
	"github.com/mlmd-go/sdk/pkg/auth"
)

// A running server.
type running struct {
	grpc, url string
	stdout    *lockedBuffer
	log       *lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// eventually waits until f is true.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// startServer runs the command with free ports until the test ends.
func startServer(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stdout: new(lockedBuffer), log: new(lockedBuffer)}
	ended := make(chan int, 1)
	args = append([]string{"--db=:memory:", "--grpc_port=0", "--http_port=0", "--log_format=json"}, args...)
	go func() { ended <- run(ctx, args, r.stdout, r.log) }()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("exit code %d: %s", code, r.log)
		}
	})
	eventually(t, "serving", func() bool {
		select {
		case code := <-ended:
			ended <- code
			t.Fatalf("exit code %d: %s", code, r.log)
		default:
		}
		return strings.Count(r.stdout.String(), "serving ") == 2
	})
	lines := strings.Split(r.stdout.String(), "\n")
	r.grpc, r.url = strings.TrimPrefix(lines[0], "serving "), strings.TrimPrefix(lines[1], "serving ")
	return r
}

// write writes a file in a directory of the test and returns its name.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A credential is what a client sends, and the role that it has.
type credential struct {
	name  string
	token string
	cert  *testtls.Pair
	role  auth.Role
}

const issuer, audience = "https://issuer.example", "mlmd"

// issueJWT returns a token for the claims.
func issueJWT(t *testing.T, key *ecdsa.PrivateKey, claims jwt.MapClaims) string {
	t.Helper()
	all := jwt.MapClaims{"iss": issuer, "aud": audience, "sub": "user", "exp": time.Now().Add(time.Hour).Unix()}
	for name, v := range claims {
		all[name] = v
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, all)
	token.Header["kid"] = "k"
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// newKey returns a key, and the set of JSON web keys that verifies its tokens.
func newKey(t *testing.T) (key *ecdsa.PrivateKey, keys string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return key, fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","kid":"k","alg":"ES256","use":"sig","x":%q,"y":%q}]}`,
		encode(point[1:33]), encode(point[33:]))
}

// guardedServer starts a server with all ways to identify clients, and returns
// credentials of all kinds.
func guardedServer(t *testing.T, args ...string) (*running, *testtls.Pair, []credential) {
	t.Helper()
	dir := t.TempDir()
	ca := testtls.Issue(t, "ca", nil)
	leaf := testtls.Issue(t, "server", ca)
	var users strings.Builder
	var all []credential
	for role := auth.Read; role <= auth.Admin; role++ {
		token, hash := auth.NewToken()
		late, lateHash := auth.NewToken()
		fmt.Fprintf(&users, "t-%s %s %s\n", role, role, hash)
		fmt.Fprintf(&users, "e-%s %s %s 2020-01-01T00:00:00Z\n", role, role, lateHash)
		fmt.Fprintf(&users, "c-%s %s CN:client %s\n", role, role, role)
		all = append(all,
			credential{"token, " + role.String(), token, nil, role},
			credential{"expired token, " + role.String(), late, nil, auth.None},
			credential{"certificate, " + role.String(), "", testtls.Issue(t, "client "+role.String(), ca), role})
	}
	key, keys := newKey(t)
	foreign, _ := newKey(t)
	for _, role := range []string{"read", "write", "admin"} {
		r, _ := auth.ParseRole(role)
		all = append(all, credential{"JWT, " + role, issueJWT(t, key, jwt.MapClaims{"roles": []string{role}}), nil, r})
	}
	admin := jwt.MapClaims{"roles": []string{"admin"}}
	with := func(name string, v any) jwt.MapClaims { return jwt.MapClaims{"roles": []string{"admin"}, name: v} }
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{
		"iss": issuer, "aud": audience, "exp": time.Now().Add(time.Hour).Unix(), "roles": "admin",
	}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	wrong, _ := auth.NewToken()
	for name, token := range map[string]string{
		"wrong token":                   wrong,
		"a hash instead of a token":     strings.Fields(users.String())[2],
		"expired JWT":                   issueJWT(t, key, with("exp", time.Now().Add(-time.Hour).Unix())),
		"JWT that never expires":        issueJWT(t, key, with("exp", nil)),
		"JWT of another issuer":         issueJWT(t, key, with("iss", "https://other.example")),
		"JWT for another audience":      issueJWT(t, key, with("aud", "other")),
		"JWT signed with another key":   issueJWT(t, foreign, admin),
		"JWT without a signature":       unsigned,
		"JWT that is not valid yet":     issueJWT(t, key, with("nbf", time.Now().Add(time.Hour).Unix())),
		"JWT with three dots and words": "a.b.c",
	} {
		all = append(all, credential{name, token, nil, auth.None})
	}
	all = append(all,
		credential{"no credentials", "", nil, auth.None},
		credential{"JWT without a role", issueJWT(t, key, nil), nil, auth.None},
		credential{"certificate that is not listed", "", testtls.Issue(t, "stranger", ca), auth.None},
		credential{"wrong token with an admin's certificate", wrong, testtls.Issue(t, "client admin", ca), auth.None},
	)
	server := startServer(t, append([]string{
		"--host=127.0.0.1",
		"--tls_cert_file=" + write(t, dir, "cert.pem", leaf.Cert), "--tls_key_file=" + write(t, dir, "key.pem", leaf.Key),
		"--tls_client_ca_file=" + write(t, dir, "ca.pem", ca.Cert), "--tls_client_auth=optional",
		"--auth_file=" + write(t, dir, "users", users.String()),
		"--jwt_keys=" + write(t, dir, "jwks.json", keys), "--jwt_issuer=" + issuer, "--jwt_audience=" + audience,
	}, args...)...)
	return server, ca, all
}

// denied reports what a server must answer to a client with the role that calls
// an operation which requires another.
func denied(c credential, need auth.Role) codes.Code {
	switch {
	case c.role >= need:
		return codes.OK
	case c.role == auth.None && c.name != "JWT without a role":
		return codes.Unauthenticated
	}
	return codes.PermissionDenied
}

func TestServe_EachRPCAndCredential(t *testing.T) {
	server, ca, all := guardedServer(t, "--limit_concurrency=false", "--grpc_web")
	service := mlmdpb.File_ml_metadata_proto_metadata_store_service_proto.Services().ByName("MetadataStoreService")
	tried, letIn := 0, 0
	for _, c := range all {
		conn, err := grpc.NewClient(server.grpc,
			grpc.WithTransportCredentials(credentials.NewTLS(testtls.Client(t, ca, c.cert))))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		transport := &http.Transport{TLSClientConfig: testtls.Client(t, ca, c.cert)}
		defer transport.CloseIdleConnections()
		web := &testweb.Conn{URL: "https://" + server.grpc, Client: &http.Client{Transport: transport}}
		ctx := t.Context()
		if c.token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
		}
		for i := range service.Methods().Len() {
			m := service.Methods().Get(i)
			name := string(m.Name())
			need := auth.Write
			switch {
			case strings.HasPrefix(name, "Get"):
				need = auth.Read
			case slices.Contains([]string{"PutTypes", "PutArtifactType", "PutExecutionType", "PutContextType"}, name):
				need = auth.Admin
			}
			for face, conn := range map[string]grpc.ClientConnInterface{"gRPC": conn, "gRPC-Web": web} {
				request, reply := empty(m.Input()), empty(m.Output())
				err := conn.Invoke(ctx, "/ml_metadata.MetadataStoreService/"+name, request, reply)
				got := status.Code(err)
				refused := got == codes.Unauthenticated || got == codes.PermissionDenied
				tried++
				if want := denied(c, need); want != codes.OK && got != want || want == codes.OK && refused {
					t.Errorf("%s, %s by %s: got %v, want %v", name, c.name, face, err, want)
					if !refused {
						letIn++
					}
				}
			}
		}
	}
	t.Logf("%d calls, %d let in wrongly", tried, letIn)
	if strings.Contains(server.log.String(), "mlmd_") || strings.Contains(server.log.String(), "eyJ") {
		t.Errorf("the log has a token")
	}
	for _, want := range []string{`"msg":"call refused"`, `"peer":"127.0.0.1`, `"request_id":"`, `"user":"t-read"`} {
		contains(t, server.log.String(), []string{want})
	}
}

// parameter matches a parameter in a path of an OpenAPI document.
var parameter = regexp.MustCompile(`\{[^}]*\}`)

func empty(d protoreflect.MessageDescriptor) proto.Message { return dynamicpb.NewMessage(d) }

func TestServe_EachRESTOperationAndCredential(t *testing.T) {
	server, ca, all := guardedServer(t)
	type operation struct {
		method, path string
		need         auth.Role
	}
	var operations []operation
	roles := map[string]auth.Role{"get": auth.Read, "post": auth.Write, "patch": auth.Write}
	for _, api := range restapi.APIs {
		var document struct{ Paths map[string]map[string]any }
		if err := json.Unmarshal(api.Document, &document); err != nil {
			t.Fatal(err)
		}
		operations = append(operations, operation{"GET", api.Base + "/openapi.json", auth.Read})
		for path, item := range document.Paths {
			for method := range item {
				if method == "parameters" || method == "summary" || method == "description" {
					continue
				}
				need, ok := roles[method]
				if !ok {
					t.Errorf("%s %s: no role", method, path)
				}
				at := parameter.ReplaceAllString(path, "1")
				operations = append(operations, operation{strings.ToUpper(method), at, need})
			}
		}
	}
	operations = append(operations,
		operation{"GET", "/openapi.json", auth.Read}, operation{"GET", "/nothing", auth.Read},
		operation{"HEAD", operations[1].path, auth.Read}, operation{"POST", "/openapi.json", auth.Write},
		operation{"DELETE", operations[1].path, auth.Admin}, operation{"PUT", operations[1].path, auth.Admin},
		operation{"OPTIONS", operations[1].path, auth.Admin}, operation{"X", operations[1].path, auth.Admin},
	)
	tried, letIn := 0, 0
	for _, c := range all {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: testtls.Client(t, ca, c.cert)}}
		defer client.CloseIdleConnections()
		for _, op := range operations {
			request, err := http.NewRequestWithContext(t.Context(), op.method, server.url+op.path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if c.token != "" {
				request.Header.Set("Authorization", "Bearer "+c.token)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			got := response.StatusCode
			refused := got == http.StatusUnauthorized || got == http.StatusForbidden
			want := map[codes.Code]int{
				codes.Unauthenticated: http.StatusUnauthorized, codes.PermissionDenied: http.StatusForbidden,
			}[denied(c, op.need)]
			tried++
			if want != 0 && got != want || want == 0 && refused {
				t.Errorf("%s %s, %s: got %d %s, want %d", op.method, op.path, c.name, got, body, want)
				if !refused {
					letIn++
				}
			}
			if challenge := response.Header.Get("WWW-Authenticate"); (got == http.StatusUnauthorized) != (challenge != "") {
				t.Errorf("%s %s, %s: status %d with WWW-Authenticate %q", op.method, op.path, c.name, got, challenge)
			}
		}
	}
	t.Logf("%d requests of %d operations, %d let in wrongly", tried, len(operations), letIn)
	for _, path := range []string{"/readyz/health", "/readyz/isDirty"} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: testtls.Client(t, ca, nil)}}
		defer client.CloseIdleConnections()
		response, err := client.Get(server.url + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s without credentials: %d", path, response.StatusCode)
		}
	}
}
