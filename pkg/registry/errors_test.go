package registry

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

func TestError_Message(t *testing.T) {
	s := operation{"upsert", "ModelVersion", "v1.0"}
	long := strings.Repeat("x", 500)
	for _, c := range []struct {
		err  *Error
		want string
	}{
		{s.newError(ErrNotFound, ""), `registry: upsert ModelVersion "v1.0": not found`},
		{s.fieldError(ErrInvalidArgument, "name", "", "is missing"), `registry: upsert ModelVersion "v1.0": name is missing`},
		{
			s.fieldError(ErrInvalidArgument, "state", "DEAD", "is unknown"),
			`registry: upsert ModelVersion "v1.0": state "DEAD" is unknown`,
		},
		{s.mappingError(&mlmd.InvalidError{Field: "uri", Why: "is odd"}), `registry: upsert ModelVersion "v1.0": uri is odd`},
		{
			s.rpcError(t.Context(), status.Error(codes.Internal, "disk full\nINSERT INTO")),
			`registry: upsert ModelVersion "v1.0": internal store error: disk full`,
		},
		{s.rpcError(t.Context(), status.Error(codes.Aborted, "")), `registry: upsert ModelVersion "v1.0": conflict`},
		{operation{"list", "ModelVersion", ""}.newError(ErrNotFound, ""), `registry: list ModelVersion: not found`},
		{operation{"get", "X", long}.newError(ErrNotFound, ""), `registry: get X "` + long[:80] + `…": not found`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestError_Kind(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		code codes.Code
		want error
	}{
		{"a server that is not there", t.Context(), codes.Unavailable, ErrUnavailable},
		{"a closed connection", t.Context(), codes.Canceled, ErrUnavailable},
		{"a caller that gave up", ended, codes.Canceled, context.Canceled},
		{"a caller that gave up while it failed", ended, codes.Internal, context.Canceled},
		{"a deadline", t.Context(), codes.DeadlineExceeded, context.DeadlineExceeded},
		{"a mistake", t.Context(), codes.InvalidArgument, ErrInvalidArgument},
		{"no token", t.Context(), codes.Unauthenticated, ErrPermissionDenied},
		{"no right", t.Context(), codes.PermissionDenied, ErrPermissionDenied},
		{"an old server", t.Context(), codes.Unimplemented, ErrUnsupported},
		{"anything else", t.Context(), codes.DataLoss, ErrInternal},
	} {
		t.Run(c.name, func(t *testing.T) {
			cause := status.Error(c.code, "why")
			err := error(operation{op: "get"}.rpcError(c.ctx, cause))
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if !errors.Is(err, cause) {
				t.Errorf("%v hides its cause", err)
			}
		})
	}
}

func TestError_KindOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := operation{op: "get", entity: "ModelVersion", key: "7"}
	for want, err := range map[string]error{
		`registry: get ModelVersion "7": context canceled`: s.rpcError(ctx, ctx.Err()),
		`registry: get ModelVersion "` + strings.Repeat("é", 40) + `…": not found`: operation{
			op: "get", entity: "ModelVersion", key: strings.Repeat("é", 41),
		}.newError(ErrNotFound, ""),
		`registry: get ModelVersion "a` + strings.Repeat("é", 39) + `…": not found`: operation{
			op: "get", entity: "ModelVersion", key: "a" + strings.Repeat("é", 41),
		}.newError(ErrNotFound, ""),
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}

func TestWithArticle(t *testing.T) {
	for name, want := range map[string]string{
		"Prompt": "a Prompt", "EvaluationReport": "an EvaluationReport", "Answer": "an Answer", "URLSource": "a URLSource",
		"User":    "a User",
		"MLModel": "an MLModel", "kf.ModelVersion": "a kf.ModelVersion", "odh.x": "an odh.x", "Über": "a Über", "": "a ",
		"I": "an I",
	} {
		if got := withArticle(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
