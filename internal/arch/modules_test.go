package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inherited are parts of the paths of modules that are only for the generator,
// our own tests and tools: none may appear in the module graph of a program that uses the
// SDK.
var inherited = []string{
	"docker", "moby", "testcontainers", "containerd", "opencontainers",
	"onsi/ginkgo", "onsi/gomega", "honnef.co/go/tools", "bufbuild/buf", "gofumpt",
	"kin-openapi", "oapi-codegen/oapi-codegen",
	module + "/",
}

// The workspace resolves an import that go.mod does not require, if another
// module of it does.
func TestGoMod_RequiresAllImports(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...")
	cmd.Dir, cmd.Env = filepath.Join("..", ".."), append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
}

func TestImporters_InheritNoTestDependencies(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// Read here, so that the test cache depends on them.
	for _, file := range []string{"go.mod", "go.sum"} {
		if _, err := os.ReadFile(filepath.Join(root, file)); err != nil {
			t.Fatal(err)
		}
	}
	for _, packages := range [][]string{{"pkg/registry"}, {"pkg/registry", "pkg/lineage", "pkg/store/sqlite"}} {
		modules, linked := importerModules(t, root, packages)
		t.Logf("an importer of %s has %d modules in its graph", strings.Join(packages, " and "), len(modules))
		for _, p := range linked {
			if strings.HasPrefix(p, "go.opentelemetry.io/") || strings.HasPrefix(p, "github.com/CycloneDX/") {
				t.Errorf("an importer of %v links %s", packages, p)
			}
		}
		for _, m := range modules {
			for _, bad := range inherited {
				if strings.Contains(m, bad) {
					t.Errorf("an importer of %v inherits %s", packages, m)
				}
			}
		}
	}
}

// importerModules returns the paths of the modules in the graph of a new module
// that imports these packages of the SDK, the SDK and the module itself left
// out, and the packages that it links.
func importerModules(t *testing.T, root string, packages []string) (modules, linked []string) {
	t.Helper()
	dir := t.TempDir()
	source := "package main\n\n"
	for _, p := range packages {
		source += "import _ \"" + module + "/" + p + "\"\n"
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		"main.go": source + "\nfunc main() {}\n",
		"go.sum":  string(sums),
		"go.mod": "module example.com/importer\n\ngo 1.26.0\n\nrequire " + module + " v0.1.0\n\nreplace " +
			module + " => " + root + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, env
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
		}
		return string(out)
	}
	linked = strings.Fields(run("list", "-deps", ".")) // adds to go.mod what the packages need, as go mod tidy does
	for path := range strings.FieldsSeq(run("list", "-m", "-f", "{{if not .Main}}{{.Path}}{{end}}", "all")) {
		if path != module {
			modules = append(modules, path)
		}
	}
	return modules, linked
}
