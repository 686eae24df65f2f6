// Package docs holds the documentation to its word: every Go block is compiled
// code, every command is one that CI runs, every link leads somewhere.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// A block is one fenced block of a document.
type block struct {
	file, language string
	line           int
	lines          []string
}

// followed are the documents that a test of their own follows step by step:
// it writes their files, runs their commands and compares what they print.
var followed = map[string]string{
	"docs/spec.md": "gen/tutorial_test.go", "docs/rest.md": "suites/rest/page_test.go",
}

func TestGoBlocks_Compile(t *testing.T) {
	var sources [][]string
	for _, file := range files(t, ".go") {
		sources = append(sources, significant(strings.Split(read(t, file), "\n")))
	}
	for _, b := range blocks(t) {
		if b.language != "go" || followed[b.file] != "" || b.file == "README.md" { // that one has readme_test.go
			continue
		}
		want := significant(b.lines)
		if !slices.ContainsFunc(sources, func(s []string) bool { return contains(s, want) }) {
			t.Errorf("%s:%d: this Go block stands in no Go file: make it an Example and copy its lines", b.file, b.line)
		}
	}
}

// significant returns the lines without indentation, blank ones left out.
func significant(lines []string) []string {
	var out []string
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func contains(lines, want []string) bool {
	for i := 0; i+len(want) <= len(lines); i++ {
		if slices.Equal(lines[i:i+len(want)], want) {
			return true
		}
	}
	return false
}

// notInCI are the commands that documents name and CI cannot run as they
// stand: those that serve until they are ended, that need such a server, or
// that need the published module or a branch to compare with.
var notInCI = []string{
	"go mod init example.com/registry",
	"go get github.com/mlmd-go/sdk",
	"go run ./cmd/mlmd-server --db registry.db --grpc_port 8080",
	"go run ./cmd/mlmd-server --db registry.db --http_port 8080",
	"go run ./examples/quickstart -addr localhost:8080",
	"go run ./gen breaking -against main",
}

func TestCommands_RunInCI(t *testing.T) {
	ci := read(t, ".ci/run")
	for _, b := range blocks(t) {
		if b.language != "sh" || followed[b.file] != "" {
			continue
		}
		for i, l := range b.lines {
			command, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(l), "$ "), " #")
			command = strings.TrimSpace(command)
			if command == "" || strings.HasPrefix(command, "#") || strings.Contains(ci, command) {
				continue
			}
			if !slices.Contains(notInCI, command) {
				t.Errorf("%s:%d: CI does not run %q", b.file, b.line+i+1, command)
			}
		}
	}
}

func TestREADME_CommandsComeFirst(t *testing.T) {
	readme := read(t, "README.md")
	quickstart := strings.Index(readme, "go run ./examples/quickstart")
	tests := strings.Index(readme, "go test work")
	if quickstart < 0 || tests < quickstart || strings.Count(readme[:tests], "\n") > 40 {
		t.Errorf("README.md: want go run ./examples/quickstart and then go test work near the top")
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

func TestLinks_Resolve(t *testing.T) {
	for _, file := range files(t, ".md") {
		for _, m := range link.FindAllStringSubmatch(read(t, file), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: the link %s leads nowhere", file, m[1])
			}
		}
	}
}

// codePath matches a file or directory of this repository in a code span.
var codePath = regexp.MustCompile("`([a-z][a-zA-Z0-9_.-]*(?:/[a-zA-Z0-9_.*-]+)+)`")

// TestPathsInDocuments checks that the files and directories that the
// maintainers' documents name exist.
func TestPathsInDocuments(t *testing.T) {
	for _, file := range []string{"docs/architecture.md", "docs/adding-a-database.md", "CONTRIBUTING.md", "RELEASE.md"} {
		for _, m := range codePath.FindAllStringSubmatch(read(t, file), -1) {
			p := strings.TrimSuffix(strings.TrimSuffix(m[1], "/..."), ".")
			if strings.HasSuffix(p, "/x") || strings.HasSuffix(p, "/x.go") { // the database that is added
				continue
			}
			if strings.HasPrefix(p, "github.com/") || strings.HasSuffix(p, "vX.Y.Z") { // an import path or a tag
				continue
			}
			if _, err := os.Stat(filepath.Join(root, p)); err != nil {
				t.Errorf("%s: `%s` does not exist", file, m[1])
			}
		}
	}
}

func blocks(t *testing.T) []block {
	t.Helper()
	var out []block
	for _, file := range files(t, ".md") {
		var open *block
		for i, l := range strings.Split(read(t, file), "\n") {
			switch {
			case !strings.HasPrefix(l, "```"):
				if open != nil {
					open.lines = append(open.lines, l)
				}
			case open == nil:
				open = &block{file: file, language: strings.TrimPrefix(l, "```"), line: i + 1}
			default:
				out = append(out, *open)
				open = nil
			}
		}
		if open != nil {
			t.Errorf("%s:%d: the block is never closed", file, open.line)
		}
	}
	return out
}

// files returns the files with that ending, relative to the root.
func files(t *testing.T, ending string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		others := []string{"testdata", "mlmdpb", "dist"} // what others wrote, or programs made
		if d.IsDir() && file != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains(others, d.Name())) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(file, ending) {
			rel, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			out = append(out, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
