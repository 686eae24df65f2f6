package codegen_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// The pages of testdata/docs are what a reader should see.
func TestDocs_Golden(t *testing.T) {
	const dir = "testdata/docs"
	files, err := codegen.Docs(t.Context(), config(dir), "want/docs", true)
	if *update {
		rewrite(t, dir, files, err)
	}
	expect(t, dir, files, err)
}

// Every spec that gives code gives pages, always the same ones; another spec gives
// the same errors.
func TestDocs_EveryCase(t *testing.T) {
	dirs, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, dir := range dirs {
		cfg := config(dir)
		if cfg.REST != nil {
			continue // has errors of its own
		}
		_, wantErr := codegen.Generate(t.Context(), cfg)
		files, err := codegen.Docs(t.Context(), cfg, "docs", true)
		if wantErr != nil {
			var problems codegen.Problems
			if !errors.As(err, &problems) || err.Error() != wantErr.Error() {
				t.Errorf("%s: got %v\nwant %v", dir, err, wantErr)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		again, err := codegen.Docs(t.Context(), cfg, "docs", true)
		if err != nil || !same(files, again) {
			t.Errorf("%s: a second run made other pages (%v)", dir, err)
		}
		for name, text := range files {
			if strings.HasSuffix(name, ".md") && strings.Contains(string(text), "no value was found") {
				t.Errorf("%s: %s has no example", dir, name)
			}
		}
	}
}
