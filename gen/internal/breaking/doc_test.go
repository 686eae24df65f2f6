package breaking_test

import (
	"os"
	"testing"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
)

func TestDoc_IsInDocs(t *testing.T) {
	const file = "../../../docs/breaking.md"
	if *update {
		if err := os.WriteFile(file, []byte(breaking.Doc()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != breaking.Doc() {
		t.Errorf("%s is stale: go test ./gen/... -update writes it", file)
	}
}

func TestRules_AreComplete(t *testing.T) {
	for _, r := range breaking.Rules() {
		if r.ID == "" || r.Finds == "" || r.Why == "" || r.Instead == "" {
			t.Errorf("%s: a text is missing", r.ID)
		}
	}
}
