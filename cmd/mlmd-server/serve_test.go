package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// stopOnWrite stops a server when it prints its address.
type stopOnWrite struct{ end context.CancelFunc }

func (s stopOnWrite) Write(b []byte) (int, error) {
	s.end()
	return len(b), nil
}

func TestRun_LogsShutdown(t *testing.T) {
	for range 50 {
		ctx, end := context.WithCancel(t.Context())
		var log bytes.Buffer
		if code := run(
			ctx, []string{"--db=:memory:", "--host=127.0.0.1", "--grpc_port=0"}, stopOnWrite{end}, &log,
		); code != 0 {
			t.Fatalf("exit code %d: %s", code, &log)
		}
		before, after, ok := strings.Cut(log.String(), "shutting down;")
		if !ok || strings.Contains(before, "stopped") || !strings.Contains(after, "stopped") {
			t.Fatalf("want \"shutting down\" before \"stopped\":\n%s", &log)
		}
	}
}

func TestRun_NoRetryForUnopenableFile(t *testing.T) {
	var log bytes.Buffer
	file := filepath.Join(t.TempDir(), "no", "registry.db")
	code := run(t.Context(), []string{"--db=" + file, "--host=127.0.0.1", "--grpc_port=0"}, &log, &log)
	if code != 1 || !strings.Contains(log.String(), "create it first") || strings.Contains(log.String(), "next_in") {
		t.Errorf("exit code %d: %s", code, &log)
	}
}
