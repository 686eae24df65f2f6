package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A spec beside the module, as in a repository with several modules, is read
// when the caller says so.
func TestGen_RootFlag(t *testing.T) {
	newModule(t, promptSpec)
	put(t, "api/openapi.yaml", promptSpec)
	put(t, "api/base.yaml", read(t, "spec/base.yaml"))
	put(t, "module/go.mod", "module example.com/inner\n")
	put(t, "module/mlmd.yaml", "spec: ../api/openapi.yaml\n")
	t.Chdir("module")
	_, stderr := gen(t, exitFailed)
	contains(t, stderr, "is outside of", "-root")
	gen(t, exitOK, "-root", "..")
	gen(t, exitOK, "-check", "-root", "..")
}

// genWithin is gen with an end: what reads a device or a pipe has none.
func genWithin(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		stdout, stderr = gen(t, want, args...)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it hangs")
	}
	return stdout, stderr
}

func TestGen_RefusesSymbolicLinks(t *testing.T) {
	for name, link := range map[string]string{
		"a folder": "generated", "a folder of a package": "generated/model",
		"a dangling file": "generated/field/doc.gen.go",
	} {
		t.Run(name, func(t *testing.T) {
			newModule(t, promptSpec)
			outside := filepath.Join(t.TempDir(), "outside")
			if !strings.HasSuffix(link, ".go") {
				put(t, filepath.Join(outside, "other.txt"), "of someone else\n")
			}
			if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, link); err != nil {
				t.Fatal(err)
			}
			_, stderr := gen(t, exitFailed)
			contains(t, stderr, link+" is a symbolic link", "name another directory")
			entries, err := os.ReadDir(outside)
			if err == nil && len(entries) != 1 || strings.HasSuffix(link, ".go") && err == nil {
				t.Errorf("something was written: %v", entries)
			}
		})
	}
}

// Thirty levels of three ways to the next one are thirty schemas, and not 3^30.
func TestGen_AllOfIsNotExponential(t *testing.T) {
	var b strings.Builder
	b.WriteString(
		strings.Replace(
			promptSpec,
			"            text: {type: string}\n",
			"        - $ref: '#/components/schemas/L00'\n",
			1,
		),
	)
	for i := range 30 {
		next := strings.TrimSuffix(strings.Repeat("{$ref: '#/components/schemas/L"+itoa(i+1)+"'}, ", 3), ", ")
		b.WriteString("    L" + itoa(i) + ": {allOf: [" + next + "]}\n")
	}
	b.WriteString("    L30: {type: object, properties: {text: {type: string}}}\n")
	newModule(t, strings.Replace(b.String(), "          properties:\n", "", 1))
	genWithin(t, exitOK)
	contains(t, read(t, "generated/model/prompt.gen.go"), `json:"text,omitzero"`)
}

func itoa(i int) string { return string(rune('0'+i/10)) + string(rune('0'+i%10)) }

func TestBreaking_RefIsAlsoAFile(t *testing.T) {
	newModule(t, promptSpec)
	git(t, "init", "-q", "-b", "main", ".")
	git(t, "add", ".")
	git(t, "commit", "-q", "-m", "before")
	put(t, "main", "not a spec\n")
	_, stderr := gen(t, exitFailed, "breaking", "-against", "main")
	contains(t, stderr, "main is a git ref and a file", "refs/heads/main", "./main")
	stdout, _ := gen(t, exitOK, "breaking", "-against", "refs/heads/main")
	contains(t, stdout, "nothing breaks against refs/heads/main")
	if err := os.Remove("main"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("main", 0o755); err != nil {
		t.Fatal(err)
	}
	stdout, _ = gen(t, exitOK, "breaking", "-against", "main")
	contains(t, stdout, "nothing breaks against main")

	git(t, "checkout", "-q", "-b", "topic")
	git(t, "commit", "-q", "--allow-empty", "-m", "more")
	origin, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	shallow := t.TempDir()
	git(t, "clone", "-q", "--depth=1", "--branch", "topic", "file://"+origin, shallow)
	t.Chdir(shallow)
	_, stderr = gen(t, exitFailed, "breaking", "-against", "main")
	contains(t, stderr, "main is neither a file nor a commit", "shallow clone", "fetch-depth: 0")
	clone := t.TempDir()
	git(t, "clone", "-q", "--branch", "topic", "file://"+origin, clone)
	t.Chdir(clone)
	_, stderr = gen(t, exitFailed, "breaking", "-against", "main")
	contains(t, stderr, "there is origin/main")
	gen(t, exitOK, "breaking", "-against", "origin/main")
}
