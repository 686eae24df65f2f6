package codegen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// nulls are the cases that have a null where OpenAPI 3.0 wants a string or a
// number, as some generators of specs write it. The validator refuses them.
var nulls = []string{"descriptions", "harmless"}

// Other tools must be able to read what this one reads: a validator that has
// nothing in common with it accepts every spec that it accepts, except for nulls.
func TestSpecs_AreValidOpenAPI(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("fetches and compiles a validator: set CI=1 for that")
	}
	specs := []string{"../../spec/openapi.yaml"}
	for _, pattern := range []string{
		"testdata/cases/*/openapi.yaml", "../../examples/*/spec/*.yaml", "../../suites/evolution/*/openapi.yaml",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		specs = append(specs, found...)
	}
	args := []string{"run", "-C", "../../tools", "./openapi"}
	for _, file := range specs {
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), "error.txt")); err == nil {
			continue // a case with mistakes
		}
		if slices.Contains(nulls, filepath.Base(filepath.Dir(file))) {
			continue
		}
		abs, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, abs)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off") // the tools are not in the workspace
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
