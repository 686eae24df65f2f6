// Package foreign tests that specs of well-known projects, with overlays, are specs
// of entities: published OpenAPI 3.1 documents, fetched when the test runs.
package foreign_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

const here = "github.com/mlmd-go/sdk/suites/foreign/testdata/program/"

// documents returns the folder with the documents.
func documents(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("MLMD_FOREIGN_SPECS"); dir != "" {
		return dir
	}
	cmd := exec.CommandContext(t.Context(), "./setup.sh")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case err == nil:
		return strings.TrimSpace(string(out))
	case os.Getenv("CI") != "":
		t.Fatalf("fetch the documents: %v\n%s", err, &stderr)
	}
	t.Skipf("the documents cannot be fetched: %v\n%s", err, &stderr)
	return ""
}

// The documents of others generate code that compiles, and what it stores is read
// as it was. The packages exist in an overlay of the Go command only.
func TestForeignSpecs(t *testing.T) {
	dir := documents(t)
	files := codegen.Files{}
	var imports, calls []string
	for _, name := range []string{"airflow", "bodies", "galaxy", "trains"} {
		for file, src := range generate(t, dir, name) {
			files[file] = src
			for _, m := range entity.FindAllSubmatch(src, -1) {
				calls = append(calls, fmt.Sprintf(
					"\tkeep(ctx, reg, %q, %smapping.%s, %sfake.%s)\n", name+"."+string(m[1]), name, m[1], name, m[1],
				))
			}
		}
		imports = append(imports, fmt.Sprintf(
			"\t%sfake %q\n\t%smapping %q\n", name, here+name+"/fake", name, here+name+"/mapping",
		))
	}
	slices.SortFunc(calls, func(a, b string) int { return strings.Compare(parentsFirst(a), parentsFirst(b)) })
	program, err := os.ReadFile("testdata/program.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	files["main.go"] = []byte(strings.NewReplacer(
		"\t// IMPORTS\n", strings.Join(imports, ""), "\t// CALLS\n", strings.Join(calls, ""),
	).Replace(string(program)))
	out := run(t, files)
	t.Logf("stored and read, as they are:\n%s", out)
	if n := strings.Count(out, "\n"); n != len(calls) || n < 8 {
		t.Errorf("%d of %d entities were stored", n, len(calls))
	}
}

var entity = regexp.MustCompile(`(?m)^func ([A-Z]\w+)\(seed int64`)

// parentsFirst returns a key by which parents are before their children.
func parentsFirst(call string) string {
	for i, name := range []string{"DAG,", "Planet,", "Trip,"} {
		if strings.Contains(call, "mapping."+name) {
			return fmt.Sprint(i)
		}
	}
	return "x" + call
}

// generate returns the generated files of one document, with its overlay.
func generate(t *testing.T, dir, name string) codegen.Files {
	t.Helper()
	at := func(p string) codegen.Package {
		return codegen.Package{Dir: name + "/" + p, Import: here + name + "/" + p}
	}
	document := name
	if name == "bodies" { // another overlay of the same document
		document = "galaxy"
	}
	src, err := os.ReadFile(filepath.Join(dir, document+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(src, []byte("openapi: 3.1.")) {
		t.Errorf("%s is not a document of OpenAPI 3.1", name)
	}
	files, err := codegen.Generate(t.Context(), codegen.Config{
		Spec: name + ".yaml", Overlays: []string{"overlay.yaml"},
		Read: func(file string) ([]byte, error) {
			if file == "overlay.yaml" {
				return os.ReadFile("testdata/" + name + ".yaml")
			}
			return src, nil
		},
		Model: at("model"), Mapping: at("mapping"), Field: at("field"), Edge: at("edge"), Fake: at("fake"),
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Logf("%s: %d lines, %d files", name, bytes.Count(src, []byte("\n")), len(files))
	return files
}

// run runs a program of files that exist in an overlay only.
func run(t *testing.T, files codegen.Files) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("testdata/program")
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for name, src := range files {
		file := filepath.Join(dir, fmt.Sprint(len(replace))+".go")
		if err := os.WriteFile(file, src, 0o644); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "-overlay", overlay, "./testdata/program")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
