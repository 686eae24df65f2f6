package spec_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/internal/spec"
)

var update = flag.Bool("update", false, "rewrite docs/extensions.md")

func TestDoc_IsInDocs(t *testing.T) {
	const file = "../../../docs/extensions.md"
	if *update {
		if err := os.WriteFile(file, []byte(spec.Doc()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != spec.Doc() {
		t.Errorf("%s is stale; go test ./gen/... -update writes it", file)
	}
}

func TestJSONSchema_IsInSpec(t *testing.T) {
	const file = "../../../spec/openapi-mlmd.schema.json"
	if *update {
		if err := os.WriteFile(file, spec.JSONSchema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(spec.JSONSchema()) {
		t.Errorf("%s is stale; go test ./gen/... -update writes it", file)
	}
}

func TestProblems_Excerpt(t *testing.T) {
	long := strings.Repeat("x", 200) + "HERE" + strings.Repeat("y", 200)
	for name, c := range map[string]struct {
		line string
		col  int
	}{
		"a short line":           {"  HERE: x", 3},
		"a long line":            {long, 201},
		"with letters of others": {"日本 HERE", 4},
		"with control letters":   {"\x1b[31mHERE", 6},
	} {
		t.Run(name, func(t *testing.T) {
			ps := spec.Problems{{Pos: spec.Pos{File: "f", Line: 1, Col: c.col}, Msg: "m", Line: c.line}}
			lines := strings.Split(ps.Error(), "\n")
			if len(lines) != 3 {
				t.Fatalf("got %q", lines)
			}
			excerpt, caret := []rune(lines[1]), strings.IndexByte(lines[2], '^')
			if at := string(excerpt[caret : caret+4]); at != "HERE" {
				t.Errorf("the caret points at %q in\n%s\n%s", at, lines[1], lines[2])
			}
			if strings.ContainsRune(lines[1], '\x1b') {
				t.Error("a control character reaches the terminal")
			}
		})
	}
}
