package codegen_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// hundredAfter is hundred with a break in each entity, each tenth of them accepted.
func hundredAfter() string {
	src := strings.ReplaceAll(hundred(), "enum: [a, b, c]", "enum: [a, b]")
	return strings.ReplaceAll(src, "      description: Number 10.\n", "      description: Number 10.\n"+
		"      x-go-name: Ten\n"+
		"      x-mlmd-accepted: [{rule: ENTITY_SAME_GO_NAME, since: 2026-12-01, reason: it is meant}]\n")
}

// BenchmarkBreaking compares two specs of a hundred entities of twenty fields.
func BenchmarkBreaking(b *testing.B) {
	before, after := inMemory(hundred()), inMemory(hundredAfter())
	for b.Loop() {
		breaks, err := codegen.Breaking(b.Context(), before, after, codegen.Past{}, nil)
		if err != nil || len(breaks) < 100 {
			b.Fatal(len(breaks), err)
		}
	}
}

// Comparing such specs takes a fraction of the aim of 0.3 seconds; what it took is
// logged.
func TestBreaking_HundredEntities(t *testing.T) {
	best := time.Hour
	for range 3 {
		start := time.Now()
		_, err := codegen.Breaking(t.Context(), inMemory(hundred()), inMemory(hundredAfter()), codegen.Past{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	t.Logf("two specs of 100 entities with 20 fields are compared in %v", best.Round(time.Millisecond))
}
