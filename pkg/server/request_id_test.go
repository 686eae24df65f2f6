package server_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/server"
)

// The message of an internal error has the request ID of its line in the log.
func TestServe_RequestID(t *testing.T) {
	for name, c := range map[string]struct {
		fail func() error
		said bool // in the message
	}{
		"no error":       {func() error { return nil }, false},
		"a mistake":      {func() error { return status.Error(codes.InvalidArgument, "mistake") }, false},
		"internal error": {func() error { return status.Error(codes.Internal, "failed") }, true},
		"damage":         {func() error { return status.Error(codes.DataLoss, "damaged") }, true},
		"no status":      {func() error { return context.DeadlineExceeded }, false},
		"panic":          {func() error { panic("secret") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			r := start(t, service{get: func(context.Context) (*mlmdpb.GetContextTypesResponse, error) {
				return &mlmdpb.GetContextTypesResponse{}, c.fail()
			}}, server.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			for _, given := range []string{"", "my-id"} {
				ctx := t.Context()
				if given != "" {
					ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", given)
				}
				var trailer metadata.MD
				_, err := r.rpc.GetContextTypes(ctx, &mlmdpb.GetContextTypesRequest{}, grpc.Trailer(&trailer))
				id := strings.Join(trailer.Get("x-request-id"), ",")
				if id == "" || given != "" && id != given {
					t.Errorf("sent the ID %q, got %q", given, id)
				}
				if got := strings.HasSuffix(status.Convert(err).Message(), " (request ID "+id+")"); got != c.said {
					t.Errorf("got %v with the ID %s", err, id)
				}
				if text := log.String(); !strings.Contains(text, `"request_id":"`+id+`"`) {
					t.Errorf("the log lacks %s: %s", id, text)
				}
			}
		})
	}
}
