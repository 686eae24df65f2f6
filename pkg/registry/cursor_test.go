package registry

import (
	"errors"
	"testing"

	"github.com/mlmd-go/sdk/internal/filtertext"
)

// texts returns filters without tests.
func texts(texts ...string) []filtertext.Branch {
	var out []filtertext.Branch
	for _, text := range texts {
		out = append(out, filtertext.Branch{Text: text})
	}
	return out
}

func TestUnion_PageToken(t *testing.T) {
	p := preparedQuery{order: OrderByID}
	m, err := newUnion(p, texts("a", "b"), "")
	if err != nil {
		t.Fatal(err)
	}
	token := m.encodeToken(position{Int: 3, ID: 4})
	again, err := newUnion(p, texts("a", "b"), token)
	if err != nil || *again.after != (position{Int: 3, ID: 4}) {
		t.Errorf("newUnion = %v, %v", again, err)
	}
	for name, bad := range map[string]string{
		"of a server": "CAIQAhoCCAI", "cut": token[:len(token)-4], "changed": token[:len(token)-1] + "!",
		"empty": unionTokenPrefix,
	} {
		if _, err := newUnion(p, texts("a", "b"), bad); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("token %s: got %v", name, err)
		}
	}
	if _, err := newUnion(p, texts("a", "c"), token); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("token of another query: got %v", err)
	}
}

func FuzzUnion_PageToken(f *testing.F) {
	p := preparedQuery{order: OrderByID}
	m, err := newUnion(p, texts("a", "b"), "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.encodeToken(position{Int: 3, ID: 4}))
	f.Add("merged.e30")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := newUnion(p, texts("a", "b"), token); err != nil &&
			!errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%q: %v", token, err)
		}
	})
}
