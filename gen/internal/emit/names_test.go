package emit

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// The flag lets go test ./gen/... -update run this package too.
var _ = flag.Bool("update", false, "has no effect here")

// declared are the names that the files in dir declare in their package, and
// those that they import.
func declared(t *testing.T, files []File, dir string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, f := range files {
		if filepath.Dir(f.Path) != dir {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Data, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range parsed.Imports {
			out[importName(s)] = true
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				out[d.Name.Name] = true
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						out[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range s.Names {
							out[n.Name] = true
						}
					}
				}
			}
		}
	}
	delete(out, "_")
	return out
}

// Whatever a generated package declares or imports is known to CheckNames, or
// two declarations could have one name.
func TestCheckNames_AllDeclaredNames(t *testing.T) {
	specs, err := filepath.Glob("../../codegen/testdata/cases/*/openapi.yaml")
	if err != nil || len(specs) == 0 {
		t.Fatal("no cases", err)
	}
	tested := 0
	for _, file := range specs {
		dir := filepath.Dir(file)
		set, err := spec.Load(
			t.Context(),
			"openapi.yaml",
			func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) },
		)
		if err != nil {
			t.Fatal(err)
		}
		g := ir.Build(set)
		if len(set.Problems()) > 0 {
			continue
		}
		target := Target{
			Spec:    "openapi.yaml",
			Model:   Package{"model", "x/model"},
			Mapping: Package{"mapping", "x/mapping"},
			Field:   Package{"field", "x/field"},
			Edge:    Package{"edge", "x/edge"},
		}
		mapping, field, edge := claims(g, target, set.Report)
		if len(set.Problems()) > 0 {
			continue
		}
		tested++
		files, err := Emit(g, target)
		if err != nil {
			t.Fatal(err)
		}
		for dir, claimed := range map[string]*names{"mapping": mapping, "field": field, "edge": edge} {
			for name := range declared(t, files, dir) {
				if _, ok := claimed.owner[name]; !ok {
					t.Errorf("%s: %s is declared in the %s package, and not claimed", file, name, dir)
				}
			}
		}
	}
	if tested < 10 {
		t.Errorf("only %d cases are without mistakes", tested)
	}
}

func TestFileName_Reserved(t *testing.T) {
	for _, name := range []string{"Doc", "Catalog", "Linux", "FooTest", "ModelIDs", "Enums"} {
		switch file := ir.FileName(name); {
		case file == "doc.gen.go",
			file == "catalog.gen.go",
			file == ir.EnumFile,
			strings.HasSuffix(strings.TrimSuffix(file, ".gen.go"), "_test"):
			t.Errorf("%s is in %s", name, file)
		}
	}
}
