package codegen_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	_ "github.com/oapi-codegen/runtime/types" // what generated types for uuid and date import
)

// exports are the files with the exported types of what generated code
// imports, by import path.
var exports = sync.OnceValues(func() (map[string]string, error) {
	cmd := exec.Command(
		"go",
		"list",
		"-export",
		"-deps",
		"-json=ImportPath,Export",
		"github.com/mlmd-go/sdk/pkg/mlmd/gensupport",
		"github.com/mlmd-go/sdk/pkg/mlmd/fakesupport",
		"github.com/mlmd-go/sdk/pkg/filter",
		"github.com/mlmd-go/sdk/pkg/rest",
		"embed",
		"github.com/oapi-codegen/runtime/types",
		"time",
	)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	files := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return files, nil
		} else if err != nil {
			return nil, err
		}
		files[p.ImportPath] = p.Export
	}
})

// newCompiler returns what finds the packages that generated code imports.
func newCompiler(tb testing.TB) types.Importer {
	tb.Helper()
	files, err := exports()
	if err != nil {
		tb.Fatal(err)
	}
	lookup := func(p string) (io.ReadCloser, error) {
		if files[p] == "" {
			return nil, fmt.Errorf("no export data for %s", p)
		}
		return os.Open(files[p])
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", lookup)
}
