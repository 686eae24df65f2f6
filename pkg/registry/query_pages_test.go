package registry

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestTokenCycle(t *testing.T) {
	for tail := range 20 {
		for length := 1; length <= 20; length++ {
			var c tokenCycle
			at, steps := "", 0
			for {
				n := steps + 1
				if n >= tail+length {
					n = tail + (n-tail)%length
				}
				next := fmt.Sprint("t", n)
				steps++
				if c.closedBy(next, at) {
					break
				}
				if steps > 4*(tail+length)+4 {
					t.Fatalf("a cycle of %d tokens behind %d others is not noticed", length, tail)
				}
				at = next
			}
			if steps < length {
				t.Fatalf("a cycle of %d tokens behind %d others is noticed after %d", length, tail, steps)
			}
		}
	}
	var c tokenCycle
	for n := range 100_000 {
		if c.closedBy(fmt.Sprint("t", n+1), fmt.Sprint("t", n)) {
			t.Fatalf("token %d is new", n)
		}
	}
}

func TestErrorsDoNotRepeatTheirKind(t *testing.T) {
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
