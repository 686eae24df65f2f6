package codegen_test

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

var update = flag.Bool("update", false, "rewrite the golden cases")

// config reads the spec in dir as the golden cases do, and puts the output in
// want. A case may have overlays. A case whose name begins with rest has a REST
// API.
func config(dir string) codegen.Config {
	at := "github.com/mlmd-go/sdk/gen/codegen/" + filepath.ToSlash(dir) + "/want/"
	c := codegen.Config{
		Spec:    "openapi.yaml",
		Read:    func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))) },
		Model:   codegen.Package{Dir: "want/model", Import: at + "model"},
		Mapping: codegen.Package{Dir: "want/mapping", Import: at + "mapping"},
		Field:   codegen.Package{Dir: "want/field", Import: at + "field"},
		Edge:    codegen.Package{Dir: "want/edge", Import: at + "edge"},
		Fake:    codegen.Package{Dir: "want/fake", Import: at + "fake"},
	}
	for _, name := range []string{"overlay.yaml", "overlay-2.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			c.Overlays = append(c.Overlays, name)
		}
	}
	if strings.HasPrefix(filepath.Base(dir), "rest") {
		c.REST = &codegen.REST{
			Package: codegen.Package{Dir: "want/restapi", Import: at + "restapi"},
			Title:   "Library", Path: "/api/library", Versions: []string{"v2", "v1"}, TextIntegers: []string{"v2"},
		}
	}
	return c
}

// A golden case is a folder: a spec, and either the files that come of it or
// the errors.
func TestGenerate_Golden(t *testing.T) {
	compiler := newCompiler(t)
	dirs, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			cfg := config(dir)
			files, err := codegen.Generate(t.Context(), cfg)
			if err == nil {
				if err := codegen.TypeCheck(t.Context(), cfg, files, compiler); err != nil {
					t.Errorf("the output does not compile: %v", err)
				}
				again, err := codegen.Generate(t.Context(), cfg)
				if err != nil || !same(files, again) {
					t.Errorf("a second run made other files (%v)", err)
				}
			}
			if *update {
				rewrite(t, dir, files, err)
			}
			expect(t, dir, files, err)
		})
	}
}

func same(a, b codegen.Files) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

func expect(t *testing.T, dir string, files codegen.Files, err error) {
	t.Helper()
	wantErr, readErr := os.ReadFile(filepath.Join(dir, "error.txt"))
	switch {
	case readErr == nil && err == nil:
		t.Fatalf("no error; want:\n%s", wantErr)
	case readErr == nil:
		if got := err.Error() + "\n"; got != string(wantErr) {
			t.Fatalf("got error:\n%s\nwant:\n%s", got, wantErr)
		}
		return
	case err != nil:
		t.Fatalf("unexpected error:\n%v", err)
	}
	for name, got := range files {
		want, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not as wanted (%v); go test ./gen/... -update shows the difference", name, err)
		}
	}
	walk(t, filepath.Join(dir, "want"), func(file string) {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		if files[filepath.ToSlash(name)] == nil {
			t.Errorf("%s was not generated", name)
		}
	})
}

func walk(t *testing.T, dir string, visit func(file string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			visit(p)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

func rewrite(t *testing.T, dir string, files codegen.Files, err error) {
	t.Helper()
	e := errors.Join(os.RemoveAll(filepath.Join(dir, "want")), os.RemoveAll(filepath.Join(dir, "error.txt")))
	if e != nil {
		t.Fatal(e)
	}
	if err != nil {
		files = codegen.Files{"error.txt": []byte(err.Error() + "\n")}
	}
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// An entity that is added to a spec needs nothing beside its schema: the rest
// of the output stays as it is, and its own files appear.
func TestGenerate_NewEntityChangesNoOtherFiles(t *testing.T) {
	cfg := config("testdata/cases/smallest")
	spec, err := cfg.Read(cfg.Spec)
	if err != nil {
		t.Fatal(err)
	}
	before, err := codegen.Generate(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	more := string(spec) + strings.Join([]string{
		"",
		"    Report:",
		"      description: A report about a prompt.",
		"      x-mlmd-kind: artifact",
		"      type: object",
		"      required: [name, promptId]",
		"      properties:",
		"        id: {type: string, x-mlmd-store: id}",
		"        name: {type: string, x-mlmd-store: name}",
		"        promptId: {type: string, x-mlmd-parent: Prompt}",
		"        score: {type: number}",
		"",
	}, "\n")
	cfg.Read = func(string) ([]byte, error) { return []byte(more), nil }
	after, err := codegen.Generate(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := codegen.TypeCheck(t.Context(), cfg, after, newCompiler(t)); err != nil {
		t.Fatal(err)
	}
	for name, data := range before {
		base := path.Base(name)
		if base != "catalog.gen.go" && !bytes.Equal(data, after[name]) {
			t.Errorf("%s changed", name)
		}
	}
	for name, want := range map[string]string{
		"want/mapping/report.gen.go":  "var Report = mlmd.Mapping[model.Report, *mlmdpb.Artifact]{",
		"want/mapping/catalog.gen.go": "&Report,",
		"want/field/report.gen.go":    "Score:",
		"want/model/report.gen.go":    "type Report struct {",
	} {
		if !strings.Contains(string(after[name]), want) {
			t.Errorf("%s lacks %q", name, want)
		}
	}
}

// A spec in the form of OpenAPI 3.1 and the same spec in that of 3.0 are one.
func TestGenerate_BothVersionsOfOpenAPI(t *testing.T) {
	cfg := config("testdata/cases/openapi31")
	modern, err := codegen.Generate(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	read := cfg.Read
	cfg.Read = func(string) ([]byte, error) { return read("openapi-3.0.yaml") }
	old, err := codegen.Generate(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range old {
		if string(src) != string(modern[name]) {
			t.Errorf("%s differs: 3.0 has\n%s\n3.1 has\n%s", name, src, modern[name])
		}
	}
	if len(old) != len(modern) {
		t.Errorf("%d files of 3.0, %d of 3.1", len(old), len(modern))
	}
}
