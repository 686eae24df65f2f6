package codegen_test

import (
	"bytes"
	"errors"
	"go/types"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// What does not compile is the generator's fault, and the error says for which
// entity of the spec the code is.
func TestTypeCheck_BugError(t *testing.T) {
	cfg := config("testdata/cases/descriptions")
	good, err := codegen.Generate(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	sdk := newCompiler(t)
	for _, c := range []struct {
		name, file, old, new string
		sdk                  types.Importer
		want                 []string
	}{
		{
			"a name twice", "want/mapping/prompt.gen.go", "var promptFields", "var encodePrompt", nil,
			[]string{"Prompt at openapi.yaml:", "prompt.gen.go:", "encodePrompt redeclared"},
		},
		{
			"a name of a package", "want/field/prompt.gen.go", "promptSymbols", "model", nil,
			[]string{"Prompt at openapi.yaml:", "field/prompt.gen.go:", "model already declared"},
		},
		{
			"a name that is not there", "want/mapping/prompt.gen.go", "Validate: validatePrompt",
			"Validate: validateAnswer", nil,
			[]string{"undefined: validateAnswer"},
		},
		{
			"a type in the model", "want/model/prompt.gen.go", "type Prompt struct {",
			"type Prompt struct {\n\tName int", sdk,
			[]string{"Prompt at openapi.yaml:", "prompt.gen.go:", "Name redeclared"},
		},
		{
			"a call that the SDK does not have", "want/mapping/prompt.gen.go", "gensupport.NewPropertyWriter(",
			"gensupport.NewPropertyWritr(", sdk,
			[]string{"Prompt at openapi.yaml:", "gensupport.NewPropertyWritr"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := codegen.Files{}
			for name, src := range good {
				files[name] = src
			}
			files[c.file] = bytes.ReplaceAll(files[c.file], []byte(c.old), []byte(c.new))
			if bytes.Equal(files[c.file], good[c.file]) {
				t.Fatalf("%q is not in %s", c.old, c.file)
			}
			err := codegen.TypeCheck(t.Context(), cfg, files, c.sdk)
			var bug *codegen.BugError
			if !errors.As(err, &bug) {
				t.Fatalf("got %v", err)
			}
			for _, want := range append(c.want, "bug in gen", "report it") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in %v", want, err)
				}
			}
		})
	}
	if err := codegen.TypeCheck(t.Context(), cfg, good, nil); err != nil {
		t.Errorf("without the SDK: %v", err)
	}
}
