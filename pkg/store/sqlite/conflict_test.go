package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// If one of many new artifacts conflicts with a stored one, the error must name it,
// and the work must remain proportional to the request.
func TestPut_ConflictInBatch(t *testing.T) {
	const rows = 2560 // 20 batches
	path := filepath.Join(t.TempDir(), "mlmd.db")
	var inserted atomic.Int64 // rows, including those of transactions that were rolled back
	c := clientOf(t, must(sqlite.Open(t.Context(), path, store.WithStatementObserver(
		func(_ context.Context, s store.Statement) {
			if s.Operation == "INSERT" && strings.HasPrefix(s.Text, "INSERT OR FAIL INTO Artifact (") ||
				strings.HasPrefix(s.Text, "INSERT OR FAIL INTO Event (") {
				inserted.Add(s.Rows)
			}
		}))))
	fill(t, c)
	typeID := proto.Int64(10)
	must(c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
		TypeId: typeID, Name: proto.String("taken"),
	}}}))
	for _, taken := range []int{0, 1, 127, 128, 1300, rows - 128, rows - 2, rows - 1} {
		artifacts := many(rows, func(i int) *mlmdpb.Artifact {
			return &mlmdpb.Artifact{TypeId: typeID, Name: proto.String(fmt.Sprint("a", i))}
		})
		artifacts[taken].Name = proto.String("taken")
		inserted.Store(0)
		_, err := c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: artifacts})
		if status.Code(err) != codes.AlreadyExists || !strings.Contains(err.Error(), `"taken"`) {
			t.Errorf("artifact %d is taken: %v", taken, err)
		}
		if n := inserted.Load(); n > 2*rows || taken > 0 && n == 0 {
			t.Errorf("artifact %d of %d is taken: %d rows were written; want at most two runs", taken, rows, n)
		}
	}
	artifacts := many(rows, func(int) *mlmdpb.Artifact { return &mlmdpb.Artifact{TypeId: typeID} })
	ids := must(c.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: artifacts})).ArtifactIds
	event := func(i int) *mlmdpb.Event {
		return &mlmdpb.Event{ArtifactId: &ids[i], ExecutionId: proto.Int64(1), Type: mlmdpb.Event_INPUT.Enum()}
	}
	must(c.PutEvents(t.Context(), &mlmdpb.PutEventsRequest{Events: []*mlmdpb.Event{event(rows - 1)}}))
	inserted.Store(0)
	_, err := c.PutEvents(t.Context(), &mlmdpb.PutEventsRequest{Events: many(rows, event)})
	if want := fmt.Sprint(
		"artifact ", ids[rows-1],
	); status.Code(err) != codes.AlreadyExists || !strings.Contains(err.Error(), want) {
		t.Errorf("the last event is there: %v; want it to name %s", err, want)
	}
	if n := inserted.Load(); n > 2*rows {
		t.Errorf("the last event is there: %d rows were written; want at most two runs of %d", n, rows)
	}
}
