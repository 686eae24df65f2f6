package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// proxy puts the modules of this repository that are released into a module
// proxy on disk, as the version that the example requires, and returns the
// environment that fetches from there. Other modules come from the module
// cache, or from where it got them.
func proxy(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	publish(t, dir, "github.com/mlmd-go/sdk", "..")
	publish(t, dir, "github.com/mlmd-go/sdk/gen", ".")
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	before, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	return append(
		os.Environ(),
		"GOPROXY=file://"+dir+",file://"+filepath.Join(
			strings.TrimSpace(string(cache)),
			"cache/download",
		)+","+strings.TrimSpace(
			string(before),
		),
		"GOMODCACHE="+t.TempDir(),
		"GONOSUMDB=github.com/mlmd-go/sdk",
		"GONOSUMCHECK=1",
		"GOFLAGS=-mod=mod -modcacherw -trimpath",
		"GOWORK=off",
	)
}

// publish puts the module in folder source into the proxy in dir.
func publish(t *testing.T, dir, modulePath, source string) {
	t.Helper()
	source, err := filepath.Abs(source)
	if err != nil {
		t.Fatal(err)
	}
	version := module.Version{Path: modulePath, Version: "v0.1.0"}
	at := filepath.Join(dir, filepath.FromSlash(modulePath), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Format(time.RFC3339)
	info, err := json.Marshal(map[string]string{"Version": version.Version, "Time": now})
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(at, "list"), version.Version+"\n")
	put(t, filepath.Join(at, version.Version+".info"), string(info))
	put(t, filepath.Join(at, version.Version+".mod"), read(t, filepath.Join(source, "go.mod")))
	f, err := os.Create(filepath.Join(at, version.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.CreateFromDir(f, version, source); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// The example is a module of its own: it must build from what a module proxy
// has, in another place, after go mod tidy has added the sums of this
// repository's modules.
func TestExample_BuildsFromModuleProxy(t *testing.T) {
	if os.Getenv("CI") == "" && !*update {
		t.Skip("fetches and compiles the SDK and all it needs once more, which takes minutes: set CI=1 for that")
	}
	env := proxy(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../examples/ownschema")); err != nil {
		t.Fatal(err)
	}
	if *update {
		tidyExample(t, dir, env)
	}
	before := files(t, dir)
	for _, args := range [][]string{{"mod", "tidy"}, {"generate", "./..."}, {"test", "./..."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	for name, text := range files(t, dir) {
		if strings.HasSuffix(name, ".go") && before[name] != text {
			t.Errorf("go generate changed %s", name)
		}
	}
	t.Run("and so does what the tutorial makes", func(t *testing.T) { tutorial(t, env) })
}

// What the generator needs stays out of the go.mod of a module that follows
// docs/spec.md: it has the newest kin-openapi, which the generator need not
// build with, and keeps it.
func TestGen_IndependentOfKinOpenAPIVersion(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("fetches and compiles the generator once more, which takes minutes: set CI=1 for that")
	}
	env := append(proxy(t), "GOFLAGS=-modcacherw -trimpath")
	newModule(t, promptSpec)
	put(
		t,
		"main.go",
		"package main\n\nimport (\n\t_ \"github.com/getkin/kin-openapi/openapi3\"\n\n"+
			"\t_ \"example.com/own/generated/mapping\"\n)\n\nfunc main() {}\n",
	)
	put(t, "doc.go", "package main\n\n//go:generate go tool -modfile=tools/go.mod gen\n")
	sh := func(line string) string { return shell(t, env, step{text: line + "\n"}) }
	sh("go get github.com/getkin/kin-openapi@latest")
	newest := strings.TrimSpace(sh("go list -m github.com/getkin/kin-openapi"))
	sh("mkdir tools") // as gen init does it
	sh("cd tools && go mod init example.com/own/tools && go get -tool github.com/mlmd-go/sdk/gen")
	sh("go generate ./...")
	sh("go mod tidy")
	sh("go build ./...")
	if now := strings.TrimSpace(sh("go list -m github.com/getkin/kin-openapi")); now != newest {
		t.Errorf("the module had %s, and has %s", newest, now)
	}
	t.Logf("generated beside %s", newest)
	if mod := read(t, "go.mod"); strings.Contains(mod, "oapi-codegen/oapi-codegen") || strings.Contains(mod, "tool ") {
		t.Errorf("the go.mod has what the generator needs:\n%s", mod)
	}
}

// tidyExample brings the example's go.mod and go.sum up to date. The sums of
// the modules of this repository are left out: they change with every commit, and the example
// gets them as anyone who adds the SDK to a module does.
func tidyExample(t *testing.T, dir string, env []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "tidy")
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}
	var sums strings.Builder
	for line := range strings.Lines(read(t, filepath.Join(dir, "go.sum"))) {
		if !strings.HasPrefix(line, "github.com/mlmd-go/sdk") {
			sums.WriteString(line)
		}
	}
	put(t, "../examples/ownschema/go.sum", sums.String())
	put(t, "../examples/ownschema/go.mod", read(t, filepath.Join(dir, "go.mod")))
	put(t, filepath.Join(dir, "go.sum"), sums.String())
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out[file] = read(t, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
