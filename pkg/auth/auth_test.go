package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/auth"
)

func TestPolicy_EachRPCHasARole(t *testing.T) {
	count := map[auth.Role]int{}
	policy := auth.NewPolicy(nil, auth.Read)
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		role := policy.ForRPC("/ml_metadata.MetadataStoreService/" + m.MethodName)
		if writes := strings.HasPrefix(m.MethodName, "Put"); writes == (role == auth.Read) {
			t.Errorf("%s requires the role %s", m.MethodName, role)
		}
		count[role]++
	}
	if count[auth.Read] != 40 || count[auth.Write] != 8 || count[auth.Admin] != 4 {
		t.Errorf("got %v", count)
	}
	for method, want := range map[string]auth.Role{
		"/ml_metadata.MetadataStoreService/DeleteEverything": auth.Admin,
		"/other.Service/Get": auth.Admin,
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      auth.Read,
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": auth.Read,
		"/grpc.health.v1.Health/Watch":                                   auth.None,
	} {
		if got := policy.ForRPC(method); got != want {
			t.Errorf("%s requires the role %s, want %s", method, got, want)
		}
	}
}

func TestParseUsers_Errors(t *testing.T) {
	_, hash := auth.NewToken()
	for text, want := range map[string]string{
		"a":                                  "line 1: must be NAME ROLE",
		"\n# c\na read":                      "line 3: must be NAME ROLE",
		"a owner " + hash:                    `line 1: invalid role "owner"`,
		"a none " + hash:                     `line 1: invalid role "none"`,
		"a read sha256:1234":                 "line 1: user a: the hash must have 64 hexadecimal digits",
		"a read " + hash + " 2027-01-31":     "line 1: user a: invalid time of expiry",
		"a read md5:0123":                    "line 1: user a: must be identified by",
		"a read CN:":                         "line 1: user a: must be identified by",
		"a read mlmd_verysecret":             "line 1: user a: must be identified by",
		"a read " + hash[:70] + "x trailing": "64 hexadecimal digits",
	} {
		_, err := auth.ParseUsers(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), hash)) {
			t.Errorf("%q: the error quotes a secret: %v", text, err)
		}
	}
}

func TestBearerToken(t *testing.T) {
	for _, c := range []struct {
		sent []string
		want string
		ok   bool // a bearer token
	}{
		{nil, "", true},
		{[]string{"Bearer a"}, "a", true},
		{[]string{"bearer  a "}, "a", true},
		{[]string{"a"}, "", false},
		{[]string{"Basic a"}, "", false},
		{[]string{"Bearer a", "Bearer b"}, "", false},
		{[]string{""}, "", false},
	} {
		got := auth.BearerToken(c.sent)
		if c.ok && got != c.want || !c.ok && (got == "" || got == "a") {
			t.Errorf("%q: got %q", c.sent, got)
		}
	}
}

// Refused calls are logged, but not without end.
func TestPolicy_LimitsItsLog(t *testing.T) {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	policy := auth.NewPolicy(func(context.Context, auth.Credentials) (auth.Identity, error) {
		return auth.Identity{}, errors.New("stranger")
	}, auth.Read)
	for range 10_000 {
		_, err := policy.Admit(t.Context(), logger, "GetArtifacts", auth.Read, auth.Credentials{Token: "secret"})
		if status.Code(err) != codes.Unauthenticated {
			t.Fatal(err)
		}
	}
	n := strings.Count(log.String(), "call refused")
	if n == 0 || n > 1000 || strings.Contains(log.String(), "secret") || !strings.Contains(log.String(), "stranger") {
		t.Errorf("%d lines: %.300s", n, log.String())
	}
}
