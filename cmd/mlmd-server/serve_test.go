package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// A switchOff ends a server as soon as it says where it serves.
type switchOff struct{ end context.CancelFunc }

func (s switchOff) Write(b []byte) (int, error) {
	s.end()
	return len(b), nil
}

func TestTheLogSaysThatItStopsBeforeItHasStopped(t *testing.T) {
	for range 50 {
		ctx, end := context.WithCancel(t.Context())
		var log bytes.Buffer
		if code := run(ctx, []string{"--db=:memory:", "--host=127.0.0.1", "--grpc_port=0"}, switchOff{end}, &log); code != 0 {
			t.Fatalf("exit code %d: %s", code, &log)
		}
		before, after, ok := strings.Cut(log.String(), "stopping;")
		if !ok || strings.Contains(before, "stopped") || !strings.Contains(after, "stopped") {
			t.Fatalf("want that it stops, and then that it has stopped:\n%s", &log)
		}
	}
}

func TestAFileThatCannotBeOpenedIsNotWaitedFor(t *testing.T) {
	var log bytes.Buffer
	file := filepath.Join(t.TempDir(), "no", "registry.db")
	code := run(t.Context(), []string{"--db=" + file, "--host=127.0.0.1", "--grpc_port=0"}, &log, &log)
	if code != 1 || !strings.Contains(log.String(), "make it first") || strings.Contains(log.String(), "next_in") {
		t.Errorf("exit code %d: %s", code, &log)
	}
}
