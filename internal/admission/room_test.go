package admission_test

import (
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/internal/admission"
)

func TestRoom(t *testing.T) {
	r := admission.NewRoom(10)
	var ended []string
	enter := func(name, connection string, size int64) (leave func(), ok bool) {
		return r.Enter(admission.Client{Name: name, Connection: connection}, size, func() {
			ended = append(ended, connection)
		})
	}
	must := func(name, connection string, size int64, want ...string) (leave func()) {
		t.Helper()
		leave, ok := enter(name, connection, size)
		if !ok {
			t.Fatalf("%s of %d is refused", connection, size)
		}
		if !slices.Equal(ended, want) {
			t.Fatalf("%v gave way to %s, want %v", ended, connection, want)
		}
		ended = nil
		return leave
	}
	refuse := func(name, connection string, size int64) {
		t.Helper()
		if _, ok := enter(name, connection, size); ok || len(ended) > 0 {
			t.Fatalf("%s of %d is let in: %t, and %v gave way", connection, size, ok, ended)
		}
	}

	first := must("a", "a1", 4)
	must("a", "a1", 4)
	must("a", "a2", 2)
	refuse("a", "a1", 1)     // it holds most itself
	must("a", "a2", 1, "a1") // 4 of a1 give way: 4 + 3 of a
	must("b", "b1", 4, "a1") // and the other 4: 3 of a, 4 of b
	first()                  // has given way or not: counts once
	refuse("a", "a3", 11)    // larger than the room
	must("c", "c1", 3)       // 3 of each but b
	refuse("b", "b1", 1)     // it holds most itself
	must("c", "c1", 0)       // fits
	r.Forget("b1")           // its connection is closed
	r.Forget("b1")           // again
	must("c", "c2", 4)       // in its place
}
