package registry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/suites/backend"
)

// needTransactions are the examples that need an embedded store.
var needTransactions = []string{"ExampleClient_Tx"}

// TestExamples runs the examples of pkg/registry on every backend, each on a store
// of its own. With go test ./pkg/registry they run in memory.
func TestExamples(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "registry.test")
	build := exec.Command("go", "test", "-c", "-o", binary, "github.com/mlmd-go/sdk/pkg/registry")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	examples := examplesOnStores(t, "../../pkg/registry/example_test.go")
	for _, b := range backend.All() {
		switch b.Name {
		case backend.File, backend.Postgres, backend.MySQL, backend.Server, backend.Core:
		default: // in memory, or a server like another one
			continue
		}
		embedded := b.Name != backend.Server && b.Name != backend.Core
		t.Run(b.Name, func(t *testing.T) {
			for _, name := range examples {
				if !embedded && slices.Contains(needTransactions, name) {
					continue
				}
				t.Run(name, func(t *testing.T) {
					run := exec.Command(binary, "-test.v", "-test.run", "^"+name+"$")
					run.Env = append(os.Environ(), "MLMD_EXAMPLE_STORE="+b.Name+" "+b.Address(t))
					out, err := run.CombinedOutput()
					if err != nil || !strings.Contains(string(out), "--- PASS: "+name) {
						t.Errorf("%v\n%s", err, out)
					}
				})
			}
		})
	}
}

// examplesOnStores returns the names of the examples that call the function
// "example", whose store the environment selects.
func examplesOnStores(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "Example") {
			continue
		}
		calls := false
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok {
				id, ok := call.Fun.(*ast.Ident)
				calls = calls || ok && id.Name == "example"
			}
			return true
		})
		if calls {
			names = append(names, f.Name.Name)
		}
	}
	if len(names) < 20 {
		t.Fatalf("%s has %d examples on stores", file, len(names))
	}
	return names
}
