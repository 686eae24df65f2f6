package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/postgres"
)

// found returns the names of the artifacts that a filter selects.
func found(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient, filter string) string {
	tb.Helper()
	byID := &mlmdpb.ListOperationOptions_OrderByField{
		Field: new(mlmdpb.ListOperationOptions_OrderByField_ID), IsAsc: new(true),
	}
	reply, err := rpc.GetArtifacts(tb.Context(), &mlmdpb.GetArtifactsRequest{
		Options: &mlmdpb.ListOperationOptions{FilterQuery: new(filter), OrderByField: byID},
	})
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, a := range reply.GetArtifacts() {
		names = append(names, a.GetName())
	}
	return strings.Join(names, " ")
}

// putTexts creates artifacts with a text in property s.
func putTexts(tb testing.TB, rpc mlmdpb.MetadataStoreServiceClient, typeID int64, texts map[string]string) {
	tb.Helper()
	var all []*mlmdpb.Artifact
	for name, text := range texts {
		all = append(all, &mlmdpb.Artifact{
			TypeId: new(typeID), Name: new(name),
			Properties: map[string]*mlmdpb.Value{"s": {Value: &mlmdpb.Value_StringValue{StringValue: text}}},
		})
	}
	if _, err := rpc.PutArtifacts(tb.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: all}); err != nil {
		tb.Fatal(err)
	}
}

func TestFilter_CommonPrefix(t *testing.T) {
	rpc := open(t, fresh(t)).Client()
	typeID := artifactType(t, rpc)
	for _, start := range []int{254, 255, 256, 100_000, 1_000_000} {
		long := strings.Repeat("é", start/2) + strings.Repeat("x", start-start/2)
		putTexts(t, rpc, typeID, map[string]string{
			fmt.Sprint("start", start): long, fmt.Sprint("a", start): long + "a", fmt.Sprint("b", start): long + "b",
		})
	}
	for _, start := range []int{254, 255, 256} {
		long := strings.Repeat("é", start/2) + strings.Repeat("x", start-start/2)
		for filter, want := range map[string]string{
			"properties.s.string_value = '" + long + "'":              fmt.Sprint("start", start),
			"properties.s.string_value = '" + long + "a'":             fmt.Sprint("a", start),
			"properties.s.string_value IN ('" + long + "b', 'none')":  fmt.Sprint("b", start),
			"'" + long + "b' = properties.s.string_value":             fmt.Sprint("b", start),
			"properties.s.string_value = '" + long + "c'":             "",
			"NOT properties.s.string_value <> '" + long + "a'":        fmt.Sprint("a", start),
			"NOT (NOT (properties.s.string_value = '" + long + "a'))": fmt.Sprint("a", start),
		} {
			if got := found(t, rpc, filter); got != want {
				t.Errorf("%d, %.40s…: found %q, want %q", start, filter, got, want)
			}
		}
	}
	if got := found(
		t, rpc, "LENGTH(properties.s.string_value) > 1000000",
	); got != "a1000000 b1000000" && got != "b1000000 a1000000" {
		t.Errorf("the long texts are %q", got)
	}
}

func TestFilter_UsesTextIndex(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	rpc := open(t, dsn).Client()
	typeID := artifactType(t, rpc)
	texts := map[string]string{}
	for i := range 5000 {
		texts[fmt.Sprint("n", i)] = fmt.Sprint("text ", i)
	}
	putTexts(t, rpc, typeID, texts)
	do(t, db, "ANALYZE")
	const scans = "SELECT COALESCE(SUM(idx_scan), 0) FROM pg_stat_user_indexes WHERE indexrelname = " +
		"'idx_artifact_property_string'"
	for _, filter := range []string{
		"properties.s.string_value = 'text 77'", "properties.s.string_value IN ('text 77', 'none')",
	} {
		before := count(t, db, scans)
		if got := found(t, rpc, filter); got != "n77" {
			t.Errorf("%s: found %q", filter, got)
		}
		// The server publishes its statistics with a delay.
		for end := time.Now().Add(20 * time.Second); count(t, db, scans) == before; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s does not use the index", filter)
			}
		}
	}
}

func TestMigrate_ReplacesOldIndexes(t *testing.T) {
	dsn := fresh(t)
	db := raw(t, dsn)
	rpc := open(t, dsn).Client()
	typeID := artifactType(t, rpc)
	kinds := []string{"artifact", "execution", "context"}
	for _, kind := range kinds {
		do(t, db, "DROP INDEX idx_"+kind+"_property_string",
			"CREATE INDEX idx_"+kind+"_property_string ON "+kind+"property USING spgist (string_value)")
	}
	putTexts(t, rpc, typeID, map[string]string{"old": "text"})
	old := open(t, dsn).Client() // opened without a migration
	if got := found(t, old, "properties.s.string_value = 'text'"); got != "old" {
		t.Errorf("before: found %q", got)
	}
	const slow = "SELECT COUNT(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE '%spgist " +
		"(string_value)'"
	if n := count(t, db, slow); n != len(kinds) {
		t.Fatalf("%d indexes are of an earlier release", n)
	}
	var plan strings.Builder
	if _, err := postgres.Migrate(
		t.Context(), dsn, store.WithDryRun(&plan),
	); err != nil || !strings.Contains(plan.String(), "idx_context_property_string") {
		t.Errorf("the plan is %q, %v", plan.String(), err)
	}
	steps, err := postgres.Migrate(t.Context(), dsn)
	if err != nil || len(steps) != 1 || steps[0].From != store.SchemaVersion || steps[0].To != store.SchemaVersion {
		t.Fatalf("the steps are %v, %v", steps, err)
	}
	if n := count(t, db, slow); n != 0 {
		t.Errorf("%d indexes are of an earlier release", n)
	}
	if got := found(t, old, "properties.s.string_value = 'text'"); got != "old" {
		t.Errorf("after: found %q", got)
	}
	if steps, err := postgres.Migrate(t.Context(), dsn); err != nil || len(steps) != 0 {
		t.Errorf("once more: %v, %v", steps, err)
	}
}
