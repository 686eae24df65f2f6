package codegen_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "github.com/oapi-codegen/runtime/types" // what generated types for uuid and date import

	"github.com/mlmd-go/sdk/gen/codegen"
)

// exports are the files with the exported types of what generated code
// imports, by import path.
var exports = sync.OnceValues(func() (map[string]string, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export",
		"github.com/mlmd-go/sdk/pkg/mlmd", "github.com/mlmd-go/sdk/pkg/filter", "github.com/oapi-codegen/runtime/types", "time")
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

// A compiler type-checks generated files.
type compiler struct {
	fset  *token.FileSet
	base  types.Importer
	fresh map[string]*types.Package
}

func newCompiler(tb testing.TB) *compiler {
	tb.Helper()
	files, err := exports()
	if err != nil {
		tb.Fatal(err)
	}
	fset := token.NewFileSet()
	lookup := func(p string) (io.ReadCloser, error) {
		if files[p] == "" {
			return nil, fmt.Errorf("no export data for %s", p)
		}
		return os.Open(files[p])
	}
	return &compiler{fset: fset, base: importer.ForCompiler(fset, "gc", lookup)}
}

// Import finds a package that was just checked, or one of the SDK's.
func (c *compiler) Import(p string) (*types.Package, error) {
	if pkg := c.fresh[p]; pkg != nil {
		return pkg, nil
	}
	return c.base.Import(p)
}

// check fails where the files, generated for cfg, do not compile.
func (c *compiler) check(cfg codegen.Config, files codegen.Files) error {
	c.fresh = map[string]*types.Package{}
	for _, p := range []codegen.Package{cfg.Model, cfg.Mapping, cfg.Field} {
		var names []string
		for name := range files {
			if path.Dir(name) == p.Dir {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		var asts []*ast.File
		for _, name := range names {
			f, err := parser.ParseFile(c.fset, name, files[name], parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			asts = append(asts, f)
		}
		conf := types.Config{Importer: c}
		pkg, err := conf.Check(p.Import, c.fset, asts, nil)
		if err != nil {
			return err
		}
		c.fresh[p.Import] = pkg
	}
	return nil
}
