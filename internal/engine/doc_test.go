package engine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// TestPackageComment_Files checks the table of RPCs in the package comment.
func TestPackageComment_Files(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{} // file by RPC
	file := ""
	for line := range strings.Lines(string(text)) {
		table, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		for _, word := range strings.Fields(table) {
			if strings.HasSuffix(word, ".go") {
				file = word
			} else {
				documented[word] = file
			}
		}
	}
	actual := methods(t)
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		if documented[m.MethodName] == "" || documented[m.MethodName] != actual[m.MethodName] {
			t.Errorf("%s is in %q, the package comment has %q", m.MethodName, actual[m.MethodName], documented[m.MethodName])
		}
	}
}

// methods returns the files of the methods of Service.
func methods(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || len(fn.Recv.List[0].Names) == 0 || fn.Recv.List[0].Names[0].Name != "s" {
				continue
			}
			found[fn.Name.Name] = name
		}
	}
	return found
}
