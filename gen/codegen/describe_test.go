package codegen_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// Descriptions are a contract: within version 1, what a plugin reads stays as it
// is. A change of this file that is not an addition needs another version.
func TestDescribe_Golden(t *testing.T) {
	for _, name := range []string{"edges", "rules", "objects", "unions"} {
		d, err := codegen.Describe(t.Context(), config("testdata/cases/"+name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		file := "testdata/descriptions/" + name + ".json"
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not as wanted (%v); go test ./gen/... -update shows the difference", file, err)
		}
	}
}
