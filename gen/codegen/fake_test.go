package codegen_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// lawProgram checks the fakes of all entities that are appended to its main.
const lawProgram = `
func check[T any, N mlmd.Node](entity string, m mlmd.Mapping[T, N], fake func(int64, ...func(*T)) *T) {
	fail := func(seed int64, format string, args ...any) {
		fmt.Printf("%s, seed %d: %s\n", entity, seed, fmt.Sprintf(format, args...))
		failed = true
	}
	different := 0
	for seed := range int64(2000) {
		v := fake(seed)
		if err := m.Validate(v); err != nil {
			fail(seed, "invalid: %v", err)
			return
		}
		if again := fake(seed); !reflect.DeepEqual(v, again) {
			fail(seed, "a second one differs: %+v, %+v", v, again)
			return
		}
		if !reflect.DeepEqual(v, fake(seed+1)) {
			different++
		}
		parent := mlmd.Parent{ID: 7, Name: "parent", UUID: "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"}
		if m.SetParentID != nil {
			m.SetParentID(v, "7")
		}
		n, err := m.Encode(v, parent)
		if err != nil {
			fail(seed, "not stored: %v", err)
			return
		}
		back, err := m.Decode(n)
		if err != nil {
			fail(seed, "not read: %v", err)
			return
		}
		m.SetID(back, "") // the store's
		if m.Ident(v).Name != "" && !reflect.DeepEqual(v, back) {
			fail(seed, "read back as another:\n got %+v\nwant %+v", back, v)
			return
		}
	}
	if different < 1500 {
		fail(0, "only %d of 2000 differ from the next", different)
	}
	fmt.Println(entity)
}

var failed bool
`

// The fakes of every case are valid, follow from their seed, and are read as they
// were stored.
func TestFakes_FollowTheRules(t *testing.T) {
	dirs, err := filepath.Glob("testdata/cases/*/want/fake")
	if err != nil || len(dirs) < 10 {
		t.Fatalf("%d cases with fakes: %v", len(dirs), err)
	}
	head := "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"reflect\"\n\n\t\"github.com/mlmd-go/sdk/pkg/mlmd\"\n"
	var calls []string
	entity := regexp.MustCompile(`(?m)^func (\w+)\(seed int64`)
	for i, dir := range dirs {
		at := "github.com/mlmd-go/sdk/gen/codegen/" + filepath.ToSlash(filepath.Dir(dir))
		head += fmt.Sprintf("\tf%d %q\n\tm%d %q\n", i, at+"/fake", i, at+"/mapping")
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range entity.FindAllSubmatch(src, -1) {
				name := filepath.Base(filepath.Dir(filepath.Dir(dir))) + "." + string(m[1])
				calls = append(calls, fmt.Sprintf("\tcheck(%q, m%d.%s, f%d.%s)\n", name, i, m[1], i, m[1]))
			}
		}
	}
	src := head + ")\n" + lawProgram + "\nfunc main() {\n" + strings.Join(calls, "") +
		"\tif failed {\n\t\tos.Exit(1)\n\t}\n}\n"
	out := runProgram(t, src)
	if n := strings.Count(out, "\n"); n != len(calls) {
		t.Errorf("%d of %d entities were checked:\n%s", n, len(calls), out)
	}
	t.Logf("%d entities of %d specs, 2000 seeds each", len(calls), len(dirs))
}

// runProgram runs a program that exists in an overlay of this module only, and
// returns what it prints.
func runProgram(t *testing.T, src string) string {
	t.Helper()
	dir := t.TempDir()
	here, err := filepath.Abs("testdata/program/main.go")
	if err != nil {
		t.Fatal(err)
	}
	file, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{here: file}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{file: src, overlay: string(raw)} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "-overlay", overlay, "./testdata/program")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// A pattern for which no text is found takes the example, or is reported.
func TestFakes_HardPatterns(t *testing.T) {
	generate := func(code string) (string, error) {
		cfg := inMemory("openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    Thing:\n" +
			"      x-mlmd-kind: context\n      type: object\n      required: [name, code]\n      properties:\n" +
			"        id: {type: string, x-mlmd-store: id}\n        name: {type: string, x-mlmd-store: name}\n" +
			"        code: {type: string, " + code + "}\n")
		cfg.Fake = codegen.Package{Dir: "fake", Import: "example.com/own/fake"}
		files, err := codegen.Generate(t.Context(), cfg)
		return string(files["fake/thing.gen.go"]), err
	}
	const hard = `pattern: '^a{3}\b.b{3}$'`
	_, err := generate(hard)
	if err == nil || !strings.Contains(err.Error(), "Thing.code: no value is found that its rules allow") {
		t.Errorf("got %v", err)
	}
	src, err := generate(hard + ", example: aaa-bbb")
	if err != nil || !strings.Contains(src, `"aaa-bbb"`) {
		t.Errorf("got %v\n%s", err, src)
	}
	if _, err = generate(hard + ", example: aaa"); err == nil {
		t.Error("an example that breaks the rule is used")
	}
}
