package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What the blocks after the first one of the README need besides its imports.
const moreImports = `	"errors"

	"github.com/mlmd-go/sdk/generated/field"
`

// The first Go block of the README is a program; the others go on in its main.
func TestREADME_PastedIntoEmptyModule(t *testing.T) {
	var programs []string
	want := ""
	for _, b := range blocks(t) {
		text := strings.Join(b.lines, "\n") + "\n"
		switch {
		case b.file != "README.md":
		case b.language == "go":
			programs = append(programs, text)
		case b.language == "text":
			want += text
		}
	}
	if len(programs) < 2 || want == "" {
		t.Fatal("the README has no program, or does not say what it prints")
	}
	first := programs[0]
	main, ok := strings.CutSuffix(first, "}\n")
	if !ok {
		t.Fatal("the first block does not end main")
	}
	all := strings.Replace(main+strings.Join(programs[1:], "")+"}\n", "import (\n", "import (\n"+moreImports, 1)

	dir := newModule(t)
	for range 2 {
		if got := runProgram(t, dir, first); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	got := runProgram(t, dir, all)
	for _, part := range []string{want, "v1.0 ", "1 models\n", "1 good versions\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("the whole program printed\n%s\nwithout %q", got, part)
		}
	}
}

// newModule returns the folder of an empty module that uses this repository.
func newModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sdk, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/mlmd-go/sdk"
	write(t, filepath.Join(dir, "go.mod"), "module example.com/registry\n\ngo 1.26.0\n\n"+
		"require "+module+" v0.1.0\n\nreplace "+module+" => "+sdk+"\n")
	write(t, filepath.Join(dir, "go.sum"), read(t, "go.sum"))
	return dir
}

// runProgram runs the program in dir and returns what it prints.
func runProgram(t *testing.T, dir, source string) string {
	t.Helper()
	write(t, filepath.Join(dir, "main.go"), source)
	cmd := exec.CommandContext(t.Context(), "go", "run", "-mod=mod", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stderr.String(), source)
	}
	return string(out)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
