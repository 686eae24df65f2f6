package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

var update = flag.Bool("update", false, "bring go.mod and go.sum of the example up to date")

const promptSpec = `openapi: 3.0.3
info: {title: own, version: 1.0.0}
paths: {}
components:
  schemas:
    Prompt:
      x-mlmd-kind: context
      allOf:
        - $ref: 'base.yaml#/components/schemas/Resource'
        - type: object
          required: [name]
          properties:
            text: {type: string}
`

const answerSchema = `    Answer:
      x-mlmd-kind: artifact
      allOf:
        - $ref: 'base.yaml#/components/schemas/Artifact'
        - type: object
          required: [name, promptId]
          properties:
            promptId: {type: string, x-mlmd-parent: Prompt}
`

// module makes an empty module with a spec the working directory.
func newModule(t *testing.T, spec string) {
	t.Helper()
	t.Chdir(t.TempDir())
	put(t, "go.mod", "module example.com/own // a comment\n\ngo 1.26\n")
	put(t, "spec/base.yaml", codegen.Base())
	put(t, "spec/openapi.yaml", spec)
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// gen runs the command and fails where its exit code is not want.
func gen(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, &out, &errs); code != want {
		t.Fatalf(
			"gen %s: exit code %d, want %d\n%s%s",
			strings.Join(args, " "),
			code,
			want,
			out.String(),
			errs.String(),
		)
	}
	return out.String(), errs.String()
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestGen_Defaults(t *testing.T) {
	newModule(t, promptSpec)
	gen(t, exitOK)
	contains(
		t,
		read(t, "generated/mapping/prompt.gen.go"),
		`"example.com/own/generated/model"`,
		"from spec/openapi.yaml",
	)
	contains(t, read(t, "generated/field/prompt.gen.go"), "package field")
	gen(t, exitOK, "-check")
}

func TestGen_Config(t *testing.T) {
	newModule(t, promptSpec)
	put(
		t,
		"tools/mlmd.yaml",
		"spec: schema.yaml\nmodel: schema\nmapping: {dir: maps}\n"+
			"field: {dir: symbols, import: example.com/elsewhere/symbols}\n",
	)
	put(t, "tools/schema.yaml", strings.ReplaceAll(promptSpec, "base.yaml", "../spec/base.yaml"))
	gen(t, exitOK, "-config", "tools/mlmd.yaml")
	contains(t, read(t, "tools/maps/prompt.gen.go"), "package maps", `"example.com/own/tools/schema"`, "*schema.Prompt")
	contains(t, read(t, "tools/symbols/prompt.gen.go"), "package symbols")
	gen(t, exitOK, "-check", "-config", "tools/mlmd.yaml")
}

func TestGen_InvalidConfig(t *testing.T) {
	for name, c := range map[string]struct{ config, want string }{
		"an unknown key":           {"specs: x.yaml", "field specs not found"},
		"no YAML":                  {"spec: [", "mlmd.yaml"},
		"one directory for two":    {"model: out\nmapping: out", "each needs its own"},
		"no package name":          {"model: my-model", "is not a package name"},
		"a name of generated code": {"model: value", "is used for something else"},
		"a predeclared name":       {"model: len", "is used for something else"},
		"a variable of a loop":     {"model: ii", "is used for something else"},
		"no name":                  {"model: _", "is used for something else"},
		"no import path":           {"model: {dir: out, import: example.com/a b/out}", "malformed import path"},
		"one import path for two": {
			"model: {dir: a, import: x.y/m}\nmapping: {dir: b, import: x.y/m}", "each needs its own",
		},
		"outside":                  {"model: ../elsewhere", "outside of this directory"},
		"a spec that is not there": {"spec: nowhere.yaml", "nowhere.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			newModule(t, promptSpec)
			put(t, "mlmd.yaml", c.config)
			_, stderr := gen(t, exitFailed)
			contains(t, stderr, c.want)
		})
	}
	t.Run("a config that is named and not there", func(t *testing.T) {
		newModule(t, promptSpec)
		_, stderr := gen(t, exitFailed, "-config", "other.yaml")
		contains(t, stderr, "other.yaml")
	})
	t.Run("no module", func(t *testing.T) {
		newModule(t, promptSpec)
		if err := os.Remove("go.mod"); err != nil {
			t.Fatal(err)
		}
		_, stderr := gen(t, exitFailed)
		contains(t, stderr, "go mod init")
	})
}

func TestGen_CheckListsStaleFiles(t *testing.T) {
	newModule(t, promptSpec+answerSchema)
	gen(t, exitOK)
	put(t, "spec/openapi.yaml", strings.Replace(promptSpec, "text:", "body:", 1))
	_, stderr := gen(t, exitFound, "-check")
	contains(
		t,
		stderr,
		"generated/mapping/prompt.gen.go is stale",
		"generated/mapping/answer.gen.go is not generated from the spec",
		"go generate",
	)
	if err := os.Remove("generated/field/doc.gen.go"); err != nil {
		t.Fatal(err)
	}
	_, stderr = gen(t, exitFound, "-check")
	contains(t, stderr, "generated/field/doc.gen.go is missing")
}

func TestGen_RemovesFilesOfRemovedEntities(t *testing.T) {
	newModule(t, promptSpec+answerSchema)
	gen(t, exitOK)
	put(t, "generated/mapping/by_hand.go", "package mapping\n")
	put(
		t,
		"generated/mapping/other_tool.gen.go",
		"// Code generated by another tool. DO NOT EDIT.\n\npackage mapping\n",
	)
	put(t, "spec/openapi.yaml", promptSpec)
	gen(t, exitOK)
	if _, err := os.Stat("generated/mapping/answer.gen.go"); err == nil {
		t.Error("the file of the entity that is gone is still there")
	}
	for _, name := range []string{"by_hand.go", "other_tool.gen.go"} {
		if _, err := os.Stat("generated/mapping/" + name); err != nil {
			t.Errorf("%s of someone else is gone", name)
		}
	}
}

func TestGen_KeepsForeignFiles(t *testing.T) {
	newModule(t, promptSpec)
	put(t, "generated/model/prompt.gen.go", "package model // by hand\n")
	_, stderr := gen(t, exitFailed)
	contains(t, stderr, "was not generated by this program")
	contains(t, read(t, "generated/model/prompt.gen.go"), "by hand")
	if _, err := os.Stat("generated/mapping"); err == nil {
		t.Error("something was written all the same")
	}
}

// Files of the generator that the spec does not ask for are found and removed,
// also the one file that held all types in earlier versions; others stay.
func TestGen_RemovesFormerModelFile(t *testing.T) {
	newModule(t, promptSpec)
	gen(t, exitOK)
	put(
		t,
		"generated/model/model.gen.go",
		codegen.Mark+"spec/openapi.yaml. DO NOT EDIT.\n\npackage model\n\ntype Prompt struct{}\n",
	)
	put(t, "generated/model/extra.gen.go", "package model // by hand\n")
	_, stderr := gen(t, exitFound, "-check")
	contains(t, stderr, "generated/model/model.gen.go ")
	gen(t, exitOK)
	if _, err := os.Stat("generated/model/model.gen.go"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("model.gen.go is still there (%v)", err)
	}
	contains(t, read(t, "generated/model/extra.gen.go"), "by hand")
	gen(t, exitOK, "-check")
}

func TestGen_InvalidSpecWritesNoFiles(t *testing.T) {
	newModule(t, strings.Replace(promptSpec, "text: {type: string}", "text: {type: strin}", 1))
	_, stderr := gen(t, exitFound)
	contains(t, stderr, `spec/openapi.yaml:13:26: Prompt.text: unknown type "strin"`, "text: {type: strin}", "^")
	if _, err := os.Stat("generated"); err == nil {
		t.Error("something was written")
	}
}

func TestGen_Usage(t *testing.T) {
	_, stderr := gen(t, exitFailed, "-chek")
	contains(t, stderr, "-chek", "-check")
	_, stderr = gen(t, exitFailed, "braking")
	contains(t, stderr, "breaking")
	_, stderr = gen(t, exitOK, "-h")
	contains(t, stderr, "-print-base", "gen breaking -against")
	_, stderr = gen(t, exitFailed, "breaking")
	contains(t, stderr, "-against is missing")
}

func TestGen_PrintBase(t *testing.T) {
	stdout, _ := gen(t, exitOK, "-print-base")
	contains(t, stdout, "Resource:", "ArtifactState:", "ExecutionState:", "openapi: 3.0.3")
	if strings.Contains(stdout, "x-mlmd-kind") {
		t.Error("there is an entity in the base")
	}
}

func git(t *testing.T, args ...string) {
	t.Helper()
	args = append(
		[]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"},
		args...)
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestBreaking_AgainstFileAndRef(t *testing.T) {
	newModule(t, promptSpec+answerSchema)
	git(t, "init", "-q", ".")
	git(t, "add", ".")
	git(t, "commit", "-q", "-m", "before")
	put(t, "before/base.yaml", read(t, "spec/base.yaml"))
	put(t, "before/old.yaml", read(t, "spec/openapi.yaml"))

	stdout, _ := gen(t, exitOK, "breaking", "-against", "HEAD")
	contains(t, stdout, "nothing breaks against HEAD")
	put(t, "spec/openapi.yaml", promptSpec)
	for _, against := range []string{"HEAD", "before/old.yaml"} {
		stdout, _ = gen(t, exitFound, "breaking", "-against", against)
		contains(
			t,
			stdout,
			"Answer: ENTITY_NO_DELETE: the entity is gone",
			"why: ",
			"instead: ",
			"breaking changes against "+against+": 1",
		)
	}
	stdout, _ = gen(t, exitFound, "breaking", "-format", "json", "-against", "HEAD")
	var breaks []codegen.Break
	if err := json.Unmarshal([]byte(stdout), &breaks); err != nil || len(breaks) != 1 {
		t.Fatalf("%v: %s", err, stdout)
	}
	if b := breaks[0]; b.Rule != "ENTITY_NO_DELETE" || b.Path != "Answer" || b.Line == 0 || b.Why == "" ||
		b.Instead == "" {
		t.Errorf("got %+v", b)
	}

	_, stderr := gen(t, exitFailed, "breaking", "-against", "nowhere")
	contains(t, stderr, "nowhere is neither a file nor a commit that git knows here")
	_, stderr = gen(t, exitFailed, "breaking", "-against", "--output=x")
	contains(t, stderr, "--output=x is neither a file nor a commit")
}

// sdkModule is newModule in a module that can import this SDK.
func sdkModule(t *testing.T, spec string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	mod := read(t, "../go.mod")
	sum := read(t, "../go.sum")
	newModule(t, spec)
	put(t, "go.mod", strings.Replace(mod, "module github.com/mlmd-go/sdk\n", "module example.com/own\n", 1)+
		"\nrequire github.com/mlmd-go/sdk v0.0.0\n\nreplace github.com/mlmd-go/sdk => "+root+"\n")
	put(t, "go.sum", sum)
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
}

func TestGen_TypeChecksBeforeWriting(t *testing.T) {
	sdkModule(t, promptSpec+answerSchema)
	_, stderr := gen(t, exitOK)
	if stderr != "" {
		t.Errorf("got %s", stderr)
	}
	cfg, err := config.Load(".", "", "")
	if err != nil {
		t.Fatal(err)
	}
	files, err := codegen.Generate(t.Context(), cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	const name = "generated/mapping/answer.gen.go"
	files[name] = bytes.Replace(
		files[name],
		[]byte("gensupport.NewPropertyWriter("),
		[]byte("gensupport.NewPropertyWritr("),
		1,
	)
	before := read(t, name)
	var notes bytes.Buffer
	err = packages(cfg, files).write(func() error { return typeCheck(t.Context(), cfg, files, &notes) })
	var bug *codegen.BugError
	if !errors.As(err, &bug) || notes.Len() > 0 {
		t.Fatalf("got %v\n%s", err, notes.String())
	}
	contains(
		t,
		err.Error(),
		"Answer at spec/openapi.yaml:14:5",
		name,
		"gensupport.NewPropertyWritr",
		"nothing was written",
	)
	if read(t, name) != before {
		t.Error("it was written all the same")
	}
}

func TestGen_ModuleWithoutSDK(t *testing.T) {
	newModule(t, promptSpec)
	_, stderr := gen(t, exitOK)
	contains(t, stderr, "gen: note: ", "go list", "github.com/mlmd-go/sdk")
	_, stderr = gen(t, exitOK) // nothing to write, nothing to check
	if stderr != "" {
		t.Errorf("got %s", stderr)
	}
}
