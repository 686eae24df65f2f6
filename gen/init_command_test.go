package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// specDoc is docs/spec.md, from wherever a test is.
var specDoc = func() string {
	abs, err := filepath.Abs("../docs/spec.md")
	if err != nil {
		panic(err)
	}
	return abs
}()

func TestInit_EmptyFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	_, stderr := gen(t, exitFailed, "init")
	contains(t, stderr, "name the module: gen init example.com/prompts")
	stdout, _ := gen(t, exitOK, "init", "-files-only", "example.com/prompts")
	contains(t, stdout, "go mod init example.com/prompts", "spec/openapi.yaml", "main.go", "generated/mapping")
	contains(t, read(t, "go.mod"), "module example.com/prompts")
	contains(t, read(t, "main.go"), `"example.com/prompts/generated/model"`)
	gen(t, exitOK, "-check")
	gen(t, exitOK, "lint")
	_, stderr = gen(t, exitFailed, "init", "-files-only")
	contains(t, stderr, "spec/base.yaml exists, and nothing was written")
}

func TestInit_ModuleWithCode(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "go.mod", "module example.com/mine\n\ngo 1.26\n")
	put(t, "server.go", "package main\n\nfunc main() {}\n")
	_, stderr := gen(t, exitFailed, "init", "example.com/other")
	contains(t, stderr, "there is a go.mod already")
	_, stderr = gen(t, exitOK, "init", "-files-only")
	contains(t, stderr, "no program is written", "//go:generate go tool -modfile=tools/go.mod gen")
	if exists("main.go") {
		t.Error("a second program was written")
	}
	contains(t, read(t, "generated/mapping/prompt.gen.go"), `"example.com/mine/generated/model"`)
}

func TestGen_JSON(t *testing.T) {
	newModule(t, promptSpec)
	reports := func(want int, args ...string) (out []codegen.Report) {
		t.Helper()
		stdout, stderr := gen(t, want, append(args, "-json")...)
		if err := json.Unmarshal([]byte(stdout), &out); err != nil || strings.Contains(stderr, "spec/") {
			t.Fatalf("%v: %s\n%s", err, stdout, stderr)
		}
		return out
	}
	if got := reports(exitFound, "-check"); len(got) == 0 || got[0].Message != "is missing" ||
		got[0].Fix != "run go generate ./..." {
		t.Errorf("got %+v", got)
	}
	if got := reports(exitOK); got == nil || len(got) != 0 {
		t.Errorf("got %+v, want an empty array", got)
	}
	put(t, "spec/openapi.yaml", strings.Replace(promptSpec, "type: string", "type: strin", 1))
	got := reports(exitFound)
	if len(got) != 1 || got[0].File != "spec/openapi.yaml" || got[0].Line != 13 || got[0].Column != 26 ||
		got[0].Path != "Prompt.text" {
		t.Errorf("got %+v", got)
	}
	got = reports(exitFailed, "-config", "nowhere.yaml")
	if len(got) != 1 || !strings.Contains(got[0].Message, "nowhere.yaml") {
		t.Errorf("got %+v", got)
	}
}

// lines is a writer that tests read while a program writes.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) wait(t *testing.T, n int, want string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		l.mu.Lock()
		text := l.text.String()
		l.mu.Unlock()
		if strings.Count(text, want) >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not %d times %q in\n%s", n, want, text)
		}
	}
}

func TestGen_Watch(t *testing.T) {
	newModule(t, promptSpec)
	ctx, stop := context.WithCancel(t.Context())
	var stderr lines
	code := make(chan int)
	go func() { code <- run(ctx, []string{"-watch"}, io.Discard, &stderr) }()
	stderr.wait(t, 1, "gen: watching ")
	put(t, "spec/openapi.yaml", promptSpec+"            more: {type: strin}\n")
	stderr.wait(t, 1, `unknown type "strin"`)
	stderr.wait(t, 2, "gen: watching ")
	put(t, "spec/new", promptSpec+"            more: {type: string}\n")
	if err := os.Rename("spec/new", "spec/openapi.yaml"); err != nil { // as editors do it
		t.Fatal(err)
	}
	stderr.wait(t, 3, "gen: watching ")
	contains(t, read(t, "generated/model/prompt.gen.go"), "More ")
	put(t, "mlmd.yaml", "field: generated/symbols\n")
	stderr.wait(t, 4, "gen: watching ")
	contains(t, read(t, "generated/symbols/prompt.gen.go"), "package symbols")
	stop()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d", got)
	}
	gen(t, exitFailed, "-watch", "-check")
}
